namespace Spendra.Core.Budgets;

/// <summary>
/// Turns an instant into the window that holds it. Windows are civil: they start at the first instant of a day
/// in the budget's zone, so a day has 23, 24 or 25 hours when clocks change, and windows of one budget touch
/// without gap or overlap.
/// </summary>
public static class BudgetCalendar
{
    private const long MicrosPerSecond = 1_000_000;

    // No zone is further from UTC; TimeZoneInfo allows no more.
    private const long MaxOffsetSeconds = 14 * 3_600;

    /// <summary>The window that holds the instant, or null when a fixed range does not.</summary>
    /// <exception cref="ArgumentException">The period is incomplete.</exception>
    public static WindowSpan? WindowAt(Period period, TimeZoneInfo zone, long atMicros)
    {
        if (period.Kind == PeriodKind.Total) return new WindowSpan(0, WindowSpan.Never);
        if (period.Kind == PeriodKind.Range)
        {
            if (period is not { RangeStart: { } from, RangeEnd: { } to } || from >= to)
                throw new ArgumentException("a range needs a start before its end", nameof(period));
            var range = Span(from, to, zone);
            return range.Contains(atMicros) ? range : null;
        }

        var today = DayOf(zone, atMicros);
        var start = FirstDay(period, today);
        var window = Span(start, NextFirstDay(period, start), zone);
        // Clocks that were put back over midnight show the old date again after the new day has begun, and a day
        // that was skipped has no instant: go on until the span holds the instant.
        while (atMicros >= window.EndsAt)
        {
            start = NextFirstDay(period, start);
            window = Span(start, NextFirstDay(period, start), zone);
        }
        return window;
    }

    /// <summary>
    /// Microseconds since the Unix epoch of the first instant at which the zone's clocks show the day or a later
    /// one. A day that was skipped begins, and ends, with the day after it.
    /// </summary>
    /// <remarks>
    /// Rests on the zone's mapping from UTC alone. The questions about local times (invalid? ambiguous?) look only
    /// at daylight saving and miss changes of the standard time, such as Samoa's over the date line.
    /// </remarks>
    public static long FirstInstant(DateOnly day, TimeZoneInfo zone)
    {
        var midnight = Seconds(day.ToDateTime(TimeOnly.MinValue));
        // The day begins between these two, whatever the offset; clocks change at most once in between.
        var before = Math.Max(midnight - MaxOffsetSeconds, Seconds(DateTime.MinValue));
        var after = Math.Min(midnight + MaxOffsetSeconds, Seconds(DateTime.MaxValue));
        var (oldOffset, newOffset) = (OffsetSeconds(zone, before), OffsetSeconds(zone, after));
        if (oldOffset == newOffset) return (midnight - oldOffset) * MicrosPerSecond;
        while (after - before > 1)
        {
            var middle = before + (after - before) / 2;
            if (OffsetSeconds(zone, middle) == oldOffset) before = middle;
            else after = middle;
        }
        var byOldClock = midnight - oldOffset;
        // The change itself lands on the new day when it jumps over midnight; otherwise midnight comes later.
        return (byOldClock < after ? byOldClock : Math.Max(after, midnight - newOffset)) * MicrosPerSecond;
    }

    private static WindowSpan Span(DateOnly from, DateOnly to, TimeZoneInfo zone) =>
        new(FirstInstant(from, zone), FirstInstant(to, zone));

    private static DateOnly DayOf(TimeZoneInfo zone, long atMicros)
    {
        var utc = DateTime.UnixEpoch.AddTicks(checked(atMicros * TimeSpan.TicksPerMicrosecond));
        return DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(utc, zone));
    }

    private static DateOnly FirstDay(Period period, DateOnly day) => period.Kind switch
    {
        PeriodKind.Day => day,
        PeriodKind.Week => day.AddDays(-(((int)day.DayOfWeek - (int)period.WeekStart + 7) % 7)),
        PeriodKind.Month => new DateOnly(day.Year, day.Month, 1),
        PeriodKind.Quarter => FirstOfMonth(day).AddMonths(-(FiscalMonth(period, day) % 3)),
        PeriodKind.Year => FirstOfMonth(day).AddMonths(-FiscalMonth(period, day)),
        PeriodKind.Range or PeriodKind.Total => throw new ArgumentException("not a recurring period", nameof(period)),
    };

    private static DateOnly NextFirstDay(Period period, DateOnly first) => period.Kind switch
    {
        PeriodKind.Day => first.AddDays(1),
        PeriodKind.Week => first.AddDays(7),
        PeriodKind.Month => first.AddMonths(1),
        PeriodKind.Quarter => first.AddMonths(3),
        PeriodKind.Year => first.AddMonths(12),
        PeriodKind.Range or PeriodKind.Total => throw new ArgumentException("not a recurring period", nameof(period)),
    };

    private static DateOnly FirstOfMonth(DateOnly day) => new(day.Year, day.Month, 1);

    /// <summary>Months since the fiscal year began: 0..11.</summary>
    private static int FiscalMonth(Period period, DateOnly day) => (day.Month - period.FiscalStartMonth + 12) % 12;

    private static long Seconds(DateTime utc) => (utc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond;

    private static long OffsetSeconds(TimeZoneInfo zone, long utcSeconds) =>
        zone.GetUtcOffset(DateTime.UnixEpoch.AddTicks(utcSeconds * TimeSpan.TicksPerSecond)).Ticks / TimeSpan.TicksPerSecond;
}
