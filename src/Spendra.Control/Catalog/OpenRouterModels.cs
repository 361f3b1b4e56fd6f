using System.Collections.Immutable;
using System.Text.Json;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Catalog;

/// <summary>A model whose price cannot be taken as it is, and why.</summary>
public sealed record SkippedModel(string Model, string Reason);

/// <summary>
/// Reads OpenRouter's list of models (<c>GET /api/v1/models</c>): prices in USD per unit as decimal text. A model that
/// bills what no unit class stands for is skipped, with the reason. No number passes through floating point.
/// </summary>
internal static class OpenRouterModels
{
    private const int LongestModel = 200;
    private const long MostTokens = 1_000_000_000;

    /// <summary>Prices of the list by the class that they are for; text tokens have members of their own.</summary>
    private static readonly (string Name, UnitClass Unit)[] Others =
    [
        ("input_cache_write_1h", UnitClass.CacheWriteLong),
        ("audio", UnitClass.AudioInput),
        ("input_audio_cache", UnitClass.CachedAudioInput),
        ("image_token", UnitClass.ImageInput),
        ("audio_output", UnitClass.AudioOutput),
        ("image_output", UnitClass.ImageOutput),
        ("web_search", UnitClass.WebSearches),
    ];

    private static readonly string[] TextMembers = ["prompt", "completion", "input_cache_read", "input_cache_write"];

    // Members that mean nothing when they are zero, and otherwise a way of billing that no class stands for.
    private static readonly (string Name, string Reason)[] Unsupported =
    [
        ("request", "a fee for each request"),
        ("image", "a fee for each image"),
        ("discount", "a discount that the list does not explain"),
    ];

    private const string Reasoning = "internal_reasoning";
    private const string Overrides = "overrides";
    private const string LeastPrompt = "min_prompt_tokens";

