namespace Spendra.Core.Rollups;

/// <summary>How much time one row adds up. Numbers are stored and never change.</summary>
public enum RollupSpan
{
    Hour = 0,

    /// <summary>A day in UTC; days of another time zone are added up from hours.</summary>
    Day = 1,
}

public static class RollupSpans
{
    private const long HourMicros = 3_600_000_000;
    private const long DayMicros = 24 * HourMicros;

    public static long LengthOf(RollupSpan span) => span == RollupSpan.Day ? DayMicros : HourMicros;

    /// <summary>The beginning of the span that an instant is in; both in microseconds since the Unix epoch.</summary>
    public static long StartOf(RollupSpan span, long atMicros)
    {
        var length = LengthOf(span);
        var rest = atMicros % length;
        return atMicros - (rest < 0 ? rest + length : rest);
    }
}
