using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Spendra.Testing;

/// <summary>
/// A child process under test: its output as lines, and the two ways it ends that matter — asked to (SIGTERM) and
/// killed (SIGKILL). Disposing kills whatever still runs.
/// </summary>
public sealed class TestProcess : IAsyncDisposable
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly OutputLines _output = new();
    private readonly Task _outputEnded;

    private TestProcess(Process process)
    {
        _process = process;
        _outputEnded = Task.WhenAll(Pump(process.StandardOutput), Pump(process.StandardError))
            .ContinueWith(_ => _output.Complete(), TaskScheduler.Default);
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>128 + the signal's number after a kill: 137 for SIGKILL, 143 for an unhandled SIGTERM.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>What stdout and stderr have said so far, each in its own order.</summary>
    public IReadOnlyList<string> Lines => _output.Snapshot();

    public string Output => string.Join('\n', Lines);

    /// <param name="fileName">An executable's path, or a name to look up in PATH.</param>
    /// <param name="arguments">Passed as they are; no shell reads them.</param>
    /// <param name="environment">Added to this process's own environment; null removes a variable.</param>
    /// <param name="workingDirectory">Null: that of this process.</param>
    public static TestProcess Start(
        string fileName,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null)
    {
        var start = new ProcessStartInfo(fileName, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory ?? "",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{fileName} did not start.");
        process.StandardInput.Close();
        return new TestProcess(process);
    }

    /// <summary>Runs a built assembly with the same runtime that runs the tests.</summary>
    public static TestProcess StartDotnet(
        string assemblyPath,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null) =>
        Start(DotnetPath(), [assemblyPath, .. arguments], environment, workingDirectory);

    /// <summary>The first line, said already or still to come, that the predicate accepts.</summary>
    /// <exception cref="TimeoutException">It did not come in time; the message holds the output so far.</exception>
    /// <exception cref="InvalidOperationException">The output ended without it; the message holds the output.</exception>
    public async Task<string> WaitForLineAsync(Func<string, bool> predicate, TimeSpan? timeout = null)
    {
        var limit = timeout ?? DefaultTimeout;
        try
        {
            var line = await _output.FirstAsync(predicate).WaitAsync(limit).ConfigureAwait(false);
            return line ?? throw new InvalidOperationException(
                $"The process ended its output without the expected line. It said:\n{Output}");
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"No expected line within {limit.TotalSeconds} s. The process said:\n{Output}");
        }
    }

    /// <summary>Waits for the exit and for the last line of output.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> WaitForExitAsync(TimeSpan? timeout = null)
    {
        var limit = timeout ?? DefaultTimeout;
        try
        {
            await _process.WaitForExitAsync().WaitAsync(limit).ConfigureAwait(false);
            await _outputEnded.WaitAsync(limit).ConfigureAwait(false);
            return _process.ExitCode;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Still running or writing after {limit.TotalSeconds} s. The process said:\n{Output}");
        }
    }

    /// <summary>SIGKILL to the process and its descendants, as a power cut would. They are gone when this returns.</summary>
    public void Kill()
    {
        if (_process.HasExited)
            return;
        _process.Kill(entireProcessTree: true);
        if (!_process.WaitForExit(DefaultTimeout))
            throw new TimeoutException($"Process {_process.Id} survived SIGKILL.");
    }

    /// <summary>SIGTERM to the process alone, then waits for its exit.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> TerminateAsync(TimeSpan? timeout = null)
    {
        // A failing kill(2) means that it has exited by itself: its exit code says the rest.
        if (!_process.HasExited)
            _ = SendSignal(_process.Id, SigTerm);
        return WaitForExitAsync(timeout);
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        // A grandchild that left the tree may hold the pipes open; that must not hang the test.
        await Task.WhenAny(_outputEnded, Task.Delay(DefaultTimeout)).ConfigureAwait(false);
        _process.Dispose();
    }

    private async Task Pump(StreamReader reader)
    {
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
            _output.Add(line);
    }

    /// <summary>DOTNET_HOST_PATH is set by the SDK; a test executable started by hand finds dotnet in PATH.</summary>
    private static string DotnetPath() => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    private const int SigTerm = 15;

    // The framework can kill but not ask: there is no managed SIGTERM for another process.
    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}
