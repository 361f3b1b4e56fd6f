using System.Collections.Immutable;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Control.Declarations;

/// <summary>The rates that a file names for one context band; what it does not name depends on what is listed.</summary>
internal sealed record CardTerms(Rate Input, Rate Output)
{
    public Rate? CachedInput { get; init; }

    public Rate? CacheWrite { get; init; }

    public UnitMap<Rate> Others { get; init; }

    /// <summary>
    /// The whole card. Reading a cache costs what input costs unless a rate is given. What else a listed card has holds in
    /// proportion for tokens, as listed for pieces: lower token rates do not lift a premium or a fee.
    /// </summary>
    public RateCard On(RateCard? listed)
    {
        var card = new RateCard(Input, CachedInput ?? Input, CacheWrite ?? Input, Output) { Others = Others };
        if (listed is null) return card;
        if (CacheWrite is null) card = card with { CacheWrite = Proportion.Of(listed.CacheWrite, Input, listed.Input) };
        foreach (var (unit, rate) in listed.Others)
        {
            if (Others.Find(unit) is null) card = card with { Others = card.Others.With(unit, Proportion.Of(unit, rate, card, listed)) };
        }
        return card;
    }
}

/// <summary>A long-context band as a file names it.</summary>
internal sealed record BandTerms(long AboveInputUnits, CardTerms Card);

/// <summary>
/// What a file says about the price of one model from an instant on: rates, or a discount on what is listed. Null means
/// that the file does not say.
/// </summary>
internal sealed record PriceTerms(int Line, string Provider, string Model, long EffectiveFrom, long? EffectiveTo)
{
    /// <summary>Null when a discount is given instead.</summary>
    public CardTerms? Card { get; init; }

    public int? DiscountPercent { get; init; }

    /// <summary>Rates that a discount does not touch, by unit class.</summary>
    public UnitMap<Rate> Fixed { get; init; }

    public BandTerms? LongContext { get; init; }

    public ImmutableSortedDictionary<string, int>? Tiers { get; init; }

    public long? ContextWindow { get; init; }

    public long? MaxOutput { get; init; }

    /// <summary>The price that these terms make of what is listed at an instant. Null when a discount has no exact result.</summary>
    /// <param name="listed">Null when nothing is listed; then the terms must be rates.</param>
    /// <param name="fromMicros">When the version begins.</param>
    public PriceVersion? On(PriceVersion? listed, long fromMicros)
    {
        if ((Card?.On(listed?.Rates) ?? Discounted(listed!.Rates)) is not { } rates) return null;
        if (!TryBand(listed, rates, out var band)) return null;
        return new PriceVersion
        {
            PriceId = Guid.Empty,
            Provider = Provider,
            Model = Model,
            Rates = rates,
            LongContext = band,
            TierPercents = Tiers ?? listed?.TierPercents ?? PriceVersion.NoTiers,
            ContextWindow = ContextWindow ?? listed?.ContextWindow,
            MaxOutput = MaxOutput ?? listed?.MaxOutput,
            EffectiveFrom = fromMicros,
            // A discount on what is not sold any more is none; rates of one's own hold as long as they say.
            EffectiveTo = Card is null ? Earlier(EffectiveTo, listed!.EffectiveTo) : EffectiveTo,
            RecordedAt = 0,
            Source = PricePlanner.Source,
        };
    }

    private bool TryBand(PriceVersion? listed, RateCard rates, out ContextBand? band)
    {
        band = null;
        if (LongContext is { } own)
        {
            band = new ContextBand(own.AboveInputUnits, own.Card.On(rates));
            return true;
        }
        if (listed?.LongContext is not { } known) return true;
        var card = Card is null ? Discounted(known.Rates) : Proportion.Of(known.Rates, rates, listed.Rates);
        if (card is null) return false;
        band = known with { Rates = card };
        return true;
    }

    private RateCard? Discounted(RateCard listed)
    {
        var percent = 100 - DiscountPercent!.Value;
        if (listed.Input.AtPercent(percent) is not { } input || listed.CachedInput.AtPercent(percent) is not { } cached) return null;
        if (listed.CacheWrite.AtPercent(percent) is not { } write || listed.Output.AtPercent(percent) is not { } output) return null;
        var others = Fixed;
        foreach (var (unit, rate) in listed.Others)
        {
            if (Fixed.Find(unit) is not null) continue;
            if (rate.AtPercent(percent) is not { } discounted) return null;
            others = others.With(unit, discounted);
        }
        return new RateCard(input, cached, write, output) { Others = others };
    }

    private static long? Earlier(long? a, long? b) => a is { } x && b is { } y ? Math.Min(x, y) : a ?? b;
}

/// <summary>Listed rates in the proportion of declared ones to their listed counterparts, rounded up.</summary>
internal static class Proportion
{
    public static Rate Of(Rate rate, Rate declared, Rate counterpart)
    {
        if (counterpart.NanosPerMillion == 0) return Rate.Max(rate, declared);
        var product = (Int128)rate.NanosPerMillion * declared.NanosPerMillion;
        return new Rate(checked((long)((product + counterpart.NanosPerMillion - 1) / counterpart.NanosPerMillion)));
    }

    /// <summary>A rate of another class: tokens follow input or output, pieces stay as listed.</summary>
    public static Rate Of(UnitClass unit, Rate rate, RateCard declared, RateCard listed)
    {
        if (!unit.IsToken()) return rate;
        return unit.IsInput() ? Of(rate, declared.Input, listed.Input) : Of(rate, declared.Output, listed.Output);
    }

    /// <summary>A listed band on declared rates.</summary>
    public static RateCard Of(RateCard band, RateCard declared, RateCard listed)
    {
        var card = new RateCard(
            Of(band.Input, declared.Input, listed.Input), Of(band.CachedInput, declared.CachedInput, listed.CachedInput),
            Of(band.CacheWrite, declared.CacheWrite, listed.CacheWrite), Of(band.Output, declared.Output, listed.Output));
        foreach (var (unit, rate) in band.Others)
        {
            // A class that has a rate of its own on both sides keeps the proportion of that; pieces are as declared.
            var scaled = declared.Others.Find(unit) is { } own && listed.Others.Find(unit) is { } known
                ? unit.IsToken() ? Of(rate, own, known) : own
                : Of(unit, rate, declared, listed);
            card = card with { Others = card.Others.With(unit, scaled) };
        }
        return card;
    }
}
