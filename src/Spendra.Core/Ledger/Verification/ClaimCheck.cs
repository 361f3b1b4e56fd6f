using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// Every reservation holds in a window of each budget that its policies point at, and in no other: what
/// <see cref="Admission"/> claims, told a second time. One that was held under two of three caps lets the third be passed.
/// </summary>
/// <remarks>
/// Not demanded are windows of a budget whose range does not hold the instant, and those that a soft cap or an alert
/// watches on a budget which a hard cap points at, or once did: such a budget counts what its hard caps apply to.
/// </remarks>
internal sealed class ClaimCheck
{
    private const int IdBytes = 16;

    private readonly VerifiedOrganization _organization;
    private readonly VerificationReport _report;
    private readonly HashSet<Guid> _everCapped = [];
    private readonly List<VerifiedPolicy> _policies = [];
    private long _reservations;

    public ClaimCheck(VerifiedOrganization organization, VerificationReport report)
    {
        (_organization, _report) = (organization, report);
        foreach (var policy in organization.Policies.Values)
        {
            if (policy.Kind != PolicyKind.HardCap) continue;
            if (policy.BudgetId is { } now) _everCapped.Add(now);
            _everCapped.UnionWith(policy.EarlierBudgets);
        }
    }

    /// <param name="row">Open, first event or released.</param>
    /// <param name="windows">The windows that it names; null for one that does not exist, which is reported elsewhere.</param>
    public void Check(in ReservationRow row, List<WindowRow?> windows)
    {
        _reservations++;
        var areKnown = Find(row.PolicyIds);
        // What is not known may be what is missing, and is reported as such.
        if (row.Amount > NanoUsd.Zero && !windows.Contains(null)) CheckPolicies(row, windows);
        if (areKnown) CheckWindows(row, windows);
    }

    public void Complete() => _report.Count(Invariant.ReservationClaims, _reservations);

    /// <returns>False when it names a policy that does not exist.</returns>
    private bool Find(ReadOnlySpan<byte> policyIds)
    {
        _policies.Clear();
        var areKnown = policyIds.Length % IdBytes == 0;
        for (var i = 0; i + IdBytes <= policyIds.Length; i += IdBytes)
        {
            if (_organization.Policies.TryGetValue(new Guid(policyIds.Slice(i, IdBytes), bigEndian: true), out var policy)) _policies.Add(policy);
            else areKnown = false;
        }
        return areKnown;
    }

    private void CheckPolicies(in ReservationRow row, List<WindowRow?> windows)
    {
        foreach (var policy in _policies)
        {
            if (policy.BudgetId is not { } budgetId || MayGoWithout(row, policy, budgetId, windows)) continue;
            if (MayHavePointedElsewhere(row, policy, windows)) continue;
            _report.Add(Invariant.ReservationClaims, $"reservation {row.ReservationId}", $"a window of budget {budgetId}", "none");
        }
    }

    private bool MayHavePointedElsewhere(in ReservationRow row, VerifiedPolicy policy, List<WindowRow?> windows)
    {
        if (policy.ChangedEpoch <= row.Epoch) return false;
        foreach (var earlier in policy.EarlierBudgets)
        {
            if (MayGoWithout(row, policy, earlier, windows)) return true;
        }
        return false;
    }

    private bool MayGoWithout(in ReservationRow row, VerifiedPolicy policy, Guid budgetId, List<WindowRow?> windows)
    {
        foreach (var window in windows)
        {
            if (window!.BudgetId == budgetId) return true;
        }
        if (policy.Kind != PolicyKind.HardCap && _everCapped.Contains(budgetId)) return true;
        return _organization.Budgets.TryGetValue(budgetId, out var budget)
            && BudgetCalendar.WindowAt(budget.Period, budget.Zone, row.ReservedAt) is null;
    }

    private void CheckWindows(in ReservationRow row, List<WindowRow?> windows)
    {
        foreach (var window in windows)
        {
            if (window is null || IsAskedFor(row, window.BudgetId)) continue;
            _report.Add(Invariant.ReservationClaims, $"reservation {row.ReservationId}", $"a policy of budget {window.BudgetId}", "none");
        }
    }

    private bool IsAskedFor(in ReservationRow row, Guid budgetId)
    {
        foreach (var policy in _policies)
        {
            if (policy.BudgetId == budgetId) return true;
            if (policy.ChangedEpoch > row.Epoch && policy.EarlierBudgets.Contains(budgetId)) return true;
        }
        return false;
    }
}