    /// <summary>Null when the document is not such a list.</summary>
    public static (ImmutableArray<OfferedPrice> Prices, ImmutableArray<SkippedModel> Skipped)? Read(JsonElement root, string source)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array) return null;
        var prices = new Dictionary<string, OfferedPrice>(StringComparer.Ordinal);
        var skipped = ImmutableArray.CreateBuilder<SkippedModel>();
        foreach (var entry in data.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object || Text(entry, "id") is not { } model || !PlainText.Matches(model, LongestModel))
                skipped.Add(new SkippedModel("?", "an entry without an id"));
            else if (prices.ContainsKey(model)) skipped.Add(new SkippedModel(model, "listed twice: the first entry counts"));
            else if (Price(entry, model, source, out var reason) is { } price) prices.Add(model, new OfferedPrice(price, IsDated: false));
            else skipped.Add(new SkippedModel(model, reason));
        }
        return ([.. prices.Values], skipped.ToImmutable());
    }

    private static PriceVersion? Price(JsonElement entry, string model, string source, out string reason)
    {
        if (!entry.TryGetProperty("pricing", out var pricing) || pricing.ValueKind != JsonValueKind.Object)
        {
            reason = "no pricing";
            return null;
        }
        if (Card(pricing, null, out reason) is not { } rates) return null;
        if (!TryBand(pricing, rates, out var band, out reason)) return null;
        return new PriceVersion
        {
            PriceId = Guid.Empty,
            Provider = KnownProvider.OpenRouter,
            Model = model,
            Rates = rates,
            LongContext = band,
            ContextWindow = Tokens(entry, "context_length"),
            MaxOutput = entry.TryGetProperty("top_provider", out var top) && top.ValueKind == JsonValueKind.Object ? Tokens(top, "max_completion_tokens") : null,
            EffectiveFrom = 0,
            RecordedAt = 0,
            Source = source,
        };
    }

    /// <summary>The card of a group of prices; an override has only what differs from its base.</summary>
    private static RateCard? Card(JsonElement pricing, RateCard? basis, out string reason)
    {
        foreach (var (name, what) in Unsupported)
        {
            if (!TryRate(pricing, name, out var fee) || fee is { NanosPerMillion: > 0 })
            {
                reason = what;
                return null;
            }
        }
        if (ExplainUnknown(pricing, isBand: basis is not null) is { } unknown)
        {
            reason = unknown;
            return null;
        }
        var rates = new Rate?[TextMembers.Length];
        for (var i = 0; i < TextMembers.Length; i++)
        {
            if (TryRate(pricing, TextMembers[i], out rates[i])) continue;
            reason = $"'{TextMembers[i]}' is no exact price";
            return null;
        }
        if ((rates[0] ?? basis?.Input) is not { } input || (rates[1] ?? basis?.Output) is not { } output)
        {
            reason = "no price for input or output";
            return null;
        }
        // Where reading a cache has no price there is no discount; in a band the discount of the base is not promised.
        var card = new RateCard(input, rates[2] ?? input, rates[3] ?? input, output) { Others = basis?.Others ?? default };
        foreach (var (name, unit) in Others)
        {
            if (!TryRate(pricing, name, out var rate))
            {
                reason = $"'{name}' is no exact price";
                return null;
            }
            if (rate is { NanosPerMillion: > 0 } given) card = card with { Others = card.Others.With(unit, given) };
        }
        var isReasoningApart = !TryRate(pricing, Reasoning, out var reasoning)
            || (reasoning is { NanosPerMillion: > 0 } priced && priced != output);
        reason = "reasoning has a price of its own";
        return isReasoningApart ? null : card;
    }

    /// <summary>A price that nothing here reads may be one that every call pays: why the model is skipped; or null.</summary>
    private static string? ExplainUnknown(JsonElement pricing, bool isBand)
    {
        foreach (var member in pricing.EnumerateObject())
        {
            var name = member.Name;
            if (Array.IndexOf(TextMembers, name) >= 0 || Array.Exists(Others, o => o.Name == name) || Array.Exists(Unsupported, u => u.Name == name)) continue;
            if (name == Reasoning || name == (isBand ? LeastPrompt : Overrides)) continue;
            if (TryRate(pricing, name, out var rate) && rate is not { NanosPerMillion: > 0 }) continue;
            return PlainText.Matches(name, LongestModel) ? $"'{name}' is a price that is not known here" : "it has a price that is not known here";
        }
        return null;
    }

    private static bool TryBand(JsonElement pricing, RateCard rates, out ContextBand? band, out string reason)
    {
        (band, reason) = (null, "");
        if (!pricing.TryGetProperty(Overrides, out var overrides) || overrides.ValueKind == JsonValueKind.Null) return true;
        reason = "prices that depend on more than one length of the prompt";
        if (overrides.ValueKind != JsonValueKind.Array) return false;
        if (overrides.GetArrayLength() == 0) return true;
        if (overrides.GetArrayLength() > 1) return false;
        var only = overrides[0];
        if (only.ValueKind != JsonValueKind.Object || Tokens(only, LeastPrompt) is not (> 1 and { } least)) return false;
        reason = "prices that depend on the time of day";
        if (only.TryGetProperty("utc_start", out _) || only.TryGetProperty("utc_end", out _)) return false;
        if (Card(only, rates, out reason) is not { } card) return false;
        band = new ContextBand(least - 1, card);
        return true;
    }

    /// <summary>False for what is not an exact price. An absent member is null.</summary>
    private static bool TryRate(JsonElement pricing, string name, out Rate? rate)
    {
        rate = null;
        if (!pricing.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return true;
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
        if (!Rate.TryParseUsdPerUnit(text, out var found)) return false;
        rate = found;
        return true;
    }

    private static long? Tokens(JsonElement group, string name) =>
        group.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt64(out var tokens) && tokens is > 0 and <= MostTokens ? tokens : null;

    private static string? Text(JsonElement group, string name) =>
        group.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
