using System.Collections.Immutable;
using CsCheck;
using Spendra.Core.Alerts;
using Spendra.Core.Money;

namespace Spendra.Core.Tests.Alerts;

/// <summary>What is usual by the hour, and what is far above it.</summary>
public sealed class AnomalyTests
{
    private static readonly Gen<long[]> Past = Gen.Long[0, long.MaxValue].Array[Anomaly.LeastHours, 168];

    [Fact]
    public void Nine_deviations_above_the_median_is_not_usual_any_more()
    {
        long[] past = [.. Enumerable.Repeat(100L, 9), .. Enumerable.Repeat(80L, 8), .. Enumerable.Repeat(120L, 8)];

        Anomaly.Of(past, 0).Should().Be(new AnomalyLevel(100, 280, 190));
        Anomaly.Of(past, 500).Should().Be(new AnomalyLevel(100, 600, 350), "nobody wants to hear of less");
    }

    [Fact]
    public void Spend_that_never_varies_may_vary_a_little()
    {
        Anomaly.Of([.. Enumerable.Repeat(1_000L, 24)], 0).Should().Be(new AnomalyLevel(1_000, 1_900, 1_450));
        Anomaly.Of([.. Enumerable.Repeat(0L, 24)], 5).Should().Be(new AnomalyLevel(0, 5, 2));
    }

    [Fact]
    public void Less_than_a_day_is_not_enough_to_know() => Anomaly.Of([.. Enumerable.Repeat(1L, 23)], 0).Should().BeNull();

    [Fact]
    public void Of_an_even_number_of_hours_the_middle_two_count() =>
        Anomaly.Of([.. Enumerable.Repeat(10L, 12), .. Enumerable.Repeat(21L, 12)], 0)!.Median.Should().Be(15);

    [Fact]
    public void A_known_anomaly_is_over_half_way_back()
    {
        var level = new AnomalyLevel(100, 280, 190);
        level.IsPassedBy(280, isKnown: false).Should().BeFalse();
        level.IsPassedBy(281, isKnown: false).Should().BeTrue();
        level.IsPassedBy(191, isKnown: true).Should().BeTrue();
        level.IsPassedBy(190, isKnown: true).Should().BeFalse();
    }

    [Fact]
    public void What_is_negative_is_no_activity()
    {
        FluentActions.Invoking(() => Anomaly.Of([.. Enumerable.Repeat(-1L, 24)], 0)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Anomaly.Of([.. Enumerable.Repeat(1L, 24)], -1)).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void The_order_of_hours_does_not_matter_and_no_number_overflows() => Gen.Select(Past, Gen.Long[0, long.MaxValue]).Sample((past, excess) =>
    {
        var level = Anomaly.Of(past, excess)!;
        return level == Anomaly.Of([.. past.Reverse()], excess) && level == Anomaly.Of([.. past.OrderDescending()], excess)
            && level.Median <= level.Floor && level.Floor <= level.Ceiling;
    });

    [Fact]
    public void An_hour_that_was_usual_before_is_usual() => Gen.Select(Gen.Long[0, long.MaxValue], Gen.Int[24, 168]).Sample((hour, hours) =>
        !Anomaly.Of([.. Enumerable.Repeat(hour, hours)], 0)!.IsPassedBy(hour, isKnown: true));

    // The reason why mean and standard deviation are not used.
    [Fact]
    public void Wild_hours_that_are_fewer_than_half_do_not_hide_another() => Gen.Select(Gen.Long[1, 1_000_000], Gen.Int[0, 11], Gen.Long[0, long.MaxValue]).Sample((usual, wild, how) =>
    {
        long[] past = [.. Enumerable.Repeat(usual, 24 - wild), .. Enumerable.Repeat(how, wild)];
        return Anomaly.Of(past, 0)!.IsPassedBy(usual * 2, isKnown: false);
    });

    [Fact]
    public void A_hundredfold_currency_has_hundredfold_levels() => Gen.Long[0, 1_000_000].Array[24, 48].Sample(past =>
    {
        // In steps of ten, so that nothing is rounded.
        var (one, hundred) = (Anomaly.Of([.. past.Select(p => p * 20)], 0)!, Anomaly.Of([.. past.Select(p => p * 2_000)], 0)!);
        return hundred == new AnomalyLevel(one.Median * 100, one.Ceiling * 100, one.Floor * 100);
    });

    [Fact]
    public void Spend_and_refusals_are_judged_with_what_is_worth_hearing_of()
    {
        var id = new Guid("00000000-0000-8000-8000-000000000001");
        var spend = new HourlyActivity(id, "team/search", [.. Enumerable.Repeat(0L, 24)], NanoUsd.FromUsd(1).Value, 7);
        ActivityAlerts.BurnRate(spend, []).Should().BeNull();
        var burning = ActivityAlerts.BurnRate(spend with { Hour = spend.Hour + 1 }, [])!;
        burning.Should().Match<StandingAlert>(a => a.Kind == AlertKind.BurnRate && a.ScopeId == id && a.Subject == "team/search" && a.Key == $"burn_rate:{id}");
        burning.Facts.Should().Equal(new AlertFact("hourUsd", "1.000000001"), new AlertFact("usualUsd", "0"), new AlertFact("ceilingUsd", "1"));
        ActivityAlerts.BurnRate(spend, [burning.Key]).Should().NotBeNull("it is not half way back");

        var refusals = new HourlyActivity(null, "organization", [.. Enumerable.Repeat(0L, 24)], 20, 7);
        ActivityAlerts.UnusualRefusals(refusals, []).Should().BeNull();
        ActivityAlerts.UnusualRefusals(refusals with { Hour = 21 }, [])!.Facts.Should().Equal(new AlertFact("refusals", "21"), new AlertFact("usual", "0"), new AlertFact("ceiling", "20"));
        ActivityAlerts.UnusualRefusals(refusals with { Past = ImmutableArray<long>.Empty, Hour = 1_000 }, []).Should().BeNull();
    }
}
