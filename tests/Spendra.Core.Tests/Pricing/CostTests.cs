using CsCheck;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Pricing;

public sealed class CostTests
{
    [Theory]
    // input, cached, cache write, output → nano-USD, computed by hand: 400, 100, 400 and 1,600 nanos a token
    [InlineData(0, 0, 0, 0, 0)]
    [InlineData(1, 0, 0, 0, 400)]
    [InlineData(0, 1, 0, 0, 100)]
    [InlineData(0, 0, 1, 0, 400)]
    [InlineData(0, 0, 0, 1, 1_600)]
    [InlineData(1_000, 0, 0, 500, 1_200_000)]
    [InlineData(1_000, 9_000, 0, 500, 2_100_000)]
    [InlineData(1_000_000, 0, 0, 0, 400_000_000)]
    [InlineData(1_000_000, 1_000_000, 1_000_000, 1_000_000, 2_500_000_000)]
    public void Small_model_costs_what_its_price_list_says(
        long input, long cached, long cacheWrite, long output, long nanos) =>
        Cost.Of(Prices.Mini, Tokens(input, cached, cacheWrite, output)).Value.Should().Be(nanos);

    [Theory]
    // 2,000, 100, 2,500, 10,000 nanos a token up to 272,000 input tokens; 4,000, 200, 5,000, 15,000 above
    [InlineData(272_000, 0, 0, 1_000, 554_000_000)]
    [InlineData(272_001, 0, 0, 1_000, 1_103_004_000)]
    [InlineData(1, 272_000, 0, 0, 54_404_000)]
    [InlineData(0, 272_000, 0, 0, 27_200_000)]
    [InlineData(0, 0, 272_001, 0, 1_360_005_000)]
    [InlineData(0, 0, 272_000, 0, 680_000_000)]
    [InlineData(100_000, 100_000, 72_000, 0, 390_000_000)]
    [InlineData(100_000, 100_000, 72_001, 0, 780_005_000)]
    public void Long_context_reprices_the_whole_request(
        long input, long cached, long cacheWrite, long output, long nanos) =>
        Cost.Of(Prices.Sol, Tokens(input, cached, cacheWrite, output)).Value.Should().Be(nanos);

    [Theory]
    [InlineData(50, 600_000)]
    [InlineData(100, 1_200_000)]
    [InlineData(200, 2_400_000)]
    [InlineData(1, 12_000)]
    public void Tier_multiplies_in_per_cent(int percent, long nanos)
    {
        Cost.Of(Prices.Mini, Tokens(1_000, 0, 0, 500), percent).Value.Should().Be(nanos);
        BoundOf(Prices.Mini, new UnitBound(1_000, 500), percent).Value.Should().Be(nanos);
    }

    [Theory]
    // 1,000·400 + 500·1,600 = 1,200,000
    [InlineData(5_250, 630_000)]
    [InlineData(10_000, 1_200_000)]
    [InlineData(19_250, 2_310_000)]
    [InlineData(1, 120)]
    public void Tier_multiplies_in_hundredths_of_a_per_cent(int hundredths, long nanos) =>
        Cost.OfHundredths(Prices.Mini, Tokens(1_000, 0, 0, 500), hundredths).Value.Should().Be(nanos);

