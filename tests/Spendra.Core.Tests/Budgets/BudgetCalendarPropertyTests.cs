using CsCheck;
using Spendra.Core.Budgets;

namespace Spendra.Core.Tests.Budgets;

public sealed class BudgetCalendarPropertyTests
{
    private static readonly Gen<Period> Recurring = Gen.OneOf(
        Gen.Const(Period.Of(PeriodKind.Day)),
        Gen.Const(Period.Of(PeriodKind.Month)),
        Gen.Int[0, 6].Select(d => Period.Of(PeriodKind.Week) with { WeekStart = (DayOfWeek)d }),
        Gen.Int[1, 12].Select(m => Period.Of(PeriodKind.Quarter) with { FiscalStartMonth = m }),
        Gen.Int[1, 12].Select(m => Period.Of(PeriodKind.Year) with { FiscalStartMonth = m }));

    private static readonly Gen<(Period Period, TimeZoneInfo Zone, long At)> Cases =
        from period in Recurring
        from zone in Zones.Any
        from at in Zones.InstantIn(zone)
        select (period, zone, at);

    [Fact]
    public void Window_contains_its_instant() => Check(c => At(c, c.At).Contains(c.At));

    [Fact]
    public void Windows_touch_without_gap_or_overlap() => Check(c =>
    {
        var window = At(c, c.At);
        return At(c, window.EndsAt).StartsAt == window.EndsAt && At(c, window.StartsAt - 1).EndsAt == window.StartsAt;
    });

    [Fact]
    public void Every_instant_of_a_window_yields_that_window() =>
        Cases.SelectMany(c =>
        {
            var window = At(c, c.At);
            return Gen.Long[window.StartsAt, window.EndsAt - 1].Select(other => (Case: c, Window: window, Other: other));
        }).Sample(
            x => At(x.Case, x.Other) == x.Window && At(x.Case, x.Window.StartsAt) == x.Window
                && At(x.Case, x.Window.EndsAt - 1) == x.Window,
            iter: 10_000, print: x => Print(x.Case));

    [Fact]
    public void Window_begins_with_the_first_instant_of_a_civil_day() => Check(c =>
    {
        var start = At(c, c.At).StartsAt;
        var day = Zones.Date(c.Zone, start);
        if (Zones.Date(c.Zone, start - 1) >= day) return false;
        // Clocks are put back by a day at the most: nowhere in the two days before had that date begun.
        for (var earlier = start - 48 * Zones.Hour; earlier < start; earlier += 15 * Zones.Minute)
        {
            if (Zones.Date(c.Zone, earlier) >= day) return false;
        }
        return true;
    }, iter: 4_000);

    [Fact]
    public void Window_begins_on_the_day_that_its_period_names() => Check(c =>
    {
        var start = At(c, c.At).StartsAt;
        if (c.Zone.Id == "Pacific/Apia" && start == Zones.Utc(2011, 12, 30, 10)) return true; // the day was skipped
        if (c.Zone.Id == "Pacific/Kiritimati" && Zones.Date(c.Zone, start - 1).AddDays(2) == Zones.Date(c.Zone, start)) return true;
        if (c.Zone.Id == "Pacific/Kwajalein" && Zones.Date(c.Zone, start - 1).AddDays(2) == Zones.Date(c.Zone, start)) return true;
        var day = Zones.Date(c.Zone, start);
        return c.Period.Kind switch
        {
            PeriodKind.Day => true,
            PeriodKind.Week => day.DayOfWeek == c.Period.WeekStart,
            PeriodKind.Month => day.Day == 1,
            PeriodKind.Quarter => day.Day == 1 && (day.Month - c.Period.FiscalStartMonth + 12) % 3 == 0,
            PeriodKind.Year => day.Day == 1 && day.Month == c.Period.FiscalStartMonth,
            PeriodKind.Range or PeriodKind.Total => false,
        };
    });

    [Fact]
    public void Window_is_as_long_as_its_period() => Check(c =>
    {
        var window = At(c, c.At);
        var days = Zones.Date(c.Zone, window.EndsAt).DayNumber - Zones.Date(c.Zone, window.StartsAt).DayNumber;
        return c.Period.Kind switch
        {
            PeriodKind.Day => days is 1 or 2 && window.EndsAt - window.StartsAt is >= 21 * Zones.Hour and <= 27 * Zones.Hour,
            PeriodKind.Week => days is >= 6 and <= 8,
            PeriodKind.Month => days is >= 28 and <= 32,
            PeriodKind.Quarter => days is >= 89 and <= 93,
            PeriodKind.Year => days is >= 364 and <= 367,
            PeriodKind.Range or PeriodKind.Total => false,
        };
    });

    [Fact]
    public void Days_around_every_change_of_clocks_of_every_zone_begin_with_their_date()
    {
        var checkedDays = 0;
        foreach (var zone in TimeZoneInfo.GetSystemTimeZones())
        {
            foreach (var change in Zones.Changes(zone, 2000, 2040))
            {
                for (var by = -1; by <= 2; by++, checkedDays++)
                {
                    var day = DateOnly.FromDateTime(DateTime.UnixEpoch.AddDays(change / Zones.Day + by));
                    var start = BudgetCalendar.FirstInstant(day, zone);
                    (Zones.Date(zone, start) >= day && Zones.Date(zone, start - 1) < day)
                        .Should().BeTrue($"{day} in {zone.Id} does not begin at {Zones.Text(start)}");
                }
            }
        }
        checkedDays.Should().BeGreaterThan(10_000, "the machine has a time zone database");
    }

    [Fact]
    public void Days_of_a_range_are_the_civil_days_of_its_zone() =>
        (from zone in Zones.Any
         from at in Zones.InstantIn(zone)
         from days in Gen.Int[1, 400]
         from probe in Gen.Long[-500 * Zones.Day, 500 * Zones.Day]
         select (zone, at, days, probe)).Sample(c =>
        {
            var from = Zones.Date(c.zone, c.at);
            var period = Period.Of(PeriodKind.Range) with { RangeStart = from, RangeEnd = from.AddDays(c.days) };
            var window = BudgetCalendar.WindowAt(period, c.zone, c.at + c.probe);
            var day = BudgetCalendar.WindowAt(Period.Of(PeriodKind.Day), c.zone, c.at + c.probe)!.Value;
            var inside = day.StartsAt >= BudgetCalendar.FirstInstant(from, c.zone)
                && day.EndsAt <= BudgetCalendar.FirstInstant(from.AddDays(c.days), c.zone);
            return window.HasValue == inside && (window is not { } w || w.Contains(c.at + c.probe));
        }, iter: 5_000);

    private static WindowSpan At((Period Period, TimeZoneInfo Zone, long At) c, long at) =>
        BudgetCalendar.WindowAt(c.Period, c.Zone, at)!.Value;

    private static void Check(Func<(Period Period, TimeZoneInfo Zone, long At), bool> holds, int iter = 10_000) =>
        Cases.Sample(holds, iter: iter, print: Print);

    private static string Print((Period Period, TimeZoneInfo Zone, long At) c) =>
        $"{c.Period.Kind} {c.Period.WeekStart} {c.Period.FiscalStartMonth} in {c.Zone.Id} at {Zones.Text(c.At)}: "
        + $"{Zones.Text(At(c, c.At).StartsAt)} .. {Zones.Text(At(c, c.At).EndsAt)}";
}
