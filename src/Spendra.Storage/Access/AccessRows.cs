using System.Collections.Immutable;
using Spendra.Core.Access;

namespace Spendra.Storage.Access;

/// <summary>A membership with the person's name and address.</summary>
/// <param name="Membership">Role, scopes and approval limit.</param>
/// <param name="UserId">The person.</param>
/// <param name="Email">In lower case.</param>
/// <param name="Name">As people write it.</param>
/// <param name="EmployeeId">The employee that the member is, or null.</param>
/// <param name="IsRemoved">A removed member has no role and comes back with the same id.</param>
/// <param name="Version">Grows with every change of the row.</param>
public sealed record MemberRow(
    Membership Membership, Guid UserId, string Email, string Name, Guid? EmployeeId, bool IsRemoved, long Version)
{
    public Guid MemberId => Membership.MemberId;

    public long JoinedAt { get; init; }
}

/// <summary>A personal access token; never its secret or the secret's digest.</summary>
public sealed record AccessTokenRow
{
    public required Guid TokenId { get; init; }

    public required Guid MemberId { get; init; }

    public required string Name { get; init; }

    /// <summary>What it may do, of what its member holds.</summary>
    public required ImmutableArray<Capability> Capabilities { get; init; }

    public required long ExpiresAt { get; init; }

    public long CreatedAt { get; init; }

    public long? LastUsedAt { get; init; }

    public long? RevokedAt { get; init; }

    public long Version { get; init; } = 1;
}

/// <summary>What was answered to a creation with an idempotency key.</summary>
/// <param name="MemberId">Whose key.</param>
/// <param name="KeyDigest">SHA-256 of the idempotency key.</param>
/// <param name="RequestDigest">SHA-256 of operation and body: a key with another request is a mistake.</param>
/// <param name="Location">Where what was created is found.</param>
/// <param name="Response">The body of the answer, or null where it held a secret.</param>
public sealed record CreationReceipt(Guid MemberId, byte[] KeyDigest, byte[] RequestDigest, string Location, string? Response);
