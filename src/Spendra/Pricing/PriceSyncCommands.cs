using System.CommandLine;
using Spectre.Console;
using Spendra.Cli;
using Spendra.Control.Catalog;
using Spendra.Storage;
using Spendra.Storage.Pricing;

namespace Spendra.Pricing;

internal sealed record SyncRunRow(
    Guid RunId, string StartedAt, string Source, string Outcome, string? Failure, long PricesRead, Guid? ProposalId)
{
    public static SyncRunRow Of(PriceSyncRun run) => new(
        run.RunId, InstantText.Of(run.StartedAt), run.Source, run.Outcome.ToString().ToLowerInvariant(), run.Failure, run.PricesRead, run.ProposalId);
}

internal sealed record SyncRunsDocument(IReadOnlyList<SyncRunRow> Runs);

/// <summary><c>prices sync</c> and <c>prices runs</c>: lists that others keep.</summary>
internal static class PriceSyncCommands
{
    private const int MostRuns = 100;

    private static readonly Option<string?> From = new("--from")
    {
        Description = $"{PriceDocument.OpenRouterName}, {PriceDocument.CatalogName} (what this version brings), or an https address. Default: the first of setting Catalog:From",
        HelpName = "source",
    };

    public static Command CreateSync(CommandEnvironment environment)
    {
        var command = new Command("sync", "Compare the book with a list and propose what differs.") { From, CommonOptions.Organization };
        command.DoesWithDatabase(environment, SyncAsync, mustExist: true);
        return command;
    }

    public static Command CreateRuns(CommandEnvironment environment)
    {
        var command = new Command("runs", "List the latest comparisons with lists, failed ones too.") { CommonOptions.Organization };
        command.DoesWithDatabase(environment, RunsAsync, mustExist: true);
        return command;
    }

    /// <summary>What a comparison found, and what became of it.</summary>
    public static void Report(CommandRun run, SyncResult result, long? epoch)
    {
        var comparison = result.Comparison!;
        ComparisonView.Show(run.Output, comparison, result.Skipped);
        if (epoch is not null) run.Output.Line("taken into the book: the next reservation is bounded with these prices");
        else if (result.Run.ProposalId is { } id) run.Output.Line($"proposal {id}; nothing is changed until 'spendra prices approve {id}'");
        run.Output.Json(new ComparisonDocument(result.Run.Source, DifferenceRow.Of(comparison.Differences), comparison.Unchanged,
            comparison.NotOffered, result.Skipped, result.Run.ProposalId, epoch), CliJson.Default.ComparisonDocument);
    }

    private static async Task<int> SyncAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var startedAt = run.NowMicros;
        using var fetcher = new PriceFetcher(run.Options.Catalog.AllowInside);
        var document = await PriceSync.ReadAsync(run.Arguments.GetValue(From) ?? run.Options.Catalog.Sources[0], fetcher, run.Time, run.Cancel);
        var result = await PriceSync.RunAsync(run.Database, organization, document, startedAt, run.Time, run.Cancel);
        if (result.Run.Failure is { } failure) throw new CommandException("sync_failed", $"no prices from {document.Source}: {failure}");
        Report(run, result, epoch: null);
        return 0;
    }

    private static async Task<int> RunsAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var runs = await PriceProposals.ListRunsAsync(run.Database, organization.OrganizationId, MostRuns, run.Cancel);
        run.Output.Json(new SyncRunsDocument([.. runs.Select(SyncRunRow.Of)]), CliJson.Default.SyncRunsDocument);
        if (runs.Count == 0)
        {
            run.Output.Line("the book was not compared with anything yet: 'spendra prices sync' does it");
            return 0;
        }
        var table = CommandOutput.NewTable("started", "source", "outcome", "prices", "proposal", "failure");
        foreach (var row in runs.Select(SyncRunRow.Of))
        {
            table.AddRow(CommandOutput.Cell(row.StartedAt), CommandOutput.Cell(row.Source), CommandOutput.Cell(row.Outcome),
                CommandOutput.Cell(row.PricesRead.ToString()), CommandOutput.Cell(row.ProposalId?.ToString()), CommandOutput.Cell(row.Failure));
        }
        run.Output.Show(table);
        return 0;
    }
}
