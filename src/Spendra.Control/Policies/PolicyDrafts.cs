using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Control.Policies;

/// <summary>Reads what a policy shall be, beside what is there: pure.</summary>
internal static class PolicyDrafts
{
    /// <param name="draft">What is there.</param>
    /// <param name="start">The policy as it was; of a new one only id, slug and kind matter.</param>
    /// <param name="body">What it shall say.</param>
    public static Outcome<Policy> Read(Draft draft, Policy start, PolicyTerms body)
    {
        var faults = PolicyRules.Faults(start.Kind, GovernanceNames.Of(start.Kind), field => Has(body, field));
        if (RuleProblems.Of(faults) is { } wrong) return wrong;
        var (filter, allowed, twice) = PolicyRules.Compose(start.Kind, ListsOf(body), body.Filter is null ? null : ListsOf(body.Filter));
        if (RuleProblems.Of(twice, "filter") is { } both) return both;
        if (body.ThresholdsPercent is { } percents && PolicyRules.ThresholdFault(percents) is { } threshold)
            return Problem.Field("thresholdsPercent", threshold);

        BudgetRow? budget = null;
        if (body.Budget is not null)
        {
            budget = draft.State.Budgets.FirstOrDefault(b => !b.IsArchived && b.Budget.Slug == body.Budget);
            if (budget is null || !draft.Authority.Covers(draft.Scopes, budget.Budget.ScopeId))
                return Problem.Field("budget", "names no budget that is there and that you see");
        }
        var scope = draft.FindScope(body.Scope ?? draft.NameOf(budget!.Budget.ScopeId));
        if (scope is null) return Problem.Field("scope", "names no scope that is there and that you see");
        return Outcome<Policy>.Done(new Policy
        {
            PolicyId = start.PolicyId,
            Slug = start.Slug,
            Kind = start.Kind,
            ScopeId = scope.Scope.ScopeId,
            BudgetId = budget?.Budget.BudgetId,
            Filter = filter,
            Allowed = allowed,
            StripsTools = body.OnDenied == "strip",
            OnlyFlags = body.OnExceed == "flag",
            Approvals = start.Approvals,
            ThresholdPercents = PolicyRules.Thresholds(body.ThresholdsPercent ?? []),
            ReviewAbove = body.AboveUsd ?? NanoUsd.Zero,
            MaxRequest = body.MaxRequestUsd,
            MaxOutputTokens = body.MaxOutputTokens,
            MaxConcurrent = body.MaxConcurrent,
        });
    }

    /// <summary>What keeps an archived policy from coming back; null when nothing does.</summary>
    public static Problem? Unrestorable(Draft draft, Policy policy)
    {
        if (draft.State.Scopes.Any(s => s.IsArchived && s.Scope.ScopeId == policy.ScopeId))
            return new Problem(ProblemKind.WrongState, $"Restore {draft.NameOf(policy.ScopeId)} first: the policy is on it.");
        return draft.State.Budgets.Any(b => b.IsArchived && b.Budget.BudgetId == policy.BudgetId)
            ? new Problem(ProblemKind.WrongState, $"Restore budget {draft.NameOf(policy.BudgetId!.Value)} first: the policy watches it.")
            : null;
    }

    private static bool Has(PolicyTerms body, string field) => field switch
    {
        "scope" => body.Scope is not null,
        "budget" => body.Budget is not null,
        "providers" => body.Providers is not null,
        "models" => body.Models is not null,
        "tools" => body.Tools is not null,
        "thresholdsPercent" => body.ThresholdsPercent is not null,
        "aboveUsd" => body.AboveUsd is not null,
        "onExceed" => body.OnExceed is not null,
        "onDenied" => body.OnDenied is not null,
        "maxRequestUsd" => body.MaxRequestUsd is not null,
        "maxOutputTokens" => body.MaxOutputTokens is not null,
        "maxConcurrent" => body.MaxConcurrent is not null,
        _ => throw new InvalidOperationException($"a rule asks for '{field}', which no policy has here"),
    };

    private static PolicyFilter ListsOf(PolicyTerms body) => new()
    {
        Providers = Set(body.Providers), Models = Set(body.Models), Tools = Set(body.Tools), Environments = Set(body.Environments),
    };

    private static PolicyFilter ListsOf(PolicyFilterBody body) => new()
    {
        Providers = Set(body.Providers), Models = Set(body.Models), Tools = Set(body.Tools), Environments = Set(body.Environments),
    };

    private static NameSet Set(IReadOnlyList<string>? names) => names is null ? NameSet.Unrestricted : new NameSet([.. names]);
}
