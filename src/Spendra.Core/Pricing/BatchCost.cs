using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Core.Pricing;

/// <summary>
/// The cost of many calls that are reserved and settled as one. Each of them is in the context band of its own input, so
/// that the sum of their units does not tell the cost, unless the model has one band only. Rounded once for all of them.
/// </summary>
public static class BatchCost
{
    /// <summary>The most that the calls can cost; null when something that may be used has no rate.</summary>
    /// <param name="price">The version of the one model that all of them name.</param>
    /// <param name="within">The bounds of those that cannot leave the first context band, added up.</param>
    /// <param name="beyond">The bounds of the others, added up.</param>
    /// <param name="tierPercent">The multiplier of the tier, in per cent.</param>
    /// <exception cref="OverflowException">The amount exceeds what <see cref="NanoUsd"/> can hold.</exception>
    public static NanoUsd? Bound(PriceVersion price, UnitBound within, UnitBound beyond, int tierPercent)
    {
        if (Cost.Ceiling(price.Rates, within, tierPercent) is not { } first) return null;
        if (Dearest(price, beyond, tierPercent) is not { } second) return null;
        return Rounding.Up(checked(first + second), Cost.Divisor);
    }

    /// <summary>What the calls cost.</summary>
    /// <param name="price">The version of the model that served all of them.</param>
    /// <param name="within">The usage of those in the first context band, added up.</param>
    /// <param name="beyond">The usage of the others, added up.</param>
    /// <param name="tierPercent">The multiplier of the tier, in per cent.</param>
    /// <exception cref="ArgumentException">A usage is not plausible, or a class of it has no rate.</exception>
    /// <exception cref="OverflowException">The amount exceeds what <see cref="NanoUsd"/> can hold.</exception>
    public static NanoUsd Of(PriceVersion price, in Usage within, in Usage beyond, int tierPercent)
    {
        if (!within.IsPlausible || !beyond.IsPlausible) throw new ArgumentException("usage is not plausible", nameof(within));
        var first = Cost.Products(price.Rates, within, tierPercent);
        var second = Cost.Products(LongRates(price), beyond, tierPercent);
        return Rounding.HalfEven(checked(first + second), Cost.Divisor);
    }

    /// <summary>
    /// Whether an amount can be the bound of calls with so many units together, whichever bands they are in. Exact for a
    /// model with one band. The dearer band is taken to be dearer in every class, as it is in every price list.
    /// </summary>
    public static bool MayBeBound(PriceVersion price, UnitBound units, int tierPercent, NanoUsd amount) =>
        Cost.Ceiling(price.Rates, units, tierPercent) is { } least && Dearest(price, units, tierPercent) is { } most
        && amount >= Rounding.Up(least, Cost.Divisor) && amount <= Rounding.Up(most, Cost.Divisor);

    /// <summary>Whether an amount can be the cost of calls with so much usage together, in nano-USD.</summary>
    public static bool MayBeCost(PriceVersion price, in Usage usage, int tierPercent, Int128 amount)
    {
        if (!usage.IsPlausible) throw new ArgumentException("usage is not plausible", nameof(usage));
        var least = Cost.Products(price.Rates, usage, tierPercent);
        var most = Int128.Max(least, Cost.Products(LongRates(price), usage, tierPercent));
        return amount >= Rounding.HalfEven(least, Cost.Divisor).Value && amount <= Rounding.HalfEven(most, Cost.Divisor).Value;
    }

    private static Int128? Dearest(PriceVersion price, UnitBound units, int tierPercent)
    {
        if (Cost.Ceiling(price.Rates, units, tierPercent) is not { } first) return null;
        if (Cost.Ceiling(LongRates(price), units, tierPercent) is not { } second) return null;
        return Int128.Max(first, second);
    }

    private static RateCard LongRates(PriceVersion price) => price.LongContext?.Rates ?? price.Rates;
}
