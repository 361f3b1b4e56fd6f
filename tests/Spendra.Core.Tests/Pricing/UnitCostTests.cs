using CsCheck;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Pricing;

/// <summary>Costs and bounds of what is not text: sound, images, long cache writes, searches, calls.</summary>
public sealed class UnitCostTests
{
    // Nanos a unit: text 2,000 in, 200 cached, 2,500 written, 10,000 out; long write 4,000; sound 32,000 in and 64,000 out;
    // image 8,000 in and 30,000 out; a search 10,000,000; a second 100,000.
    private static readonly PriceVersion Price = Prices.Version(Prices.Card("2", "0.2", "2.5", "10") with
    {
        Others = Others(
            (UnitClass.CacheWriteLong, "4"), (UnitClass.AudioInput, "32"), (UnitClass.AudioOutput, "64"), (UnitClass.ImageInput, "8"),
            (UnitClass.CachedImageInput, "2"), (UnitClass.ImageOutput, "30"), (UnitClass.WebSearches, "10000"), (UnitClass.Seconds, "100")),
    });

    [Theory]
    [InlineData(UnitClass.CacheWriteLong, 3, 12_000)]
    [InlineData(UnitClass.AudioInput, 3, 96_000)]
    [InlineData(UnitClass.CachedAudioInput, 3, 96_000)]
    [InlineData(UnitClass.ImageInput, 3, 24_000)]
    [InlineData(UnitClass.CachedImageInput, 3, 6_000)]
    [InlineData(UnitClass.AudioOutput, 3, 192_000)]
    [InlineData(UnitClass.ImageOutput, 3, 90_000)]
    [InlineData(UnitClass.WebSearches, 3, 30_000_000)]
    [InlineData(UnitClass.Seconds, 3, 300_000)]
    public void Each_class_costs_its_rate_beside_the_text(UnitClass unit, long count, long nanos)
    {
        Cost.Of(Price, default(Usage).Plus(unit, count)).Value.Should().Be(nanos);
        Cost.Of(Price, new Usage { Input = 10, Output = 1 }.Plus(unit, count)).Value.Should().Be(nanos + 30_000);
    }

    [Theory]
    // 100 tokens in at 2,000, 5 of sound at 32,000: 360,000 by the tier; two searches at 10,000,000 whatever the tier.
    [InlineData(100, 20_360_000)]
    [InlineData(50, 20_180_000)]
    [InlineData(200, 20_720_000)]
    public void A_tier_multiplies_tokens_and_never_pieces(int percent, long nanos)
    {
        var used = new Usage { Input = 100 }.Plus(UnitClass.AudioInput, 5).Plus(UnitClass.WebSearches, 2);
        Cost.Of(Price, used, percent).Value.Should().Be(nanos);
        var pieces = default(UnitMap<long>).With(UnitClass.WebSearches, 2);
        Cost.Bound(Price, new UnitBound(0, 0) { Pieces = pieces }, percent)!.Value.Value.Should().Be(20_000_000);
    }

    [Fact]
    public void Pieces_and_tokens_are_rounded_together()
    {
        var price = Prices.Version(Prices.Card(500_000, 0, 0, 0) with { Others = default(UnitMap<Rate>).With(UnitClass.Images, new Rate(500_000)) });
        Cost.Of(price, new Usage { Input = 1 }.Plus(UnitClass.Images, 1)).Value.Should().Be(1, "two halves");
        Cost.Of(price, default(Usage).Plus(UnitClass.Images, 1)).Value.Should().Be(0, "half to even");
        Cost.Bound(price, new UnitBound(0, 0) { Pieces = default(UnitMap<long>).With(UnitClass.Images, 1) })!.Value.Value.Should().Be(1);
    }

    [Fact]
    public void The_band_of_the_whole_input_prices_every_class()
    {
        var price = Price with
        {
            LongContext = new ContextBand(100, Price.Rates with { Others = Price.Rates.Others.With(UnitClass.AudioInput, new Rate(64_000_000_000)) }),
        };
        Cost.Of(price, new Usage { Input = 99 }.Plus(UnitClass.AudioInput, 1)).Value.Should().Be(99 * 2_000 + 32_000);
        Cost.Of(price, new Usage { Input = 100 }.Plus(UnitClass.AudioInput, 1)).Value.Should().Be(100 * 2_000 + 64_000);
    }

