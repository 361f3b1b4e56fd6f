namespace Spendra.Core.Budgets;

/// <summary>
/// Turns an instant into the window that holds it. Windows are civil: they start at the first instant of a day
/// in the budget's zone, so a day has 23, 24 or 25 hours when clocks change, and windows of one budget touch
/// without gap or overlap.
/// </summary>
public static class BudgetCalendar
{
    private const long MicrosPerTick = TimeSpan.TicksPerMicrosecond;

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
        // A zone may skip or repeat hours around midnight, so that the civil date of an instant and the first
        // instant of that date disagree by one window. The span decides.
        if (atMicros < window.StartsAt) return Span(FirstDay(period, start.AddDays(-1)), start, zone);
        if (atMicros >= window.EndsAt)
        {
            var next = NextFirstDay(period, start);
            return Span(next, NextFirstDay(period, next), zone);
        }
        return window;
    }

    /// <summary>Microseconds since the Unix epoch of the first instant of a civil day in a zone.</summary>
    public static long FirstInstant(DateOnly day, TimeZoneInfo zone)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        // Clocks that jump over midnight: the day begins when the jump lands.
        if (zone.IsInvalidTime(midnight)) return Micros(EndOfGap(midnight, zone));
        // Clocks that pass midnight twice: the day begins the first time, which has the greater offset.
        var offset = zone.IsAmbiguousTime(midnight)
            ? zone.GetAmbiguousTimeOffsets(midnight).Max()
            : zone.GetUtcOffset(midnight);
        return Micros(midnight - offset);
    }

    private static DateTime EndOfGap(DateTime invalid, TimeZoneInfo zone)
    {
        // The offset before the gap maps the invalid time to the instant at which the jump has just happened,
        // plus however long after the gap's start the invalid time would have been.
        var gapStart = invalid;
        while (zone.IsInvalidTime(gapStart.AddMinutes(-1))) gapStart = gapStart.AddMinutes(-1);
        return gapStart - zone.GetUtcOffset(gapStart.AddMinutes(-1));
    }

    private static WindowSpan Span(DateOnly from, DateOnly to, TimeZoneInfo zone) =>
        new(FirstInstant(from, zone), FirstInstant(to, zone));

    private static DateOnly DayOf(TimeZoneInfo zone, long atMicros)
    {
        var utc = DateTime.UnixEpoch.AddTicks(checked(atMicros * MicrosPerTick));
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

    private static long Micros(DateTime utc) => (utc - DateTime.UnixEpoch).Ticks / MicrosPerTick;
}
