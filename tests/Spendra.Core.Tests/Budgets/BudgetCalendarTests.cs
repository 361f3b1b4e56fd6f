using Spendra.Core.Budgets;
using static Spendra.Core.Tests.Budgets.Zones;

namespace Spendra.Core.Tests.Budgets;

public sealed class BudgetCalendarTests
{
    [Theory]
    // zone, an instant, first instant of its day, first instant of the next: all UTC
    [InlineData("UTC", "2024-02-29T23:59:59Z", "2024-02-29T00:00Z", "2024-03-01T00:00Z")]
    [InlineData("Asia/Kolkata", "2024-02-29T18:30:00Z", "2024-02-29T18:30Z", "2024-03-01T18:30Z")]
    [InlineData("Asia/Kolkata", "2024-02-29T18:29:59Z", "2024-02-28T18:30Z", "2024-02-29T18:30Z")]
    // 23 and 25 hours
    [InlineData("America/New_York", "2024-03-10T12:00:00Z", "2024-03-10T05:00Z", "2024-03-11T04:00Z")]
    [InlineData("America/New_York", "2024-11-03T12:00:00Z", "2024-11-03T04:00Z", "2024-11-04T05:00Z")]
    [InlineData("Europe/Berlin", "2024-03-31T12:00:00Z", "2024-03-30T23:00Z", "2024-03-31T22:00Z")]
    [InlineData("Europe/Berlin", "2024-10-27T12:00:00Z", "2024-10-26T22:00Z", "2024-10-27T23:00Z")]
    // half an hour, two hours
    [InlineData("Australia/Lord_Howe", "2024-04-07T00:00:00Z", "2024-04-06T13:00Z", "2024-04-07T13:30Z")]
    [InlineData("Australia/Lord_Howe", "2024-10-06T00:00:00Z", "2024-10-05T13:30Z", "2024-10-06T13:00Z")]
    [InlineData("Antarctica/Troll", "2024-03-31T12:00:00Z", "2024-03-31T00:00Z", "2024-03-31T22:00Z")]
    [InlineData("Antarctica/Troll", "2024-10-27T12:00:00Z", "2024-10-26T22:00Z", "2024-10-28T00:00Z")]
    // clocks that jump over midnight: the day begins at one
    [InlineData("America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00Z", "2018-11-05T02:00Z")]
    [InlineData("Africa/Cairo", "2023-04-28T12:00:00Z", "2023-04-27T22:00Z", "2023-04-28T21:00Z")]
    [InlineData("Asia/Beirut", "2024-03-31T12:00:00Z", "2024-03-30T22:00Z", "2024-03-31T21:00Z")]
    [InlineData("America/Havana", "2024-03-10T12:00:00Z", "2024-03-10T05:00Z", "2024-03-11T04:00Z")]
    // clocks put back at midnight: the evening repeats, the old day has 25 hours
    [InlineData("America/Sao_Paulo", "2018-02-18T02:30:00Z", "2018-02-17T02:00Z", "2018-02-18T03:00Z")]
    [InlineData("Africa/Cairo", "2023-10-26T21:30:00Z", "2023-10-25T21:00Z", "2023-10-26T22:00Z")]
    [InlineData("Asia/Beirut", "2024-10-26T21:30:00Z", "2024-10-25T21:00Z", "2024-10-26T22:00Z")]
    // clocks put back to midnight: the new day has its first hour twice
    [InlineData("America/Havana", "2024-11-03T05:30:00Z", "2024-11-03T04:00Z", "2024-11-04T05:00Z")]
    // put back one minute after midnight: a new day that has begun does not end again
    [InlineData("America/St_Johns", "2010-11-07T02:30:00Z", "2010-11-07T02:30Z", "2010-11-08T03:30Z")]
    [InlineData("America/St_Johns", "2010-11-07T03:00:00Z", "2010-11-07T02:30Z", "2010-11-08T03:30Z")]
    [InlineData("America/St_Johns", "2010-11-07T02:29:59Z", "2010-11-06T02:30Z", "2010-11-07T02:30Z")]
    // standard time itself moved
    [InlineData("Asia/Pyongyang", "2015-08-14T15:15:00Z", "2015-08-13T15:00Z", "2015-08-14T15:30Z")]
    [InlineData("Asia/Pyongyang", "2018-05-04T12:00:00Z", "2018-05-03T15:30Z", "2018-05-04T15:00Z")]
    // Samoa crossed the date line: 30 December 2011 did not happen
    [InlineData("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00Z", "2011-12-30T10:00Z")]
    [InlineData("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z")]
    [InlineData("Pacific/Apia", "2011-12-31T10:00:00Z", "2011-12-31T10:00Z", "2012-01-01T10:00Z")]
    public void Day_is_the_civil_day_of_the_zone(string zone, string at, string start, string end) =>
        WindowAt(Period.Of(PeriodKind.Day), zone, at).Should().Be(Span(start, end));

