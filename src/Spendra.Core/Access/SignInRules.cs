using System.Collections.Immutable;
using Spendra.Core.Governance;

namespace Spendra.Core.Access;

/// <summary>Which role somebody gets who signs in at the issuer.</summary>
/// <param name="Group">A group of the issuer's; null for everybody whose address is of a domain of the organization.</param>
/// <param name="Role">The role.</param>
/// <param name="ScopeIds">Of a scoped role, the scopes that it holds; empty otherwise.</param>
public sealed record SignInRule(string? Group, MemberRole Role, ImmutableArray<Guid> ScopeIds)
{
    public bool IsSame(SignInRule other) =>
        Group == other.Group && Role == other.Role && ScopeIds.ToHashSet().SetEquals(other.ScopeIds);
}

/// <summary>What a rule gives: a role with its scopes, or none.</summary>
public sealed record MappedRole(MemberRole? Role, ImmutableArray<Guid> ScopeIds)
{
    public static MappedRole None { get; } = new(null, []);

    public bool IsSame(MemberRole? role, ImmutableArray<Guid> scopeIds) =>
        Role == role && ScopeIds.ToHashSet().SetEquals(scopeIds);
}

/// <summary>A person's place in an organization, as rules look at it.</summary>
/// <param name="Membership">Null for somebody who is no member and never was.</param>
/// <param name="IsRemoved">Somebody was a member and was removed.</param>
/// <param name="Mapped">What rules gave last; null when they never gave anything.</param>
public sealed record MappedPlace(Membership? Membership, bool IsRemoved, MappedRole? Mapped);

/// <summary>The rules of an organization for people who sign in at the issuer: pure.</summary>
public static class SignInRules
{
    /// <summary>Why a change of the rules is not the granter's to make, in one sentence; null when it is.</summary>
    public static string? Denial(
        Authority granter, ImmutableArray<SignInRule> before, ImmutableArray<SignInRule> after, ScopeTree scopes)
    {
        if (after.Any(r => r.Group is null && MemberRoles.IsElevated(r.Role))) return "a domain gives nobody an elevated role";
        // The first rule that fits holds, so that every rule beside an elevated one decides about who gets that one.
        if (before.Concat(after).Any(r => MemberRoles.IsElevated(r.Role)) && !granter.Holds(Capability.RolesGrantElevated))
            return "only org admins change rules among which is one that gives an elevated role";
        return after.All(r => new Membership(Guid.Empty, r.Role, r.ScopeIds).ToAuthority().IsWithin(granter, scopes))
            ? null : "nobody grants more than they hold";
    }

    /// <summary>What the rules give somebody: the first that fits.</summary>
    /// <param name="rules">In their order.</param>
    /// <param name="groups">The person's groups at the issuer.</param>
    /// <param name="isOfDomain">Whether the address is of a verified domain of the organization.</param>
    public static MappedRole Find(ImmutableArray<SignInRule> rules, IReadOnlySet<string> groups, bool isOfDomain)
    {
        var found = rules.FirstOrDefault(r => r.Group is { } group ? groups.Contains(group) : isOfDomain);
        return found is null ? MappedRole.None : new MappedRole(found.Role, found.ScopeIds);
    }

    /// <summary>
    /// The role that somebody shall have from this sign-in on; null leaves things as they are. A member whose role people
    /// gave or took keeps it, whoever was removed stays removed, and nobody comes in but by a domain.
    /// </summary>
    public static MappedRole? Decide(MappedPlace place, MappedRole wanted, bool isOfDomain)
    {
        if (place.IsRemoved) return null;
        if (place.Membership is not { } membership) return isOfDomain ? wanted : null;
        var given = place.Mapped ?? MappedRole.None;
        return !given.IsSame(membership.Role, membership.ScopeIds) || wanted.IsSame(membership.Role, membership.ScopeIds) ? null : wanted;
    }
}
