using System.Text.Json;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Sylvan.Data.Csv;

namespace Spendra.Control.Reconciliation;

/// <summary>Which columns a kind of file has, by the names that versions of it give them.</summary>
/// <param name="Day">The day, or when the usage began.</param>
/// <param name="Model">What was sold.</param>
/// <param name="Class">What was counted; the same column where one text says both.</param>
/// <param name="Quantity">Units.</param>
/// <param name="Unit">What they are counted in.</param>
/// <param name="Amount">The cost.</param>
/// <param name="Currency">Its currency; none where all is US dollars.</param>
internal sealed record TableShape(
    string[] Day, string[] Model, string[] Class, string[] Quantity, string[] Unit, string[] Amount, string[] Currency)
{
    /// <summary>The column that tells what a line is about, and what must stand in it; other lines are skipped.</summary>
    public string[] Topic { get; init; } = [];

    public string[] Topics { get; init; } = [];

    /// <summary>Credits that the amount does not contain, as JSON with a member <c>amount</c>.</summary>
    public string? Credits { get; init; }

    /// <summary>True where files of this kind count other things than units: a quantity that is not whole is no mistake.</summary>
    public bool IsLenient { get; init; }

    // Azure Cost Management, cost details file schema; models are meters of these services.
    public static readonly TableShape Azure = new(
        ["Date", "UsageDate", "UsageDateTime"], ["MeterName"], ["MeterName"], ["Quantity", "UsageQuantity"], ["UnitOfMeasure"],
        ["CostInBillingCurrency", "Cost", "PreTaxCost"], ["BillingCurrency", "BillingCurrencyCode", "Currency"])
    {
        Topic = ["MeterCategory", "ServiceName"], Topics = ["Cognitive Services", "Azure OpenAI", "Azure OpenAI Service", "Foundry Models", "Foundry Tools"],
        IsLenient = true,
    };

    // Cloud Billing's standard usage cost export.
    public static readonly TableShape Google = new(
        ["usage_start_time"], ["sku.description", "sku_description"], ["sku.description", "sku_description"], ["usage.amount", "usage_amount"],
        ["usage.unit", "usage_unit"], ["cost"], ["currency"])
    {
        Topic = ["service.description", "service_description"], Topics = ["Vertex AI", "Gemini API", "Generative Language API"], Credits = "credits",
        IsLenient = true,
    };

    // The FinOps Foundation's specification 1.2. Columns that begin with x_ are a provider's own.
    public static readonly TableShape Focus = new(
        ["ChargePeriodStart"], ["x_Model", "SkuMeter", "SkuId"], ["x_Class", "SkuMeter"], ["ConsumedQuantity"], ["ConsumedUnit"], ["BilledCost"],
        ["BillingCurrency"]) { IsLenient = true };

    public static TableShape Of(BillMapping mapping) => new(One(mapping.Day), One(mapping.Model), One(mapping.Class), One(mapping.Quantity),
        One(mapping.Unit), One(mapping.Amount), One(mapping.Currency));

    /// <summary>The shape with the columns that a mapping names in place of its own.</summary>
    public TableShape With(BillMapping mapping) => this with
    {
        Day = Or(mapping.Day, Day), Model = Or(mapping.Model, Model), Class = Or(mapping.Class, Class), Quantity = Or(mapping.Quantity, Quantity),
        Unit = Or(mapping.Unit, Unit), Amount = Or(mapping.Amount, Amount), Currency = Or(mapping.Currency, Currency),
    };

    private static string[] One(string? column) => column is null ? [] : [column];

    private static string[] Or(string? column, string[] own) => column is null ? own : [column];
}

/// <summary>Reads bills that are tables: a line of a CSV file or of JSON Lines is a line of the bill.</summary>
internal static class TableBills
{
    private const int CentsPerUsd = 100;
    private const int LargestRecord = 1 << 20;

    public static void ReadCsv(string text, TableShape shape, BillLines bill)
    {
        using var source = new StringReader(text.TrimStart('\uFEFF'));
        try
        {
            using var csv = CsvDataReader.Create(source, new CsvDataReaderOptions { MaxBufferSize = LargestRecord });
            var columns = Columns(csv);
            var of = Checked(shape, bill.Mapping, columns.ContainsKey);
            while (csv.Read())
            {
                // The head is the first line; a value that runs over several lines moves those after it.
                var line = csv.RowNumber + 1;
                var raw = csv.GetRawRecordSpan().TrimEnd("\r\n");
                if (raw.IsWhiteSpace()) continue;
                if (csv.RowFieldCount > csv.FieldCount) throw BillException.At(line, $"it has {csv.RowFieldCount} values for {csv.FieldCount} columns");
                bill.RefuseRepetition(line, raw.ToString());
                Add(line, of, bill, name => columns.TryGetValue(name, out var at) && at < csv.RowFieldCount ? csv.GetString(at) : null);
            }
        }
        catch (CsvFormatException e)
        {
            throw BillException.At(e.RowNumber + 1, "it is not CSV");
        }
        catch (Exception e) when (e is CsvMissingHeadersException or CsvRecordTooLargeException or InvalidDataException or CsvConfigurationException)
        {
            throw new BillException("the file is not CSV that can be read: it has no line of names, or a line that is too long");
        }
    }

