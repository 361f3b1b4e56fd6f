using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>A comparison that was made and is not kept yet.</summary>
internal sealed record MadeComparison(ReconciliationRun Run, IReadOnlyList<Difference> Differences);

/// <summary>Makes comparisons, and corrections of what they find.</summary>
internal static class ReconciliationDesk
{
    /// <summary>Compares; null when no import covers any day of the month.</summary>
    public static async Task<MadeComparison?> CompareAsync(
        Database database, Guid organizationId, ProviderAccount account, AccountingPeriod period, NanoUsd rounding, CancellationToken cancel)
    {
        var rules = new ComparisonRules(BilledDay.Of(period.StartsAt), BilledDay.Of(period.EndsAt), rounding);
        var (billed, covered) = await BillReader.ReadAsync(database, organizationId, account.AccountId, rules, cancel);
        if (covered == 0) return null;
        var (booked, sequence) = await SettledReader.ReadAsync(database, organizationId, account.AccountId, rules, cancel);
        var result = Comparison.Of(billed, booked, rules);
        return new MadeComparison(new ReconciliationRun
        {
            RunId = Guid.CreateVersion7(),
            AccountId = account.AccountId,
            Account = account.Slug,
            Period = period,
            Rounding = rounding,
            Billed = result.Billed,
            Booked = result.Booked,
            DifferenceCount = result.Differences.Count,
            DaysWithoutBill = (int)(rules.EndDay - rules.FirstDay - covered),
            EntrySequence = sequence,
        }, result.Differences);
    }

    /// <summary>Proposes to book what the differences of a kind still need, in the month that they are of.</summary>
    public static ProposedView Propose(Draft draft, ReconciliationRun run, KindStanding standing)
    {
        var kind = DifferenceKinds.NameOf(standing.Kind);
        var row = new AdjustmentRow
        {
            AdjustmentId = Guid.CreateVersion7(),
            AccountId = run.AccountId,
            Account = run.Account,
            Difference = standing.Missing,
            Reason = $"Reconciliation of {run.Period}: {kind}, {standing.Count} differences of comparison {run.RunId}",
            Month = run.Period.ToString(),
            ProposedAt = draft.NowMicros,
            ProposedBy = draft.Caller.Actor,
            ProposerId = draft.Caller.MemberId,
        };
        draft.Change(new GovernanceWrite.AddAdjustment(row), "propose", "adjustment", row.AdjustmentId.ToString(), null, Description.Of(row));
        draft.Change(new GovernanceWrite.LinkProposal(new ReconciliationProposal(row.AdjustmentId, run.RunId, run.AccountId, run.Period, standing.Kind)),
            "link", "reconciliation", run.RunId.ToString(), null, new Description([("kind", kind), ("adjustment", row.AdjustmentId.ToString())]));
        return new ProposedView(row.AdjustmentId, kind, row.Difference);
    }
}
