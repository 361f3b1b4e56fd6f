using System.Collections;
using System.Diagnostics;
using System.Text.Json;
using Spendra.Testing;

namespace Spendra.Tests.EndToEnd;

/// <summary>How a command ended, with its two streams apart.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    public JsonElement Json
    {
        get
        {
            try
            {
                using var document = JsonDocument.Parse(Output);
                return document.RootElement.Clone();
            }
            catch (JsonException e)
            {
                throw new InvalidOperationException($"The output is not one JSON document ({e.Message}):\n{this}");
            }
        }
    }

    public CommandResult ShouldSucceed()
    {
        ExitCode.Should().Be(0, ToString());
        return this;
    }

    /// <summary>A failure that a user can read: one line on the error stream, and no stack trace.</summary>
    public string ShouldFailInOneLine(int exitCode = 1)
    {
        ExitCode.Should().Be(exitCode, ToString());
        var lines = Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Should().ContainSingle(ToString());
        lines[0].Should().StartWith("spendra: ").And.NotContain("Exception");
        return lines[0];
    }

    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- errors\n{Error}";
}

/// <summary>The built executable, run as its users run it: as a process of its own.</summary>
internal static class SpendraProcess
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Beside the tests in the artifacts folder, of the same configuration.</summary>
    public static string AssemblyPath { get; } = FindAssembly();

    /// <summary>The top folder of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <param name="arguments">Of the command line.</param>
    /// <param name="variables">Added to an environment without any setting of Spendra.</param>
    /// <param name="folder">Working directory.</param>
    public static TestProcess Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> variables, string folder) =>
        TestProcess.StartDotnet(AssemblyPath, arguments, CleanEnvironment(variables), folder);

    /// <summary>Starts any program with the same care.</summary>
    public static TestProcess Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> variables, string folder) =>
        TestProcess.Start(program, arguments, CleanEnvironment(variables), folder);

    /// <summary>Runs a command to its end.</summary>
    public static Task<CommandResult> RunAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> variables, string folder, string input = "") =>
        RunAsync(DotnetPath, [AssemblyPath, .. arguments], variables, folder, input);

    /// <summary>Runs any program with the same care.</summary>
    public static async Task<CommandResult> RunAsync(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> variables, string folder, string input = "")
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var (name, value) in CleanEnvironment(variables)) start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', start.ArgumentList)} still ran after {Patience.TotalSeconds} s:\n{await error}");
        }
        return new CommandResult(process.ExitCode, await output, await error);
    }

    /// <summary>DOTNET_HOST_PATH is set by the SDK; a test executable started by hand finds dotnet in PATH.</summary>
    public static string DotnetPath => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>What the developer of these lines has set must not decide what they prove.</summary>
    private static Dictionary<string, string?> CleanEnvironment(IReadOnlyDictionary<string, string?> variables)
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (name.StartsWith("SPENDRA_", StringComparison.OrdinalIgnoreCase) || name.StartsWith("OPENAI_", StringComparison.Ordinal))
                environment[name] = null;
        }
        foreach (var (name, value) in variables) environment[name] = value;
        return environment;
    }

    private static string FindAssembly()
    {
        var tests = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var path = Path.Combine(tests.Parent!.Parent!.FullName, "Spendra", tests.Name, "spendra.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} does not exist: build the solution first.");
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Spendra.slnx"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException("The tests run outside of the repository.");
    }
}
