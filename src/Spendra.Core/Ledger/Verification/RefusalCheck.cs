using System.Text;
using Spendra.Core.Governance;

namespace Spendra.Core.Ledger.Verification;

/// <summary>Checks that a refusal names rules that exist and that its own figures refuse the request.</summary>
internal sealed class RefusalCheck(VerifiedOrganization organization, VerificationReport report)
{
    private static readonly HashSet<string> Codes = [.. Enum.GetValues<RefusalCode>().Select(Refusal.NameOf)];
    private static readonly byte[] Exceeded = Encoding.UTF8.GetBytes(Refusal.NameOf(RefusalCode.BudgetExceeded));
    private static readonly byte[] Held = Encoding.UTF8.GetBytes(Refusal.NameOf(RefusalCode.BudgetHeld));

    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _codes = Codes.GetAlternateLookup<ReadOnlySpan<char>>();
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
        Span<char> code = stackalloc char[64];
        if (row.Code.Length > code.Length || !Encoding.UTF8.TryGetChars(row.Code, code, out var length) || !_codes.Contains(code[..length]))
            Report(Invariant.RefusalNames, row, "a known code", Encoding.UTF8.GetString(row.Code));
        if (!organization.Keys.Contains(row.KeyId)) Report(Invariant.RefusalNames, row, $"key {row.KeyId}", "no such key");
        if (row.PolicyId is { } policyId && !organization.Policies.Contains(policyId))
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
        var isExceeded = row.Code.SequenceEqual(Exceeded);
        var isHeld = row.Code.SequenceEqual(Held);
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
        if (follows && limit >= 0 && settled >= 0 && reserved >= 0 && needed >= 0 && start < end && row.RefusedAt >= start) return;
        Report(Invariant.RefusalFigures, row, $"figures that give {(isHeld ? "budget_held" : "budget_exceeded")}",
            $"{Encoding.UTF8.GetString(row.Code)} at {row.RefusedAt} with limit {limit}, settled {settled}, reserved {reserved}, needed {needed} in {start}..{end}");
    }

    private void Report(string invariant, in RefusalRow row, string expected, string found) =>
        report.Add(invariant, $"refusal {row.RequestId}", expected, found);
}
