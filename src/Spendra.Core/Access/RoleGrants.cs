using Spendra.Core.Governance;

namespace Spendra.Core.Access;

/// <summary>Who may give, change or take away a role.</summary>
public static class RoleGrants
{
    /// <summary>
    /// Why somebody is not the granter's to touch, whatever about them would change: asked before anything is told of how they
    /// stand, and of a change that leaves the role alone as well. Null when they are.
    /// </summary>
    public static string? Untouchable(Authority granter, Membership? member) =>
        IsElevated(member) && member?.MemberId != granter.MemberId && !granter.Holds(Capability.RolesGrantElevated)
            ? "only org admins grant, change or revoke an elevated role" : null;

    /// <summary>Why a change of a role is not the granter's to make, in one sentence; null when it is.</summary>
    /// <param name="granter">Who makes the change.</param>
    /// <param name="before">The membership as it stands; null for a new one.</param>
    /// <param name="after">The membership as it shall be.</param>
    /// <param name="scopes">Every scope of the organization.</param>
    public static string? Denial(Authority granter, Membership? before, Membership after, ScopeTree scopes)
    {
        if (IsSame(before, after)) return null;
        var isOwn = granter.MemberId == after.MemberId;
        // Giving up one's own role takes nothing from anybody.
        if (isOwn && after.Role is null) return null;
        if (isOwn) return "nobody changes their own role";
        if (!granter.Holds(Capability.RolesGrant)) return "granting roles needs the capability roles.grant";
        if ((Untouchable(granter, before) ?? Untouchable(granter, after)) is { } untouchable) return untouchable;
        return after.ToAuthority().IsWithin(granter, scopes) ? null : "nobody grants more than they hold";
    }

    private static bool IsElevated(Membership? membership) => membership?.Role is { } role && MemberRoles.IsElevated(role);

    private static bool IsSame(Membership? before, Membership after) =>
        before is not null && before.Role == after.Role && before.ApprovalLimit == after.ApprovalLimit
        && before.ScopeIds.ToHashSet().SetEquals(after.ScopeIds);
}
