using System.Text;
using Spendra.Core.Governance;

namespace Spendra.Core.Ledger.Verification;

/// <summary>Checks that a refusal names rules that exist and that its own figures refuse the request.</summary>
internal sealed class RefusalCheck(VerifiedOrganization organization, VerificationReport report)
{
    private static readonly Dictionary<string, RefusalCode> Codes = Enum.GetValues<RefusalCode>().ToDictionary(Refusal.NameOf);

    private long _refusals;

    public void Add(in RefusalRow row)
    {
        _refusals++;
        CheckNames(row);
        CheckFigures(row);
    }

    public void Complete()
    {
        report.Count(Invariant.RefusalNames, _refusals);
        report.Count(Invariant.RefusalFigures, _refusals);
    }

    private void CheckNames(in RefusalRow row)
    {
        if (CodeOf(row) is null) Report(Invariant.RefusalNames, row, "a known code", Encoding.UTF8.GetString(row.Code));
        if (!organization.Keys.Contains(row.KeyId)) Report(Invariant.RefusalNames, row, $"key {row.KeyId}", "no such key");
        if (row.PolicyId is { } policyId && !organization.Policies.ContainsKey(policyId))
            Report(Invariant.RefusalNames, row, $"policy {policyId}", "no such policy");
        if (row.BudgetId is { } budgetId && !organization.Budgets.ContainsKey(budgetId))
            Report(Invariant.RefusalNames, row, $"budget {budgetId}", "no such budget");
    }

    /// <summary>
    /// A refusal for want of money says how much there was. It was too little with what was settled alone
    /// (exceeded), or only with what was held too.
    /// </summary>
    private void CheckFigures(in RefusalRow row)
    {
        var code = CodeOf(row);
        var isExceeded = code == RefusalCode.BudgetExceeded;
        var isHeld = code == RefusalCode.BudgetHeld;
        if (row is not { Limit: { } limit, Settled: { } settled, Reserved: { } reserved, Needed: { } needed,
            WindowStartsAt: { } start, WindowEndsAt: { } end, BudgetId: not null })
        {
            if (isExceeded || isHeld || row.Limit is not null || row.BudgetId is not null)
                Report(Invariant.RefusalFigures, row, "all figures of its window", "some are missing");
            return;
        }
        var spent = (Int128)settled + needed;
        // A budget of zero is closed to requests that cost nothing, too.
        var follows = isExceeded ? limit == 0 || spent > limit
            : isHeld && spent <= limit && spent + reserved > limit;
        if (follows && limit >= 0 && settled >= 0 && reserved >= 0 && needed >= 0 && start < end) return;
        Report(Invariant.RefusalFigures, row, $"figures that give {(isHeld ? "budget_held" : "budget_exceeded")}",
            $"{Encoding.UTF8.GetString(row.Code)} with limit {limit}, settled {settled}, reserved {reserved}, needed {needed} in {start}..{end}");
    }

    private static RefusalCode? CodeOf(in RefusalRow row) =>
        Codes.TryGetValue(Encoding.UTF8.GetString(row.Code), out var code) ? code : null;

    private void Report(string invariant, in RefusalRow row, string expected, string found) =>
        report.Add(invariant, $"refusal {row.RequestId}", expected, found);
}
