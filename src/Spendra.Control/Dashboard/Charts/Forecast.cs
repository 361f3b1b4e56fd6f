using Spendra.Core.Money;

namespace Spendra.Control.Dashboard.Charts;

/// <summary>What a period will have cost at its end if the days to come are like those that were.</summary>
/// <param name="Likely">With every day to come at the mean of those that are over.</param>
/// <param name="Low">Nine times in ten it is more, if days vary as they did and do not depend on each other.</param>
/// <param name="High">Nine times in ten it is less.</param>
public sealed record Forecast(NanoUsd Likely, NanoUsd Low, NanoUsd High)
{
    private const int LeastDays = 3;

    // The normal distribution's 90th percentile.
    private const decimal Spread = 1.2816m;
    private const int MostSteps = 64;

    /// <summary>Null before three days are over: two say nothing of how days vary.</summary>
    /// <param name="spent">What each day that is over cost.</param>
    /// <param name="days">Days of the whole period.</param>
    /// <param name="running">What the day that is running cost so far.</param>
    public static Forecast? Of(IReadOnlyList<NanoUsd> spent, int days, NanoUsd running)
    {
        if (spent.Count < LeastDays || spent.Count >= days) return null;
        // In USD: squares of nano-USD would not fit.
        var each = spent.Select(day => (decimal)day.Value / NanoUsd.PerUsd).ToList();
        var (sum, left) = (each.Sum(), days - spent.Count);
        var mean = sum / spent.Count;
        var variance = each.Sum(day => (day - mean) * (day - mean)) / (spent.Count - 1);
        var (likely, width) = (sum + mean * left, Spread * Root(variance * left));
        // What was spent stays spent.
        var least = sum + (decimal)running.Value / NanoUsd.PerUsd;
        return new Forecast(Whole(Math.Max(least, likely)), Whole(Math.Max(least, likely - width)), Whole(Math.Max(least, likely + width)));
    }

    /// <summary>By Newton's steps, which end where the next one changes nothing.</summary>
    private static decimal Root(decimal square)
    {
        if (square <= 0) return 0;
        var root = Math.Max(1, square);
        for (var step = 0; step < MostSteps; step++)
        {
            var next = (root + square / root) / 2;
            if (next >= root) break;
            root = next;
        }
        return root;
    }

    private static NanoUsd Whole(decimal usd) => new((long)Math.Min(Math.Round(usd * NanoUsd.PerUsd), long.MaxValue));
}
