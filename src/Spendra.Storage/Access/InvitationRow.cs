using Spendra.Core.Access;

namespace Spendra.Storage.Access;

/// <summary>What somebody is invited to be; never its secret or the secret's digest.</summary>
public sealed record InvitationRow
{
    public required Guid InvitationId { get; init; }

    /// <summary>In lower case: only the person of this address may accept.</summary>
    public required string Email { get; init; }

    /// <summary>What the member will hold; its member id means nothing before there is a member.</summary>
    public required Membership Gives { get; init; }

    /// <summary>The employee that the member will be, or null.</summary>
    public Guid? EmployeeId { get; init; }

    /// <summary>The member who invites.</summary>
    public required Guid InvitedBy { get; init; }

    public required long ExpiresAt { get; init; }

    public long CreatedAt { get; init; }

    public long? AcceptedAt { get; init; }

    public long? RevokedAt { get; init; }

    public long Version { get; init; } = 1;

    public bool IsPending(long nowMicros) => AcceptedAt is null && RevokedAt is null && ExpiresAt > nowMicros;
}

/// <summary>An invitation with the names of what it refers to.</summary>
/// <param name="Row">The invitation.</param>
/// <param name="Scopes">References of the scopes, sorted.</param>
/// <param name="Employee">The employee's reference, or null.</param>
/// <param name="InvitedBy">The address of the member who invites.</param>
public sealed record ListedInvitation(InvitationRow Row, IReadOnlyList<string> Scopes, string? Employee, string InvitedBy);

/// <summary>An invitation as it is checked: whose it is, and the digest of its secret.</summary>
public sealed record PresentedInvitation(Guid OrganizationId, Guid InvitationId, byte[] SecretHmac)
{
    public override string ToString() => $"invitation {InvitationId} [redacted]";
}
