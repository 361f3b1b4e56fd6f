using System.Collections;
using Spendra.Settings;

namespace Spendra.Cli;

/// <summary>What a command gets from outside: streams, variables, clock and the wish to stop.</summary>
internal sealed record CommandEnvironment
{
    public required TextWriter Output { get; init; }

    public required TextWriter Error { get; init; }

    public required TextReader Input { get; init; }

    public required IDictionary Variables { get; init; }

    public required TimeProvider Time { get; init; }

    public required CancellationToken Stop { get; init; }

    public string SettingsFilePath { get; init; } = SettingsLoader.FileName;

    public static CommandEnvironment OfProcess(CancellationToken stop) => new()
    {
        Output = Console.Out,
        Error = Console.Error,
        Input = Console.In,
        Variables = Environment.GetEnvironmentVariables(),
        Time = TimeProvider.System,
        Stop = stop,
    };
}
