using System.Globalization;
using System.Text.Json;
using Spendra.Core.Metering;
using Spendra.Core.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>
/// Reads the documents of providers' own interfaces for costs and usage: pages, one after the other. A line is a result, counted
/// through all pages. Numbers are read as they are written, never through floating point.
/// </summary>
internal static class JsonBills
{
    private const int PerUsd = 1;
    private const int CentsPerUsd = 100;

    public static void ReadOpenAi(IEnumerable<JsonElement> pages, BillLines bill)
    {
        var units = new Dictionary<(long Day, string Model, UnitClass Class), long>();
        ReadBuckets(pages, bill, b => Epoch(b, "start_time"), (line, day, result) =>
        {
            if (Text(result, "object") is not "organization.costs.result")
            {
                AddOpenAiUsage(line, day, result, units);
                return;
            }
            var amount = Object(line, result, "amount");
            BillLines.RequireUsd(line, Text(amount, "currency"));
            var item = Text(result, "line_item") ?? throw BillException.At(line, "it names no line item: group the costs by line_item");
            // As the interface writes it: the model, a comma, and what was counted.
            var at = item.LastIndexOf(", ", StringComparison.Ordinal);
            var unit = at < 0 ? null : ClassWords.Find(item[(at + 2)..], bill.Mapping);
            long? quantity = Number(result, "quantity") is { } text && unit is not null && ClassWords.MultiplierOf(Text(result, "quantity_unit")) is { } multiplier
                ? BillLines.Quantity(line, text, multiplier) : null;
            bill.Add(line, day, unit is null ? item : item[..at], unit, quantity, BillLines.Amount(line, Number(amount, "value"), PerUsd));
        });
        bill.FillQuantities(units);
    }

    public static void ReadAnthropic(IEnumerable<JsonElement> pages, BillLines bill)
    {
        var units = new Dictionary<(long Day, string Model, UnitClass Class), long>();
        ReadBuckets(pages, bill, b => Text(b, "starting_at"), (line, day, result) =>
        {
            if (Number(result, "amount") is not { } amount)
            {
                AddAnthropicUsage(line, day, result, units);
                return;
            }
            BillLines.RequireUsd(line, Text(result, "currency"));
            var kind = Text(result, "token_type") ?? Text(result, "cost_type") ?? Text(result, "description")
                ?? throw BillException.At(line, "it does not say what it is for: group the costs by description");
            // What is charged by the search names no model.
            bill.Add(line, day, Text(result, "model") ?? "", ClassWords.Find(kind, bill.Mapping), null, BillLines.Amount(line, amount, CentsPerUsd));
        });
        bill.FillQuantities(units);
    }

    public static void ReadOpenRouterActivity(IEnumerable<JsonElement> pages, BillLines bill)
    {
        var line = 0;
        foreach (var entry in pages.SelectMany(p => Array(p, "data")))
        {
            line++;
            bill.RefuseRepetition(line, entry.GetRawText());
            var model = Text(entry, "model") ?? throw BillException.At(line, "it names no model");
            // With a credential of one's own the provider bills what it cost, and this is the fee.
            bill.Add(line, BillLines.Day(line, Text(entry, "date")), model, null, null, BillLines.Amount(line, Number(entry, "usage"), PerUsd));
        }
    }

    public static void ReadOpenRouterGenerations(IEnumerable<JsonElement> answers, BillLines bill)
    {
        var line = 0;
        foreach (var answer in answers)
        {
            line++;
            var generation = Object(line, answer, "data");
            bill.RefuseRepetition(line, Text(generation, "id") ?? throw BillException.At(line, "it has no id"));
            var model = Text(generation, "model") ?? throw BillException.At(line, "it names no model");
            bill.Add(line, BillLines.Day(line, Text(generation, "created_at")), model, null, null, BillLines.Amount(line, Number(generation, "total_cost"), PerUsd));
        }
    }

