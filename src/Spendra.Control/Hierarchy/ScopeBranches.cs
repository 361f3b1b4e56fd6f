namespace Spendra.Control.Hierarchy;

/// <summary>A scope where it stands in the tree.</summary>
/// <param name="Scope">What is known of it.</param>
/// <param name="Depth">0 directly below the organization.</param>
internal sealed record PlacedScope(ScopeView Scope, int Depth)
{
    public string Reference => ScopeBranches.ReferenceOf(Scope);
}

/// <summary>Scopes in the order of a tree: each behind what contains it, containers before the people and agents in them.</summary>
internal static class ScopeBranches
{
    /// <summary>Kinds as they follow each other below one scope, with the path of the management API and what people call them.</summary>
    public static IReadOnlyList<(string Kind, string Path, string Title)> Kinds { get; } =
    [
        ("branch", "branches", "Branches"), ("team", "teams", "Teams"), ("project", "projects", "Projects"),
        ("employee", "employees", "Employees"), ("agent", "agents", "Agents"), ("subagent", "subagents", "Subagents"),
    ];

    /// <summary>What may contain or own a scope of a kind, in words for whom chooses; null where only the organization may.</summary>
    public static string? ParentsOf(string kind) => kind switch
    {
        "team" => "A branch, such as branch/emea; empty for none",
        "employee" => "A team, such as team/search; empty for none",
        "agent" => "Its owner: an employee, a team or a project",
        "subagent" => "Its agent, such as agent/crawler",
        _ => null,
    };

    public static string ReferenceOf(ScopeView scope) => $"{scope.Kind}/{scope.Slug}";

    public static string? PathOf(string kind) => Kinds.FirstOrDefault(k => k.Kind == kind).Path;

    /// <summary>Where a scope of a reference such as <c>team/search</c> is read and changed; null for text that names none.</summary>
    public static string? PathOfReference(string reference) =>
        reference.Split('/') is [var kind, { Length: > 0 } slug] && PathOf(kind) is { } path ? $"{path}/{Uri.EscapeDataString(slug)}" : null;

    /// <summary>Whose parent is not among the scopes stands at the root: somebody sees a part of the tree only.</summary>
    public static IReadOnlyList<PlacedScope> Place(IReadOnlyCollection<ScopeView> scopes)
    {
        var known = scopes.Select(ReferenceOf).ToHashSet(StringComparer.Ordinal);
        var below = scopes.ToLookup(s => s.Parent is { } parent && known.Contains(parent) ? parent : "", StringComparer.Ordinal);
        var placed = new List<PlacedScope>(scopes.Count);
        Add("", 0);
        return placed;

        void Add(string parent, int depth)
        {
            foreach (var scope in below[parent].OrderBy(s => OrderOf(s.Kind)).ThenBy(s => s.Slug, StringComparer.Ordinal))
            {
                placed.Add(new PlacedScope(scope, depth));
                Add(ReferenceOf(scope), depth + 1);
            }
        }
    }

    private static int OrderOf(string kind)
    {
        var at = 0;
        while (at < Kinds.Count && Kinds[at].Kind != kind) at++;
        return at;
    }
}
