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
    private const double Spread = 1.2816;

    /// <summary>Null before three days are over: two say nothing of how days vary.</summary>
    /// <param name="spent">What each day that is over cost.</param>
    /// <param name="days">Days of the whole period.</param>
    /// <param name="running">What the day that is running cost so far.</param>
    public static Forecast? Of(IReadOnlyList<NanoUsd> spent, int days, NanoUsd running)
    {
        if (spent.Count < LeastDays || spent.Count >= days) return null;
        var sum = spent.Aggregate(NanoUsd.Zero, (a, b) => a + b);
        var left = days - spent.Count;
        var mean = (decimal)sum.Value / spent.Count;
        var variance = spent.Sum(day => ((double)day.Value - (double)mean) * ((double)day.Value - (double)mean)) / (spent.Count - 1);
        var likely = sum.Value + mean * left;
        var width = (decimal)(Spread * Math.Sqrt(variance * left));
        // What was spent stays spent.
        var least = sum.Value + (decimal)running.Value;
        return new Forecast(Whole(Math.Max(least, likely)), Whole(Math.Max(least, likely - width)), Whole(Math.Max(least, likely + width)));
    }

    private static NanoUsd Whole(decimal nanos) => new((long)Math.Min(Math.Round(nanos), long.MaxValue));
}
