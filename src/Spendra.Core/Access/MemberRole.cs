namespace Spendra.Core.Access;

/// <summary>What a membership is for. One membership has one role or none; who has none sees nothing.</summary>
public enum MemberRole
{
    OrgAdmin,
    IamAdmin,
    PlatformAdmin,
    FinanceManager,
    Manager,
    Employee,
    Auditor,
}

/// <summary>
/// Roles as sets of capabilities. Each set contains every role that its holder may grant: who could make a manager
/// could be one by a friend, so the sets do not pretend otherwise.
/// </summary>
public static class MemberRoles
{
    private static readonly CapabilitySet EmployeeSet = CapabilitySet.Of(
        Capability.HierarchyRead, Capability.KeysRead, Capability.KeysIssueOwn, Capability.KeysRevokeOwn,
        Capability.PoliciesRead, Capability.BudgetsRead, Capability.RequestsRead, Capability.RequestsCreate,
        Capability.PricesRead, Capability.LedgerRead, Capability.AlertsRead);

    private static readonly CapabilitySet ManagerSet = EmployeeSet | CapabilitySet.Of(
        Capability.HierarchyWrite, Capability.KeysIssue, Capability.KeysRevoke, Capability.KeyRulesWrite, Capability.PoliciesWrite,
        Capability.BudgetsWrite, Capability.RequestsDecide, Capability.AlertsHandle);

    private static readonly CapabilitySet AuditorSet = CapabilitySet.Of(
        Capability.OrganizationRead, Capability.HierarchyRead, Capability.MembersRead, Capability.KeysRead,
        Capability.PoliciesRead, Capability.BudgetsRead, Capability.RequestsRead, Capability.ProvidersRead,
        Capability.PricesRead, Capability.LedgerRead, Capability.AuditRead, Capability.AlertsRead, Capability.ChannelsRead);

    private static readonly CapabilitySet IamAdminSet = ManagerSet | AuditorSet | CapabilitySet.Of(
        Capability.DomainsWrite, Capability.MembersWrite, Capability.RolesGrant);

    private static readonly CapabilitySet PlatformAdminSet = AuditorSet | CapabilitySet.Of(
        Capability.ProvidersWrite, Capability.PricesPropose, Capability.PoliciesWrite, Capability.KeysRevokeOwn, Capability.KeysRevoke,
        Capability.AlertsHandle, Capability.ChannelsWrite);

    private static readonly CapabilitySet FinanceManagerSet = AuditorSet | CapabilitySet.Of(
        Capability.BudgetsWrite, Capability.PoliciesWrite, Capability.RequestsDecide, Capability.PricesPropose,
        Capability.PricesApprove, Capability.LedgerAdjust, Capability.LedgerApprove, Capability.ReconciliationWrite, Capability.PeriodsClose,
        Capability.AlertsHandle, Capability.AlertRulesWrite, Capability.ExportsWrite);

    public static IReadOnlyList<MemberRole> All => Enum.GetValues<MemberRole>();

    public static CapabilitySet CapabilitiesOf(MemberRole role) => role switch
    {
        MemberRole.OrgAdmin => CapabilitySet.Everything,
        MemberRole.IamAdmin => IamAdminSet,
        MemberRole.PlatformAdmin => PlatformAdminSet,
        MemberRole.FinanceManager => FinanceManagerSet,
        MemberRole.Manager => ManagerSet,
        MemberRole.Employee => EmployeeSet,
        MemberRole.Auditor => AuditorSet,
    };

    /// <summary>Only org admins grant, change or revoke an elevated role.</summary>
    public static bool IsElevated(MemberRole role) =>
        role is MemberRole.OrgAdmin or MemberRole.IamAdmin or MemberRole.PlatformAdmin or MemberRole.FinanceManager;

    /// <summary>A scoped role holds its capabilities over named scopes and what is below them, the others everywhere.</summary>
    public static bool IsScoped(MemberRole role) => role is MemberRole.Manager or MemberRole.Employee;

    public static string NameOf(MemberRole role) => role switch
    {
        MemberRole.OrgAdmin => "org_admin",
        MemberRole.IamAdmin => "iam_admin",
        MemberRole.PlatformAdmin => "platform_admin",
        MemberRole.FinanceManager => "finance_manager",
        MemberRole.Manager => "manager",
        MemberRole.Employee => "employee",
        MemberRole.Auditor => "auditor",
    };

    public static MemberRole? Find(string name)
    {
        foreach (var role in All)
        {
            if (NameOf(role) == name) return role;
        }
        return null;
    }
}
