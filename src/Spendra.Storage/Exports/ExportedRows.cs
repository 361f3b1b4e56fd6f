using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Storage.Exports;

/// <summary>A spend event as it is exported. Times are microseconds since the Unix epoch.</summary>
public sealed record ExportedEvent
{
    public required long EntrySequence { get; init; }

    public required long BookedAt { get; init; }

    public required Guid ReservationId { get; init; }

    public required int EventNumber { get; init; }

    public required SpendKind Kind { get; init; }

    public required long ReservedAt { get; init; }

    public required long OccurredAt { get; init; }

    public required Guid KeyId { get; init; }

    /// <summary>The key's slug; null for one that no row has.</summary>
    public string? Key { get; init; }

    /// <summary>References from the organization down: <c>team/search</c>.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    public required string Provider { get; init; }

    public required Guid AccountId { get; init; }

    public required string Account { get; init; }

    public required string Model { get; init; }

    public string? ServedModel { get; init; }

    public required string Route { get; init; }

    public string? Environment { get; init; }

    /// <summary>The price version that it was settled at.</summary>
    public Guid? PriceId { get; init; }

    public required NanoUsd Cost { get; init; }

    public required NanoUsd Held { get; init; }

    public required long InputUnits { get; init; }

    public required long CachedInputUnits { get; init; }

    public required long CacheWriteUnits { get; init; }

    public required long OutputUnits { get; init; }

    public required long ReasoningUnits { get; init; }

    /// <summary>Units beyond text tokens, as JSON; null where there are none.</summary>
    public string? OtherUnits { get; init; }

    public required bool IsEstimated { get; init; }

    public required bool IsBilled { get; init; }

    public string? UpstreamRequestId { get; init; }

    public required int UpstreamStatus { get; init; }

    public string? Reason { get; init; }

    /// <summary>Tokens of all classes that are counted beside each other.</summary>
    public long Tokens => checked(InputUnits + CachedInputUnits + CacheWriteUnits + OutputUnits);

    /// <summary>Units beyond text tokens, by class.</summary>
    public UnitMap<long> Others => Ledger.UnitsJson.ReadCounts(OtherUnits);
}

/// <summary>A posting with its entry. Times are microseconds since the Unix epoch.</summary>
public sealed record ExportedPosting
{
    public required long EntrySequence { get; init; }

    public required int Line { get; init; }

    public required EntryKind Kind { get; init; }

    public required long BookedAt { get; init; }

    /// <summary>The month that a correction was booked into by its name.</summary>
    public string? BookedMonth { get; init; }

    public required Guid SubjectId { get; init; }

    public required int EventNumber { get; init; }

    public long? CorrectsSequence { get; init; }

    public required LedgerAccount LedgerAccount { get; init; }

    public required Guid AccountId { get; init; }

    public required string Account { get; init; }

    /// <summary>Debits are positive.</summary>
    public required NanoUsd Amount { get; init; }
}

/// <summary>A charge: what an entry debits to expenses, with what it is for. Times are microseconds since the Unix epoch.</summary>
public sealed record ExportedCharge
{
    public required long EntrySequence { get; init; }

    public required long BookedAt { get; init; }

    /// <summary>The period of the books that it is in.</summary>
    public required AccountingPeriod Period { get; init; }

    /// <summary>The earlier period that it corrects; null for what corrects none.</summary>
    public AccountingPeriod? CorrectsPeriod { get; init; }

    /// <summary>Null for a correction that belongs to a provider account alone.</summary>
    public ExportedEvent? Event { get; init; }

    public required Guid AccountId { get; init; }

    public required string Account { get; init; }

    public required string Provider { get; init; }

    public required NanoUsd Amount { get; init; }

    public string? Reason { get; init; }
}

/// <summary>What sums by hour or day are of. Times are microseconds since the Unix epoch.</summary>
public sealed record ExportedSums
{
    public required int Span { get; init; }

    public required long StartsAt { get; init; }

    /// <summary>A scope or key; all zeros where sums are of an account and model alone.</summary>
    public required Guid SubjectId { get; init; }

    /// <summary><c>team/search</c>, or <c>key/</c> with a key's slug; null for what no row has.</summary>
    public string? Subject { get; init; }

    public required Guid SeriesId { get; init; }

    public required Guid AccountId { get; init; }

    public required string Provider { get; init; }

    public required string Model { get; init; }

    public required string Environment { get; init; }
}

/// <summary>Usage and cost of an hour or day.</summary>
public sealed record ExportedRollup
{
    public required ExportedSums Of { get; init; }

    public required long Requests { get; init; }

    public required long Releases { get; init; }

    public required NanoUsd Cost { get; init; }

    public required NanoUsd Corrected { get; init; }

    public required long EstimatedRequests { get; init; }

    public required NanoUsd Estimated { get; init; }

    public required long InputUnits { get; init; }

    public required long CachedInputUnits { get; init; }

    public required long CacheWriteUnits { get; init; }

    public required long OutputUnits { get; init; }

    public required long ReasoningUnits { get; init; }

    /// <summary>What was held for the requests whose usage was known.</summary>
    public required NanoUsd MeasuredHeld { get; init; }

    /// <summary>What they cost.</summary>
    public required NanoUsd Measured { get; init; }
}

/// <summary>How much of something an hour or day had.</summary>
/// <param name="Of">Of what.</param>
/// <param name="What">The class of units, or the code of refusals.</param>
/// <param name="Count">How many.</param>
public sealed record ExportedCount(ExportedSums Of, string What, long Count);

/// <summary>How many requests of an hour or day took how long.</summary>
/// <param name="Of">Of what.</param>
/// <param name="LatencyClass">See <see cref="Core.Rollups.LatencyClasses"/>.</param>
/// <param name="Requests">How many.</param>
/// <param name="TotalMicros">How long all of them together took.</param>
public sealed record ExportedLatency(ExportedSums Of, int LatencyClass, long Requests, long TotalMicros);

/// <summary>A row of an export, and the key to go on behind it; null within what must not be torn apart.</summary>
public readonly record struct Exported<TRow>(TRow Row, string? Position);
