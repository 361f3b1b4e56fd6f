using Spendra.Core.Metering;

namespace Spendra.Core.Rollups;

/// <summary>
/// A spend event as far as it is counted. Everything is counted at the time of the reservation, so that a correction changes the
/// hour in which the money was held, as it changes its window.
/// </summary>
public readonly ref struct EventFact
{
    public required RollupSeries Series { get; init; }

    /// <summary>In whose sums it is counted: the scopes of the request, then the key.</summary>
    public required ReadOnlySpan<Guid> Subjects { get; init; }

    public required long ReservedAt { get; init; }

    public required long OccurredAt { get; init; }

    /// <summary>Zero for the event that ended a reservation; later ones tell differences.</summary>
    public required int EventNumber { get; init; }

    public required long CostNanos { get; init; }

    /// <summary>What was held.</summary>
    public required long HeldNanos { get; init; }

    public required Usage Usage { get; init; }

    public required bool IsEstimated { get; init; }
}

/// <summary>What is added up of one subject, series and span.</summary>
public record struct UsageSums
{
    /// <summary>Requests that were settled or expired.</summary>
    public long Requests { get; set; }

    /// <summary>Reservations that were given back.</summary>
    public long Releases { get; set; }

    /// <summary>Everything that was booked, corrections included.</summary>
    public long CostNanos { get; set; }

    /// <summary>What later events have changed of that.</summary>
    public long CorrectedNanos { get; set; }

    public long EstimatedRequests { get; set; }

    /// <summary>What was booked as an estimate at first.</summary>
    public long EstimatedNanos { get; set; }

    /// <summary>What was held for requests whose usage was measured: over <see cref="MeasuredNanos"/> it is how tight bounds are.</summary>
    public long MeasuredHeldNanos { get; set; }

    public long MeasuredNanos { get; set; }

    public long InputUnits { get; set; }

    public long CachedInputUnits { get; set; }

    public long CacheWriteUnits { get; set; }

    public long OutputUnits { get; set; }

    public long ReasoningUnits { get; set; }

    /// <exception cref="OverflowException">A sum leaves the range of its column: nothing of it is believed.</exception>
    public void Add(in UsageSums other)
    {
        checked
        {
            Requests += other.Requests;
            Releases += other.Releases;
            CostNanos += other.CostNanos;
            CorrectedNanos += other.CorrectedNanos;
            EstimatedRequests += other.EstimatedRequests;
            EstimatedNanos += other.EstimatedNanos;
            MeasuredHeldNanos += other.MeasuredHeldNanos;
            MeasuredNanos += other.MeasuredNanos;
            InputUnits += other.InputUnits;
            CachedInputUnits += other.CachedInputUnits;
            CacheWriteUnits += other.CacheWriteUnits;
            OutputUnits += other.OutputUnits;
            ReasoningUnits += other.ReasoningUnits;
        }
    }

    internal static UsageSums Of(in EventFact fact)
    {
        var usage = fact.Usage;
        var sums = new UsageSums
        {
            CostNanos = fact.CostNanos, InputUnits = usage.Input, CachedInputUnits = usage.CachedInput, CacheWriteUnits = usage.CacheWrite,
            OutputUnits = usage.Output, ReasoningUnits = usage.ReasoningWithinOutput,
        };
        if (fact.EventNumber > 0) return sums with { CorrectedNanos = fact.CostNanos };
        return fact.IsEstimated
            ? sums with { Requests = 1, EstimatedRequests = 1, EstimatedNanos = fact.CostNanos }
            : sums with { Requests = 1, MeasuredHeldNanos = fact.HeldNanos, MeasuredNanos = fact.CostNanos };
    }
}

/// <summary>How long requests took, from reservation to settlement.</summary>
public record struct LatencySums(long Requests, long TotalMicros);

/// <summary>
/// Classes of latency: the first is below a millisecond, each further one ends at twice its begin, the last has no end.
/// </summary>
public static class LatencyClasses
{
    public const int Count = 20;

    public static int Of(long micros)
    {
        var ms = Math.Max(0, micros / 1_000);
        return Math.Min(Count - 1, ms == 0 ? 0 : 1 + (int)long.Log2(ms));
    }

    /// <summary>The end of a class in milliseconds; null for the last.</summary>
    public static long? EndMs(int latencyClass) => latencyClass >= Count - 1 ? null : 1L << latencyClass;

    /// <summary>
    /// The end, in milliseconds, of the class that holds the request below which a share of them lies: what so many did not exceed. Null
    /// where there are none, and for the last class.
    /// </summary>
    /// <param name="requests">By class, all of <see cref="Count"/>.</param>
    /// <param name="perMille">The share: 950 for the 95th percentile.</param>
    public static long? PercentileMs(IReadOnlyList<long> requests, int perMille)
    {
        var total = (Int128)0;
        foreach (var count in requests) total += count;
        var below = (Int128)0;
        for (var latencyClass = 0; latencyClass < requests.Count; latencyClass++)
        {
            below += requests[latencyClass];
            if (below > 0 && below * 1_000 >= total * perMille) return EndMs(latencyClass);
        }
        return null;
    }
}

public readonly record struct UsageKey(RollupSpan Span, long StartsAt, Guid SubjectId, Guid SeriesId);

/// <param name="Usage">Whose units.</param>
/// <param name="Unit">A class beyond text tokens: audio, images, searches, calls.</param>
public readonly record struct UnitKey(UsageKey Usage, UnitClass Unit);

public readonly record struct LatencyKey(RollupSpan Span, long StartsAt, Guid SeriesId, int LatencyClass);

/// <param name="Usage">Who asked for what.</param>
/// <param name="Code">Why it was refused, as errors name it.</param>
public readonly record struct RefusalKey(UsageKey Usage, string Code);
