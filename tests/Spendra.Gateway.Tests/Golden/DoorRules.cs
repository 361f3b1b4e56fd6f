namespace Spendra.Gateway.Tests.Golden;

/// <summary>
/// A company with an account at every provider, all at one address. Each has a model for everything, and one whose price
/// doubles for input and grows by half for output above 1000 tokens. Rates in nano-USD per token: input 1000, cached 100,
/// written 1250, output 2000; above the line 2000, 200, 2500 and 3000. Where tiers are sold, flex halves and priority
/// doubles; at Anthropic fast doubles and priority is half as much again.
/// </summary>
internal static class DoorRules
{
    public const string Deployment = "prod";
    public const string LongDeployment = "long-prod";

    /// <summary>Anthropic's model that is sold with priority.</summary>
    public const string WithPriority = "claude-p";

    /// <summary>Google's model that also draws.</summary>
    public const string Painter = "m-paints";

    private const string Long =
        "longContext: {aboveInputTokens: 1000, inputUsdPerMillion: \"2\", cachedInputUsdPerMillion: \"0.2\", cacheWriteUsdPerMillion: \"2.5\", outputUsdPerMillion: \"3\"}";

    private static readonly (string Provider, string Maker, string Tiers)[] Sold =
    [
        ("azure", "", ""), ("openrouter", "maker/", ""), ("openrouter", "anthropic/", ""), ("google", "", "flex: 50, priority: 200"),
        ("vertexai", "google/", "flex: 50, priority: 200"), ("vertexai", "anthropic/", ""), ("anthropic", "", "fast: 200"),
    ];

    public static Rules Of(string baseUrl) => new()
    {
        Cap = "1000",
        BaseUrl = baseUrl,
        Accounts =
        [
            $"{{slug: router, provider: openrouter, baseUrl: \"{baseUrl}\", credential: {{value: x}}}}",
            $"{{slug: azure, provider: azure, baseUrl: \"{baseUrl}\", credential: {{value: x}}, deployments: {{{Deployment}: m, {LongDeployment}: m-long}}}}",
            $"{{slug: google, provider: google, baseUrl: \"{baseUrl}\", credential: {{value: x}}}}",
            $"{{slug: vertex, provider: vertexai, baseUrl: \"{baseUrl}/projects/p1/locations/l1\", credential: {{value: x}}}}",
            $"{{slug: claude, provider: anthropic, baseUrl: \"{baseUrl}\", credential: {{value: x}}}}",
        ],
        Prices =
        [
            .. new Rules().Prices,
            .. Sold.SelectMany(s => new[] { Price(s.Provider, s.Maker + "m", $"tiers: {{{s.Tiers}}}"), Price(s.Provider, s.Maker + "m-long", Long) }),
            Price("anthropic", WithPriority, "tiers: {priority: 150}"),
            Price("google", Painter, "unitUsdPerMillion: {image_output: \"30\"}"), Price("vertexai", "google/" + Painter, "unitUsdPerMillion: {image_output: \"30\"}"),
        ],
    };

    private static string Price(string provider, string model, string more) => $"{{provider: {provider}, model: \"{model}\", {Rules.Rates}, {more}}}";
}
