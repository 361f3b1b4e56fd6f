using System.Collections.Immutable;
using Spendra.Control.Shell;
using Spendra.Core.Governance;
using Spendra.Storage.Governance;

namespace Spendra.Control.Hierarchy;

/// <summary>What a scope may look like beside the others: pure.</summary>
internal static class ScopeRules
{
    /// <summary>The parent that a text names; null and no problem where there is none.</summary>
    public static (ScopeRow? Parent, Problem? Problem) FindParent(Draft draft, ScopeKind kind, string? reference)
    {
        var kinds = Scope.ParentKinds(kind);
        if (reference is null)
        {
            return kind is ScopeKind.Agent or ScopeKind.Subagent
                ? (null, Problem.Field("parent", $"is missing: expected {Expected(kinds)}"))
                : (null, null);
        }
        if (draft.FindScope(reference) is not { } parent) return (null, Problem.Field("parent", "names no scope that is there and that you see"));
        return kinds.Contains(parent.Scope.Kind) ? (parent, null) : (null, Problem.Field("parent", $"is no parent of this kind: expected {Expected(kinds)}"));
    }

    /// <summary>
    /// The projects that slugs name. Keys may spend on them, so that only whoever holds a project adds it; what an employee has
    /// already may stay.
    /// </summary>
    public static (ImmutableSortedSet<Guid> Projects, Problem? Problem) FindProjects(
        Draft draft, ScopeKind kind, IReadOnlyList<string>? slugs, ImmutableSortedSet<Guid> present)
    {
        if (slugs is null || slugs.Count == 0) return ([], null);
        if (kind != ScopeKind.Employee) return ([], Problem.Field("projects", "has a meaning for employees only"));
        var found = slugs.Select(slug => draft.State.Scopes.FirstOrDefault(s =>
            !s.IsArchived && s.Scope.Kind == ScopeKind.Project && s.Scope.Slug == slug
            && (present.Contains(s.Scope.ScopeId) || draft.Authority.Covers(draft.Scopes, s.Scope.ScopeId)))).ToList();
        var missing = found.IndexOf(null);
        return missing < 0
            ? ([.. found.Select(f => f!.Scope.ScopeId)], null)
            : ([], Problem.Field($"projects[{missing}]", "names no project that is there and that you hold"));
    }

    /// <summary>What still hangs on a scope and keeps it from being archived, in one sentence; null when nothing does.</summary>
    public static string? InUse(GovernanceState state, Guid scopeId, long nowMicros)
    {
        string[] uses =
        [
            .. state.Scopes.Where(s => !s.IsArchived && s.Scope.ParentId == scopeId).Select(s => s.Scope.Reference),
            .. state.Budgets.Where(b => !b.IsArchived && b.Budget.ScopeId == scopeId).Select(b => $"budget {b.Budget.Slug}"),
            .. state.Policies.Where(p => !p.IsArchived && p.Policy.ScopeId == scopeId).Select(p => $"policy {p.Policy.Slug}"),
            .. state.Keys.Where(k => k.Key.RevokedAt is null && !(k.Key.ExpiresAt <= nowMicros) && (k.Key.ActorId == scopeId || k.Key.ProjectId == scopeId))
                .Select(k => $"key {k.Key.Slug}"),
        ];
        return uses.Length == 0 ? null
            : $"Archive, move or revoke first what still hangs on it: {string.Join(", ", uses.Take(10))}{(uses.Length > 10 ? $" and {uses.Length - 10} more" : "")}.";
    }

    /// <summary>Whether a hard cap or a review binds a scope where it is, and would not below another parent.</summary>
    public static bool LeavesRules(Draft draft, ScopeRow before, ScopeRow? parent)
    {
        var organizationId = draft.State.OrganizationId;
        var kept = draft.Scopes.WithAncestors(parent?.Scope.ScopeId ?? organizationId).Select(s => s.ScopeId).ToHashSet();
        var left = draft.Scopes.WithAncestors(before.Scope.ParentId ?? organizationId).Select(s => s.ScopeId).Where(id => !kept.Contains(id)).ToHashSet();
        return draft.State.Policies.Any(p => !p.IsArchived && left.Contains(p.Policy.ScopeId)
            && p.Policy is { Kind: PolicyKind.HardCap or PolicyKind.Review, OnlyFlags: false });
    }

    /// <summary>True when a scope would come to lie below itself.</summary>
    public static bool IsCircle(Draft draft, Guid scopeId, ScopeRow? parent) =>
        parent is not null && draft.Scopes.WithAncestors(parent.Scope.ScopeId).Any(s => s.ScopeId == scopeId);

    private static string Expected(ScopeKind[] kinds) => kinds.Length == 0
        ? "none, it lies directly below the organization"
        : string.Join(" or ", kinds.Select(k => $"{Scope.KindName(k)}/<slug>"));
}
