using System.CommandLine;
using Spendra.Cli;

namespace Spendra.Hosting;

/// <summary><c>serve</c>: runs Spendra, all of it or one role.</summary>
internal static class ServeCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var command = new Command("serve", "Run Spendra until it is told to stop (Ctrl-C or SIGTERM).")
        {
            CommonOptions.Role,
            CommonOptions.Urls,
        };
        command.DoesWithDatabase(environment, run => Serving.RunAsync(run, document => AnnounceAsync(run, document)));
        return command;
    }

    private static Task AnnounceAsync(CommandRun run, ServingDocument document)
    {
        run.Output.Line($"Spendra {document.Version}, role {document.Role}");
        run.Output.Line($"database {document.Database}, durability: {document.Durability}");
        foreach (var url in document.Urls) run.Output.Line($"listening on {url}");
        run.Output.Json(document, CliJson.Default.ServingDocument);
        return Task.CompletedTask;
    }
}
