using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Storage.Ledger;

/// <summary>Everything that is known of one request id. Times are UTC; absent members do not apply.</summary>
public sealed record ExplainedRequest
{
    public required Guid Id { get; init; }

    /// <summary><c>open</c>, <c>settled</c>, <c>expired</c>, <c>late</c>, <c>released</c> or <c>refused</c>.</summary>
    public required string Outcome { get; init; }

    public required string Key { get; init; }

    /// <summary>Whom the key speaks for: <c>employee/ada</c>.</summary>
    public required string Actor { get; init; }

    public required string Route { get; init; }

    public string? Provider { get; init; }

    public string? Model { get; init; }

    /// <summary>The provider account's slug.</summary>
    public string? Account { get; init; }

    public string? Environment { get; init; }

    /// <summary>The governance epoch under which the request was resolved.</summary>
    public long? Epoch { get; init; }

    public required ExplainedTimes Times { get; init; }

    /// <summary>The scopes it belongs to, organization first.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    public IReadOnlyList<ExplainedPolicy> Policies { get; init; } = [];

    /// <summary>The windows that held and booked it, with their figures of now.</summary>
    public IReadOnlyList<ExplainedWindow> Windows { get; init; } = [];

    public ExplainedPrice? Price { get; init; }

    /// <summary>The price version that was settled at, when it is another than <see cref="Price"/>.</summary>
    public ExplainedServedPrice? ServedPrice { get; init; }

    public ExplainedBound? Bound { get; init; }

    /// <summary>How near the bound came to what was used; null while that is not known.</summary>
    public ExplainedTightness? Tightness { get; init; }

    /// <summary>What was booked in all, corrections included.</summary>
    public NanoUsd? CostUsd { get; init; }

    /// <summary>True while the cost is the bound because no usage is known.</summary>
    public bool IsEstimated { get; init; }

    /// <summary>Tools that were left out of it.</summary>
    public IReadOnlyList<ExplainedStripping> StrippedTools { get; init; } = [];

    public IReadOnlyList<ExplainedEvent> Events { get; init; } = [];

    public IReadOnlyList<ExplainedExcess> Excesses { get; init; } = [];

    public ExplainedRefusal? Refusal { get; init; }

    /// <summary>Why it was released.</summary>
    public string? Reason { get; init; }
}

/// <param name="Tool">As key's tool scopes name it.</param>
/// <param name="Policy">The allowlist that has it left out.</param>
public sealed record ExplainedStripping(string Tool, string Policy);

/// <param name="ReservedAt">Null for a refusal.</param>
/// <param name="ExpiresAt">When the reservation was or will be in doubt.</param>
/// <param name="EndedAt">When it was settled, expired, released or refused first.</param>
/// <param name="DurationMs">From reservation to end.</param>
public sealed record ExplainedTimes(DateTime? ReservedAt, DateTime? ExpiresAt, DateTime? EndedAt, long? DurationMs);

public sealed record ExplainedPolicy(string Slug, string Kind, string Scope, string SetBy, DateTime SetAt, bool IsArchived);

public sealed record ExplainedWindow(
    string Budget, string Scope, DateTime WindowStart, DateTime? WindowEnd, NanoUsd LimitUsd, NanoUsd SettledUsd,
    NanoUsd ReservedUsd, NanoUsd RemainingUsd);

/// <summary>The pinned price version; rates in USD per million units.</summary>
public sealed record ExplainedPrice(
    Guid PriceId, string Provider, string Model, decimal TierPercent, string InputUsdPerMillion, string CachedInputUsdPerMillion,
    string CacheWriteUsdPerMillion, string OutputUsdPerMillion, IReadOnlyDictionary<string, string> OtherUsdPerMillion, string Source)
{
    internal static ExplainedPrice Of(PriceVersion price, decimal tierPercent) => new(
        price.PriceId, price.Provider, price.Model, tierPercent, price.Rates.Input.ToString(),
        price.Rates.CachedInput.ToString(), price.Rates.CacheWrite.ToString(), price.Rates.Output.ToString(),
        price.Rates.Others.ToDictionary(o => UnitClasses.NameOf(o.Class), o => o.Value.ToString()), price.Source);
}

/// <param name="InputUnits">Tokens.</param>
/// <param name="OutputUnits">Tokens.</param>
/// <param name="Pieces">The most units of each class that is priced by the piece.</param>
/// <param name="AmountUsd">What was held.</param>
/// <param name="Basis">What the input was found by: <c>bytes</c>, <c>context_window</c>, <c>tokenizer</c> or <c>counted</c>.</param>
public sealed record ExplainedBound(
    long InputUnits, long OutputUnits, IReadOnlyDictionary<string, long> Pieces, NanoUsd AmountUsd, string Basis);

/// <param name="Price">The price version of what served.</param>
/// <param name="Reason">Why it is not the one that was reserved at.</param>
public sealed record ExplainedServedPrice(ExplainedPrice Price, string Reason);

/// <summary>What was used and settled, beside the bound.</summary>
/// <param name="BoundUsd">What was held.</param>
/// <param name="ActualUsd">What was booked in all.</param>
/// <param name="Ratio">Actual by bound, to four places; above one is an overrun.</param>
/// <param name="InputRatio">The same of input tokens.</param>
public sealed record ExplainedTightness(NanoUsd BoundUsd, NanoUsd ActualUsd, decimal Ratio, decimal? InputRatio);

/// <summary>
/// A spend event with the journal entry that books it. Later events carry differences. Billed: the cost is what the
/// provider said, in place of usage times price.
/// </summary>
public sealed record ExplainedEvent(
    int Number, string Kind, NanoUsd CostUsd, ExplainedUsage Usage, bool IsEstimated, bool IsBilled, string? ServedModel, Guid? ServedPriceId,
    string? ServedTier, string? UpstreamRequestId, int UpstreamStatus, DateTime OccurredAt, string? Reason, ExplainedEntry Entry);

/// <summary>Units in classes that never overlap; reasoning is a part of the output.</summary>
public sealed record ExplainedUsage(
    long Input, long CachedInput, long CacheWrite, long Output, long Reasoning, IReadOnlyDictionary<string, long> Others);

public sealed record ExplainedEntry(long Sequence, long? Corrects, DateTime BookedAt, IReadOnlyList<ExplainedPosting> Postings);

/// <param name="LedgerAccount"><c>expense</c> or <c>payable</c>.</param>
/// <param name="Account">The provider account's slug.</param>
/// <param name="AmountUsd">Debits are positive.</param>
public sealed record ExplainedPosting(string LedgerAccount, string Account, NanoUsd AmountUsd);

public sealed record ExplainedExcess(string Budget, string Kind, int EventNumber, NanoUsd AmountUsd);

public sealed record ExplainedRefusal(
    string Code, string Message, string? Policy, string? Budget, NanoUsd? LimitUsd, NanoUsd? SettledUsd, NanoUsd? ReservedUsd,
    NanoUsd? NeededUsd, DateTime? WindowStart, DateTime? WindowEnd);
