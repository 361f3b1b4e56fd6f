using Spendra.Core.Metering;

namespace Spendra.Core.Pricing;

/// <summary>
/// Google bills grounding, by search and by maps, either for each query (from Gemini 3 on) or once for each prompt (2.5). A
/// dialect counts both, since it does not know models; the price book has a rate for the one that is billed, and the other
/// is left out. When neither has a rate both stay, and the call has no price.
/// </summary>
public static class SearchUnits
{
    private static readonly (UnitClass Queries, UnitClass Prompts)[] Pairs =
    [
        (UnitClass.WebSearches, UnitClass.GroundedPrompts),
        (UnitClass.MapQueries, UnitClass.GroundedMapPrompts),
    ];

    /// <summary>Usage without the units that are not billed.</summary>
    public static Usage BilledOf(PriceVersion price, Usage usage) =>
        usage with { Others = BilledOf(price.CardFor(usage.TotalInput), usage.Others) };

    /// <summary>Units without those that are not billed.</summary>
    public static UnitMap<long> BilledOf(RateCard card, UnitMap<long> units)
    {
        foreach (var (queries, prompts) in Pairs)
        {
            if (units.Find(queries) is null || units.Find(prompts) is null) continue;
            var hasQueries = card.RateOf(queries) is not null;
            var hasPrompts = card.RateOf(prompts) is not null;
            if (hasQueries != hasPrompts) units = units.Without(hasQueries ? prompts : queries);
        }
        return units;
    }
}