    [Fact]
    public void Hundredths_of_a_per_cent_are_rounded_once_too_and_leave_pieces_alone()
    {
        var price = Prices.Version(Prices.Card(500_000, 500_000, 500_000, 500_000) with { Others = default(UnitMap<Rate>).With(UnitClass.WebSearches, new Rate(3_000_000)) });

        Cost.OfHundredths(price, Tokens(1, 0, 0, 0), 10_000).Value.Should().Be(0, "0.5 rounds to even");
        Cost.OfHundredths(price, Tokens(1, 0, 0, 0), 10_001).Value.Should().Be(1, "0.50005 is more than half");
        Cost.OfHundredths(price, Tokens(1, 0, 0, 0).Plus(UnitClass.WebSearches, 2), 5_250).Value.Should().Be(6, "a search costs what it costs");
        FluentActions.Invoking(() => Cost.OfHundredths(price, Tokens(1, 0, 0, 0), 0)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Cost.OfHundredths(price, Tokens(-1, 0, 0, 0), 100)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Products_are_rounded_once_for_the_whole_event()
    {
        // Half a nano a token in each class.
        var price = Prices.Version(Prices.Card(500_000, 500_000, 500_000, 500_000));
        Cost.Of(price, Tokens(1, 0, 0, 0)).Value.Should().Be(0, "0.5 rounds to even");
        Cost.Of(price, Tokens(1, 0, 0, 1)).Value.Should().Be(1, "the halves add up before rounding");
        Cost.Of(price, Tokens(1, 1, 1, 0)).Value.Should().Be(2, "1.5 rounds to even");
        Cost.Of(price, Tokens(1, 0, 0, 0), tierPercent: 101).Value.Should().Be(1, "0.505 is more than half");
        BoundOf(price, new UnitBound(1, 0)).Value.Should().Be(1, "bounds go up");
        BoundOf(price, new UnitBound(1, 1)).Value.Should().Be(1, "exact bounds stay");
    }

    [Theory]
    [InlineData(1_000, 500, 7_500_000)]
    [InlineData(272_000, 0, 680_000_000)]
    [InlineData(272_001, 0, 1_360_005_000)]
    [InlineData(272_001, 1_000, 1_375_005_000)]
    [InlineData(0, 0, 0)]
    public void Bound_takes_the_dearest_class_and_band(long input, long output, long nanos) =>
        BoundOf(Prices.Sol, new UnitBound(input, output)).Value.Should().Be(nanos);

    [Fact]
    public void Bound_takes_the_base_card_when_long_context_is_cheaper()
    {
        var price = Prices.Version(Prices.Card("2", "1", "2", "10")) with
        {
            LongContext = new ContextBand(100, Prices.Card("0.1", "0.1", "0.1", "0.1")),
        };
        var bound = BoundOf(price, new UnitBound(101, 10));
        bound.Should().BeGreaterThanOrEqualTo(Cost.Of(price, Tokens(100, 0, 0, 10)));
    }

    [Fact]
    public void Bound_takes_cached_input_when_it_is_the_dearest_class() =>
        BoundOf(Prices.Version(Prices.Card("1", "3", "2", "0")), new UnitBound(10, 0)).Value.Should().Be(30_000);

    [Fact]
    public void No_usage_within_the_unit_bound_costs_more_than_the_bound() =>
        Bounded.Sample(b => BoundOf(b.Price, b.Units, b.Tier) >= Cost.Of(b.Price, b.Usage, b.Tier), iter: 50_000);

    [Fact]
    public void Bound_is_reached_by_some_usage_within_it() => Bounded.Sample(b =>
    {
        // The dearest corner of either band; the base card may be asked for with all input, a little above its band.
        var best = Corners(b).Max(u => Cost.Of(b.Price, u, b.Tier).Value);
        var flat = b.Price with { LongContext = null };
        var flatBest = Corners(b).Max(u => Cost.Of(flat, u, b.Tier).Value);
        var bound = BoundOf(b.Price, b.Units, b.Tier).Value;
        return bound - Math.Max(best, flatBest) is 0 or 1;
    }, iter: 20_000);

    [Fact]
    public void Implausible_usage_is_never_priced()
    {
        Usage[] hostile =
        [
            new() { Input = -1 }, new() { CachedInput = -1 }, new() { CacheWrite = -1 }, new() { Output = -1 },
            new() { ReasoningWithinOutput = -1 }, new() { Input = Usage.MaxUnits + 1 },
            new() { CachedInput = long.MaxValue }, new() { CacheWrite = long.MinValue },
            new() { Output = Usage.MaxUnits + 1 }, new() { ReasoningWithinOutput = long.MaxValue },
        ];
        foreach (var usage in hostile)
        {
            usage.IsPlausible.Should().BeFalse();
            FluentActions.Invoking(() => Cost.Of(Prices.Mini, usage)).Should().Throw<ArgumentException>();
        }
    }

    [Fact]
    public void Greatest_plausible_usage_is_priced_exactly()
    {
        var most = Tokens(Usage.MaxUnits, Usage.MaxUnits, Usage.MaxUnits, Usage.MaxUnits);
        most.IsPlausible.Should().BeTrue();
        most.TotalInput.Should().Be(3 * Usage.MaxUnits);
        Cost.Of(Prices.Mini, most).Should().Be(NanoUsd.FromUsd(2_500));
    }

    [Fact]
    public void Reasoning_is_part_of_output_and_priced_once() =>
        Cost.Of(Prices.Mini, new Usage { Output = 10, ReasoningWithinOutput = 10 }).Value.Should().Be(16_000);

    [Fact]
    public void Amount_too_large_for_the_ledger_throws_instead_of_wrapping()
    {
        var dear = Prices.Version(Prices.Card(long.MaxValue, 0, 0, long.MaxValue));
        FluentActions.Invoking(() => Cost.Of(dear, Tokens(Usage.MaxUnits, 0, 0, Usage.MaxUnits)))
            .Should().Throw<OverflowException>();
        FluentActions.Invoking(() => BoundOf(dear, new UnitBound(long.MaxValue, long.MaxValue)))
            .Should().Throw<OverflowException>();
        FluentActions.Invoking(() => BoundOf(dear, new UnitBound(1, 1), int.MaxValue))
            .Should().Throw<OverflowException>();
    }

    [Fact]
    public void Negative_units_and_tiers_are_bugs()
    {
        FluentActions.Invoking(() => BoundOf(Prices.Mini, new UnitBound(-1, 0))).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => BoundOf(Prices.Mini, new UnitBound(0, -1))).Should().Throw<ArgumentOutOfRangeException>();
        // A negative side must not hide behind what the other side costs.
        FluentActions.Invoking(() => BoundOf(Prices.Mini, new UnitBound(-1, 1_000))).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => BoundOf(Prices.Mini, new UnitBound(1_000, -1))).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => BoundOf(Prices.Mini, default, 0)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => Cost.Of(Prices.Mini, default, -50)).Should().Throw<ArgumentOutOfRangeException>();
    }

    private static readonly Gen<long> Nanos = Gen.OneOf(Gen.Long[0, 5], Gen.Long[0, 3_000_000], Gen.Long[0, 100_000_000_000]);

    private static readonly Gen<RateCard> Card = Gen.Select(Nanos, Nanos, Nanos, Nanos, Prices.Card);

    private static readonly Gen<(PriceVersion Price, UnitBound Units, Usage Usage, int Tier)> Bounded =
        from rates in Card
        from banded in Gen.Bool
        from band in Card
        from above in Gen.Long[0, 60]
        from tier in Gen.OneOf(Gen.Const(100), Gen.Int[1, 600])
        from boundInput in Gen.Long[0, 100]
        from boundOutput in Gen.Long[0, 50]
        from input in Gen.Long[0, boundInput]
        from cached in Gen.Long[0, boundInput - input]
        from write in Gen.Long[0, boundInput - input - cached]
        from output in Gen.Long[0, boundOutput]
        select (Prices.Version(rates) with { LongContext = banded ? new ContextBand(above, band) : null },
            new UnitBound(boundInput, boundOutput), Tokens(input, cached, write, output), tier);

    private static Usage[] Corners((PriceVersion Price, UnitBound Units, Usage Usage, int Tier) b) =>
    [
        Tokens(b.Units.Input, 0, 0, b.Units.Output),
        Tokens(0, b.Units.Input, 0, b.Units.Output),
        Tokens(0, 0, b.Units.Input, b.Units.Output),
    ];

    private static Usage Tokens(long input, long cached, long cacheWrite, long output) =>
        new() { Input = input, CachedInput = cached, CacheWrite = cacheWrite, Output = output };

    /// <summary>The bound at prices that have every rate.</summary>
    private static NanoUsd BoundOf(PriceVersion price, UnitBound units, int tierPercent = Cost.DefaultTierPercent) =>
        Cost.Bound(price, units, tierPercent)!.Value;
}
