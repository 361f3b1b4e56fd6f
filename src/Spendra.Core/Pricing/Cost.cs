using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Core.Pricing;

/// <summary>What the tokens of a request may turn out to be besides text, each with rates of its own.</summary>
[Flags]
public enum TokenKinds
{
    Text = 0,
    /// <summary>The request asks for a prompt cache that lives for its long time.</summary>
    LongCache = 1 << 0,
    AudioInput = 1 << 1,
    ImageInput = 1 << 2,
    AudioOutput = 1 << 3,
    ImageOutput = 1 << 4,
    /// <summary>The units are of many calls, each with a context band of its own; see <see cref="BatchCost"/>.</summary>
    ManyCalls = 1 << 5,
}

/// <summary>The proven upper limits of one request, in units. <c>Output</c> covers all choices together.</summary>
public readonly record struct UnitBound(long Input, long Output)
{
    public TokenKinds Kinds { get; init; }

    /// <summary>The most units of each class that is priced by the piece: images, searches, calls.</summary>
    public UnitMap<long> Pieces { get; init; }
}

/// <summary>Usage × rates: exact products in <see cref="Int128"/>, rounded once.</summary>
public static class Cost
{
    public const int DefaultTierPercent = 100;
    public const int HundredthsOfPercent = 100;

    // Rates are per million units and tiers in per cent; dividing once by both keeps the sum exact until then.
    internal const long Divisor = Rate.UnitsPerRate * DefaultTierPercent;

    /// <summary>Whether every class that was used has a rate at a price version.</summary>
    public static bool HasRates(PriceVersion price, in Usage usage)
    {
        var card = price.CardFor(usage.TotalInput);
        foreach (var (unit, _) in usage.Others)
        {
            if (card.RateOf(unit) is null) return false;
        }
        return true;
    }

    /// <summary>What a call cost at a price version. Rounded half to even.</summary>
    /// <param name="price">The version that the reservation pinned.</param>
    /// <param name="usage">Plausible usage; see <see cref="Usage.IsPlausible"/>.</param>
    /// <param name="tierPercent">Multiplier of the tier that served the call, in per cent. Holds for tokens only.</param>
    /// <exception cref="ArgumentException">The usage is not plausible, or a class of it has no rate.</exception>
    /// <exception cref="OverflowException">The amount exceeds what <see cref="NanoUsd"/> can hold.</exception>
    public static NanoUsd Of(PriceVersion price, in Usage usage, int tierPercent = DefaultTierPercent)
    {
        if (!usage.IsPlausible) throw new ArgumentException("usage is not plausible", nameof(usage));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tierPercent);
        return Rounding.HalfEven(Products(price.CardFor(usage.TotalInput), usage, tierPercent), Divisor);
    }

    /// <summary>The same with a multiplier in hundredths of a per cent: a tier of an account's own rates need not be whole.</summary>
    /// <inheritdoc cref="Of" path="/exception"/>
    public static NanoUsd OfHundredths(PriceVersion price, in Usage usage, int tierHundredths)
    {
        if (!usage.IsPlausible) throw new ArgumentException("usage is not plausible", nameof(usage));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tierHundredths);
        var products = Products(price.CardFor(usage.TotalInput), usage, tierHundredths, DefaultTierPercent * HundredthsOfPercent);
        return Rounding.HalfEven(products, Divisor * HundredthsOfPercent);
    }

    /// <summary>The exact cost at one card, times <see cref="Divisor"/>, or so many times more as the multiplier is finer.</summary>
    internal static Int128 Products(RateCard card, in Usage usage, int tier, int wholeTier = DefaultTierPercent)
    {
        var tokens = card.Input.Times(usage.Input)
            + card.CachedInput.Times(usage.CachedInput)
            + card.CacheWrite.Times(usage.CacheWrite)
            + card.Output.Times(usage.Output);
        Int128 pieces = 0;
        foreach (var (unit, count) in usage.Others)
        {
            if (card.RateOf(unit) is not { } rate)
                throw new ArgumentException($"{UnitClasses.NameOf(unit)} has no rate", nameof(usage));
            if (unit.IsToken()) tokens += rate.Times(count);
            else pieces += rate.Times(count);
        }
        return checked(tokens * tier + pieces * wholeTier);
    }

    /// <summary>
    /// The most that a call can cost whose units are bounded: every input token at the dearest input class, every
    /// output token at the dearest output class, in the dearest context band that the input may reach. Rounded upward.
    /// Null when something that may be used has no rate.
    /// </summary>
    /// <exception cref="OverflowException">The amount exceeds what <see cref="NanoUsd"/> can hold.</exception>
    public static NanoUsd? Bound(PriceVersion price, UnitBound units, int tierPercent = DefaultTierPercent)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tierPercent);
        ArgumentOutOfRangeException.ThrowIfNegative(units.Input);
        ArgumentOutOfRangeException.ThrowIfNegative(units.Output);
        if (Ceiling(price.Rates, units, tierPercent) is not { } first) return null;
        if (Ceiling(price.CardFor(units.Input), units, tierPercent) is not { } second) return null;
        return Rounding.Up(Int128.Max(first, second), Divisor);
    }

    internal static Int128? Ceiling(RateCard card, UnitBound units, int tierPercent)
    {
        if (card.DearestInput(units.Kinds) is not { } input || card.DearestOutput(units.Kinds) is not { } output) return null;
        var ceiling = checked((input.Times(units.Input) + output.Times(units.Output)) * tierPercent);
        foreach (var (unit, count) in units.Pieces)
        {
            if (card.RateOf(unit) is not { } rate) return null;
            ceiling = checked(ceiling + rate.Times(count) * DefaultTierPercent);
        }
        return ceiling;
    }
}
