using Spendra.Control.Dashboard;

namespace Spendra.Control.Catalog;

/// <summary>What a price has beside the rates that every price has, for people.</summary>
internal static class RateWords
{
    /// <summary>How much there is.</summary>
    public static string Short(PriceView price)
    {
        var parts = new List<string>();
        if (price.Rates.UnitUsd.Count > 0) parts.Add($"{price.Rates.UnitUsd.Count} more");
        if (price.LongContextRates is not null) parts.Add("long context");
        if (price.TierPercents.Count > 0) parts.Add("tiers");
        return string.Join(", ", parts);
    }

    /// <summary>All of it, a line each.</summary>
    public static string Others(PriceView price)
    {
        var lines = price.Rates.UnitUsd.Select(u => $"{u.Key}: {u.Value}").ToList();
        if (price.LongContextRates is { } band)
            lines.Add($"above {Amounts.Count(price.LongContextAboveTokens ?? 0)} input tokens: input {band.InputUsd}, cached {band.CachedInputUsd}, output {band.OutputUsd}");
        lines.AddRange(price.TierPercents.Select(t => $"tier {t.Key}: {t.Value} %"));
        return string.Join('\n', lines);
    }
}
