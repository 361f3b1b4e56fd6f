using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using Spendra.Settings;

namespace Spendra.Cli;

/// <summary>Parses the command line, runs one command and turns whatever goes wrong into one line and an exit code.</summary>
internal static class SpendraProgram
{
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CommandEnvironment environment)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        var root = CommandTable.CreateRoot(environment);
        var parse = root.Parse(arguments);
        if (parse.Action is ParseErrorAction)
        {
            var output = new CommandOutput(environment.Output, environment.Error, arguments.Contains("--json"));
            var errors = string.Join(" ", parse.Errors.Select(e => e.Message));
            var help = string.Join(' ', PathOf(parse).Append("--help"));
            output.Fail(new Failure("usage", $"{errors.TrimEnd('.')}: see '{help}'", Failure.Misused));
            return Failure.Misused;
        }
        // Signals are StopSignal's: the library's own handling would end a server that still drains.
        var invocation = new InvocationConfiguration
        {
            Output = environment.Output,
            Error = environment.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return await parse.InvokeAsync(invocation, CancellationToken.None);
    }

    /// <summary>Makes a command run with settings and the error mapper, without a database.</summary>
    public static void Does(this Command command, CommandEnvironment environment, Func<CommandRun, Task<int>> action) =>
        command.SetAction(parse => RunCommandAsync(parse, environment, action));

    /// <summary>As <see cref="Does"/>, with the options that name a database, which is brought to the current schema first.</summary>
    public static void DoesWithDatabase(
        this Command command, CommandEnvironment environment, Func<CommandRun, Task<int>> action, bool mustExist = false)
    {
        command.Add(CommonOptions.Data);
        command.Add(CommonOptions.Database);
        command.Does(environment, async run =>
        {
            await using var database = await run.OpenDatabaseAsync(mustExist);
            return await action(run);
        });
    }

    private static async Task<int> RunCommandAsync(ParseResult parse, CommandEnvironment environment, Func<CommandRun, Task<int>> action)
    {
        var output = new CommandOutput(environment.Output, environment.Error, parse.GetValue(CommonOptions.Json));
        var wantsDetails = string.Equals(
            environment.Variables[SettingSource.EnvironmentPrefix + "DEBUG"] as string, "true", StringComparison.OrdinalIgnoreCase);
        try
        {
            var options = SettingsLoader.Load(CommonOptions.ToSource(parse), environment.Variables, environment.SettingsFilePath);
            wantsDetails = options.Debug;
            return await action(new CommandRun(parse, options, output, environment));
        }
        catch (Exception e)
        {
            var failure = Failure.Of(e);
            output.Fail(failure);
            if (wantsDetails) output.Debug(e);
            return failure.ExitCode;
        }
    }

    private static Stack<string> PathOf(ParseResult parse)
    {
        var names = new Stack<string>();
        for (var command = parse.CommandResult; command is not null; command = command.Parent as System.CommandLine.Parsing.CommandResult)
            names.Push(command.Command is RootCommand ? "spendra" : command.Command.Name);
        return names;
    }
}
