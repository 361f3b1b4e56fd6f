using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Core.Keys;

/// <summary>
/// What a key permits, without its secret. Binds traffic to an actor and a permission set.
/// </summary>
public sealed record ScopedKey
{
    public required Guid KeyId { get; init; }

    public required string Slug { get; init; }

    public required KeyMode Mode { get; init; }

    public required Guid ActorId { get; init; }

    public Guid? ProjectId { get; init; }

    public NameSet Providers { get; init; }

    public NameSet Models { get; init; }

    /// <summary>Server-side tools the key may use. Unlike the other sets, absent means none: tools have fees.</summary>
    public NameSet Tools { get; init; }

    public string? Environment { get; init; }

    /// <summary>The most that one request of this key may be bounded at, or null.</summary>
    public NanoUsd? MaxRequest { get; init; }

    /// <summary>Microseconds since the Unix epoch from which on the key is refused, or null.</summary>
    public long? ExpiresAt { get; init; }

    public long? RevokedAt { get; init; }

    public bool IsExpired(long atMicros) => atMicros >= ExpiresAt;
}
