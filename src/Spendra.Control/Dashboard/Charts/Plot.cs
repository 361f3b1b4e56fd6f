using System.Globalization;
using Spendra.Core.Money;

namespace Spendra.Control.Dashboard.Charts;

/// <summary>
/// Where amounts stand in a drawing, in the drawing's own units. Floating point is for drawing alone: what is written beside a
/// point is its exact amount.
/// </summary>
/// <param name="Width">Of the drawing.</param>
/// <param name="Height">Of the drawing.</param>
/// <param name="Count">Steps from left to right.</param>
/// <param name="Top">The largest amount; more than zero.</param>
internal sealed record Plot(double Width, double Height, int Count, NanoUsd Top)
{
    public double X(double step) => Count <= 0 ? 0 : step / Count * Width;

    public double Y(NanoUsd amount) => Height - Amounts.Position(amount, Top) / 100 * Height;

    public static string N(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>A line through points.</summary>
    public static string Path(IEnumerable<(double X, double Y)> points) => string.Join(" ", points.Select((p, i) => $"{(i == 0 ? "M" : "L")}{N(p.X)} {N(p.Y)}"));

    /// <summary>The least of 1, 2, 3, 4, 5, 6 or 8 times a power of ten that is not below an amount, and at least a cent.</summary>
    public static NanoUsd RoundUp(NanoUsd amount)
    {
        const long Cent = NanoUsd.PerUsd / 100;
        for (var power = Cent; ; power = checked(power * 10))
            foreach (var factor in (ReadOnlySpan<long>)[1, 2, 3, 4, 5, 6, 8])
                if (power > long.MaxValue / 50 || power * factor >= amount.Value) return new NanoUsd(Math.Max(power * factor, amount.Value));
    }
}
