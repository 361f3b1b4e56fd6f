using System.Collections.Immutable;
using Spendra.Core.Money;

namespace Spendra.Core.Access;

/// <summary>The part of a membership that decides what it may do.</summary>
/// <param name="MemberId">Whose.</param>
/// <param name="Role">Null sees nothing.</param>
/// <param name="ScopeIds">Of a scoped role, the scopes that it holds; empty otherwise.</param>
/// <param name="ApprovalLimit">The most that one decision on a request may give; null is no limit.</param>
public sealed record Membership(Guid MemberId, MemberRole? Role, ImmutableArray<Guid> ScopeIds, NanoUsd? ApprovalLimit = null)
{
    public Authority ToAuthority() => Role is { } role
        ? new Authority
        {
            MemberId = MemberId,
            Capabilities = MemberRoles.CapabilitiesOf(role),
            CoversEverything = !MemberRoles.IsScoped(role),
            ScopeIds = MemberRoles.IsScoped(role) ? ScopeIds : [],
            ApprovalLimit = ApprovalLimit,
        }
        : Authority.None with { MemberId = MemberId };
}
