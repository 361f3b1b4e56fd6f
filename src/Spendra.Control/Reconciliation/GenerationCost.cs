using System.Text.Json;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>
/// Reads what OpenRouter answers to <c>/generation?id=</c>. With the customer's own key at the model's provider the cost is its
/// fee and what that provider bills, as requests are settled. Whatever contradicts itself is not believed.
/// </summary>
internal static class GenerationCost
{
    private const int PerUsd = 1;
    private const int MostDepth = 16;

    // No call costs so much; a provider that says so is not believed.
    private static readonly NanoUsd Most = new(10_000 * NanoUsd.PerUsd);

    /// <summary>What the generation cost; null when the answer is not about it, or none that can be believed.</summary>
    public static NanoUsd? Read(byte[] answer, string id)
    {
        try
        {
            using var document = JsonDocument.Parse(answer, new JsonDocumentOptions { MaxDepth = MostDepth, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("data", out var data)) return null;
            if (JsonBills.Text(data, "id") != id || Amount(data, "total_cost") is not { } charged) return null;
            var isOwnKey = data.TryGetProperty("is_byok", out var flag) ? flag.ValueKind : JsonValueKind.Null;
            var hasUpstream = data.TryGetProperty("upstream_inference_cost", out var told) && told.ValueKind != JsonValueKind.Null;
            var upstream = hasUpstream ? Amount(data, "upstream_inference_cost") : null;
            if (hasUpstream && upstream is null) return null;
            return isOwnKey switch
            {
                JsonValueKind.True => charged + upstream,
                // Nobody sells for less than it pays.
                JsonValueKind.False or JsonValueKind.Null when upstream is null || upstream <= charged => charged,
                _ => null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static NanoUsd? Amount(JsonElement of, string name) =>
        BilledNumber.TryReadAmount(JsonBills.Number(of, name), PerUsd, out var amount) && !amount.IsNegative && amount <= Most ? amount : null;
}