    public static void ReadJsonLines(IEnumerable<JsonElement> rows, TableShape shape, BillLines bill)
    {
        var line = 0;
        foreach (var row in rows)
        {
            line++;
            if (row.ValueKind != JsonValueKind.Object) throw BillException.At(line, "it is no JSON object");
            bill.RefuseRepetition(line, row.GetRawText());
            Add(line, shape, bill, name => Nested(row, name));
        }
    }

    private static Dictionary<string, int> Columns(CsvDataReader csv)
    {
        var columns = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var at = 0; at < csv.FieldCount; at++)
        {
            if (!columns.TryAdd(csv.GetName(at).Trim(), at)) throw BillException.At(1, $"column {at + 1} has the name of an earlier one");
        }
        return columns;
    }

    /// <summary>The shape with the one name of each column that a file has.</summary>
    private static TableShape Checked(TableShape shape, BillMapping mapping, Func<string, bool> isThere)
    {
        Require(shape.Day, mapping.Day, "day");
        Require(shape.Model, mapping.Model, "model");
        Require(shape.Amount, mapping.Amount, "amount");
        // Only what was named must be there.
        if (shape.Currency.Length > 0) Require(shape.Currency, mapping.Currency, "currency");
        return shape;

        void Require(string[] names, string? named, string what)
        {
            if (names.Any(isThere)) return;
            // A name of the caller's is not repeated: it may be anything.
            if (named is not null) throw BillException.At(1, $"there is no column of the name that the mapping has under '{what}'");
            throw BillException.At(1, names.Length == 0 ? $"the mapping names no column of the {what}" : $"there is no column of the {what}: expected {string.Join(" or ", names)}");
        }
    }

    private static void Add(int line, TableShape shape, BillLines bill, Func<string, string?> valueOf)
    {
        if (!IsOfTheAccount(shape, bill.Mapping, valueOf))
        {
            bill.Skip();
            return;
        }
        if (shape.Currency.Length > 0) BillLines.RequireUsd(line, First(shape.Currency));
        var amount = BillLines.Amount(line, First(shape.Amount), bill.Mapping.IsInCents ? CentsPerUsd : 1);
        if (shape.Credits is { } column && valueOf(column) is { Length: > 0 } credits) amount += Credits(line, credits);
        var model = First(shape.Model) ?? "";
        var isNamed = bill.Mapping.Models?.ContainsKey(model) == true;
        if (model.Length == 0 && !shape.IsLenient) throw BillException.At(line, "it names no model");
        UnitClass? unit = First(shape.Class) is { } text ? ClassWords.Find(text, bill.Mapping) : null;
        // Where a column tells the class, each line must; where one text says all, some say less.
        if (unit is null && shape.Class.Length > 0 && !shape.IsLenient)
            throw BillException.At(line, "its class is none that is known: name it under 'classes' of the mapping");
        bill.Add(line, BillLines.Day(line, First(shape.Day)), isNamed || shape.Model != shape.Class ? model : model.Trim(), unit, Quantity(line, shape, First), amount);

        string? First(string[] names)
        {
            foreach (var name in names)
            {
                if (valueOf(name) is { Length: > 0 } value) return value.Trim();
            }
            return null;
        }
    }

    private static bool IsOfTheAccount(TableShape shape, BillMapping mapping, Func<string, string?> valueOf)
    {
        if (mapping.Only is { } only && !only.All(o => string.Equals(valueOf(o.Key)?.Trim(), o.Value, StringComparison.OrdinalIgnoreCase))) return false;
        if (shape.Topics.Length == 0) return true;
        var topic = shape.Topic.Select(valueOf).FirstOrDefault(t => t is { Length: > 0 });
        return topic is not null && shape.Topics.Contains(topic.Trim(), StringComparer.OrdinalIgnoreCase);
    }

    private static long? Quantity(int line, TableShape shape, Func<string[], string?> first)
    {
        if (first(shape.Quantity) is not { } text) return null;
        if (ClassWords.MultiplierOf(first(shape.Unit)) is not { } multiplier) return null;
        if (shape.IsLenient && !Core.Reconciliation.BilledNumber.TryReadQuantity(text, multiplier, out _)
            && Core.Reconciliation.BilledNumber.TryReadAmount(text, 1, out _)) return null;
        return BillLines.Quantity(line, text, multiplier);
    }

    /// <summary>The sum of credits, which are negative.</summary>
    private static NanoUsd Credits(int line, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            var sum = NanoUsd.Zero;
            foreach (var credit in document.RootElement.EnumerateArray())
                sum += BillLines.Amount(line, credit.GetProperty("amount") is { ValueKind: JsonValueKind.String } text ? text.GetString() : credit.GetProperty("amount").GetRawText(), 1);
            return sum;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or OverflowException)
        {
            throw BillException.At(line, "its credits cannot be read");
        }
    }

    /// <summary>A value by its path, with points between the names; objects and lists as JSON.</summary>
    private static string? Nested(JsonElement row, string path)
    {
        var at = row;
        foreach (var name in path.Split('.'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at)) return null;
        }
        return at.ValueKind switch
        {
            JsonValueKind.String => at.GetString(),
            JsonValueKind.Null => null,
            _ => at.GetRawText(),
        };
    }
}
