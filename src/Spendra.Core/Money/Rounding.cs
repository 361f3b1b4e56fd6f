namespace Spendra.Core.Money;

/// <summary>
/// The one rounding that a sum of exact products gets (design: once per event). Both take a numerator that is
/// never negative and a positive divisor, and throw <see cref="OverflowException"/> when the quotient does not
/// fit <see cref="NanoUsd"/>.
/// </summary>
public static class Rounding
{
    /// <summary>Upward: bounds must never be short.</summary>
    public static NanoUsd Up(Int128 numerator, long divisor)
    {
        var (quotient, remainder) = Split(numerator, divisor);
        return new NanoUsd(checked((long)(remainder == 0 ? quotient : quotient + 1)));
    }

    /// <summary>Half to even: settlements must not drift over many events.</summary>
    public static NanoUsd HalfEven(Int128 numerator, long divisor)
    {
        var (quotient, remainder) = Split(numerator, divisor);
        var twice = remainder * 2;
        var up = twice > divisor || (twice == divisor && (quotient & 1) == 1);
        return new NanoUsd(checked((long)(up ? quotient + 1 : quotient)));
    }

    private static (Int128 Quotient, Int128 Remainder) Split(Int128 numerator, long divisor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(divisor);
        if (numerator < 0) throw new ArgumentOutOfRangeException(nameof(numerator), "costs are never negative");
        var quotient = numerator / divisor;
        return (quotient, numerator - quotient * divisor);
    }
}
