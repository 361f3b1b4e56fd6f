using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Core.Pricing;

/// <summary>The proven upper limits of one request, in units. <c>Output</c> covers all choices together.</summary>
public readonly record struct UnitBound(long Input, long Output);

/// <summary>Usage × rates: exact products in <see cref="Int128"/>, rounded once.</summary>
public static class Cost
{
    public const int DefaultTierPercent = 100;

    // Rates are per million units and tiers in per cent; dividing once by both keeps the sum exact until then.
    private const long Divisor = Rate.UnitsPerRate * DefaultTierPercent;

    /// <summary>What a call cost at a price version. Rounded half to even.</summary>
    /// <param name="price">The version that the reservation pinned.</param>
    /// <param name="usage">Plausible usage; see <see cref="Usage.IsPlausible"/>.</param>
    /// <param name="tierPercent">Multiplier of the tier that served the call, in per cent.</param>
    /// <exception cref="ArgumentException">The usage is not plausible.</exception>
    /// <exception cref="OverflowException">The amount exceeds what <see cref="NanoUsd"/> can hold.</exception>
    public static NanoUsd Of(PriceVersion price, in Usage usage, int tierPercent = DefaultTierPercent)
    {
        if (!usage.IsPlausible) throw new ArgumentException("usage is not plausible", nameof(usage));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tierPercent);
        var card = price.CardFor(usage.TotalInput);
        var sum = card.Input.Times(usage.Input)
            + card.CachedInput.Times(usage.CachedInput)
            + card.CacheWrite.Times(usage.CacheWrite)
            + card.Output.Times(usage.Output);
        return Rounding.HalfEven(checked(sum * tierPercent), Divisor);
    }

    /// <summary>
    /// The most that a call can cost whose input and output are bounded: every input unit at the dearest input
    /// class, every output unit at the output rate, in the dearest context band that the input may reach.
    /// Rounded upward.
    /// </summary>
    /// <exception cref="OverflowException">The amount exceeds what <see cref="NanoUsd"/> can hold.</exception>
    public static NanoUsd Bound(PriceVersion price, UnitBound units, int tierPercent = DefaultTierPercent)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tierPercent);
        ArgumentOutOfRangeException.ThrowIfNegative(units.Input);
        ArgumentOutOfRangeException.ThrowIfNegative(units.Output);
        var worst = Int128.Max(Ceiling(price.Rates, units), Ceiling(price.CardFor(units.Input), units));
        return Rounding.Up(checked(worst * tierPercent), Divisor);
    }

    private static Int128 Ceiling(RateCard card, UnitBound units) =>
        card.DearestInput.Times(units.Input) + card.Output.Times(units.Output);
}
