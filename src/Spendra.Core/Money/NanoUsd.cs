using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Spendra.Core.Money;

/// <summary>
/// An amount in nano-US-dollars (10⁻⁹ USD), the only unit of money in Spendra.
/// Range ±9,223,372,036.854775807 USD; every operation is checked and throws <see cref="OverflowException"/>
/// rather than wrap. <c>default</c> is zero.
/// </summary>
public readonly record struct NanoUsd(long Value) : IComparable<NanoUsd>
{
    public const long PerUsd = 1_000_000_000;

    public static readonly NanoUsd Zero;

    public bool IsNegative => Value < 0;

    public static NanoUsd FromUsd(long usd) => new(checked(usd * PerUsd));

    public static NanoUsd operator +(NanoUsd a, NanoUsd b) => new(checked(a.Value + b.Value));

    public static NanoUsd operator -(NanoUsd a, NanoUsd b) => new(checked(a.Value - b.Value));

    public static NanoUsd operator -(NanoUsd a) => new(checked(-a.Value));

    public static bool operator <(NanoUsd a, NanoUsd b) => a.Value < b.Value;

    public static bool operator >(NanoUsd a, NanoUsd b) => a.Value > b.Value;

    public static bool operator <=(NanoUsd a, NanoUsd b) => a.Value <= b.Value;

    public static bool operator >=(NanoUsd a, NanoUsd b) => a.Value >= b.Value;

    public static NanoUsd Min(NanoUsd a, NanoUsd b) => new(Math.Min(a.Value, b.Value));

    public static NanoUsd Max(NanoUsd a, NanoUsd b) => new(Math.Max(a.Value, b.Value));

    public int CompareTo(NanoUsd other) => Value.CompareTo(other.Value);

    /// <summary>The exact decimal amount in USD, without trailing zeros: <c>0.0000012</c>, <c>-3</c>.</summary>
    public override string ToString()
    {
        var magnitude = (UInt128)Int128.Abs(Value);
        var whole = (ulong)(magnitude / PerUsd);
        var fraction = (ulong)(magnitude % PerUsd);
        var sign = Value < 0 ? "-" : "";
        return fraction == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{sign}{whole}")
            : string.Create(CultureInfo.InvariantCulture, $"{sign}{whole}.{fraction:D9}").TrimEnd('0');
    }

    /// <summary>
    /// Reads a plain decimal amount in USD (<c>-?digits[.digits]</c>) without passing through floating point.
    /// False when the text is not such a number, has more than nine decimals that are not zero, or is out of range.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NanoUsd amount)
    {
        amount = Zero;
        if (!DecimalText.TryScale(text, decimals: 9, out var nanos)) return false;
        amount = new NanoUsd(nanos);
        return true;
    }
}