    private static void ReadBuckets(IEnumerable<JsonElement> pages, BillLines bill, Func<JsonElement, string?> dayOf, Action<int, long, JsonElement> read)
    {
        var line = 0;
        foreach (var bucket in pages.SelectMany(p => Array(p, "data")))
        {
            var start = dayOf(bucket);
            foreach (var result in Array(bucket, "results"))
            {
                line++;
                bill.RefuseRepetition(line, $"{start} {result.GetRawText()}");
                read(line, BillLines.Day(line, start), result);
            }
        }
    }

    // Input counts what was read from and written to a cache too: classes never overlap here.
    private static void AddOpenAiUsage(int line, long day, JsonElement result, Dictionary<(long, string, UnitClass), long> units)
    {
        if (Text(result, "model") is not { } model) return;
        var cached = Units(line, result, "input_cached_tokens");
        var written = Units(line, result, "input_cache_write_tokens");
        var input = Units(line, result, "input_tokens") - cached - written;
        if (input < 0) throw BillException.At(line, "more of its input is cached than there is");
        Count(units, day, model, (UnitClass.Input, input), (UnitClass.CachedInput, cached), (UnitClass.CacheWrite, written),
            (UnitClass.Output, Units(line, result, "output_tokens")), (UnitClass.AudioInput, Units(line, result, "input_audio_tokens")),
            (UnitClass.AudioOutput, Units(line, result, "output_audio_tokens")));
    }

    private static void AddAnthropicUsage(int line, long day, JsonElement result, Dictionary<(long, string, UnitClass), long> units)
    {
        if (Text(result, "model") is not { } model) return;
        long written = 0, writtenLong = 0, searches = 0;
        if (result.TryGetProperty("cache_creation", out var creation) && creation.ValueKind == JsonValueKind.Object)
            (written, writtenLong) = (Units(line, creation, "ephemeral_5m_input_tokens"), Units(line, creation, "ephemeral_1h_input_tokens"));
        if (result.TryGetProperty("server_tool_use", out var tools) && tools.ValueKind == JsonValueKind.Object)
            searches = Units(line, tools, "web_search_requests");
        Count(units, day, model, (UnitClass.Input, Units(line, result, "uncached_input_tokens")), (UnitClass.CachedInput, Units(line, result, "cache_read_input_tokens")),
            (UnitClass.CacheWrite, written), (UnitClass.CacheWriteLong, writtenLong), (UnitClass.Output, Units(line, result, "output_tokens")));
        Count(units, day, "", (UnitClass.WebSearches, searches));
    }

    private static void Count(Dictionary<(long, string, UnitClass), long> units, long day, string model, params (UnitClass Class, long Units)[] counts)
    {
        foreach (var (unit, count) in counts)
            units[(day, model, unit)] = Math.Min(BilledLine.MostQuantity + 1, units.GetValueOrDefault((day, model, unit)) + count);
    }

    private static long Units(int line, JsonElement of, string name)
    {
        if (Number(of, name) is not { } text) return 0;
        var units = BillLines.Quantity(line, text, 1);
        return units is >= 0 and <= BilledLine.MostQuantity ? units : throw BillException.At(line, $"its '{name}' is no number that is believed");
    }

    private static string? Epoch(JsonElement of, string name) =>
        Number(of, name) is { } text && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 7_258_118_400
            ? DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : null;

    private static JsonElement.ArrayEnumerator Array(JsonElement of, string name)
    {
        if (of.ValueKind != JsonValueKind.Object || !of.TryGetProperty(name, out var array) || array.ValueKind != JsonValueKind.Array)
            throw new BillException($"the document has no list '{name}': it is none of this format");
        return array.EnumerateArray();
    }

    private static JsonElement Object(int line, JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.Object
            ? found : throw BillException.At(line, $"it has no '{name}'");

    internal static string? Text(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A number as it is written, in quotation marks or not; null where there is none.</summary>
    internal static string? Number(JsonElement of, string name)
    {
        if (of.ValueKind != JsonValueKind.Object || !of.TryGetProperty(name, out var value)) return null;
        return value.ValueKind switch
        {
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.String => value.GetString(),
            _ => null,
        };
    }
}
