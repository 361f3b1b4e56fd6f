using Spendra.Core.Governance;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Requests;

/// <summary>An answer that is not the provider's: status, stable code, and what to do about it.</summary>
internal sealed record GatewayError(int Status, string Type, string Code, string Message)
{
    public string? Parameter { get; init; }

    public Refusal? Refusal { get; init; }

    /// <summary>Where the owner of the key asks for what a refusal lacked, or null.</summary>
    public Uri? RequestUrl { get; init; }

    /// <summary>The request that used the same idempotency key.</summary>
    public Guid? EarlierRequestId { get; init; }

    public EarlierSettlement? EarlierSettlement { get; init; }

    /// <summary>Seconds after which trying again makes sense, or null when it does not.</summary>
    public int? RetryAfter { get; init; }

    public static GatewayError Invalid(string message, string? parameter = null) =>
        new(400, "invalid_request_error", "invalid_request", message) { Parameter = parameter };

    public static GatewayError NotFound(string message) =>
        new(404, "invalid_request_error", "not_found", message);

    public static GatewayError Unauthorized(string message) =>
        new(401, "authentication_error", Refusal.NameOf(RefusalCode.InvalidKey), message);

    /// <summary>Which status carries which refusal: chosen so that clients retry exactly what waiting can mend.</summary>
    public static GatewayError From(Refusal refusal)
    {
        var (status, type, retryAfter) = refusal.Code switch
        {
            RefusalCode.InvalidKey or RefusalCode.KeyExpired or RefusalCode.KeyRevoked => (401, "authentication_error", (int?)null),
            RefusalCode.ActorUnavailable or RefusalCode.ProviderNotAllowed or RefusalCode.ModelNotAllowed
                or RefusalCode.ToolNotAllowed or RefusalCode.RequestLimitExceeded or RefusalCode.ReviewRequired
                or RefusalCode.NoApplicableBudget => (403, "permission_error", null),
            RefusalCode.BudgetExceeded => (402, "insufficient_quota", null),
            RefusalCode.BudgetHeld => (429, "rate_limit_error", 1),
            RefusalCode.ConcurrencyLimitExceeded => (429, "rate_limit_error", 1),
            RefusalCode.UnpriceableRequest => (400, "invalid_request_error", null),
            RefusalCode.IdempotencyInProgress or RefusalCode.IdempotencyReplayUnavailable => (409, "invalid_request_error", null),
            RefusalCode.IdempotencyMismatch => (422, "invalid_request_error", null),
            RefusalCode.ProviderUnavailable => (503, "api_error", null),
            RefusalCode.LedgerUnavailable => (503, "api_error", 2),
            RefusalCode.NotFound => (404, "invalid_request_error", null),
        };
        return new GatewayError(status, type, refusal.CodeName, refusal.Message) { Refusal = refusal, RetryAfter = retryAfter };
    }
}
