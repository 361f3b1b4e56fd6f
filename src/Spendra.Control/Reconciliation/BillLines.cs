using System.Globalization;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>
/// A bill that cannot be read, in one sentence that names the line and what is wrong in it, and quotes nothing: what stands
/// there may be anything. Caught where a bill is parsed.
/// </summary>
internal sealed class BillException(string message) : Exception(message)
{
    public static BillException At(int line, string what) => new($"line {line}: {what}");
}

/// <summary>
/// Collects the lines of a bill. Whatever a provider, or somebody in its name, may have written is refused here when it cannot
/// be a bill: amounts without a limit, negative ones, other currencies, the same line twice.
/// </summary>
internal sealed class BillLines(Guid accountId, BillMapping mapping)
{
    public const int MostLines = 200_000;

    // From 2015, before there was anything to bill, to 2199.
    private const long FirstDay = 16_436;
    private const long LastDay = 84_006;

    private const int LongestModel = 200;

    private readonly List<BilledLine> _lines = [];
    private readonly Dictionary<string, int> _seen = new(StringComparer.Ordinal);

    public BillMapping Mapping => mapping;

    public IReadOnlyList<BilledLine> Lines => _lines;

    /// <summary>Lines that are about something else.</summary>
    public int Skipped { get; private set; }

    public void Skip() => Skipped++;

    /// <summary>Adds a line; one without money and units is nothing.</summary>
    /// <param name="line">Where it stands, from 1.</param>
    /// <param name="day">Days since the Unix epoch.</param>
    /// <param name="model">As the bill names it.</param>
    /// <param name="unit">What was counted, or null.</param>
    /// <param name="quantity">Units, or null.</param>
    /// <param name="amount">What it cost.</param>
    public void Add(int line, long day, string model, UnitClass? unit, long? quantity, NanoUsd amount)
    {
        if (day is < FirstDay or > LastDay) throw BillException.At(line, "its day is not from 2015 to 2199");
        var named = mapping.Models?.GetValueOrDefault(model) ?? model;
        if (named.Length > 0 && !PlainText.Matches(named, LongestModel)) throw BillException.At(line, $"its model is not plain text of at most {LongestModel} characters");
        if (amount.IsNegative) throw BillException.At(line, "its amount is negative: a credit is booked as an adjustment of the account");
        if (amount > BilledLine.MostAmount) throw BillException.At(line, $"its amount is above {BilledLine.MostAmount} USD");
        if (quantity is < 0) throw BillException.At(line, "its quantity is negative");
        if (quantity is > BilledLine.MostQuantity) throw BillException.At(line, "its quantity is larger than any that is believed");
        if (amount == NanoUsd.Zero && quantity is null or 0) return;
        if (_lines.Count >= MostLines) throw BillException.At(line, $"a bill may have {MostLines} lines: import it in parts");
        _lines.Add(new BilledLine { AccountId = accountId, Day = day, Model = named, Class = unit, Quantity = quantity, Amount = amount, SourceLine = line });
    }

    /// <summary>Refuses a line that stands in the bill a second time, to the last character.</summary>
    public void RefuseRepetition(int line, string raw)
    {
        if (_seen.TryGetValue(raw, out var first)) throw BillException.At(line, $"it repeats line {first}");
        _seen.Add(raw, line);
    }

    /// <summary>Gives units to lines of money that have none, where exactly one line is about them.</summary>
    public void FillQuantities(IReadOnlyDictionary<(long Day, string Model, UnitClass Class), long> units)
    {
        var counts = _lines.Where(l => l.Class is not null).CountBy(l => (l.Day, l.Model, l.Class!.Value)).ToDictionary();
        for (var i = 0; i < _lines.Count; i++)
        {
            if (_lines[i] is not { Quantity: null, Class: { } unit } line || counts[(line.Day, line.Model, unit)] != 1) continue;
            if (units.TryGetValue((line.Day, line.Model, unit), out var quantity)) _lines[i] = line with { Quantity = quantity };
        }
    }

    public static NanoUsd Amount(int line, string? text, int perUsd)
    {
        if (string.IsNullOrEmpty(text)) throw BillException.At(line, "it has no amount");
        return BilledNumber.TryReadAmount(text, perUsd, out var amount) ? amount : throw BillException.At(line, "its amount is no amount of money");
    }

    public static long Quantity(int line, string text, long multiplier) =>
        BilledNumber.TryReadQuantity(text, multiplier, out var quantity) ? quantity : throw BillException.At(line, "its quantity is no whole number of units");

    public static void RequireUsd(int line, string? currency)
    {
        if (!string.Equals(currency, "usd", StringComparison.OrdinalIgnoreCase))
            throw BillException.At(line, currency is null ? "it has no currency" : "its currency is another one: only US dollars are compared");
    }

    /// <summary>A day, or an instant in UTC of which the day counts.</summary>
    public static long Day(int line, string? text)
    {
        if (string.IsNullOrEmpty(text)) throw BillException.At(line, "it has no day");
        if (DateOnly.TryParseExact(text, ["yyyy-MM-dd", "yyyyMMdd", "MM/dd/yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return BilledDay.OfDate(date);
        string[] instants = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ss 'UTC'", "yyyy-MM-dd HH:mm:ss.FFFFFF 'UTC'", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mmK"];
        return DateTimeOffset.TryParseExact(text, instants, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? BilledDay.OfDate(DateOnly.FromDateTime(instant.UtcDateTime))
            : throw BillException.At(line, "its day is none such as 2026-10-31 or 2026-10-31T00:00:00Z");
    }
}
