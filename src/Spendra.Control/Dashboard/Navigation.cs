using Spendra.Core.Access;

namespace Spendra.Control.Dashboard;

/// <summary>A page in the navigation.</summary>
/// <param name="Title">As it is called everywhere.</param>
/// <param name="Path">Below the organization's part of the dashboard; empty for its first page.</param>
/// <param name="Needs">Without it the page has nothing to show, and is not offered; null for everybody.</param>
/// <param name="IsOfAll">It shows what is the whole organization's: nothing to who sees some scopes only.</param>
internal sealed record NavigationEntry(string Title, string Path, Capability? Needs, bool IsOfAll = false)
{
    /// <summary>Whether it is offered to somebody.</summary>
    /// <param name="may">Whether they hold a capability.</param>
    /// <param name="isEverywhere">Whether they hold it over the whole organization.</param>
    public bool IsFor(Func<Capability, bool> may, bool isEverywhere) => (Needs is not { } needed || may(needed)) && (isEverywhere || !IsOfAll);
}

/// <summary>Pages that belong together.</summary>
/// <param name="Title">Null for the first group, which needs none.</param>
/// <param name="Entries">In order.</param>
internal sealed record NavigationGroup(string? Title, IReadOnlyList<NavigationEntry> Entries);

/// <summary>All pages, in order.</summary>
internal static class DashboardNavigation
{
    public static IReadOnlyList<NavigationGroup> Groups { get; } =
    [
        new(null,
        [
            new("Overview", "", null),
            new("Explore", "explore", Capability.LedgerRead),
            new("Budgets", "budgets", Capability.BudgetsRead),
            new("Ledger", "ledger", Capability.LedgerRead),
            new("Approvals", "approvals", Capability.RequestsRead),
            new("Alerts", "alerts", Capability.AlertsRead),
        ]),
        new("Govern",
        [
            new("Policies", "policies", Capability.PoliciesRead),
            new("Keys", "keys", Capability.KeysRead),
            new("Hierarchy", "hierarchy", Capability.HierarchyRead),
            new("Members", "members", Capability.MembersRead),
        ]),
        new("Platform",
        [
            new("Providers", "providers", Capability.ProvidersRead),
            new("Prices", "prices", Capability.PricesRead),
            new("Tools", "tools", Capability.ProvidersRead),
            new("Notifications", "notifications", Capability.ChannelsRead),
        ]),
        new("Books",
        [
            new("Reconciliation", "reconciliation", Capability.LedgerRead, IsOfAll: true),
            new("Close", "close", Capability.LedgerRead, IsOfAll: true),
            new("Exports", "exports", Capability.LedgerRead),
            new("Audit", "audit", Capability.AuditRead),
            new("System", "system", Capability.OrganizationRead),
        ]),
    ];
}
