using Spendra.Core.Money;

namespace Spendra.Core.Ledger.Verification;

/// <summary>A change of the rules, by its audit record, that may leave windows of a budget above a hard cap.</summary>
/// <param name="RecordedAt">The instant that all rows of the change bear, in microseconds since the Unix epoch.</param>
/// <param name="BudgetId">Whose windows.</param>
/// <param name="Lowered">
/// By how much the budget's amount fell. Null when a hard cap began to point at the budget: until then nothing bounded
/// what stands there.
/// </param>
public readonly record struct CapChange(long RecordedAt, Guid BudgetId, NanoUsd? Lowered);

/// <summary>
/// A cap cut is written by a change of its budget's cap, and explains no more than that change can have uncovered: before
/// it, whatever stood above the limit was explained.
/// </summary>
public static class CapCutCheck
{
    public static void Run(VerifiedOrganization organization, IEnumerable<CapChange> changes, VerificationReport report)
    {
        var budgets = organization.Windows.ToDictionary(w => w.WindowId, w => w.BudgetId);
        var ofChange = changes.ToLookup(c => (c.RecordedAt, c.BudgetId));
        foreach (var excess in organization.Excesses)
        {
            if (excess.Kind != ExcessKind.CapCut) continue;
            report.Count(Invariant.CapCutRecorded, 1);
            var subject = $"cap cut of window {excess.WindowId}";
            if (!budgets.TryGetValue(excess.WindowId, out var budgetId))
            {
                report.Add(Invariant.CapCutRecorded, subject, "a window", "no such window");
                continue;
            }
            var records = ofChange[(excess.RecordedAt, budgetId)].ToList();
            if (records.Count == 0)
                report.Add(Invariant.CapCutRecorded, subject, $"an audit record that lowers budget {budgetId} or caps it, at {excess.RecordedAt}", "none");
            else if (records.All(r => r.Lowered < excess.Amount))
                report.Add(Invariant.CapCutRecorded, subject, $"at most the {records.Max(r => r.Lowered)} USD by which the budget was lowered", $"{excess.Amount} USD");
        }
    }
}
