using CsCheck;
using Spendra.Core.Ledger;

namespace Spendra.Core.Tests.Ledger;

public sealed class AccountingPeriodTests
{
    [Theory]
    [InlineData("1970-01", 0)]
    [InlineData("2026-10", 1_790_812_800_000_000)]
    [InlineData("2027-01", 1_798_761_600_000_000)]
    public void A_period_begins_with_its_month(string text, long startsAt)
    {
        AccountingPeriod.TryParse(text, out var period).Should().BeTrue();
        period.StartsAt.Should().Be(startsAt);
        period.ToString().Should().Be(text);
        AccountingPeriod.Of(startsAt).Should().Be(period);
        AccountingPeriod.Of(period.EndsAt - 1).Should().Be(period);
        AccountingPeriod.Of(period.EndsAt).Should().Be(period.Next);
        period.Next.Previous.Should().Be(period);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-13")]
    [InlineData("2026-00")]
    [InlineData("2026-1")]
    [InlineData("2026/10")]
    [InlineData("1969-12")]
    [InlineData("+026-10")]
    [InlineData("2200-01")]
    public void What_is_no_month_is_refused(string text) => AccountingPeriod.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void Periods_are_locked_in_order_after_their_end()
    {
        var (september, october) = (Period("2026-09"), Period("2026-10"));
        new PeriodCalendar([]).Obstacle(october, october.EndsAt).Should().BeNull("closing may begin with any month");
        new PeriodCalendar([]).Obstacle(october, october.EndsAt - 1).Should().Be("2026-10 is not over yet");
        var closed = new PeriodCalendar([new LockedPeriod(september, 5)]);
        closed.Obstacle(september, october.EndsAt).Should().Be("2026-09 is locked already");
        closed.Obstacle(september.Previous, october.EndsAt).Should().Be("2026-08 is locked already");
        closed.Obstacle(october, october.EndsAt).Should().BeNull();
        closed.Obstacle(october.Next, october.Next.EndsAt).Should().Be("2026-10 is locked before 2026-11");
    }

    [Fact]
    public void An_entry_dated_in_a_locked_period_belongs_to_the_next_one()
    {
        var october = Period("2026-10");
        var calendar = new PeriodCalendar([new LockedPeriod(october, 10)]);
        calendar.PeriodOf(10, october.EndsAt - 1, null).Should().Be(october);
        calendar.PeriodOf(11, october.EndsAt - 1, null).Should().Be(october.Next);
        calendar.PeriodOf(11, october.Previous.StartsAt, null).Should().Be(october.Next);
        calendar.PeriodOf(11, october.Next.EndsAt, null).Should().Be(october.Next.Next);
        calendar.PeriodOf(9, october.Next.StartsAt, october).Should().Be(october, "it was booked into it by name");
    }

    [Fact]
    public void The_condition_of_a_period_holds_for_the_entries_that_are_in_it_and_for_no_other()
    {
        var first = Period("2026-01");
        var locks = Gen.Int[0, 5].SelectMany(count => Gen.Long[0, 20].Array[count].Select(steps =>
        {
            var sequence = 0L;
            return steps.Select((step, i) => new LockedPeriod(At(first, i), sequence += step)).ToArray();
        }));
        Gen.Select(locks, Gen.Long[1, 120], Gen.Int[-2, 9], Gen.Long[0, 27 * 86_400_000_000]).Sample((locked, sequence, month, offset) =>
        {
            var calendar = new PeriodCalendar(locked);
            var bookedAt = At(first, month).StartsAt + offset;
            var period = calendar.PeriodOf(sequence, bookedAt, null);
            for (var m = -3; m < 12; m++)
            {
                var span = calendar.SpanOf(At(first, m));
                var isIn = sequence <= span.LastSequence
                    && ((bookedAt >= span.StartsAt && bookedAt < span.EndsAt) || (bookedAt < span.StartsAt && sequence > span.EarlierAfter));
                isIn.Should().Be(At(first, m) == period, $"{At(first, m)} with {string.Join(", ", locked.AsEnumerable())}");
            }
        }, iter: 2_000);
    }

    [Fact]
    public void What_a_locked_period_holds_does_not_change_whatever_is_booked_later()
    {
        var october = Period("2026-10");
        Gen.Select(Gen.Long[11, 200], Gen.Long[0, october.Next.EndsAt]).Sample((sequence, bookedAt) =>
            new PeriodCalendar([new LockedPeriod(october, 10)]).PeriodOf(sequence, bookedAt, null) > october);
    }

    private static AccountingPeriod Period(string text) => AccountingPeriod.TryParse(text, out var period) ? period : throw new FormatException(text);

    private static AccountingPeriod At(AccountingPeriod first, int months)
    {
        for (; months > 0; months--) first = first.Next;
        for (; months < 0; months++) first = first.Previous;
        return first;
    }
}
