using Spendra.Core.Money;

namespace Spendra.Core.Governance;

/// <summary>Why a request was refused. The names are stable: they are the codes that clients see.</summary>
public enum RefusalCode
{
    InvalidKey,
    KeyExpired,
    KeyRevoked,
    ActorUnavailable,
    ProviderNotAllowed,
    ModelNotAllowed,
    ToolNotAllowed,
    RequestLimitExceeded,
    ConcurrencyLimitExceeded,
    ReviewRequired,
    NoApplicableBudget,
    BudgetExceeded,
    BudgetHeld,
    UnpriceableRequest,
    IdempotencyInProgress,
    IdempotencyReplayUnavailable,
    IdempotencyMismatch,
    ProviderUnavailable,
    LedgerUnavailable,
    NotFound,
}

/// <summary>The figures of the budget window that a refusal rests on.</summary>
public sealed record RefusedWindow(
    Guid BudgetId,
    string BudgetSlug,
    NanoUsd Limit,
    NanoUsd Settled,
    NanoUsd Reserved,
    NanoUsd Needed,
    long StartsAt,
    long EndsAt);

/// <summary>A refusal with the rule that binds.</summary>
public sealed record Refusal(RefusalCode Code, string Message)
{
    public Guid? PolicyId { get; init; }

    public string? PolicySlug { get; init; }

    public RefusedWindow? Window { get; init; }

    /// <summary>The code as clients, tables and documentation spell it.</summary>
    public string CodeName => NameOf(Code);

    public static string NameOf(RefusalCode code) => code switch
    {
        RefusalCode.InvalidKey => "invalid_api_key",
        RefusalCode.KeyExpired => "key_expired",
        RefusalCode.KeyRevoked => "key_revoked",
        RefusalCode.ActorUnavailable => "actor_unavailable",
        RefusalCode.ProviderNotAllowed => "provider_not_allowed",
        RefusalCode.ModelNotAllowed => "model_not_allowed",
        RefusalCode.ToolNotAllowed => "tool_not_allowed",
        RefusalCode.RequestLimitExceeded => "request_limit_exceeded",
        RefusalCode.ConcurrencyLimitExceeded => "concurrency_limit_exceeded",
        RefusalCode.ReviewRequired => "review_required",
        RefusalCode.NoApplicableBudget => "no_applicable_budget",
        RefusalCode.BudgetExceeded => "budget_exceeded",
        RefusalCode.BudgetHeld => "budget_held",
        RefusalCode.UnpriceableRequest => "unpriceable_request",
        RefusalCode.IdempotencyInProgress => "idempotency_in_progress",
        RefusalCode.IdempotencyReplayUnavailable => "idempotency_replay_unavailable",
        RefusalCode.IdempotencyMismatch => "idempotency_mismatch",
        RefusalCode.ProviderUnavailable => "provider_unavailable",
        RefusalCode.LedgerUnavailable => "ledger_unavailable",
        RefusalCode.NotFound => "not_found",
    };
}
