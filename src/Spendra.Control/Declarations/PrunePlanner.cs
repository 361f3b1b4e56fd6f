using Spendra.Core.Governance;
using Spendra.Storage.Governance;

namespace Spendra.Control.Declarations;

/// <summary>
/// Archives what is missing from the lists that a file has, what refers before what is referred to. Keys are
/// revoked. Prices are history and stay.
/// </summary>
internal static class PrunePlanner
{
    public static void Plan(PlanDraft draft)
    {
        var file = draft.Declaration;
        foreach (var row in Missing(draft.State.Keys.Where(k => k.Key.RevokedAt is null), k => k.Key.Slug, file.Keys?.Select(k => k.Slug)))
        {
            draft.Add(ChangeAction.Revoke, "key", row.Key.Slug, Description.Of(row.Key, draft.NameOf), after: null,
                new GovernanceWrite.RevokeKey(row.Key));
        }
        foreach (var row in Missing(draft.State.Policies.Where(p => !p.IsArchived), p => p.Policy.Slug, file.Policies?.Select(p => p.Slug)))
        {
            draft.Add(ChangeAction.Archive, "policy", row.Policy.Slug, Description.Of(row.Policy, draft.NameOf), after: null,
                new GovernanceWrite.PutPolicy(row with { IsArchived = true }, row));
        }
        foreach (var row in Missing(draft.State.Budgets.Where(b => !b.IsArchived), b => b.Budget.Slug, file.Budgets?.Select(b => b.Slug)))
        {
            draft.Add(ChangeAction.Archive, "budget", row.Budget.Slug, Description.Of(row.Budget, draft.NameOf), after: null,
                new GovernanceWrite.PutBudget(row with { IsArchived = true }, row));
        }
        foreach (var row in Missing(draft.State.Accounts.Where(a => !a.IsArchived), a => a.Account.Slug, file.Accounts?.Select(a => a.Slug)))
        {
            draft.Add(ChangeAction.Archive, "providerAccount", row.Account.Slug, AccountPlanner.Describe(row.Account), after: null,
                new GovernanceWrite.PutAccount(row with { IsArchived = true }));
        }
        var gone = draft.State.Scopes.Where(s => !s.IsArchived && file.ScopeKinds.Contains(s.Scope.Kind)
            && draft.FindLive(s.Scope.ScopeId) is null);
        foreach (var row in gone.OrderByDescending(s => s.Scope.Kind).ThenBy(s => s.Scope.Slug, StringComparer.Ordinal))
        {
            draft.Add(ChangeAction.Archive, Scope.KindName(row.Scope.Kind), row.Scope.Slug, Description.Of(row, draft.NameOf),
                after: null, new GovernanceWrite.PutScope(row with { IsArchived = true }));
        }
    }

    private static IEnumerable<T> Missing<T>(IEnumerable<T> rows, Func<T, string> slugOf, IEnumerable<string>? declared)
    {
        if (declared is null) return [];
        var kept = declared.ToHashSet(StringComparer.Ordinal);
        return rows.Where(r => !kept.Contains(slugOf(r))).OrderBy(slugOf, StringComparer.Ordinal);
    }
}

/// <summary>
/// What a file leaves alone must still stand when the file is applied: nothing that stays may refer to something
/// that pruning archives, and no key may name a project that its employee has lost.
/// </summary>
internal static class LeftAlone
{
    public static void Check(PlanDraft draft)
    {
        var scopes = draft.Declaration.Scopes.Select(s => (s.Kind, s.Slug)).ToHashSet();
        foreach (var row in draft.State.Scopes)
        {
            if (row.IsArchived || draft.FindLive(row.Scope.ScopeId) is null || scopes.Contains((row.Scope.Kind, row.Scope.Slug))) continue;
            Need(draft, row.Scope.ParentId, $"{row.Scope.Reference} belongs to it");
            foreach (var project in row.ProjectIds) Need(draft, project, $"{row.Scope.Reference} lists it");
        }
        var policies = Names(draft.Declaration.Policies?.Select(p => p.Slug));
        var liveBudgets = draft.LiveBudgets.Values.Select(b => b.Budget.BudgetId).ToHashSet();
        foreach (var (policy, isArchived) in draft.State.Policies)
        {
            if (isArchived || !Stays(draft, policies, policy.Slug)) continue;
            Need(draft, policy.ScopeId, $"policy '{policy.Slug}' is on it");
            if (policy.BudgetId is { } id && !liveBudgets.Contains(id))
                Complain(draft, $"budget '{draft.NameOf(id)}'", $"policy '{policy.Slug}' points at it");
        }
        var budgets = Names(draft.Declaration.Budgets?.Select(b => b.Slug));
        foreach (var (budget, isArchived) in draft.State.Budgets)
        {
            if (!isArchived && Stays(draft, budgets, budget.Slug)) Need(draft, budget.ScopeId, $"budget '{budget.Slug}' is on it");
        }
        var keys = Names(draft.Declaration.Keys?.Select(k => k.Slug));
        foreach (var row in draft.State.Keys)
        {
            if (row.Key.RevokedAt is not null || !Stays(draft, keys, row.Key.Slug)) continue;
            Need(draft, row.Key.ActorId, $"key '{row.Key.Slug}' speaks for it");
            Need(draft, row.Key.ProjectId, $"key '{row.Key.Slug}' names it");
            CheckProject(draft, row);
        }
    }

    private static void CheckProject(PlanDraft draft, KeyRow row)
    {
        if (row.Key.ProjectId is not { } projectId || draft.FindLive(projectId) is not { } project) return;
        if (draft.FindLive(row.Key.ActorId) is not { } actor || actor.MayName(project)) return;
        draft.Errors.Add(draft.Declaration.Organization.Line,
            $"{actor.Scope.Reference} would lose {project.Scope.Reference}, which key '{row.Key.Slug}' names: keep the project, or revoke the key first");
    }

    private static void Need(PlanDraft draft, Guid? scopeId, string because)
    {
        if (scopeId is { } id && draft.FindLive(id) is null) Complain(draft, draft.NameOf(id), because);
    }

    private static void Complain(PlanDraft draft, string what, string because) =>
        draft.Errors.Add(draft.Declaration.Organization.Line,
            $"pruning would archive {what}, but {because}: declare {what}, or list what refers to it so that it is pruned too");

    private static HashSet<string>? Names(IEnumerable<string>? slugs) => slugs?.ToHashSet(StringComparer.Ordinal);

    // Declared items have been checked with their lines; what is pruned goes.
    private static bool Stays(PlanDraft draft, HashSet<string>? declared, string slug) =>
        declared is null || (!draft.Inputs.Prune && !declared.Contains(slug));
}
