using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spendra.Core.Metering;
using Spendra.Storage.Exports;

namespace Spendra.Control.Exports;

/// <summary>
/// Charges in the columns of FOCUS 1.2 (focus.finops.org): all that are mandatory, and the others that the books know. Every charge
/// is priced at what was agreed, and nothing is amortised: the four costs are one. A charge is in the month that the books have it
/// in; what corrects an earlier month says so.
/// </summary>
internal static class FocusTable
{
    private const string Currency = "USD";
    private const string Correction = "Correction";
    private const string Tokens = "Tokens";
    private const string Requests = "Requests";
    private const long SecondMicros = 1_000_000;
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ExportColumn[] Columns { get; } =
    [
        new("BilledCost", CellKind.Amount), new("BillingAccountId", CellKind.Text), new("BillingAccountName", CellKind.Text),
        new("BillingAccountType", CellKind.Text), new("BillingCurrency", CellKind.Text), new("BillingPeriodEnd", CellKind.Second),
        new("BillingPeriodStart", CellKind.Second), new("ChargeCategory", CellKind.Text), new("ChargeClass", CellKind.Text),
        new("ChargeDescription", CellKind.Text), new("ChargeFrequency", CellKind.Text), new("ChargePeriodEnd", CellKind.Second),
        new("ChargePeriodStart", CellKind.Second), new("ConsumedQuantity", CellKind.Quantity), new("ConsumedUnit", CellKind.Text),
        new("ContractedCost", CellKind.Amount), new("EffectiveCost", CellKind.Amount), new("InvoiceIssuerName", CellKind.Text),
        new("ListCost", CellKind.Amount), new("PricingCategory", CellKind.Text), new("PricingQuantity", CellKind.Quantity),
        new("PricingUnit", CellKind.Text), new("ProviderName", CellKind.Text), new("PublisherName", CellKind.Text), new("ResourceId", CellKind.Text),
        new("ResourceName", CellKind.Text), new("ResourceType", CellKind.Text), new("ServiceCategory", CellKind.Text),
        new("ServiceName", CellKind.Text), new("ServiceSubcategory", CellKind.Text), new("SkuId", CellKind.Text), new("SkuPriceId", CellKind.Text),
        new("SubAccountId", CellKind.Text), new("SubAccountName", CellKind.Text), new("SubAccountType", CellKind.Text), new("Tags", CellKind.Text),
    ];

    public static ExportCell[] Of(ExportedCharge charge)
    {
        var e = charge.Event;
        var (quantity, unit) = e is null ? (null, null) : QuantityOf(e);
        var (start, end) = e is null ? (charge.Period.StartsAt, charge.Period.Next.StartsAt) : (Floor(e.ReservedAt), Floor(Math.Max(e.ReservedAt, e.OccurredAt)) + SecondMicros);
        var team = e?.Scopes.LastOrDefault(s => s.StartsWith("team/", StringComparison.Ordinal));
        var sku = e is null ? null : $"{charge.Provider}/{e.ServedModel ?? e.Model}";
        ExportCell category = e is null ? "Adjustment" : "Usage";
        return
        [
            charge.Amount, charge.AccountId, charge.Account, "Provider account", Currency, charge.Period.Next.StartsAt, charge.Period.StartsAt, category,
            charge.CorrectsPeriod is null ? null : Correction, Describe(charge), e is null ? "One-Time" : "Usage-Based", end, start, quantity, unit,
            charge.Amount, charge.Amount, charge.Provider, charge.Amount, e is null ? null : "Standard", quantity, unit, charge.Provider, charge.Provider,
            e?.Model, e?.Model, e is null ? null : "Model", "AI and Machine Learning", $"{charge.Provider} API", "Generative AI", sku,
            e is null ? null : e.PriceId?.ToString() ?? sku, team, team?["team/".Length..], team is null ? null : "Team", Tags(charge),
        ];
    }

    private static string Describe(ExportedCharge charge) =>
        (charge.Event is { } e ? $"{e.Route} of {e.Model}" : "Adjustment") + (charge.CorrectsPeriod is { } month ? $", corrects {month}" : "")
        + (charge.Reason is { } reason ? $": {reason}" : "");

    /// <summary>Tokens where there are any, units of the one other class where there is one, otherwise the request.</summary>
    private static (long? Quantity, string Unit) QuantityOf(ExportedEvent e)
    {
        if (e.Tokens != 0) return (e.Tokens, Tokens);
        var others = e.Others;
        return others.Count() == 1 ? (others.Single().Value, UnitClasses.NameOf(others.Single().Class)) : (e.EventNumber == 0 ? 1 : null, Requests);
    }

    private static string Tags(ExportedCharge charge)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            if (charge.Event is { } e)
            {
                // A name stands once in an object.
                foreach (var kind in e.Scopes.Select(s => s.Split('/', 2)).Where(s => s.Length == 2).GroupBy(s => s[0], s => s[1]))
                    json.WriteString(kind.Key, string.Join(' ', kind));
                if (e.Key is not null) json.WriteString("key", e.Key);
                if (e.Environment is not null) json.WriteString("environment", e.Environment);
                json.WriteString("request_id", e.ReservationId);
                json.WriteNumber("event", e.EventNumber);
            }
            json.WriteNumber("entry", charge.EntrySequence);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static long Floor(long micros) => micros - micros % SecondMicros;
}
