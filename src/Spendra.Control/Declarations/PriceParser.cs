using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Control.Declarations;

internal static class PriceParser
{
    private const long MostTokens = 1_000_000_000;
    private const string Units = "unitUsdPerMillion";
    private const string Discount = "discountPercent";

    private static readonly string[] Rates =
        ["inputUsdPerMillion", "cachedInputUsdPerMillion", "cacheWriteUsdPerMillion", "outputUsdPerMillion"];

    private static readonly string[] Fields =
    [
        "slug", "provider", "model", .. Rates, Units, Discount, "effectiveFrom", "effectiveTo", "contextWindow", "maxOutput",
        "longContext", "tiers",
    ];

    public static PriceTerms Parse(MapNode node, ErrorList errors)
    {
        var fields = new FieldReader(node, "price", Fields, errors);
        if (fields.Has("slug")) fields.Slug();
        var provider = fields.RequiredText("provider", KnownProvider.OpenAi) ?? "?";
        if (provider != "?" && !KnownProvider.OfModels.Any(p => p.Name == provider))
            fields.Complain("provider", $"'{FieldReader.Short(provider)}' is not a provider: expected one of {string.Join(", ", KnownProvider.OfModels.Select(p => p.Name))}");
        var model = fields.RequiredText("model", "an exact model id") ?? $"?{fields.Line}";
        var (from, to) = (fields.Instant("effectiveFrom") ?? 0, fields.Instant("effectiveTo"));
        if (to <= from) fields.Complain("effectiveTo", "'effectiveTo' is not after 'effectiveFrom': expected the first instant without this price");
        var terms = new PriceTerms(fields.Line, provider, model, from, to)
        {
            Tiers = fields.Has("tiers") ? Tiers(fields, errors) : null,
            ContextWindow = fields.Whole("contextWindow", 1, MostTokens),
            MaxOutput = fields.Whole("maxOutput", 1, MostTokens),
        };
        return fields.Has(Discount) ? OfDiscount(terms, fields, errors) : OfRates(terms, fields, errors);
    }

    private static PriceTerms OfRates(PriceTerms terms, FieldReader fields, ErrorList errors) =>
        terms with { Card = Card(fields, errors), LongContext = LongContext(fields, errors) };

    private static PriceTerms OfDiscount(PriceTerms terms, FieldReader fields, ErrorList errors)
    {
        foreach (var field in Rates.Append("longContext"))
        {
            if (fields.Has(field)) fields.Complain(field, $"'{field}' stands beside '{Discount}': expected one of them");
        }
        return terms with { DiscountPercent = (int)(fields.Whole(Discount, 1, 100) ?? 1), Fixed = UnitRates(fields, errors) };
    }

    /// <summary>Input and output are required.</summary>
    private static CardTerms Card(FieldReader fields, ErrorList errors)
    {
        if (!fields.Has("inputUsdPerMillion")) fields.Missing("inputUsdPerMillion", $"USD per million input tokens{(fields.What == "price" ? $", or {Discount}" : "")}");
        if (!fields.Has("outputUsdPerMillion")) fields.Missing("outputUsdPerMillion", "USD per million output tokens; 0 for embeddings");
        return new CardTerms(fields.UsdPerMillion("inputUsdPerMillion") ?? default, fields.UsdPerMillion("outputUsdPerMillion") ?? default)
        {
            CachedInput = fields.UsdPerMillion("cachedInputUsdPerMillion"),
            CacheWrite = fields.UsdPerMillion("cacheWriteUsdPerMillion"),
            Others = UnitRates(fields, errors),
        };
    }

    private static BandTerms? LongContext(FieldReader fields, ErrorList errors)
    {
        if (fields.Map("longContext") is not { } node) return null;
        var band = new FieldReader(node, "longContext", ["aboveInputTokens", .. Rates, Units], errors);
        if (!band.Has("aboveInputTokens")) band.Missing("aboveInputTokens", "the input above which these rates hold for the whole request");
        return new BandTerms(band.Whole("aboveInputTokens", 1, MostTokens) ?? 1, Card(band, errors));
    }

    private static UnitMap<Rate> UnitRates(FieldReader fields, ErrorList errors)
    {
        var rates = default(UnitMap<Rate>);
        if (fields.Map(Units) is not { } node) return rates;
        var names = UnitClasses.Rated.Select(o => o.Name).ToArray();
        var units = new FieldReader(node, Units, names, errors);
        foreach (var (unit, name) in UnitClasses.Rated)
        {
            if (units.UsdPerMillion(name) is { } rate) rates = rates.With(unit, rate);
        }
        return rates;
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
            else if (tiers.Whole(name, 1, PriceVersion.MaxTierPercent) is { } percent) percents[name] = (int)percent;
        }
        return percents.ToImmutable();
    }
}
