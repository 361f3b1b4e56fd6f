namespace Spendra.Gateway.Tests;

/// <summary>Request bodies of Google's dialect, and what a company declares to use it.</summary>
internal static class GeminiBodies
{
    /// <summary>Both of Google's doors beside OpenAI, with the rates of <c>m1</c>; an embedding token costs 20 nano-USD.</summary>
    public static Rules Of(Rules rules) => rules with
    {
        Accounts =
        [
            .. rules.Accounts,
            "{slug: g, provider: google, baseUrl: \"{root}/v1beta\", credential: {value: AIza-upstream-secret}}",
            "{slug: v, provider: vertexai, baseUrl: \"{root}/v1/projects/p1/locations/l1\", credential: {value: ya29.upstream-secret}}",
        ],
        Prices =
        [
            .. rules.Prices,
            $"{{provider: google, model: g1, {Tests.Rules.Rates}, contextWindow: 1000, maxOutput: 100, tiers: {{flex: 50, priority: 180}}}}",
            "{provider: google, model: g-emb, inputUsdPerMillion: \"0.02\", outputUsdPerMillion: \"0\"}",
            $"{{provider: vertexai, model: google/g1, {Tests.Rules.Rates}, contextWindow: 1000, maxOutput: 100}}",
            "{provider: vertexai, model: google/g-emb, inputUsdPerMillion: \"0.02\", outputUsdPerMillion: \"0\"}",
        ],
    };

    public static Rules Rules { get; } = Of(new Rules());

    public static string Content(string knobs = "", string config = "\"maxOutputTokens\":16", string more = "") =>
        $$$"""{"contents":[{"role":"user","parts":[{"text":"{{{Bodies.Text(knobs)}}}"}]}],"generationConfig":{{{{config}}}}{{{more}}}}""";

    public static string Embedding(string text = "first text") => $$$"""{"content":{"parts":[{"text":"{{{text}}}"}]}}""";

    public static string Prediction(params string[] texts)
    {
        var instances = texts.Select(text => $$"""{"task_type":"RETRIEVAL_DOCUMENT","content":"{{text}}"}""");
        return $$"""{"instances":[{{string.Join(',', instances)}}],"parameters":{"outputDimensionality":8} }""";
    }

    public static string EmbeddingBatch(string model = "g1") =>
        $$$"""{"requests":[{"model":"models/{{{model}}}","content":{"parts":[{"text":"first text"}]}},{"model":"models/{{{model}}}","content":{"parts":[{"text":"second"}]}}]}""";
}
