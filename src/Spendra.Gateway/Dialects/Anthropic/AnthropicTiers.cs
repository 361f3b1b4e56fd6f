using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.Anthropic;

/// <summary>
/// What multiplies Anthropic's rates: capacity, speed and place. The price book has a multiplier for each word that
/// costs more (<c>priority</c>, <c>fast</c>, <c>us</c>); those that served together are joined by <c>+</c>.
/// </summary>
internal static class AnthropicTiers
{
    public const string Standard = "standard";
    public const string StandardSpeed = "standard";
    public const string AnyGeo = "global";

    // Models that do not let the place be chosen.
    private const string NoGeo = "not_available";

    /// <summary>What served a call, as the price book says it; null when the response does not tell.</summary>
    public static string? Served(AnthropicUsage usage, RequestFacts facts)
    {
        if (usage.Tier is null && usage.Geo is null && usage.Speed is null) return null;
        var served = new List<string>(3);
        if (usage.Tier is { } tier && tier != Standard) served.Add(tier);
        // What the response does not say is as the request asked for it.
        if ((usage.Speed ?? facts.Speed) is { } speed && speed != StandardSpeed) served.Add(speed);
        if ((usage.Geo ?? facts.InferenceGeo) is { } geo && geo is not (AnyGeo or NoGeo)) served.Add(geo);
        return served.Count == 0 ? Standard : string.Join('+', served);
    }
}
