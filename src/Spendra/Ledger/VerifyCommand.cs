using System.CommandLine;
using Spectre.Console;
using Spendra.Audit;
using Spendra.Cli;
using Spendra.Core.Ledger.Verification;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;

namespace Spendra.Ledger;

internal sealed record VerificationDocument(
    IReadOnlyDictionary<string, long> Checked, long ViolationCount, IReadOnlyList<Violation> Violations);

/// <summary><c>verify</c>: recomputes every invariant of the ledger from its rows. Exit code 1 when one is broken.</summary>
internal static class VerifyCommand
{
    public static Command Create(CommandEnvironment environment)
    {
        var command = new Command("verify", "Recompute every invariant of the ledger from its rows; exit code 1 when one is broken.")
        {
            CommonOptions.Organization, CheckpointOptions.File, CheckpointOptions.PublicKey,
        };
        command.DoesWithDatabase(environment, RunAsync, mustExist: true);
        return command;
    }

    private static async Task<int> RunAsync(CommandRun run)
    {
        var isOne = run.Arguments.GetValue(CommonOptions.Organization) is not null;
        IReadOnlyList<OrganizationName> organizations = isOne
            ? [await run.FindOrganizationAsync()] : await new GovernanceReader(run.Database).ListOrganizationsAsync(run.Cancel);
        var (verifier, kept) = (new LedgerVerifier(run.Database), CheckpointOptions.Read(run)?.Ledgers());
        var report = isOne
            ? await verifier.VerifyAsync([organizations[0].OrganizationId], run.NowMicros, run.Cancel, kept)
            : await verifier.VerifyAllAsync(run.NowMicros, run.Cancel, kept);
        run.Output.Json(
            new VerificationDocument(report.Checked, report.ViolationCount, report.Violations), CliJson.Default.VerificationDocument);
        Show(run.Output, organizations, report);
        return report.ViolationCount == 0 ? 0 : Failure.Failed;
    }

    private static void Show(CommandOutput output, IReadOnlyList<OrganizationName> organizations, VerificationReport report)
    {
        var violated = report.Violations.Select(v => v.Invariant).ToHashSet();
        var table = CommandOutput.NewTable("invariant", "checked", "");
        table.Columns[1].RightAligned();
        foreach (var (invariant, count) in report.Checked)
            table.AddRow(CommandOutput.Cell(invariant.Replace('_', ' ')), CommandOutput.Cell($"{count:N0}"), CommandOutput.Cell(violated.Contains(invariant) ? "broken" : "ok"));
        output.Show(table);
        foreach (var violation in report.Violations)
        {
            output.Line($"{violation.Invariant}: {violation.Subject}");
            output.Line($"    expected {violation.Expected}, found {violation.Found}");
        }
        var slugs = organizations.Count == 0 ? "no organization yet" : string.Join(", ", organizations.Select(o => o.Slug));
        output.Line(report.ViolationCount == 0
            ? $"The ledger agrees with itself ({slugs})."
            : $"{report.ViolationCount:N0} violations ({slugs}); the first of each kind are above.");
    }
}
