using CsCheck;
using Spendra.Control.Dashboard.Charts;
using Spendra.Core.Money;

namespace Spendra.Control.Tests.Dashboard;

public sealed class ChartTests
{
    [Fact]
    public void Days_that_are_alike_leave_no_doubt_about_those_to_come()
    {
        var forecast = Forecast.Of([.. Enumerable.Repeat(NanoUsd.FromUsd(2), 10)], days: 30, running: NanoUsd.Zero);
        forecast.Should().Be(new Forecast(NanoUsd.FromUsd(60), NanoUsd.FromUsd(60), NanoUsd.FromUsd(60)));
    }

    [Fact]
    public void Days_that_vary_widen_the_forecast_and_what_is_spent_stays_spent()
    {
        var forecast = Forecast.Of([NanoUsd.FromUsd(0), NanoUsd.FromUsd(10), NanoUsd.FromUsd(2)], days: 4, running: NanoUsd.FromUsd(1))!;
        forecast.Likely.Should().Be(NanoUsd.FromUsd(16));
        forecast.Low.Should().Be(NanoUsd.FromUsd(13), "twelve days' spend and what the running day cost are gone");
        (forecast.High > forecast.Likely).Should().BeTrue();
    }

    [Theory]
    [InlineData(2, 30)]
    [InlineData(30, 30)]
    public void Nothing_is_foretold_from_two_days_or_of_a_month_that_is_over(int spent, int days) =>
        Forecast.Of([.. Enumerable.Repeat(NanoUsd.FromUsd(1), spent)], days, NanoUsd.Zero).Should().BeNull();

    [Fact]
    public void A_forecast_is_in_order_and_never_below_what_was_spent() =>
        Gen.Select(Gen.Long[0, 1_000_000_000_000].List[3, 27], Gen.Long[0, 1_000_000_000_000]).Sample((days, running) =>
        {
            var forecast = Forecast.Of([.. days.Select(d => new NanoUsd(d))], 28, new NanoUsd(running))!;
            return forecast.Low <= forecast.Likely && forecast.Likely <= forecast.High && forecast.Low.Value >= days.Sum() + running;
        });

    [Theory]
    [InlineData(0, 10_000_000)]
    [InlineData(10_000_000, 10_000_000)]
    [InlineData(25_000_000_000, 30_000_000_000)]
    [InlineData(61_000_000_000, 80_000_000_000)]
    [InlineData(81_000_000_000, 100_000_000_000)]
    public void The_top_of_a_chart_is_round_and_not_below_its_largest_amount(long nanos, long top) =>
        Plot.RoundUp(new NanoUsd(nanos)).Value.Should().Be(top);

    [Fact]
    public void Any_amount_has_a_top() =>
        Gen.Long[0, long.MaxValue].Sample(nanos => Plot.RoundUp(new NanoUsd(nanos)).Value >= nanos);
}
