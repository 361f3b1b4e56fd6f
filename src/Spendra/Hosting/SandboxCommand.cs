using System.CommandLine;
using Spendra.Cli;
using Spendra.Sandbox;

namespace Spendra.Hosting;

internal sealed record SandboxDocument(string BaseUrl);

/// <summary><c>sandbox</c>: the simulated provider alone, for clients and tests that need no gateway.</summary>
internal static class SandboxCommand
{
    private const int HighestPort = 65_535;

    private const string PortOption = "--port";

    public static Command Create(CommandEnvironment environment)
    {
        var port = new Option<int>(PortOption)
        {
            Description = "TCP port on 127.0.0.1. Default: a free one",
            HelpName = "port",
        };
        port.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var number) && number is < 0 or > HighestPort)
                result.AddError($"--port is '{number}': allowed is 0 to {HighestPort}");
        });
        var command = new Command("sandbox", "Run the simulated provider alone.") { port };
        command.Does(environment, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        await using var sandbox = await StartAsync(run.Arguments.GetValue<int>(PortOption), run.Cancel);
        run.Output.Line($"the sandbox provider answers at {sandbox.BaseUrl}; any key is accepted");
        run.Output.Json(new SandboxDocument(sandbox.BaseUrl.ToString()), CliJson.Default.SandboxDocument);
        await Task.Delay(Timeout.Infinite, run.Cancel).ContinueWith(_ => { }, TaskScheduler.Default);
        return 0;
    }

    private static async Task<SandboxServer> StartAsync(int port, CancellationToken cancel)
    {
        try
        {
            return await SandboxServer.StartAsync(new SandboxOptions { Port = port }, cancel);
        }
        catch (Exception e) when (ListenFailure.Describe(e, $"http://127.0.0.1:{port}", "--port") is { } failure)
        {
            throw failure;
        }
    }
}
