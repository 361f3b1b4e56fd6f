using Spendra.Core.Money;

namespace Spendra.Core.Budgets;

/// <summary>
/// Where a window is going if spend goes on as it did so far: a straight line from the first instant that counted to now.
/// Whole nano-dollars and microseconds; nothing here decides anything.
/// </summary>
/// <param name="PerDay">What was settled, by 24 hours.</param>
/// <param name="AtEnd">What will be settled when the window ends; null when it never does, or no amount is that large.</param>
/// <param name="ExhaustedAt">When the limit is reached, not before now; null when that is not within the window.</param>
public sealed record BudgetPace(NanoUsd PerDay, NanoUsd? AtEnd, long? ExhaustedAt)
{
    private const long DayMicros = 86_400_000_000;

    // The year 9999: beyond it no calendar names an instant.
    private const long LastInstant = 253_402_300_799_999_999;

    /// <param name="span">The window.</param>
    /// <param name="countsFrom">When the budget began to count, should that be later than the window.</param>
    /// <param name="limit">The window's limit.</param>
    /// <param name="settled">Spent.</param>
    /// <param name="reserved">Held: when nothing is left beside it, the window is exhausted now.</param>
    /// <param name="nowMicros">In the window.</param>
    /// <returns>Null before anything could have been spent, and when the window is over.</returns>
    public static BudgetPace? Of(
        WindowSpan span, long countsFrom, NanoUsd limit, NanoUsd settled, NanoUsd reserved, long nowMicros)
    {
        var from = Math.Max(span.StartsAt, countsFrom);
        if (nowMicros <= from || !span.Contains(nowMicros)) return null;
        Int128 elapsed = nowMicros - from;
        var atEnd = span.EndsAt == WindowSpan.Never ? (NanoUsd?)null : Amount((Int128)settled.Value * (span.EndsAt - from) / elapsed);
        return new BudgetPace(
            Amount((Int128)settled.Value * DayMicros / elapsed) ?? new NanoUsd(long.MaxValue), atEnd,
            Exhausted(span, from, elapsed, limit, settled, reserved, nowMicros));
    }

    private static long? Exhausted(
        WindowSpan span, long from, Int128 elapsed, NanoUsd limit, NanoUsd settled, NanoUsd reserved, long nowMicros)
    {
        if ((Int128)settled.Value + reserved.Value >= limit.Value) return nowMicros;
        if (settled.Value <= 0) return null;
        // Rounded up: at the instant that is named, the line has reached the limit.
        var at = from + ((limit.Value * elapsed) + settled.Value - 1) / settled.Value;
        return at < Math.Min(span.EndsAt, LastInstant) ? (long)Int128.Max(at, nowMicros) : null;
    }

    private static NanoUsd? Amount(Int128 nanos) => nanos <= long.MaxValue ? new NanoUsd((long)nanos) : null;
}
