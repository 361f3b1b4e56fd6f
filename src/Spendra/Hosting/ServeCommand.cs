using System.CommandLine;
using Spendra.Cli;
using Spendra.Storage.Keys;

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
        command.DoesWithDatabase(environment, RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        var masterKey = await MasterKeyStore.LoadAsync(run.Database, run.Options.Database, run.Options.MasterKey?.Reveal(), run.Cancel);
        return await Serving.RunAsync(run, run.Options, masterKey, document => AnnounceAsync(run, document));
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
