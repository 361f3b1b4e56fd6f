using Spendra.Core.Metering;

namespace Spendra.Core.Pricing;

/// <summary>
/// Google bills grounding by search either for each query (from Gemini 3 on) or once for each prompt (2.5). A dialect
/// counts both, since it does not know models; the price book has a rate for the one that is billed, and the other is
/// left out. When neither has a rate both stay, and the call has no price.
/// </summary>
public static class SearchUnits
{
    /// <summary>Usage without the unit that is not billed.</summary>
    public static Usage BilledOf(PriceVersion price, Usage usage) =>
        usage with { Others = BilledOf(price.CardFor(usage.TotalInput), usage.Others) };

    /// <summary>Units without the one that is not billed.</summary>
    public static UnitMap<long> BilledOf(RateCard card, UnitMap<long> units) =>
        Unbilled(card, units) is { } unbilled ? units.Without(unbilled) : units;

    private static UnitClass? Unbilled(RateCard card, UnitMap<long> units)
    {
        if (units.Find(UnitClass.WebSearches) is null || units.Find(UnitClass.GroundedPrompts) is null) return null;
        var hasQueries = card.RateOf(UnitClass.WebSearches) is not null;
        var hasPrompts = card.RateOf(UnitClass.GroundedPrompts) is not null;
        if (hasQueries == hasPrompts) return null;
        return hasQueries ? UnitClass.GroundedPrompts : UnitClass.WebSearches;
    }
}
