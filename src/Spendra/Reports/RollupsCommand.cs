using System.CommandLine;
using Spectre.Console;
using Spendra.Cli;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups;

namespace Spendra.Reports;

internal sealed record RebuiltDocument(IReadOnlyList<string> Rebuilt);

internal sealed record OutboxFailuresDocument(IReadOnlyList<OutboxFailure> Failures);

internal sealed record RetriedDocument(long Retried);

/// <summary><c>rollups</c>: adds the ledger up again from nothing, and shows what could not be counted.</summary>
internal static class RollupsCommand
{
    private const int MostShown = 1_000;

    private static readonly Argument<long> Sequence = new("row") { Description = "The number of the outbox row." };

    public static Command Create(CommandEnvironment environment)
    {
        var rebuild = new Command("rebuild", "Add up the ledger again, from nothing; traffic goes on meanwhile.") { CommonOptions.Organization };
        rebuild.DoesWithDatabase(environment, RebuildAsync, mustExist: true);
        var failures = new Command("failures", "Show what could not be counted, and when it is tried again.") { CommonOptions.Organization };
        failures.DoesWithDatabase(environment, ShowFailuresAsync, mustExist: true);
        var retry = new Command("retry", "Try once more what could not be counted; a worker does it at once.") { Sequence, CommonOptions.Organization };
        retry.DoesWithDatabase(environment, RetryAsync, mustExist: true);
        return new Command("rollups", "Sums of the ledger by hour and day.") { rebuild, failures, retry };
    }

    private static async Task<int> ShowFailuresAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var failures = await OutboxFailures.ListAsync(run.Database, organization.OrganizationId, after: 0, MostShown, run.Cancel);
        var table = CommandOutput.NewTable("row", "announces", "attempts", "next", "why");
        foreach (var failure in failures)
        {
            table.AddRow(
                CommandOutput.Cell($"{failure.Sequence}"), CommandOutput.Cell($"{failure.Topic} {failure.SubjectId}"), CommandOutput.Cell($"{failure.Attempts}"),
                CommandOutput.Cell(failure.IsDead ? "never: dead" : InstantText.Of(failure.RetryAt)), CommandOutput.Cell(failure.Reason));
        }
        if (failures.Count > 0) run.Output.Show(table);
        else run.Output.Line("Everything was counted.");
        run.Output.Json(new OutboxFailuresDocument([.. failures]), CliJson.Default.OutboxFailuresDocument);
        return failures.Any(f => f.IsDead) ? Failure.Failed : 0;
    }

    private static async Task<int> RetryAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var sequence = run.Arguments.GetValue(Sequence);
        if (!await OutboxFailures.RetryAsync(run.Database, organization.OrganizationId, sequence, run.NowMicros, run.Cancel))
            throw new CommandException("not_failed", $"row {sequence} has not failed: see 'spendra rollups failures'");
        run.Output.Line($"Row {sequence} is tried again by the next worker that looks.");
        run.Output.Json(new RetriedDocument(sequence), CliJson.Default.RetriedDocument);
        return 0;
    }

    private static async Task<int> RebuildAsync(CommandRun run)
    {
        IReadOnlyList<OrganizationName> organizations = run.Arguments.GetValue(CommonOptions.Organization) is null
            ? await new GovernanceReader(run.Database).ListOrganizationsAsync(run.Cancel)
            : [await run.FindOrganizationAsync()];
        var positions = new OutboxPositions(run.Database, RollupIntake.Consumer, Guid.CreateVersion7(), run.Time);
        var rebuild = new RollupRebuild(run.Database, positions);
        foreach (var organization in organizations)
            await run.Output.ProgressAsync($"rollups of {organization.Slug}", bar => RebuildAsync(run, rebuild, organization, bar));
        run.Output.Line(organizations.Count == 0 ? "There is no organization yet." : $"Rebuilt: {string.Join(", ", organizations.Select(o => o.Slug))}.");
        run.Output.Json(new RebuiltDocument([.. organizations.Select(o => o.Slug)]), CliJson.Default.RebuiltDocument);
        return 0;
    }

    private static async Task RebuildAsync(
        CommandRun run, RollupRebuild rebuild, OrganizationName organization, IProgress<double> bar)
    {
        if (!await rebuild.RunAsync(organization.OrganizationId, new Share(bar), run.Cancel))
            throw new CommandException("rollups_held", $"another rebuild of {organization.Slug} is running: wait for its end");
        bar.Report(1);
    }

    private sealed class Share(IProgress<double> bar) : IProgress<RebuildProgress>
    {
        public void Report(RebuildProgress value) => bar.Report(value.Total == 0 ? 0 : (double)value.Done / value.Total);
    }
}
