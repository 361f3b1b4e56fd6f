using System.Globalization;
using System.Text;
using Spendra.Control.Dashboard.Charts;
using Spendra.Core.Money;

namespace Spendra.Control.Reports;

/// <summary>What was spent on one thing, in a time and in the one before.</summary>
/// <param name="Name">Null for spend that belongs to no thing of the kind.</param>
/// <param name="Colour">1 to 7, as it is drawn.</param>
/// <param name="Now">In the time that is shown.</param>
/// <param name="Before">In the time before, which is as long.</param>
/// <param name="Requests">That were paid for.</param>
/// <param name="TokensIn">Of every class.</param>
/// <param name="TokensOut">Likewise.</param>
internal sealed record ExploredGroup(string? Name, int Colour, NanoUsd Now, NanoUsd Before, long Requests, long TokensIn, long TokensOut)
{
    public NanoUsd Change => Now - Before;
}

/// <summary>Reports put together: a table, its total, and what is drawn above it.</summary>
internal sealed class Exploration
{
    public const string None = "none";
    public const string Others = "all others";

    private const int MostSeries = 6;

    private Exploration(IReadOnlyList<ExploredGroup> groups, IReadOnlyList<ChartSeries> series) => (Groups, Series) = (groups, series);

    /// <summary>The dearest first.</summary>
    public IReadOnlyList<ExploredGroup> Groups { get; }

    /// <summary>From the bottom up: the dearest, and the rest together.</summary>
    public IReadOnlyList<ChartSeries> Series { get; }

    public ExploredGroup Total => Groups.Aggregate(new ExploredGroup(null, 0, NanoUsd.Zero, NanoUsd.Zero, 0, 0, 0), (sum, g) => new ExploredGroup(
        null, 0, sum.Now + g.Now, sum.Before + g.Before, sum.Requests + g.Requests, sum.TokensIn + g.TokensIn, sum.TokensOut + g.TokensOut));

    /// <summary>
    /// What can be listed of two readings, either of which may have stopped beyond <paramref name="most"/> rows: only things of which
    /// both amounts are known. One that was not reached in the other reading is no thing without spend there.
    /// </summary>
    public static (IReadOnlyList<UsageSum> Now, IReadOnlyList<UsageSum> Before) Listed(IReadOnlyList<UsageSum> now, IReadOnlyList<UsageSum> before, int most)
    {
        return (KnownIn(before, now), KnownIn(now, before));

        IReadOnlyList<UsageSum> KnownIn(IReadOnlyList<UsageSum> other, IReadOnlyList<UsageSum> rows)
        {
            var known = other.Count > most ? other.Take(most).Select(s => s.Group ?? "").ToHashSet(StringComparer.Ordinal) : null;
            return [.. rows.Take(most).Where(s => known?.Contains(s.Group ?? "") != false)];
        }
    }

    /// <summary>Puts reports together.</summary>
    /// <param name="steps">When each step of time begins.</param>
    /// <param name="now">By thing, of the whole time.</param>
    /// <param name="before">By thing, of the time before.</param>
    /// <param name="parts">By thing and step; rows of no step are left out.</param>
    /// <param name="isOfProviders">Things are providers, which have colours of their own.</param>
    public static Exploration Of(
        IReadOnlyList<DateTime> steps, IReadOnlyList<UsageSum> now, IReadOnlyList<UsageSum> before, IReadOnlyList<UsageSum> parts, bool isOfProviders)
    {
        var earlier = before.ToDictionary(s => s.Group ?? "", s => s.CostUsd, StringComparer.Ordinal);
        var later = now.ToDictionary(s => s.Group ?? "", StringComparer.Ordinal);
        var names = later.Keys.Union(earlier.Keys, StringComparer.Ordinal)
            .OrderByDescending(n => later.TryGetValue(n, out var sum) ? sum.CostUsd : NanoUsd.Zero).ThenByDescending(n => earlier.GetValueOrDefault(n)).ThenBy(n => n, StringComparer.Ordinal).ToList();
        var drawn = names.Where(n => n.Length > 0 && later.ContainsKey(n)).Take(MostSeries).ToList();
        var colours = isOfProviders ? ProviderColours.Of(drawn) : drawn.Select((name, i) => (name, i)).ToDictionary(d => d.name, d => d.i + 1, StringComparer.Ordinal);
        var groups = names.Select(name => later.TryGetValue(name, out var sum)
            ? new ExploredGroup(OrNull(name), colours.GetValueOrDefault(name, ProviderColours.Rest), sum.CostUsd, earlier.GetValueOrDefault(name), sum.Requests,
                sum.InputTokens + sum.CachedInputTokens + sum.CacheWriteTokens, sum.OutputTokens)
            : new ExploredGroup(OrNull(name), ProviderColours.Rest, NanoUsd.Zero, earlier[name], 0, 0, 0)).ToList();
        return new Exploration(groups, SeriesOf(steps, drawn, colours, parts, later.Count));
    }

    /// <summary>The table as a file. Amounts are exact.</summary>
    public string ToCsv(string by)
    {
        var csv = new StringBuilder($"{by},cost_usd,before_usd,requests,tokens_in,tokens_out\r\n");
        foreach (var group in Groups)
            csv.Append(CultureInfo.InvariantCulture, $"{Cell(group.Name ?? "")},{group.Now},{group.Before},{group.Requests},{group.TokensIn},{group.TokensOut}\r\n");
        return csv.ToString();
    }

    private static List<ChartSeries> SeriesOf(
        IReadOnlyList<DateTime> steps, List<string> drawn, Dictionary<string, int> colours, IReadOnlyList<UsageSum> parts, int groupCount)
    {
        var at = steps.Select((step, i) => (step, i)).ToDictionary(s => s.step, s => s.i);
        var amounts = new Dictionary<string, NanoUsd[]>(StringComparer.Ordinal);
        foreach (var part in parts)
        {
            if (!at.TryGetValue(part.StartsAt, out var step)) continue;
            var name = colours.ContainsKey(part.Group ?? "") ? part.Group! : "";
            if (!amounts.TryGetValue(name, out var row)) amounts[name] = row = new NanoUsd[steps.Count];
            row[step] += part.CostUsd;
        }
        var series = drawn.Where(amounts.ContainsKey).Select(name => new ChartSeries(name, colours[name], amounts[name])).ToList();
        if (amounts.TryGetValue("", out var rest))
            series.Add(new ChartSeries(series.Count == 0 ? "all" : groupCount > drawn.Count + 1 ? Others : None, series.Count == 0 ? 3 : ProviderColours.Rest, rest));
        return series;
    }

    private static string? OrNull(string name) => name.Length == 0 ? null : name;

    // What a table calculates with when it is opened is no name.
    private static string Cell(string text)
    {
        var plain = text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" + text : text;
        return plain.AsSpan().IndexOfAny(",\"\r\n") < 0 ? plain : $"\"{plain.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