    [Fact]
    public void What_has_no_rate_is_said_and_never_priced_at_nothing()
    {
        var used = new Usage { Input = 1 }.Plus(UnitClass.MapQueries, 1);
        Cost.HasRates(Price, used).Should().BeFalse();
        Cost.HasRates(Price, new Usage { Input = 1 }.Plus(UnitClass.WebSearches, 1)).Should().BeTrue();
        Cost.HasRates(Price, default).Should().BeTrue();
        FluentActions.Invoking(() => Cost.Of(Price, used)).Should().Throw<ArgumentException>().WithMessage("map_queries has no rate*");
        Cost.Bound(Price, new UnitBound(1, 1) { Pieces = default(UnitMap<long>).With(UnitClass.MapQueries, 1) }).Should().BeNull();
        Cost.Bound(Prices.Mini, new UnitBound(1, 1) { Kinds = TokenKinds.LongCache }).Should().BeNull();
        Cost.Bound(Prices.Mini, new UnitBound(1, 1) { Kinds = TokenKinds.ImageOutput }).Should().BeNull();
    }

    [Fact]
    public void A_class_that_only_one_band_has_is_priced_in_that_band_only()
    {
        var price = Price with { LongContext = new ContextBand(10, Prices.Card("4", "0.4", "5", "15")) };
        Cost.HasRates(price, new Usage { Input = 10 }.Plus(UnitClass.WebSearches, 1)).Should().BeTrue();
        Cost.HasRates(price, new Usage { Input = 11 }.Plus(UnitClass.WebSearches, 1)).Should().BeFalse();
        var search = default(UnitMap<long>).With(UnitClass.WebSearches, 1);
        Cost.Bound(price, new UnitBound(10, 0) { Pieces = search }).Should().NotBeNull();
        Cost.Bound(price, new UnitBound(11, 0) { Pieces = search }).Should().BeNull();
    }

    [Fact]
    public void Kinds_raise_the_rate_of_every_token_that_may_be_one()
    {
        NanoUsd? Bound(TokenKinds kinds) => Cost.Bound(Price, new UnitBound(10, 1) { Kinds = kinds });
        Bound(TokenKinds.Text)!.Value.Value.Should().Be(10 * 2_500 + 10_000);
        Bound(TokenKinds.LongCache)!.Value.Value.Should().Be(10 * 4_000 + 10_000);
        Bound(TokenKinds.AudioInput | TokenKinds.ImageInput)!.Value.Value.Should().Be(10 * 32_000 + 10_000);
        Bound(TokenKinds.ImageOutput)!.Value.Value.Should().Be(10 * 2_500 + 30_000);
        Bound(TokenKinds.AudioOutput | TokenKinds.ImageOutput)!.Value.Value.Should().Be(10 * 2_500 + 64_000);
    }

    [Fact]
    public void Bounds_too_large_for_the_ledger_throw_instead_of_wrapping()
    {
        var dear = Prices.Version(Prices.Card(1, 1, 1, 1) with { Others = default(UnitMap<Rate>).With(UnitClass.Images, new Rate(long.MaxValue)) });
        var pieces = default(UnitMap<long>).With(UnitClass.Images, long.MaxValue);
        FluentActions.Invoking(() => Cost.Bound(dear, new UnitBound(0, 0) { Pieces = pieces })).Should().Throw<OverflowException>();
        FluentActions.Invoking(() => Cost.Of(dear, default(Usage).Plus(UnitClass.Images, Usage.MaxUnits))).Should().Throw<OverflowException>();
    }

    [Fact]
    public void No_usage_within_kinds_and_pieces_costs_more_than_the_bound() => Bounded.Sample(b =>
        Cost.Bound(b.Price, b.Units, b.Tier) is { } bound && bound >= Cost.Of(b.Price, b.Usage, b.Tier), iter: 30_000);

    [Fact]
    public void Nano_dollars_cost_themselves_at_any_price_and_any_tier()
    {
        var usage = default(Usage).Plus(UnitClass.ToolCharges, 123_456_789_012);
        var price = Prices.Version(new RateCard(default, default, default, default));

        Cost.Of(price, usage, tierPercent: 250).Value.Should().Be(123_456_789_012);
        Cost.Bound(price, new UnitBound(0, 0) { Pieces = usage.Others }, tierPercent: 250)!.Value.Value.Should().Be(123_456_789_012);
    }