    [Theory]
    [InlineData("America/New_York", 2024, 3, 10, 23)]
    [InlineData("America/New_York", 2024, 11, 3, 25)]
    [InlineData("Antarctica/Troll", 2024, 3, 31, 22)]
    [InlineData("Antarctica/Troll", 2024, 10, 27, 26)]
    [InlineData("Pacific/Apia", 2011, 12, 30, 0)]
    [InlineData("Pacific/Apia", 2011, 12, 31, 24)]
    public void Civil_day_has_as_many_hours_as_its_clocks_show(string zone, int year, int month, int day, int hours)
    {
        var date = new DateOnly(year, month, day);
        var length = BudgetCalendar.FirstInstant(date.AddDays(1), Of(zone)) - BudgetCalendar.FirstInstant(date, Of(zone));
        length.Should().Be(hours * Hour);
    }

    [Theory]
    [InlineData(DayOfWeek.Monday, "2026-03-02")]
    [InlineData(DayOfWeek.Tuesday, "2026-03-03")]
    [InlineData(DayOfWeek.Wednesday, "2026-03-04")]
    [InlineData(DayOfWeek.Thursday, "2026-02-26")]
    [InlineData(DayOfWeek.Friday, "2026-02-27")]
    [InlineData(DayOfWeek.Saturday, "2026-02-28")]
    [InlineData(DayOfWeek.Sunday, "2026-03-01")]
    public void Week_starts_on_the_chosen_day(DayOfWeek weekStart, string monday)
    {
        var start = DateOnly.Parse(monday);
        var window = WindowAt(Period.Of(PeriodKind.Week) with { WeekStart = weekStart }, "UTC", "2026-03-04T12:00Z");
        window.Should().Be(Span($"{start:yyyy-MM-dd}T00:00Z", $"{start.AddDays(7):yyyy-MM-dd}T00:00Z"));
    }

    [Fact]
    public void Week_starts_on_monday_unless_told_otherwise() =>
        Period.Of(PeriodKind.Week).WeekStart.Should().Be(DayOfWeek.Monday);

    [Theory]
    [InlineData("UTC", "2024-02-10T00:00Z", "2024-02-01T00:00Z", "2024-03-01T00:00Z")]
    [InlineData("UTC", "2023-02-28T23:59Z", "2023-02-01T00:00Z", "2023-03-01T00:00Z")]
    [InlineData("UTC", "2100-02-28T23:59Z", "2100-02-01T00:00Z", "2100-03-01T00:00Z")]
    [InlineData("UTC", "2026-12-31T23:59Z", "2026-12-01T00:00Z", "2027-01-01T00:00Z")]
    [InlineData("America/New_York", "2026-03-01T04:59Z", "2026-02-01T05:00Z", "2026-03-01T05:00Z")]
    [InlineData("America/New_York", "2026-03-01T05:00Z", "2026-03-01T05:00Z", "2026-04-01T04:00Z")]
    [InlineData("Europe/Berlin", "2026-10-31T22:59Z", "2026-09-30T22:00Z", "2026-10-31T23:00Z")]
    [InlineData("Pacific/Apia", "2011-12-20T00:00Z", "2011-12-01T10:00Z", "2011-12-31T10:00Z")]
    public void Month_runs_from_first_to_first(string zone, string at, string start, string end) =>
        WindowAt(Period.Of(PeriodKind.Month), zone, at).Should().Be(Span(start, end));

    [Theory]
    [InlineData(1, "2026-05-15T00:00Z", "2026-04-01", "2026-07-01")]
    [InlineData(2, "2026-05-15T00:00Z", "2026-05-01", "2026-08-01")]
    [InlineData(3, "2026-05-15T00:00Z", "2026-03-01", "2026-06-01")]
    [InlineData(4, "2026-01-31T00:00Z", "2026-01-01", "2026-04-01")]
    [InlineData(11, "2026-01-31T00:00Z", "2025-11-01", "2026-02-01")]
    [InlineData(12, "2026-01-01T00:00Z", "2025-12-01", "2026-03-01")]
    public void Quarter_counts_from_the_fiscal_year(int startMonth, string at, string start, string end) =>
        WindowAt(Period.Of(PeriodKind.Quarter) with { FiscalStartMonth = startMonth }, "UTC", at)
            .Should().Be(Span($"{start}T00:00Z", $"{end}T00:00Z"));

