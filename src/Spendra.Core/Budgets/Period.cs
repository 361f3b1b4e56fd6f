namespace Spendra.Core.Budgets;

public enum PeriodKind
{
    Day,
    Week,
    Month,
    Quarter,
    Year,
    /// <summary>One window from <see cref="Period.RangeStart"/> to <see cref="Period.RangeEnd"/>.</summary>
    Range,
    /// <summary>One window that never ends.</summary>
    Total,
}

/// <summary>
/// How a budget's time is cut into windows. Civil days, weeks and months are those of the budget's time zone.
/// </summary>
public sealed record Period
{
    public required PeriodKind Kind { get; init; }

    /// <summary>First day of a week; used by <see cref="PeriodKind.Week"/>.</summary>
    public DayOfWeek WeekStart { get; init; } = DayOfWeek.Monday;

    /// <summary>First month (1..12) of the fiscal year; used by quarter and year.</summary>
    public int FiscalStartMonth { get; init; } = 1;

    /// <summary>First day of a range, inclusive.</summary>
    public DateOnly? RangeStart { get; init; }

    /// <summary>Day after the last day of a range, exclusive.</summary>
    public DateOnly? RangeEnd { get; init; }

    public static Period Of(PeriodKind kind) => new() { Kind = kind };
}

/// <summary>A window's span in microseconds since the Unix epoch: start inclusive, end exclusive.</summary>
public readonly record struct WindowSpan(long StartsAt, long EndsAt)
{
    /// <summary>The end of a window that never ends.</summary>
    public const long Never = long.MaxValue;

    public bool Contains(long atMicros) => atMicros >= StartsAt && atMicros < EndsAt;
}