    private static readonly Gen<Rate> AnyRate = Gen.OneOf(Gen.Long[0, 5], Gen.Long[0, 3_000_000], Gen.Long[0, 100_000_000_000]).Select(n => new Rate(n));

    // Every class has a rate: what has none is refused, not bounded.
    private static readonly Gen<RateCard> Card = AnyRate.Array[4 + UnitClasses.Rated.Count].Select(rates =>
        new RateCard(rates[0], rates[1], rates[2], rates[3])
        {
            Others = UnitClasses.Rated.Index().Aggregate(default(UnitMap<Rate>), (o, c) => o.With(c.Item.Class, rates[4 + c.Index])),
        });

    private static readonly UnitClass[] Pieces = [.. UnitClasses.Rated.Select(o => o.Class).Where(c => !c.IsToken())];

    private static readonly Gen<(PriceVersion Price, UnitBound Units, Usage Usage, int Tier)> Bounded =
        from rates in Card
        from band in Card
        from banded in Gen.Bool
        from above in Gen.Long[0, 60]
        from tier in Gen.OneOf(Gen.Const(100), Gen.Int[1, 600])
        from kinds in Gen.Int[0, 31].Select(k => (TokenKinds)k)
        from boundInput in Gen.Long[0, 100]
        from boundOutput in Gen.Long[0, 50]
        from input in Split(boundInput, InputClasses(kinds))
        from output in Split(boundOutput, OutputClasses(kinds))
        from most in Gen.Long[0, 9].Array[Pieces.Length]
        from used in Gen.Long[0, 9].Array[Pieces.Length]
        let pieces = Pieces.Index().Aggregate(default(UnitMap<long>), (p, c) => p.With(c.Item, most[c.Index]))
        let usage = Pieces.Index().Aggregate(WithTokens(input.Concat(output)), (u, c) => u.Plus(c.Item, Math.Min(used[c.Index], most[c.Index])))
        select (Prices.Version(rates) with { LongContext = banded ? new ContextBand(above, band) : null },
            new UnitBound(boundInput, boundOutput) { Kinds = kinds, Pieces = pieces }, usage, tier);

    private static UnitClass[] InputClasses(TokenKinds kinds) =>
    [
        UnitClass.Input, UnitClass.CachedInput, UnitClass.CacheWrite,
        .. kinds.HasFlag(TokenKinds.LongCache) ? [UnitClass.CacheWriteLong] : Array.Empty<UnitClass>(),
        .. kinds.HasFlag(TokenKinds.AudioInput) ? [UnitClass.AudioInput, UnitClass.CachedAudioInput] : Array.Empty<UnitClass>(),
        .. kinds.HasFlag(TokenKinds.ImageInput) ? [UnitClass.ImageInput, UnitClass.CachedImageInput] : Array.Empty<UnitClass>(),
    ];

    private static UnitClass[] OutputClasses(TokenKinds kinds) =>
    [
        UnitClass.Output,
        .. kinds.HasFlag(TokenKinds.AudioOutput) ? [UnitClass.AudioOutput] : Array.Empty<UnitClass>(),
        .. kinds.HasFlag(TokenKinds.ImageOutput) ? [UnitClass.ImageOutput] : Array.Empty<UnitClass>(),
    ];

    /// <summary>Shares of at most a total among classes, in any proportion.</summary>
    private static Gen<(UnitClass Class, long Count)[]> Split(long most, UnitClass[] classes) =>
        Gen.Long[0, most].Array[classes.Length].Select(cuts =>
        {
            Array.Sort(cuts);
            return classes.Select((unit, i) => (unit, cuts[i] - (i == 0 ? 0 : cuts[i - 1]))).ToArray();
        });

    private static Usage WithTokens(IEnumerable<(UnitClass Class, long Count)> counts) => counts.Aggregate(default(Usage), (u, c) => c.Class switch
    {
        UnitClass.Input => u with { Input = c.Count },
        UnitClass.CachedInput => u with { CachedInput = c.Count },
        UnitClass.CacheWrite => u with { CacheWrite = c.Count },
        UnitClass.Output => u with { Output = c.Count },
        _ => u.Plus(c.Class, c.Count),
    });

    private static UnitMap<Rate> Others(params (UnitClass Unit, string Usd)[] rates) => rates.Aggregate(default(UnitMap<Rate>),
        (others, r) => others.With(r.Unit, Rate.TryParseUsdPerMillion(r.Usd, out var rate) ? rate : throw new FormatException(r.Usd)));
}