    [Theory]
    [InlineData(1, "2026-12-31T23:59Z", "2026-01-01", "2027-01-01")]
    [InlineData(4, "2026-03-31T23:59Z", "2025-04-01", "2026-04-01")]
    [InlineData(4, "2026-04-01T00:00Z", "2026-04-01", "2027-04-01")]
    [InlineData(10, "2024-02-29T12:00Z", "2023-10-01", "2024-10-01")]
    [InlineData(12, "2026-11-30T23:59Z", "2025-12-01", "2026-12-01")]
    public void Year_starts_with_its_fiscal_month(int startMonth, string at, string start, string end) =>
        WindowAt(Period.Of(PeriodKind.Year) with { FiscalStartMonth = startMonth }, "UTC", at)
            .Should().Be(Span($"{start}T00:00Z", $"{end}T00:00Z"));

    [Fact]
    public void Range_holds_its_days_and_nothing_else()
    {
        var period = Range("2026-03-05", "2026-03-09");
        var span = Span("2026-03-05T05:00Z", "2026-03-09T04:00Z");
        WindowAt(period, "America/New_York", "2026-03-05T05:00Z").Should().Be(span);
        WindowAt(period, "America/New_York", "2026-03-09T03:59:59Z").Should().Be(span);
        WindowAt(period, "America/New_York", "2026-03-05T04:59:59Z").Should().BeNull();
        WindowAt(period, "America/New_York", "2026-03-09T04:00Z").Should().BeNull();
    }

    [Fact]
    public void Range_of_a_day_that_did_not_happen_holds_nothing()
    {
        var period = Range("2011-12-30", "2011-12-31");
        for (var at = Utc(2011, 12, 28); at < Utc(2012, 1, 2); at += Hour)
            BudgetCalendar.WindowAt(period, Of("Pacific/Apia"), at).Should().BeNull();
    }

    public static TheoryData<string?, string?> BrokenRanges => new()
    {
        { null, null }, { "2026-01-01", null }, { null, "2026-01-01" }, { "2026-01-01", "2026-01-01" },
        { "2026-01-02", "2026-01-01" },
    };

    [Theory]
    [MemberData(nameof(BrokenRanges))]
    public void Range_needs_a_start_before_its_end(string? from, string? to) =>
        FluentActions.Invoking(() => WindowAt(Range(from, to), "UTC", "2026-01-01T00:00Z"))
            .Should().Throw<ArgumentException>();

    [Fact]
    public void Total_never_ends()
    {
        var window = BudgetCalendar.WindowAt(Period.Of(PeriodKind.Total), Of("Asia/Kolkata"), Utc(2026, 1, 1));
        window.Should().Be(new WindowSpan(0, WindowSpan.Never));
        window!.Value.Contains(Utc(2100, 1, 1)).Should().BeTrue();
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void Instant_beyond_every_calendar_is_a_bug(long atMicros) =>
        FluentActions.Invoking(() => BudgetCalendar.WindowAt(Period.Of(PeriodKind.Month), TimeZoneInfo.Utc, atMicros))
            .Should().Throw<OverflowException>();

    [Fact]
    public void Span_includes_its_start_and_excludes_its_end()
    {
        var span = new WindowSpan(10, 20);
        span.Contains(9).Should().BeFalse();
        span.Contains(10).Should().BeTrue();
        span.Contains(19).Should().BeTrue();
        span.Contains(20).Should().BeFalse();
    }

    private static Period Range(string? from, string? to) => Period.Of(PeriodKind.Range) with
    {
        RangeStart = from is null ? null : DateOnly.Parse(from),
        RangeEnd = to is null ? null : DateOnly.Parse(to),
    };

    private static WindowSpan? WindowAt(Period period, string zone, string at) =>
        BudgetCalendar.WindowAt(period, Of(zone), Instant(at));

    private static WindowSpan Span(string start, string end) => new(Instant(start), Instant(end));

    private static long Instant(string text) => Micros(DateTimeOffset.Parse(text).UtcDateTime);
}
