using System.Collections.Immutable;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Control.Members;

/// <summary>What a membership shall hold, in the texts of a body or a command.</summary>
internal sealed record WantedMembership(string? Role, IReadOnlyList<string>? Scopes, NanoUsd? ApprovalLimit, string? Employee);

/// <summary>What a membership may look like: pure. Whether the author may give it is decided elsewhere.</summary>
internal static class MembershipRules
{
    /// <summary>Reads a membership and the employee that it is, or says which field is wrong.</summary>
    /// <param name="wanted">The texts.</param>
    /// <param name="memberId">Whose it will be.</param>
    /// <param name="findScope">A live scope that the author sees.</param>
    public static Outcome<(Membership Membership, Guid? EmployeeId)> Read(
        WantedMembership wanted, Guid memberId, Func<string, ScopeRow?> findScope)
    {
        MemberRole? role = null;
        if (wanted.Role is { } name && (role = MemberRoles.Find(name)) is null) return Problem.Field("role", "is no role");
        var isScoped = role is { } known && MemberRoles.IsScoped(known);
        var references = wanted.Scopes ?? [];
        if (isScoped && references.Count == 0) return Problem.Field("scopes", "is missing: this role holds nothing without a scope");
        if (!isScoped && references.Count > 0) return Problem.Field("scopes", "has a meaning for the roles manager and employee only");
        if (wanted.ApprovalLimit is not null && !(role is { } held && MemberRoles.CapabilitiesOf(held).Holds(Capability.RequestsDecide)))
            return Problem.Field("approvalLimitUsd", "has a meaning only for roles that decide on requests");

        var scopes = ImmutableArray.CreateBuilder<Guid>(references.Count);
        for (var i = 0; i < references.Count; i++)
        {
            if (findScope(references[i]) is not { } scope) return Problem.Field($"scopes[{i}]", "names no scope that is there and that you see");
            scopes.Add(scope.Scope.ScopeId);
        }
        ScopeRow? employee = null;
        if (wanted.Employee is { } reference && (employee = findScope(reference)) is not { Scope.Kind: ScopeKind.Employee })
            return Problem.Field("employee", "names no employee that is there and that you see: expected employee/<slug>");
        return Outcome<(Membership, Guid?)>.Done((new Membership(memberId, role, scopes.MoveToImmutable(), wanted.ApprovalLimit), employee?.Scope.ScopeId));
    }
}
