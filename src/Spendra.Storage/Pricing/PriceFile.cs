using System.Collections.Immutable;
using System.Text;
using Spendra.Core.Metering;
using Spendra.Core.Pricing;

namespace Spendra.Storage.Pricing;

/// <summary>A price as a file or a list offers it.</summary>
/// <param name="Price">Without an id and a time of recording.</param>
/// <param name="IsDated">The offer says when it begins; otherwise it holds from whenever it is taken.</param>
public sealed record OfferedPrice(PriceVersion Price, bool IsDated);

/// <summary>What a file of prices offers, or what is wrong with it; with an error nothing of it is used.</summary>
public sealed record PriceFileContent(ImmutableArray<OfferedPrice> Prices, ImmutableArray<string> Errors);

/// <summary>
/// Prices as text: CSV with one line for each version of a price, in the columns of <c>catalog.csv</c>. Rates are exact
/// decimals in USD per million units. Several values of one cell are <c>name=value</c>, separated by semicolons.
/// </summary>
public static class PriceFile
{
    /// <summary>The columns, in order.</summary>
    public static ImmutableArray<string> Columns { get; } =
    [
        "provider", "model", "aliases", "effective_from", "effective_to", "input", "cached_input", "cache_write", "output",
        "other_rates", "long_context_above", "long_input", "long_cached_input", "long_cache_write", "long_output",
        "long_other_rates", "tiers", "context_window", "max_output", "source", "as_of",
    ];

    /// <summary>Reads a whole file and says everything that is wrong with it, each with its line.</summary>
    /// <param name="text">The file.</param>
    /// <param name="allowsNegotiated">It is the program's own: its prices may be those that people agreed on.</param>
    public static PriceFileContent Read(string text, bool allowsNegotiated = false)
    {
        var errors = ImmutableArray.CreateBuilder<string>();
        var prices = ImmutableArray.CreateBuilder<OfferedPrice>();
        var header = string.Join(',', Columns);
        foreach (var (index, line) in text.Split('\n').Index())
        {
            var trimmed = line.TrimEnd('\r');
            if (index == 0)
            {
                if (trimmed.TrimStart('\uFEFF') != header) return new PriceFileContent([], [$"line 1: expected the columns {header}"]);
            }
            else if (trimmed.Length > 0)
            {
                var row = new PriceLine(index + 1, CsvLine.Split(trimmed), errors, allowsNegotiated);
                prices.AddRange(row.Read());
            }
        }
        if (errors.Count == 0) CheckSpans(prices, errors);
        return new PriceFileContent(errors.Count == 0 ? prices.ToImmutable() : [], errors.ToImmutable());
    }

    /// <summary>The same prices as a file.</summary>
    public static string Write(IEnumerable<OfferedPrice> prices)
    {
        var text = new StringBuilder();
        text.AppendJoin(',', Columns).Append('\n');
        foreach (var (price, isDated) in prices) text.AppendJoin(',', Cells(price, isDated).Select(CsvLine.Quote)).Append('\n');
        return text.ToString();
    }

    private static IEnumerable<string> Cells(PriceVersion price, bool isDated) =>
    [
        price.Provider, price.Model, "", isDated && price.EffectiveFrom > 0 ? InstantText.Of(price.EffectiveFrom) : "",
        price.EffectiveTo is { } end ? InstantText.Of(end) : "",
        .. Card(price.Rates),
        price.LongContext?.AboveInputUnits.ToString() ?? "",
        .. price.LongContext is { } band ? Card(band.Rates) : ["", "", "", "", ""],
        string.Join(';', price.TierPercents.Select(t => $"{t.Key}={t.Value}")),
        price.ContextWindow?.ToString() ?? "", price.MaxOutput?.ToString() ?? "", price.Source, "",
    ];

    private static string[] Card(RateCard card) =>
    [
        card.Input.ToString(), card.CachedInput.ToString(), card.CacheWrite.ToString(), card.Output.ToString(),
        string.Join(';', card.Others.Select(o => $"{UnitClasses.NameOf(o.Class)}={o.Value}")),
    ];

    /// <summary>No two versions of a model may hold at once: which of them a request got would be chance.</summary>
    private static void CheckSpans(IEnumerable<OfferedPrice> prices, ImmutableArray<string>.Builder errors)
    {
        foreach (var model in prices.Select(p => p.Price).GroupBy(p => (p.Provider, p.Model)))
        {
            PriceVersion? before = null;
            foreach (var price in model.OrderBy(p => p.EffectiveFrom))
            {
                if (before is not null && (before.EffectiveTo is not { } end || end > price.EffectiveFrom))
                    errors.Add($"{price.Provider}/{price.Model} has two prices for {Instant(price.EffectiveFrom)}: the first must have an effective_to that is no later");
                before = price;
            }
        }
    }

    private static string Instant(long micros) => micros == 0 ? "one time" : InstantText.Of(micros);
}
