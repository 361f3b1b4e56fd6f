using System.Globalization;
using Spendra.Core.Money;

namespace Spendra.Control.Dashboard;

/// <summary>Amounts and counts as people read them. Sums are made before they are rounded.</summary>
internal static class Amounts
{
    private const long NanosPerCent = 10_000_000;
    private const long NanosPerMillionth = 1_000;

    /// <summary><c>1,234.56</c>; what is not zero and rounds to it is <c>&lt; 0.01</c>, as a zero would be wrong.</summary>
    public static string Cents(NanoUsd amount)
    {
        if (amount.Value is > 0 and <= NanosPerCent / 2) return "< 0.01";
        if (amount.Value is < 0 and >= -NanosPerCent / 2) return "> −0.01";
        var text = Math.Round(Math.Abs((decimal)amount.Value) / 1_000_000_000m, 2, MidpointRounding.ToEven).ToString("N2", CultureInfo.InvariantCulture);
        return amount.IsNegative ? "−" + text : text;
    }

    /// <summary>To the millionth of a USD, for single requests: <c>0.002250</c>. What is not zero and rounds to it is <c>&lt; 0.000001</c>.</summary>
    public static string Fine(NanoUsd amount)
    {
        if (amount.Value is > 0 and < NanosPerMillionth / 2) return "< 0.000001";
        if (amount.Value is < 0 and > -NanosPerMillionth / 2) return "> −0.000001";
        var text = Math.Round(Math.Abs((decimal)amount.Value) / 1_000_000_000m, 6, MidpointRounding.ToEven).ToString("N6", CultureInfo.InvariantCulture);
        return amount.IsNegative ? "−" + text : text;
    }

    /// <summary>With its currency, for headings: <c>$1,234.56</c>.</summary>
    public static string Usd(NanoUsd amount) => Cents(amount) switch
    {
        ['<', ' ', .. var few] => $"< ${few}",
        ['>', ' ', '−', .. var few] => $"> −${few}",
        ['−', .. var some] => $"−${some}",
        var some => $"${some}",
    };

    /// <summary><c>12,345</c>.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A share in tenths of a per cent, 0 when the whole is: <c>62.5 %</c>.</summary>
    public static string Share(NanoUsd part, NanoUsd whole) =>
        whole.Value == 0 ? "–" : (Math.Round((decimal)part.Value * 1000 / whole.Value) / 10).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    /// <summary>Where a part ends on a line of the whole, from 0 to 100: for drawing, not for counting.</summary>
    public static double Position(NanoUsd part, NanoUsd whole) =>
        whole.Value <= 0 ? 0 : Math.Clamp((double)((decimal)part.Value / whole.Value) * 100, 0, 100);
}
