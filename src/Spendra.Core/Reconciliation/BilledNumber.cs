using System.Diagnostics.CodeAnalysis;
using Spendra.Core.Money;

namespace Spendra.Core.Reconciliation;

/// <summary>
/// Reads numbers of bills, which other programs wrote: more decimals than nano-dollars have, and exponents. Exact integer
/// arithmetic, rounded once, half to even; no floating point in between.
/// </summary>
public static class BilledNumber
{
    private const int MostDigits = 30;
    private const int MostExponent = 30;
    private const int NanoDecimals = 9;

    /// <summary>An amount in so many of a dollar: 1 for dollars, 100 for cents.</summary>
    /// <param name="text">For example <c>12.345</c>, <c>6e-05</c>, <c>-0.1</c>.</param>
    /// <param name="perUsd">A power of ten.</param>
    /// <param name="amount">The amount; zero when the text is none.</param>
    public static bool TryReadAmount([NotNullWhen(true)] string? text, int perUsd, out NanoUsd amount)
    {
        amount = NanoUsd.Zero;
        var decimals = NanoDecimals;
        for (var unit = perUsd; unit > 1; unit /= 10) decimals--;
        if (!TryScale(text, decimals, isExact: false, out var nanos)) return false;
        amount = new NanoUsd(nanos);
        return true;
    }

    /// <summary>A whole quantity; <c>1200.0</c> is one and <c>0.5</c> is not.</summary>
    /// <param name="text">What the bill says.</param>
    /// <param name="multiplier">Units that one of the bill's has: 1,000 where it counts thousands.</param>
    /// <param name="quantity">Units.</param>
    public static bool TryReadQuantity([NotNullWhen(true)] string? text, long multiplier, out long quantity)
    {
        quantity = 0;
        var decimals = 0;
        for (var unit = multiplier; unit > 1; unit /= 10) decimals++;
        return TryScale(text, decimals, isExact: true, out quantity);
    }

    private static bool TryScale([NotNullWhen(true)] string? text, int decimals, bool isExact, out long scaled)
    {
        scaled = 0;
        if (!TrySplit(text, out var digits, out var exponent, out var isNegative)) return false;
        var shift = exponent + decimals;
        if (shift > MostExponent || shift < -2 * MostExponent) return false;
        if (digits == 0) return true;
        for (; shift > 0; shift--)
        {
            if (digits > long.MaxValue) return false;
            digits *= 10;
        }
        var isCut = false;
        if (shift < 0) digits = Shorten(digits, -shift, out isCut);
        if (isExact && isCut) return false;
        if (digits > long.MaxValue) return false;
        scaled = (long)(isNegative ? -digits : digits);
        return true;

        static Int128 Shorten(Int128 digits, int places, out bool hasRest)
        {
            Int128 divisor = 1;
            // More places than digits: nothing is left of it, half of the last one included.
            if (places > MostDigits + 1)
            {
                hasRest = true;
                return 0;
            }
            for (var i = 0; i < places; i++) divisor *= 10;
            var (quotient, remainder) = Int128.DivRem(digits, divisor);
            hasRest = remainder != 0;
            var twice = remainder * 2;
            return twice > divisor || (twice == divisor && Int128.IsOddInteger(quotient)) ? quotient + 1 : quotient;
        }
    }

    private static bool TrySplit([NotNullWhen(true)] string? text, out Int128 digits, out int exponent, out bool isNegative)
    {
        (digits, exponent, isNegative) = (0, 0, false);
        if (string.IsNullOrEmpty(text) || text.Length > 64) return false;
        isNegative = text[0] == '-';
        var at = isNegative ? 1 : 0;
        int seen = 0, significant = 0;
        var hasPoint = false;
        for (; at < text.Length && text[at] is not ('e' or 'E'); at++)
        {
            if (text[at] == '.' && !hasPoint && seen > 0)
            {
                hasPoint = true;
                continue;
            }
            if (!char.IsAsciiDigit(text[at])) return false;
            seen++;
            if (significant > 0 || text[at] != '0') significant++;
            if (significant > MostDigits) return false;
            digits = digits * 10 + (text[at] - '0');
            if (hasPoint) exponent--;
        }
        if (seen == 0 || text[at - 1] == '.') return false;
        if (at == text.Length) return true;
        if (!int.TryParse(text.AsSpan(at + 1), System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var power)) return false;
        if (power is < -MostExponent or > MostExponent) return false;
        exponent += power;
        return true;
    }
}
