using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Core.Access;

/// <summary>What somebody may do in one organization: capabilities, and the scopes over which they hold.</summary>
public sealed record Authority
{
    /// <summary>
    /// Whoever has the database and the master key in hand: the command line. No rule of the organization binds them,
    /// but every change of theirs is audited like any other.
    /// </summary>
    public static Authority Operator { get; } = new() { Capabilities = CapabilitySet.Everything, CoversEverything = true };

    /// <summary>A member without a role: sees nothing.</summary>
    public static Authority None { get; } = new();

    /// <summary>Null for the operator.</summary>
    public Guid? MemberId { get; init; }

    /// <summary>The employee that the member is: whose keys are their own. Null for whoever is none.</summary>
    public Guid? EmployeeId { get; init; }

    public CapabilitySet Capabilities { get; init; }

    /// <summary>True for roles that hold everywhere in the organization; <see cref="ScopeIds"/> is then empty.</summary>
    public bool CoversEverything { get; init; }

    /// <summary>The scopes at the top of what a scoped role holds; what is below them is held as well.</summary>
    public ImmutableArray<Guid> ScopeIds { get; init; } = [];

    /// <summary>The most that one decision on a request for budget may give; null is no limit.</summary>
    public NanoUsd? ApprovalLimit { get; init; }

    public bool Holds(Capability capability) => Capabilities.Holds(capability);

    /// <summary>Whether a scope is one of the held scopes or below one.</summary>
    /// <param name="scopes">Every scope of the organization, archived ones too.</param>
    /// <param name="scopeId">A scope; one that does not exist is not covered.</param>
    public bool Covers(ScopeTree scopes, Guid scopeId) => scopes.Find(scopeId) is not null
        && (CoversEverything || scopes.WithAncestors(scopeId).Any(s => ScopeIds.Contains(s.ScopeId)));

    /// <summary>
    /// Whether a scope is strictly below a held one. What binds a scope from outside (its budgets and policies) is set
    /// from above it: who manages a team does not raise the team's own cap.
    /// </summary>
    public bool CoversFromAbove(ScopeTree scopes, Guid scopeId) => scopes.Find(scopeId) is not null
        && (CoversEverything || scopes.WithAncestors(scopeId).Skip(1).Any(s => ScopeIds.Contains(s.ScopeId)));

    /// <summary>Whether everything that this authority permits is permitted by the other.</summary>
    public bool IsWithin(Authority other, ScopeTree scopes)
    {
        if (!Capabilities.IsWithin(other.Capabilities)) return false;
        if (other.ApprovalLimit is { } most && Holds(Capability.RequestsDecide) && !(ApprovalLimit <= most)) return false;
        return other.CoversEverything || (!CoversEverything && ScopeIds.All(id => other.Covers(scopes, id)));
    }
}
