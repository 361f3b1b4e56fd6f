using System.Diagnostics.CodeAnalysis;

namespace Spendra.Core.Money;

/// <summary>Plain decimal text to scaled integers, exact or not at all.</summary>
internal static class DecimalText
{
    /// <summary>
    /// Reads <c>-?digits[.digits]</c> as an integer scaled by 10^<paramref name="decimals"/>.
    /// Exponents, signs other than a leading minus, group separators and excess precision are refused.
    /// </summary>
    public static bool TryScale([NotNullWhen(true)] string? text, int decimals, out long scaled)
    {
        scaled = 0;
        if (string.IsNullOrEmpty(text) || text.Length > 40) return false;
        var negative = text[0] == '-';
        var digits = negative ? text.AsSpan(1) : text;
        var point = digits.IndexOf('.');
        var whole = point == -1 ? digits : digits[..point];
        var fraction = point == -1 ? [] : digits[(point + 1)..];
        if (whole.IsEmpty || (point != -1 && fraction.IsEmpty)) return false;
        fraction = fraction.TrimEnd('0');
        if (fraction.Length > decimals) return false;

        Int128 value = 0;
        foreach (var c in whole)
        {
            if (!char.IsAsciiDigit(c)) return false;
            value = value * 10 + (c - '0');
            if (value > long.MaxValue) return false;
        }
        for (var i = 0; i < decimals; i++)
        {
            var c = i < fraction.Length ? fraction[i] : '0';
            if (!char.IsAsciiDigit(c)) return false;
            value = value * 10 + (c - '0');
        }
        if (negative) value = -value;
        if (value > long.MaxValue || value < long.MinValue) return false;
        scaled = (long)value;
        return true;
    }
}
