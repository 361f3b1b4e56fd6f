namespace Spendra.Control.Dashboard.Charts;

/// <summary>Which of the series' colours a provider has: the same one wherever it is drawn.</summary>
internal static class ProviderColours
{
    /// <summary>Of what is drawn together because it is little, or belongs to nothing.</summary>
    public const int Rest = 7;

    private const int FirstFree = 4;

    private static readonly Dictionary<string, int> Known = new(StringComparer.Ordinal)
    {
        ["openai"] = 1, ["anthropic"] = 2, ["google"] = 3, ["azure"] = 4, ["openrouter"] = 5, ["vertexai"] = 6,
    };

    /// <summary>A colour for each of some providers, from 1 to 6; those beyond six share the last.</summary>
    public static Dictionary<string, int> Of(IEnumerable<string> providers)
    {
        var colours = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var provider in providers.OrderBy(p => Known.ContainsKey(p) ? 0 : 1).ThenBy(p => p, StringComparer.Ordinal))
        {
            if (!Known.TryGetValue(provider, out var colour))
            {
                colour = FirstFree + Sum(provider) % (Rest - FirstFree);
                for (var tries = 1; tries < Rest - 1 && colours.ContainsValue(colour); tries++) colour = colour % (Rest - 1) + 1;
            }
            colours[provider] = colour;
        }
        return colours;
    }

    // The runtime's own hash is another one in every process.
    private static int Sum(string text) => text.Aggregate(0, (sum, c) => (sum * 31 + c) & 0xFFFF);
}
