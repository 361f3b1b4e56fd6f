using System.ComponentModel.DataAnnotations;
using Spendra.Control.Shell;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Core.Access;

namespace Spendra.Control.Members;

/// <summary>A member as callers see it.</summary>
/// <param name="Id">The membership's id.</param>
/// <param name="Email">In lower case.</param>
/// <param name="Name">As people write it.</param>
/// <param name="Role">Null for a member who sees nothing.</param>
/// <param name="Scopes">Of a manager or an employee, the scopes that the role holds, with what is below them.</param>
/// <param name="ApprovalLimitUsd">The most that one decision on a request for budget may give; null is no limit.</param>
/// <param name="Employee">The employee that the member is: whose keys are the member's own.</param>
/// <param name="IsRemoved">A removed member sees nothing.</param>
/// <param name="JoinedAt">When the membership began.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record MemberView(
    Guid Id, string Email, string Name, string? Role, IReadOnlyList<string> Scopes, NanoUsd? ApprovalLimitUsd, string? Employee,
    bool IsRemoved, DateTime JoinedAt, long Version)
{
    public static MemberView Of(ListedMember listed) => Of(listed.Row, listed.Scopes, listed.Employee);

    public static MemberView Of(MemberRow row, IReadOnlyList<string> scopes, string? employee) => new(
        row.MemberId, row.Email, row.Name, row.Membership.Role is { } role ? MemberRoles.NameOf(role) : null, scopes,
        row.Membership.ApprovalLimit, employee, row.IsRemoved, Micros.ToInstant(row.JoinedAt).UtcDateTime, row.Version);

    public static MemberView Of(Draft draft, MemberRow row) => Of(row,
        [.. row.Membership.ScopeIds.Select(draft.NameOf).Order(StringComparer.Ordinal)], row.EmployeeId is { } employee ? draft.NameOf(employee) : null);
}

/// <summary>A membership as it shall be: what is absent is taken away.</summary>
public sealed record EditedMember
{
    /// <summary>Absent, the member sees nothing.</summary>
    [RoleName]
    public string? Role { get; init; }

    /// <summary>Of a manager or an employee, and only of them: references such as <c>team/search</c>.</summary>
    [Names]
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>The most that one decision on a request for budget may give; absent is no limit.</summary>
    public NanoUsd? ApprovalLimitUsd { get; init; }

    /// <summary>The employee that the member is, such as <c>employee/e1001</c>.</summary>
    [Plain]
    public string? Employee { get; init; }
}

/// <summary>An invitation as callers see it.</summary>
/// <param name="Id">The invitation's id.</param>
/// <param name="Email">Only the person of this address may accept.</param>
/// <param name="Role">The role that it gives.</param>
/// <param name="Scopes">The scopes that the role will hold.</param>
/// <param name="ApprovalLimitUsd">The approval limit that it gives.</param>
/// <param name="Employee">The employee that the member will be.</param>
/// <param name="InvitedBy">The address of the member who invites.</param>
/// <param name="State"><c>pending</c>, <c>accepted</c>, <c>revoked</c> or <c>expired</c>.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">Until when it can be accepted.</param>
internal sealed record InvitationView(
    Guid Id, string Email, string Role, IReadOnlyList<string> Scopes, NanoUsd? ApprovalLimitUsd, string? Employee, string InvitedBy,
    string State, DateTime CreatedAt, DateTime ExpiresAt)
{
    public static InvitationView Of(ListedInvitation listed, long nowMicros) => new(
        listed.Row.InvitationId, listed.Row.Email, MemberRoles.NameOf(listed.Row.Gives.Role!.Value), listed.Scopes,
        listed.Row.Gives.ApprovalLimit, listed.Employee, listed.InvitedBy, StateOf(listed.Row, nowMicros),
        Micros.ToInstant(listed.Row.CreatedAt).UtcDateTime, Micros.ToInstant(listed.Row.ExpiresAt).UtcDateTime);

    public static InvitationView Of(Draft draft, InvitationRow row, string invitedBy) => Of(new ListedInvitation(row,
        [.. row.Gives.ScopeIds.Select(draft.NameOf).Order(StringComparer.Ordinal)],
        row.EmployeeId is { } employee ? draft.NameOf(employee) : null, invitedBy), draft.NowMicros);

    private static string StateOf(InvitationRow row, long nowMicros) => row switch
    {
        { AcceptedAt: not null } => "accepted",
        { RevokedAt: not null } => "revoked",
        _ when row.IsPending(nowMicros) => "pending",
        _ => "expired",
    };
}

/// <summary>A new invitation with its secret, which is shown once.</summary>
/// <param name="Invitation">What was made.</param>
/// <param name="Secret">What the invited person presents.</param>
/// <param name="Link">The secret as the end of a link: put the address of the installation before it and send it.</param>
internal sealed record CreatedInvitationView(InvitationView Invitation, string Secret, string Link) : IShownOnce;

/// <summary>A new invitation.</summary>
public sealed record NewInvitation
{
    /// <summary>Only the person who signs in with this address can accept.</summary>
    [Plain, EmailAddress]
    public required string Email { get; init; }

    [RoleName]
    public required string Role { get; init; }

    /// <summary>Of a manager or an employee, and only of them: references such as <c>team/search</c>.</summary>
    [Names]
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>The most that one decision on a request for budget may give; absent is no limit.</summary>
    public NanoUsd? ApprovalLimitUsd { get; init; }

    /// <summary>The employee that the member will be, such as <c>employee/e1001</c>.</summary>
    [Plain]
    public string? Employee { get; init; }

    /// <summary>How long it can be accepted: 1 to 30 days, 7 when absent.</summary>
    [Range(1, 30)]
    public int? ExpiresInDays { get; init; }
}

/// <summary>The secret of an invitation.</summary>
public sealed record PresentedSecret
{
    /// <summary>From the end of the link: <c>spi_…</c>.</summary>
    [Plain]
    public required string Secret { get; init; }
}

/// <summary>The name of a role.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RoleNameAttribute() : ValidationAttribute($"expected one of {string.Join(", ", MemberRoles.All.Select(MemberRoles.NameOf))}")
{
    public override bool IsValid(object? value) => value is null || (value is string text && MemberRoles.Find(text) is not null);
}
