namespace Spendra.Control.Budgets;

/// <summary>A budget where its scope stands below others.</summary>
/// <param name="Budget">Which.</param>
/// <param name="Depth">How many scopes with budgets stand above it.</param>
internal sealed record BudgetNode(BudgetView Budget, int Depth);

/// <summary>Puts budgets in the order of the hierarchy: what counts on several stands below each of the scopes above it.</summary>
internal static class BudgetTree
{
    private const string Whole = "organization";
    private const int MostLevels = 16;

    /// <param name="budgets">In any order.</param>
    /// <param name="parents">By scope such as <c>team/search</c>: what contains or owns it. What is not in it stands below the organization.</param>
    public static IReadOnlyList<BudgetNode> Of(IReadOnlyList<BudgetView> budgets, IReadOnlyDictionary<string, string> parents)
    {
        var owners = budgets.Select(b => b.Scope).ToHashSet(StringComparer.Ordinal);
        var above = owners.ToDictionary(scope => scope, scope => Above(scope, parents, owners));
        return [.. budgets
            .OrderBy(b => string.Join('\n', above[b.Scope].Append(b.Scope)), StringComparer.Ordinal).ThenBy(b => b.Slug, StringComparer.Ordinal)
            .Select(b => new BudgetNode(b, above[b.Scope].Count))];
    }

    /// <summary>The scopes above one that have budgets themselves, from the top down.</summary>
    private static List<string> Above(string scope, IReadOnlyDictionary<string, string> parents, HashSet<string> owners)
    {
        var found = new List<string>();
        if (scope == Whole) return found;
        var at = scope;
        for (var level = 0; level < MostLevels && parents.TryGetValue(at, out var parent); level++)
        {
            if (owners.Contains(parent)) found.Insert(0, parent);
            at = parent;
        }
        if (owners.Contains(Whole)) found.Insert(0, Whole);
        return found;
    }
}
