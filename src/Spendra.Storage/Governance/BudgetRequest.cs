using Spendra.Core.Money;

namespace Spendra.Storage.Governance;

public enum BudgetRequestKind
{
    /// <summary>More money for a time, for the budget that refused.</summary>
    Increase,
    /// <summary>Leave for a key to pass a review's threshold, for a time.</summary>
    Review,
}

public enum BudgetRequestState
{
    Open,
    Approved,
    Declined,
    Withdrawn,
}

/// <summary>What somebody asked for after a refusal, and what became of it.</summary>
public sealed record BudgetRequest
{
    public required Guid RequestId { get; init; }

    public required BudgetRequestKind Kind { get; init; }

    /// <summary>The governed request that was refused.</summary>
    public required Guid RefusalId { get; init; }

    public required Guid KeyId { get; init; }

    /// <summary>The actor that the key speaks for: who sees the actor sees the request.</summary>
    public required Guid ActorId { get; init; }

    /// <summary>The scope of the budget or policy that binds: who decides is above it.</summary>
    public required Guid ScopeId { get; init; }

    public Guid? BudgetId { get; init; }

    public Guid? PolicyId { get; init; }

    /// <summary>Increase: the money. Review: the most that one request may be bounded at.</summary>
    public required NanoUsd Amount { get; init; }

    /// <summary>Until when, in microseconds since the Unix epoch.</summary>
    public required long Until { get; init; }

    public required string Reason { get; init; }

    public required Guid RequestedBy { get; init; }

    public long CreatedAt { get; init; }

    public BudgetRequestState State { get; init; }

    public Guid? DecidedBy { get; init; }

    public long? DecidedAt { get; init; }

    public string? DecisionReason { get; init; }

    public NanoUsd? Granted { get; init; }

    public long? GrantedUntil { get; init; }

    public long Version { get; init; } = 1;
}
