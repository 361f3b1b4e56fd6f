using System.CommandLine;
using Spendra.Cli;
using Spendra.Settings;
using Spendra.Storage;
using Spendra.Storage.Access;
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
        return await Serving.RunAsync(run, run.Options, masterKey, document => AnnounceAsync(run, masterKey, document));
    }

    private static async Task AnnounceAsync(CommandRun run, MasterKey masterKey, ServingDocument document)
    {
        document = document with { SetupLink = await SetupLinkAsync(run, masterKey, run.Options.Gateway.PublicUrl?.ToString() ?? document.Urls[0]) };
        run.Output.Line($"Spendra {document.Version}, role {document.Role}");
        run.Output.Line($"database {document.Database}, durability: {document.Durability}");
        foreach (var url in document.Urls) run.Output.Line($"listening on {url}");
        if (document.SetupLink is { } link)
        {
            run.Output.Line($"nobody governs here yet: {link} makes the first member, once; a later start prints another link instead");
        }
        run.Output.Json(document, CliJson.Default.ServingDocument);
    }

    /// <summary>
    /// How the first member is made, while there is none. Behind '#': browsers send that part to nobody, so that the secret
    /// stands in no log. A database that cannot be written serves on; it makes no member either.
    /// </summary>
    private static async Task<string?> SetupLinkAsync(CommandRun run, MasterKey masterKey, string url)
    {
        if (run.Options.Role is not (Role.All or Role.Control)) return null;
        try
        {
            return await SetupLink.OfferAsync(run.Database, masterKey, run.Cancel) is { } secret ? $"{url.TrimEnd('/')}/setup#{secret}" : null;
        }
        catch (Exception e) when (DatabaseUnavailableException.IsSaidBy(e))
        {
            return null;
        }
    }
}
