using System.Collections.Frozen;

namespace Spendra.Core.Access;

/// <summary>
/// What a member may do. Operations name the capability that they need; roles are only sets of these. The order is part of
/// no contract: outside, a capability is its name.
/// </summary>
public enum Capability
{
    OrganizationRead,
    OrganizationWrite,
    DomainsWrite,
    HierarchyRead,
    HierarchyWrite,
    MembersRead,
    MembersWrite,
    RolesGrant,
    RolesGrantElevated,
    KeysRead,
    /// <summary>Keys for oneself and one's agents, within the rules that managers set.</summary>
    KeysIssueOwn,
    /// <summary>Keys for any actor in one's scopes.</summary>
    KeysIssue,
    /// <summary>To revoke keys of oneself and one's agents.</summary>
    KeysRevokeOwn,
    /// <summary>To revoke keys of any actor in one's scopes.</summary>
    KeysRevoke,
    /// <summary>The rules within which employees issue keys themselves.</summary>
    KeyRulesWrite,
    PoliciesRead,
    PoliciesWrite,
    BudgetsRead,
    BudgetsWrite,
    RequestsRead,
    RequestsCreate,
    RequestsDecide,
    ProvidersRead,
    ProvidersWrite,
    PricesRead,
    PricesPropose,
    PricesApprove,
    LedgerRead,
    LedgerAdjust,
    LedgerApprove,
    /// <summary>Import providers' bills and compare them with the ledger.</summary>
    ReconciliationWrite,
    /// <summary>Lock accounting periods, and say what is asked for before.</summary>
    PeriodsClose,
    /// <summary>Open a locked period again.</summary>
    PeriodsReopen,
    /// <summary>Export what one may see of the whole organization, once or by a schedule.</summary>
    ExportsWrite,
    AuditRead,
    AlertsRead,
    /// <summary>To acknowledge and resolve alerts.</summary>
    AlertsHandle,
    /// <summary>Who is told of which alerts.</summary>
    AlertRulesWrite,
    /// <summary>Where alerts go and who is told of which: the organization's, not one scope's.</summary>
    ChannelsRead,
    /// <summary>The channels that alerts go to, and their secrets.</summary>
    ChannelsWrite,
}

/// <summary>The names of capabilities: <c>keys.issue_own</c>.</summary>
public static class Capabilities
{
    private static readonly FrozenDictionary<string, Capability> ByName =
        All.ToFrozenDictionary(NameOf, c => c, StringComparer.Ordinal);

    public static IReadOnlyList<Capability> All => Enum.GetValues<Capability>();

    public static Capability? Find(string name) => ByName.TryGetValue(name, out var found) ? found : null;

    public static string NameOf(Capability capability) => capability switch
    {
        Capability.OrganizationRead => "organization.read",
        Capability.OrganizationWrite => "organization.write",
        Capability.DomainsWrite => "domains.write",
        Capability.HierarchyRead => "hierarchy.read",
        Capability.HierarchyWrite => "hierarchy.write",
        Capability.MembersRead => "members.read",
        Capability.MembersWrite => "members.write",
        Capability.RolesGrant => "roles.grant",
        Capability.RolesGrantElevated => "roles.grant_elevated",
        Capability.KeysRead => "keys.read",
        Capability.KeysIssueOwn => "keys.issue_own",
        Capability.KeysIssue => "keys.issue",
        Capability.KeysRevokeOwn => "keys.revoke_own",
        Capability.KeysRevoke => "keys.revoke",
        Capability.KeyRulesWrite => "key_rules.write",
        Capability.PoliciesRead => "policies.read",
        Capability.PoliciesWrite => "policies.write",
        Capability.BudgetsRead => "budgets.read",
        Capability.BudgetsWrite => "budgets.write",
        Capability.RequestsRead => "requests.read",
        Capability.RequestsCreate => "requests.create",
        Capability.RequestsDecide => "requests.decide",
        Capability.ProvidersRead => "providers.read",
        Capability.ProvidersWrite => "providers.write",
        Capability.PricesRead => "prices.read",
        Capability.PricesPropose => "prices.propose",
        Capability.PricesApprove => "prices.approve",
        Capability.LedgerRead => "ledger.read",
        Capability.LedgerAdjust => "ledger.adjust",
        Capability.LedgerApprove => "ledger.approve",
        Capability.ReconciliationWrite => "reconciliation.write",
        Capability.PeriodsClose => "periods.close",
        Capability.PeriodsReopen => "periods.reopen",
        Capability.ExportsWrite => "exports.write",
        Capability.AuditRead => "audit.read",
        Capability.AlertsRead => "alerts.read",
        Capability.AlertsHandle => "alerts.handle",
        Capability.AlertRulesWrite => "alert_rules.write",
        Capability.ChannelsRead => "channels.read",
        Capability.ChannelsWrite => "channels.write",
    };
}
