using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Storage.Governance;

/// <summary>
/// What a change of a rule lets be spent that the rule held back. Whoever decides on requests up to a limit, and never on their
/// own, gives no more by changing the rule itself than by granting a request.
/// </summary>
internal static class Raises
{
    /// <summary>Why an amount is not the author's to give at once; null when it is.</summary>
    public static string? BeyondLimit(Authority authority, NanoUsd amount) => authority.ApprovalLimit is { } most && amount > most
        ? $"you approve at most {most} USD at once; somebody with a higher limit must decide" : null;

    /// <summary>Whether a scope is the employee that the author is, or one of their agents.</summary>
    public static bool IsOwn(Authority authority, Guid scopeId, ScopeTree scopes) =>
        authority.EmployeeId is { } employee && KeyRules.IsOwn(scopes, employee, scopeId);

    /// <summary>A move takes what spends there out from under the rules of the place that it leaves.</summary>
    /// <param name="authority">Who moves.</param>
    /// <param name="put">The scope, perhaps in another place.</param>
    /// <param name="scopes">Every scope where it was.</param>
    public static string? Denial(Authority authority, GovernanceWrite.PutScope put, ScopeTree scopes)
    {
        if (put.PreviousParentId is null) return null;
        var scopeId = put.Row.Scope.ScopeId;
        // Elsewhere an agent would not be their own any more, and its budgets theirs to raise.
        if (IsOwn(authority, scopeId, scopes)) return "nobody moves the employee that they are, nor an agent of theirs";
        if (!put.LeavesRules) return null;
        if (authority.EmployeeId is { } employee && scopes.WithAncestors(employee).Any(s => s.ScopeId == scopeId))
            return "nobody moves out from under a rule that holds their own spending back";
        return BeyondRule(authority);
    }

    public static string? Denial(Authority authority, GovernanceWrite.PutBudget put, ScopeTree scopes)
    {
        var raise = Of(put);
        if (raise <= NanoUsd.Zero) return null;
        return IsOwn(authority, put.Row.Budget.ScopeId, scopes) ? "nobody raises a budget of their own" : BeyondLimit(authority, raise);
    }

    public static string? Denial(Authority authority, GovernanceWrite.PutPolicy put, ScopeTree scopes)
    {
        if (put.Before is not { IsArchived: false, Policy: var before } || !Loosens(before, put.Row)) return null;
        if (IsOwn(authority, before.ScopeId, scopes)) return "nobody loosens a rule that holds their own spending back";
        // Limits of single requests and allowlists hold back no amount: an approval limit says nothing of them.
        return before.Kind is PolicyKind.HardCap or PolicyKind.Review ? BeyondRule(authority) : null;
    }

    private static string? BeyondRule(Authority authority) => authority.ApprovalLimit is { } most
        ? $"you approve at most {most} USD at once, and this lets through what a rule holds back; somebody without a limit must decide" : null;

    /// <summary>By what a budget is raised for good and for a time; one that is new or archived held nothing.</summary>
    private static NanoUsd Of(GovernanceWrite.PutBudget put)
    {
        var after = put.Row.Budget;
        if (put.Row.IsArchived) return NanoUsd.Zero;
        if (put.Before is not { IsArchived: false, Budget: var before }) return after.Amount;
        // Increases whose time is over fall out of the amount in the same write: they pay for no raise.
        var forGood = after.BaseAmount - before.BaseAmount;
        return after.Increases.Where(i => !before.Increases.Contains(i))
            .Aggregate(forGood > NanoUsd.Zero ? forGood : NanoUsd.Zero, (sum, increase) => sum + increase.Amount);
    }

    /// <summary>Whether a policy stops holding something back that it held back.</summary>
    private static bool Loosens(Policy before, PolicyRow row)
    {
        var after = row.Policy;
        if (before.Kind is PolicyKind.SoftCap or PolicyKind.Alert || before.OnlyFlags) return false;
        var appliesToLess = after.ScopeId != before.ScopeId || (after.Filter != before.Filter && after.Filter != PolicyFilter.Everything);
        if (row.IsArchived || appliesToLess) return true;
        return before.Kind switch
        {
            PolicyKind.RequestLimit => IsRaised(before.MaxRequest, after.MaxRequest) || IsRaised(before.MaxOutputTokens, after.MaxOutputTokens)
                || IsRaised(before.MaxConcurrent, after.MaxConcurrent),
            PolicyKind.Allowlist => AdmitsMore(before.Allowed.Providers, after.Allowed.Providers)
                || AdmitsMore(before.Allowed.Models, after.Allowed.Models) || AdmitsMore(before.Allowed.Tools, after.Allowed.Tools),
            _ => after.BudgetId != before.BudgetId || after.ReviewAbove > before.ReviewAbove || after.OnlyFlags,
        };
    }

    private static bool IsRaised<T>(T? before, T? after) where T : struct, IComparable<T> =>
        before is { } most && !(after is { } now && now.CompareTo(most) <= 0);

    /// <summary>Names are compared as they are written: another way to write the same is taken for more.</summary>
    private static bool AdmitsMore(NameSet before, NameSet after) =>
        !before.IsUnrestricted && !before.Names.Contains(NameSet.Any) && (after.IsUnrestricted || after.Names.Any(name => !before.Names.Contains(name)));
}
