using Spendra.Sandbox;

namespace Spendra.Gateway.Tests;

/// <summary>
/// Companies with accounts at every provider that speaks OpenAI's formats. Rates of <c>m1</c>, <c>m-tiers</c> and the
/// rest are those of <see cref="Rules"/> at each of them.
/// </summary>
internal static class Formats
{
    /// <summary>Azure's deployment of <c>m1</c>.</summary>
    public const string Deployment = "chat-prod";

    public const string TieredDeployment = "tiers-prod";
    public const string LongDeployment = "long-prod";
    public const string EmbeddingDeployment = "emb-prod";

    /// <summary>A model that paints, speaks and listens, each at a rate of its own.</summary>
    public const string MediaDeployment = "media-prod";

    private const string LongContext =
        "longContext: {aboveInputTokens: 1000, inputUsdPerMillion: \"2\", cachedInputUsdPerMillion: \"0.2\", cacheWriteUsdPerMillion: \"2.5\", outputUsdPerMillion: \"3\"}";

    private const string Tiers = "tiers: {flex: 50, priority: 200}";

    /// <summary>The sandbox with the models behind Azure's deployments, as dated snapshots like Azure's answers name them.</summary>
    public static SandboxOptions Provider { get; } = new()
    {
        RecordRequests = true,
        Deployments = new Dictionary<string, string>
        {
            [Deployment] = "m1-2025-04-14",
            [TieredDeployment] = "m-tiers-2025-04-14",
            [LongDeployment] = "m-long-2025-04-14",
            [EmbeddingDeployment] = "emb",
            [MediaDeployment] = "media",
        },
    };

    public static Rules Rules(string azureCredential = "value: az-upstream-secret", int ratePercent = 110, string azureUrl = "{root}/openai", string openRouterUrl = "{root}/api/v1") => new()
    {
        Cap = "1000",
        Accounts =
        [
            $"{{slug: router, provider: openrouter, baseUrl: \"{openRouterUrl}\", credential: {{value: or-upstream-secret}}}}",
            $"{{slug: azure, provider: azure, baseUrl: \"{azureUrl}\", credential: {{{azureCredential}}}, ratePercent: {ratePercent}, "
                + $"deployments: {{{Deployment}: m1, {TieredDeployment}: m-tiers, {LongDeployment}: m-long, {EmbeddingDeployment}: emb, {MediaDeployment}: media}}}}",
        ],
        Prices =
        [
            .. new Rules().Prices, .. Of("openai", ""), .. Of("azure", ""), .. Of("openrouter", "maker/"),
            $"{{provider: azure, model: media, {Gateway.Tests.Rules.Rates}, maxOutput: 5000, contextWindow: 1000, unitUsdPerMillion: {{image_output: \"30\", audio_output: \"12\", audio_input: \"4\"}}}}",
        ],
    };

    public static Task<Company> StartAsync(Rules? rules = null) => Company.StartAsync(rules ?? Rules(), provider: Provider);

    private static string[] Of(string provider, string maker)
    {
        string[] own =
        [
            $"{{provider: {provider}, model: {maker}m1, {Gateway.Tests.Rules.Rates}}}",
            $"{{provider: {provider}, model: {maker}m-tiers, {Gateway.Tests.Rules.Rates}, {Tiers}}}",
            $"{{provider: {provider}, model: {maker}emb, inputUsdPerMillion: \"0.02\", outputUsdPerMillion: \"0\"}}",
            $"{{provider: {provider}, model: {maker}m-long, {Gateway.Tests.Rules.Rates}, {LongContext}}}",
        ];
        // The first three are in every company's price book for OpenAI.
        return provider == "openai" ? own[3..] : own;
    }
}
