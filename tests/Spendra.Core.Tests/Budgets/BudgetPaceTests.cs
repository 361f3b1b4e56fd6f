using CsCheck;
using Spendra.Core.Budgets;
using Spendra.Core.Money;

namespace Spendra.Core.Tests.Budgets;

/// <summary>Where a window is going.</summary>
public sealed class BudgetPaceTests
{
    private const long Day = 86_400_000_000;

    private static readonly WindowSpan Month = new(100 * Day, 130 * Day);

    [Fact]
    public void A_third_of_the_way_three_times_as_much_is_to_come()
    {
        var pace = Pace(limit: 4_000, settled: 1_000, now: 110 * Day)!;

        pace.Should().Be(new BudgetPace(new NanoUsd(100), new NanoUsd(3_000), ExhaustedAt: null));
        Pace(limit: 2_000, settled: 1_000, now: 110 * Day)!.ExhaustedAt.Should().Be(120 * Day);
        Pace(limit: 2_001, settled: 1_000, now: 110 * Day)!.ExhaustedAt.Should().Be(120 * Day + Day / 100);
        Pace(limit: 3_000, settled: 1_000, now: 110 * Day)!.ExhaustedAt.Should().BeNull("the window ends at that instant");
    }

    [Fact]
    public void A_budget_that_was_made_in_the_middle_counts_from_then_on()
    {
        var pace = BudgetPace.Of(Month, 105 * Day, new NanoUsd(9_000), new NanoUsd(1_000), NanoUsd.Zero, 110 * Day)!;

        pace.PerDay.Should().Be(new NanoUsd(200));
        pace.AtEnd.Should().Be(new NanoUsd(5_000));
    }

    [Fact]
    public void What_is_held_counts_for_being_exhausted_and_not_for_the_pace()
    {
        var pace = BudgetPace.Of(Month, 0, new NanoUsd(2_000), new NanoUsd(1_000), new NanoUsd(1_000), 110 * Day)!;

        pace.ExhaustedAt.Should().Be(110 * Day);
        pace.PerDay.Should().Be(new NanoUsd(100));
    }

    [Fact]
    public void Nothing_is_said_outside_the_window_and_of_nothing_spent()
    {
        Pace(limit: 1, settled: 0, now: 100 * Day).Should().BeNull("nothing could have been spent yet");
        Pace(limit: 1, settled: 0, now: 130 * Day).Should().BeNull();
        Pace(limit: 1, settled: 0, now: 110 * Day).Should().Be(new BudgetPace(NanoUsd.Zero, NanoUsd.Zero, null));
        Pace(limit: 0, settled: 0, now: 110 * Day)!.ExhaustedAt.Should().Be(110 * Day);
    }

    [Fact]
    public void A_window_without_end_has_a_pace_and_no_end()
    {
        var pace = BudgetPace.Of(new WindowSpan(0, WindowSpan.Never), 100 * Day, new NanoUsd(1_000), new NanoUsd(10), NanoUsd.Zero, 110 * Day)!;

        pace.Should().Be(new BudgetPace(new NanoUsd(1), null, 1_100 * Day));
        BudgetPace.Of(new WindowSpan(0, WindowSpan.Never), 0, new NanoUsd(long.MaxValue), new NanoUsd(1), NanoUsd.Zero, Day)!
            .ExhaustedAt.Should().BeNull("no calendar has that day");
    }

    [Fact]
    public void At_the_instant_that_is_named_the_line_has_reached_the_limit_and_not_before() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue], Gen.Long[1, 30 * Day - 1]).Sample((limit, settled, elapsed) =>
        {
            var pace = Pace(limit, settled, Month.StartsAt + elapsed)!;
            if (settled >= limit) return pace.ExhaustedAt == Month.StartsAt + elapsed;
            if (pace.ExhaustedAt is not { } at) return settled == 0 || LineAt(Month.EndsAt - 1) < limit * (Int128)elapsed;
            return at > Month.StartsAt + elapsed && LineAt(at) >= limit * (Int128)elapsed && LineAt(at - 1) < limit * (Int128)elapsed;

            Int128 LineAt(long instant) => (Int128)settled * (instant - Month.StartsAt);
        }, iter: 100_000);

    private static BudgetPace? Pace(long limit, long settled, long now) =>
        BudgetPace.Of(Month, 0, new NanoUsd(limit), new NanoUsd(settled), NanoUsd.Zero, now);
}
