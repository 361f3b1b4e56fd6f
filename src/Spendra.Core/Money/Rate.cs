using System.Diagnostics.CodeAnalysis;

namespace Spendra.Core.Money;

/// <summary>
/// A price per unit, held as nano-USD per million units (tokens of a class, images, seconds, calls).
/// Never negative. 1 USD per million tokens is 1,000,000,000.
/// </summary>
public readonly record struct Rate
{
    public const long UnitsPerRate = 1_000_000;

    /// <summary>What nano-dollars cost: one each.</summary>
    public static Rate OfMoney { get; } = new(UnitsPerRate);

    public Rate(long nanosPerMillion)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nanosPerMillion);
        NanosPerMillion = nanosPerMillion;
    }

    public long NanosPerMillion { get; }

    public static Rate Max(Rate a, Rate b) => new(Math.Max(a.NanosPerMillion, b.NanosPerMillion));

    /// <summary>Exact product in nano-USD × 10⁻⁶; rounded once by whoever adds the products up.</summary>
    public Int128 Times(long units) => (Int128)NanosPerMillion * units;

    /// <summary>Reads USD per million units from decimal text; at most nine decimals.</summary>
    public static bool TryParseUsdPerMillion([NotNullWhen(true)] string? text, out Rate rate)
    {
        rate = default;
        if (!DecimalText.TryScale(text, decimals: 9, out var nanos) || nanos < 0) return false;
        rate = new Rate(nanos);
        return true;
    }

    /// <summary>Reads USD per single unit from decimal text; at most fifteen decimals.</summary>
    public static bool TryParseUsdPerUnit([NotNullWhen(true)] string? text, out Rate rate)
    {
        rate = default;
        if (!DecimalText.TryScale(text, decimals: 15, out var nanos) || nanos < 0) return false;
        rate = new Rate(nanos);
        return true;
    }

    /// <summary>The rate at a part of it, in per cent, or null when that is no whole number of nano-USD per million.</summary>
    /// <param name="percent">Not negative.</param>
    public Rate? AtPercent(int percent)
    {
        var (quotient, remainder) = Int128.DivRem((Int128)NanosPerMillion * percent, 100);
        return remainder == 0 && quotient <= long.MaxValue ? new Rate((long)quotient) : null;
    }

    /// <summary>USD per million units as exact decimal text.</summary>
    public override string ToString() => new NanoUsd(NanosPerMillion).ToString();
}
