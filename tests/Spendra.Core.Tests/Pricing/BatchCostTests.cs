using CsCheck;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Pricing;

/// <summary>Many calls as one: each in its own context band, rounded once.</summary>
public sealed class BatchCostTests
{
    private static readonly Gen<(UnitBound Bound, Usage Usage)> Calls =
        from input in Gen.Long[0, 600_000]
        from output in Gen.Long[0, 5_000]
        from fresh in Gen.Long[0, input]
        from cached in Gen.Long[0, input - fresh]
        from written in Gen.Long[0, input - fresh - cached]
        from answered in Gen.Long[0, output]
        select (new UnitBound(input, output), new Usage { Input = fresh, CachedInput = cached, CacheWrite = written, Output = answered });

    [Fact]
    public void A_bound_covers_whatever_its_calls_used() =>
        Gen.Select(Calls.Array[0, 12], Gen.Int[1, 100]).Sample((calls, tier) =>
        {
            var (within, beyond, below, above) = (default(UnitBound), default(UnitBound), default(Usage), default(Usage));
            foreach (var (bound, usage) in calls)
            {
                if (bound.Input > Prices.Sol.LongContext!.AboveInputUnits) beyond = Plus(beyond, bound);
                else within = Plus(within, bound);
                if (usage.TotalInput > Prices.Sol.LongContext.AboveInputUnits) above = Usage.SumUnchecked(above, usage);
                else below = Usage.SumUnchecked(below, usage);
            }
            var held = BatchCost.Bound(Prices.Sol, within, beyond, tier)!.Value;
            var cost = BatchCost.Of(Prices.Sol, below, above, tier);

            (cost <= held).Should().BeTrue($"{cost} of {held}");
            BatchCost.MayBeBound(Prices.Sol, Plus(within, beyond), tier, held).Should().BeTrue();
            BatchCost.MayBeCost(Prices.Sol, Usage.SumUnchecked(below, above), tier, cost.Value).Should().BeTrue();
        });

    [Fact]
    public void Calls_in_the_first_band_stay_there_however_many_they_are()
    {
        var usage = new Usage { Input = 300_000, Output = 1_000 };

        // 300,000 · 2,000 + 1,000 · 10,000, by half
        BatchCost.Of(Prices.Sol, usage, default, 50).Value.Should().Be(305_000_000);
        // 300,000 · 4,000 + 1,000 · 15,000, by half
        BatchCost.Of(Prices.Sol, default, usage, 50).Value.Should().Be(607_500_000);
        Cost.Of(Prices.Sol, usage, 50).Value.Should().Be(607_500_000, "one call of that size is beyond it");
    }

    [Fact]
    public void A_model_with_one_band_has_one_cost()
    {
        var usage = new Usage { Input = 1_000, Output = 500 };

        BatchCost.MayBeCost(Prices.Mini, usage, 50, 600_000).Should().BeTrue();
        BatchCost.MayBeCost(Prices.Mini, usage, 50, 600_001).Should().BeFalse();
        BatchCost.MayBeCost(Prices.Mini, usage, 50, 599_999).Should().BeFalse();
        BatchCost.MayBeBound(Prices.Mini, new UnitBound(1_000, 500), 50, new(600_000)).Should().BeTrue();
        BatchCost.MayBeBound(Prices.Mini, new UnitBound(1_000, 500), 50, new(600_001)).Should().BeFalse();
        BatchCost.MayBeBound(Prices.Mini, new UnitBound(1_000, 500), 50, new(599_999)).Should().BeFalse();
    }

    [Fact]
    public void What_is_outside_of_both_bands_is_no_cost()
    {
        var usage = new Usage { Input = 300_000, Output = 1_000 };

        BatchCost.MayBeCost(Prices.Sol, usage, 50, 305_000_000).Should().BeTrue();
        BatchCost.MayBeCost(Prices.Sol, usage, 50, 607_500_000).Should().BeTrue();
        BatchCost.MayBeCost(Prices.Sol, usage, 50, 304_999_999).Should().BeFalse();
        BatchCost.MayBeCost(Prices.Sol, usage, 50, 607_500_001).Should().BeFalse();
    }

    [Fact]
    public void A_sum_is_rounded_once()
    {
        // Half a nano a token: three calls of one token and half a nano each are one and a half.
        var price = Prices.Version(Prices.Card(500_000, 500_000, 500_000, 500_000));

        BatchCost.Of(price, new Usage { Input = 3 }, default, 100).Value.Should().Be(2);
        BatchCost.Bound(price, new UnitBound(3, 0), default, 100)!.Value.Value.Should().Be(2);
        BatchCost.Bound(price, new UnitBound(2, 0), new UnitBound(2, 0), 100)!.Value.Value.Should().Be(2);
    }

    [Fact]
    public void Usage_that_is_not_plausible_has_no_cost_in_either_band()
    {
        var tooMuch = new Usage { Input = Usage.MaxUnits + 1 };

        FluentActions.Invoking(() => BatchCost.Of(Prices.Sol, tooMuch, default, 100)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => BatchCost.Of(Prices.Sol, default, tooMuch, 100)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => BatchCost.MayBeCost(Prices.Sol, tooMuch, 100, 0)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void A_sum_of_both_bands_that_does_not_fit_throws_instead_of_wrapping()
    {
        // Each band alone comes to about 10^38, which fits 128 bits; both together do not.
        var price = Prices.Version(Prices.Card(long.MaxValue, long.MaxValue, long.MaxValue, long.MaxValue));
        var usage = new Usage
        {
            Input = Usage.MaxUnits, CachedInput = Usage.MaxUnits, CacheWrite = Usage.MaxUnits, Output = Usage.MaxUnits,
        }.Plus(UnitClass.AudioInput, Usage.MaxUnits);
        var bound = new UnitBound(5 * Usage.MaxUnits, 0);

        FluentActions.Invoking(() => BatchCost.Of(price, usage, usage, int.MaxValue)).Should().Throw<OverflowException>();
        FluentActions.Invoking(() => BatchCost.Bound(price, bound, bound, int.MaxValue)).Should().Throw<OverflowException>();
    }

    private static UnitBound Plus(UnitBound a, UnitBound b) => new(a.Input + b.Input, a.Output + b.Output);
}
