namespace Spendra.Core.Pricing;

/// <summary>
/// What the tier that really served a call costs. A provider may serve another tier than the one that was asked
/// for and says so in its answer; settlement follows the answer, verification repeats it.
/// </summary>
public static class ServedTier
{
    public const string Default = "default";

    /// <param name="price">The version that the reservation pinned.</param>
    /// <param name="servedTier">The provider's word, or null when it said nothing.</param>
    /// <param name="pinnedPercent">The tier that the reservation was bounded with; holds for a word without a price.</param>
    public static int PercentOf(PriceVersion price, string? servedTier, int pinnedPercent)
    {
        if (servedTier is null) return pinnedPercent;
        if (price.TierPercents.TryGetValue(servedTier, out var percent)) return percent;
        return servedTier == Default ? Cost.DefaultTierPercent : pinnedPercent;
    }
}
