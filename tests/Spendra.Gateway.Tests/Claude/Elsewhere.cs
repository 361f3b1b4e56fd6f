using Spendra.Sandbox;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>
/// Anthropic's models where others serve them. Rates in nano-USD per token as those of <see cref="Rules"/>; a cache write
/// for an hour costs 2000.
/// </summary>
internal static class Elsewhere
{
    public const string VertexMessages = "/v1/providers/vertexai/v1/messages";
    public const string VertexPlace = "/v1/providers/vertexai/v1/projects/other/locations/mars/publishers/anthropic/models";
    public const string RouterMessages = "/v1/providers/openrouter/v1/messages";
    public const string RouterModel = "anthropic/" + ClaudeRules.Model;

    private const string More = "contextWindow: 200000, maxOutput: 64000, unitUsdPerMillion: {cache_write_long: \"2\"}";

    /// <summary>Both prices; the accounts are those of the other formats.</summary>
    public static Rules Of(Rules rules) => rules with
    {
        Prices =
        [
            .. rules.Prices,
            $"{{provider: vertexai, model: anthropic/{ClaudeRules.Model}, {Rules.Rates}, {More}}}",
            $"{{provider: vertexai, model: \"anthropic/claude-old@20260101\", {Rules.Rates}, {More}}}",
            $"{{provider: openrouter, model: {RouterModel}, {Rules.Rates}, {More}}}",
        ],
    };

    public static Rules Default => Of(GeminiBodies.Of(Formats.Rules(ratePercent: 100)));

    public static Task<Company> StartAsync(Rules? rules = null) =>
        Company.StartAsync(rules ?? Default, provider: new SandboxOptions { RecordRequests = true });

    /// <summary>A body without a model, as Vertex AI takes it.</summary>
    public static string Raw(string knobs = "", string more = "") =>
        $$"""{"anthropic_version":"vertex-2023-10-16","max_tokens":16,{{(more.Length > 0 ? more + "," : "")}}"messages":[{"role":"user","content":"{{Bodies.Text(knobs)}}"}]}""";
}
