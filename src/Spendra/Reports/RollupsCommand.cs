using System.CommandLine;
using Spectre.Console;
using Spendra.Cli;
using Spendra.Storage.Governance;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups;

namespace Spendra.Reports;

internal sealed record RebuiltDocument(IReadOnlyList<string> Rebuilt);

/// <summary><c>rollups rebuild</c>: adds the ledger up again, from nothing.</summary>
internal static class RollupsCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var rebuild = new Command("rebuild", "Add up the ledger again, from nothing; traffic goes on meanwhile.") { CommonOptions.Organization };
        rebuild.DoesWithDatabase(environment, RebuildAsync, mustExist: true);
        return new Command("rollups", "Sums of the ledger by hour and day.") { rebuild };
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
