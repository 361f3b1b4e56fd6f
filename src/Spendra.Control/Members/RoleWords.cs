using Spendra.Core.Access;

namespace Spendra.Control.Members;

/// <summary>Roles and capabilities in the words of who gives them.</summary>
internal static class RoleWords
{
    /// <summary>As the management API names roles, from what may most to what may least.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. MemberRoles.All.Select(MemberRoles.NameOf)];

    public static string TitleOf(string? role) => role switch
    {
        null => "none",
        "org_admin" => "Org admin",
        "iam_admin" => "IAM admin",
        "platform_admin" => "Platform admin",
        "finance_manager" => "Finance manager",
        "manager" => "Manager",
        "employee" => "Employee",
        "auditor" => "Auditor",
        _ => role,
    };

    /// <summary>Whether a role of this name is over named scopes, and not over everything.</summary>
    public static bool IsScoped(string? role) => role is not null && MemberRoles.Find(role) is { } found && MemberRoles.IsScoped(found);

    /// <summary>Whether a role of this name decides on requests, so that a limit of approvals has a meaning.</summary>
    public static bool Decides(string? role) => role is not null && MemberRoles.Find(role) is { } found && MemberRoles.CapabilitiesOf(found).Holds(Capability.RequestsDecide);

    /// <summary>What somebody who holds a capability may do.</summary>
    public static string Of(Capability capability) => capability switch
    {
        Capability.OrganizationRead => "See the organization and how it runs",
        Capability.OrganizationWrite => "Rename the organization, change its zone",
        Capability.DomainsWrite => "Prove domains, let their people sign in",
        Capability.HierarchyRead => "See branches, teams, people and agents",
        Capability.HierarchyWrite => "Create, move and archive them",
        Capability.MembersRead => "See members and invitations",
        Capability.MembersWrite => "Invite and remove members",
        Capability.RolesGrant => "Give and take roles",
        Capability.RolesGrantElevated => "Give and take elevated roles",
        Capability.KeysRead => "See keys, never their secrets",
        Capability.KeysIssueOwn => "Issue keys for oneself",
        Capability.KeysIssue => "Issue keys for others",
        Capability.KeysRevokeOwn => "Revoke one's own keys",
        Capability.KeysRevoke => "Revoke keys of others",
        Capability.KeyRulesWrite => "Set the rules for keys that employees issue",
        Capability.PoliciesRead => "See policies",
        Capability.PoliciesWrite => "Set policies",
        Capability.BudgetsRead => "See budgets",
        Capability.BudgetsWrite => "Set and raise budgets",
        Capability.RequestsRead => "See requests for more",
        Capability.RequestsCreate => "Ask for more",
        Capability.RequestsDecide => "Decide on such requests",
        Capability.ProvidersRead => "See provider accounts, never their secrets",
        Capability.ProvidersWrite => "Set provider accounts and their credentials",
        Capability.PricesRead => "See prices",
        Capability.PricesPropose => "Propose prices",
        Capability.PricesApprove => "Approve prices that others propose",
        Capability.LedgerRead => "See what was spent",
        Capability.LedgerAdjust => "Propose corrections of the ledger",
        Capability.LedgerApprove => "Approve corrections that others propose",
        Capability.ReconciliationWrite => "Import bills and compare them",
        Capability.PeriodsClose => "Lock months of the books",
        Capability.PeriodsReopen => "Open locked months again",
        Capability.ExportsWrite => "Export the whole organization's spend",
        Capability.AuditRead => "See who changed what",
        Capability.AlertsRead => "See alerts",
        Capability.AlertsHandle => "Acknowledge and resolve alerts",
        Capability.AlertRulesWrite => "Say who is told of which alerts",
        Capability.ChannelsRead => "See where alerts go",
        Capability.ChannelsWrite => "Set where alerts go",
    };
}
