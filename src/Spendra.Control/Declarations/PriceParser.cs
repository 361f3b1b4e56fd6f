using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Declarations;

internal static class PriceParser
{
    private const long MostTokens = 1_000_000_000;
    private const int MaxTierPercent = 10_000;

    private static readonly string[] Rates =
        ["inputUsdPerMillion", "cachedInputUsdPerMillion", "cacheWriteUsdPerMillion", "outputUsdPerMillion"];

    private static readonly string[] Fields =
        ["slug", "provider", "model", .. Rates, "effectiveFrom", "contextWindow", "maxOutput", "longContext", "tiers"];

    public static PriceItem Parse(MapNode node, ErrorList errors)
    {
        var fields = new FieldReader(node, "price", Fields, errors);
        if (fields.Has("slug")) fields.Slug();
        var provider = fields.RequiredText("provider", "openai") ?? "?";
        if (!SlugRule.Matches(provider) && provider != "?") fields.Complain("provider", $"'{FieldReader.Short(provider)}' is not a provider: expected openai");
        var model = fields.RequiredText("model", "an exact model id") ?? $"?{fields.Line}";
        var listed = PriceCatalog.Find(provider, model);
        var card = Card(fields, listed?.Rates);
        return new PriceItem(fields.Line, provider, model, card, fields.Instant("effectiveFrom") ?? 0)
        {
            // What a declared price does not say of a listed model holds as listed: a discount on the rates does not
            // lift the provider's surcharges.
            LongContext = LongContext(fields, errors) ?? (fields.Has("longContext") ? null : ScaledBand(listed, card)),
            TierPercents = fields.Has("tiers") || listed is null ? Tiers(fields, errors) : listed.TierPercents,
            ContextWindow = fields.Whole("contextWindow", 1, MostTokens) ?? listed?.ContextWindow,
            MaxOutput = fields.Whole("maxOutput", 1, MostTokens) ?? listed?.MaxOutput,
        };
    }

    /// <summary>
    /// Input and output are required. Cache rates are those of input unless they are given; the premium on cache
    /// writes of a listed model stays in proportion.
    /// </summary>
    private static RateCard Card(FieldReader fields, RateCard? listed = null)
    {
        if (!fields.Has("inputUsdPerMillion")) fields.Missing("inputUsdPerMillion", "USD per million input tokens");
        if (!fields.Has("outputUsdPerMillion")) fields.Missing("outputUsdPerMillion", "USD per million output tokens; 0 for embeddings");
        var input = fields.UsdPerMillion("inputUsdPerMillion") ?? default;
        return new RateCard(input, fields.UsdPerMillion("cachedInputUsdPerMillion") ?? input,
            fields.UsdPerMillion("cacheWriteUsdPerMillion") ?? (listed is null ? input : Scaled(listed.CacheWrite, input, listed.Input)), fields.UsdPerMillion("outputUsdPerMillion") ?? default);
    }

    private static ContextBand? ScaledBand(PriceVersion? listed, RateCard declared) => listed?.LongContext is not { } band
        ? null
        : band with
        {
            Rates = new RateCard(
                Scaled(band.Rates.Input, declared.Input, listed.Rates.Input),
                Scaled(band.Rates.CachedInput, declared.CachedInput, listed.Rates.CachedInput),
                Scaled(band.Rates.CacheWrite, declared.CacheWrite, listed.Rates.CacheWrite),
                Scaled(band.Rates.Output, declared.Output, listed.Rates.Output)),
        };

    /// <summary>A listed rate in the proportion of a declared one to its listed counterpart, rounded up.</summary>
    private static Rate Scaled(Rate rate, Rate declared, Rate counterpart)
    {
        if (counterpart.NanosPerMillion == 0) return Rate.Max(rate, declared);
        var product = (Int128)rate.NanosPerMillion * declared.NanosPerMillion;
        return new Rate(checked((long)((product + counterpart.NanosPerMillion - 1) / counterpart.NanosPerMillion)));
    }

    private static ContextBand? LongContext(FieldReader fields, ErrorList errors)
    {
        if (fields.Map("longContext") is not { } node) return null;
        var band = new FieldReader(node, "longContext", ["aboveInputTokens", .. Rates], errors);
        if (!band.Has("aboveInputTokens")) band.Missing("aboveInputTokens", "the input above which these rates hold for the whole request");
        return new ContextBand(band.Whole("aboveInputTokens", 1, MostTokens) ?? 1, Card(band));
    }

    private static ImmutableSortedDictionary<string, int> Tiers(FieldReader fields, ErrorList errors)
    {
        if (fields.Map("tiers") is not { } node) return PriceVersion.NoTiers;
        var names = node.Entries.Select(e => e.Name).ToArray();
        var tiers = new FieldReader(node, "tiers", names, errors);
        var percents = PriceVersion.NoTiers.ToBuilder();
        foreach (var name in names)
        {
            if (!SlugRule.Matches(name)) tiers.Complain(name, $"'{FieldReader.Short(name)}' is not a tier's name: expected {SlugRule.Expected}");
            else if (name is "default" or "auto" or "standard") tiers.Complain(name, $"'{name}' is the tier that the rates are for: expected only others, such as flex or priority");
            else if (tiers.Whole(name, 1, MaxTierPercent) is { } percent) percents[name] = (int)percent;
        }
        return percents.ToImmutable();
    }
}
