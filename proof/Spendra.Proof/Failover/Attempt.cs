using Spendra.Core.Money;

namespace Spendra.Proof.Failover;

/// <summary>One request of a client and what it was told.</summary>
internal sealed record Attempt
{
    /// <summary>Unique; reaches the provider as <c>x-client-request-id</c>.</summary>
    public required string Id { get; init; }

    public required string Caller { get; init; }

    public string? IdempotencyKey { get; init; }

    public required bool IsStreamed { get; init; }

    public required DateTimeOffset BegunAt { get; init; }

    public DateTimeOffset EndedAt { get; init; }

    /// <summary>0: the client hung up, or there was no answer.</summary>
    public int Status { get; init; }

    public string? Code { get; init; }

    public Guid? RequestId { get; init; }

    public NanoUsd? Reserved { get; init; }

    public NanoUsd? Cost { get; init; }

    /// <summary>The answer broke off before its end.</summary>
    public bool IsBroken { get; init; }

    /// <summary>The client was told that its call was governed, made and paid for.</summary>
    public bool IsAcknowledged => Status == 200;
}
