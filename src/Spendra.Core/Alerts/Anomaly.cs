namespace Spendra.Core.Alerts;

/// <summary>
/// What is usual, and what is far above it: the median of past hours and so many times their median absolute deviation. Mean and
/// standard deviation are not used, because the one hour that ran wild last week would raise both and hide the next; up to half
/// of the past may be wild without moving these. Whole numbers throughout.
/// </summary>
public static class Anomaly
{
    /// <summary>Fewer hours than a day's know nothing of nights.</summary>
    public const int LeastHours = 24;

    // Of a normal distribution the standard deviation is 1.4826 times the median absolute deviation: nine of these are six
    // standard deviations.
    private const int Deviations = 9;

    // Spend that never varies has a deviation of zero, and its first cent more would be an anomaly.
    private const int LeastDeviationPercent = 10;

    /// <summary>The level above which an hour is not usual any more; null while too little is known.</summary>
    /// <param name="past">One number per hour that is over, hours without anything as zero, in any order; none is negative.</param>
    /// <param name="leastExcess">How far above the median the level is at least: what nobody would want to hear of.</param>
    public static AnomalyLevel? Of(IReadOnlyCollection<long> past, long leastExcess)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(leastExcess);
        if (past.Count < LeastHours) return null;
        var sorted = past.Order().ToArray();
        ArgumentOutOfRangeException.ThrowIfNegative(sorted[0], nameof(past));
        var median = MedianOf(sorted);
        var deviation = MedianOf([.. sorted.Select(hour => Math.Abs(hour - median)).Order()]);
        var least = (long)((Int128)median * LeastDeviationPercent / 100);
        var excess = Int128.Max((Int128)Math.Max(deviation, least) * Deviations, leastExcess);
        return new AnomalyLevel(median, (long)Int128.Min(median + excess, long.MaxValue), (long)Int128.Min(median + excess / 2, long.MaxValue));
    }

    /// <summary>Of an even number the mean of the two in the middle, rounded down.</summary>
    private static long MedianOf(long[] sorted)
    {
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (long)(((Int128)sorted[middle - 1] + sorted[middle]) / 2);
    }
}

/// <summary>What is usual, and what is not.</summary>
/// <param name="Median">The usual hour.</param>
/// <param name="Ceiling">What is above it is an anomaly.</param>
/// <param name="Floor">An anomaly that is known is over when an hour is not above it: half way back.</param>
public sealed record AnomalyLevel(long Median, long Ceiling, long Floor)
{
    public bool IsPassedBy(long hour, bool isKnown) => hour > (isKnown ? Floor : Ceiling);
}
