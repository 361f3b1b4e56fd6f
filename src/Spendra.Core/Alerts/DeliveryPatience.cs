namespace Spendra.Core.Alerts;

/// <summary>
/// How often and when a notice that could not be delivered is tried again: the pause doubles from a quarter of a minute to four
/// hours, and twelve attempts take about half a day, which is a night without anybody who mends a mail server.
/// </summary>
public static class DeliveryPatience
{
    public const int MostAttempts = 12;

    /// <summary>Jitter is a number from 0 to one less.</summary>
    public const int JitterRange = 1_000;

    private const long FirstMicros = 15_000_000;
    private const long LongestMicros = 4 * 3_600_000_000L;

    /// <summary>How long to wait after an attempt that failed; null when it was the last.</summary>
    /// <param name="attempts">How many were made, this one among them.</param>
    /// <param name="jitter">Random: what failed together shall not come back together. Half of the pause is left to it.</param>
    /// <param name="wantedMicros">How long the receiver asked to be left alone, which is heeded within the longest pause; 0 when it did not.</param>
    public static long? PauseMicros(int attempts, int jitter, long wantedMicros = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempts, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(jitter);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(jitter, JitterRange);
        if (attempts >= MostAttempts) return null;
        var pause = Math.Min(FirstMicros << (attempts - 1), LongestMicros);
        return Math.Max(pause / 2 + pause / 2 * jitter / JitterRange, Math.Clamp(wantedMicros, 0, LongestMicros));
    }
}
