using Spendra.Core.Governance;

namespace Spendra.Simulation.Engines;

/// <summary>Rules in words, whatever they were read from.</summary>
internal static class RulesText
{
    /// <param name="rows">What was read; null when nothing was.</param>
    /// <param name="founded">What the organization began with: a database has prices and an account of its own besides.</param>
    public static string Of(GovernanceRows? rows, GovernanceRows founded) => rows is null ? "none" : string.Join('\n',
    [
        $"{rows.OrganizationId} {rows.Slug} {rows.Epoch}",
        .. Sorted(rows.Scopes).Where(s => s.Value.Kind != ScopeKind.Organization).Select(s => $"{s.Key} {s.Value}"),
        .. Sorted(rows.Budgets).Select(b => $"{b.Key} {b.Value}"),
        .. Sorted(rows.Policies).Select(p => $"{p.Key} {p.Value}"),
        .. Sorted(rows.Keys).Select(k => $"{k.Key} {k.Value}"),
        .. Sorted(rows.KeyDigests).Select(d => $"{d.Key} {Convert.ToHexString(d.Value)}"),
        .. Sorted(rows.Accounts).Where(a => founded.Accounts.ContainsKey(a.Key)).Select(a => $"{a.Key} {a.Value}"),
        .. Sorted(rows.Prices).Where(p => p.Value.Source == "simulation").Select(p => $"{p.Key} {p.Value}"),
    ]);

    private static IEnumerable<KeyValuePair<Guid, T>> Sorted<T>(IReadOnlyDictionary<Guid, T> rows) => rows.OrderBy(r => r.Key);
}
