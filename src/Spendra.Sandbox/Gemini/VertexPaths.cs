using Spendra.Sandbox.Dialects;

namespace Spendra.Sandbox.Gemini;

/// <summary>
/// The paths of Vertex AI, <c>/v1/projects/{p}/locations/{l}/publishers/{publisher}/models/{model}:{verb}</c>, also
/// below <c>/v1beta1</c>. What stands below <c>…/endpoints/openapi/</c> is OpenAI's dialect and not found here.
/// </summary>
internal static class VertexPaths
{
    private static readonly RouteMatch s_unknown = new(SandboxRoute.Unknown, "", Dialect.Vertex);

    public static RouteMatch? Match(string method, string path)
    {
        if (!path.StartsWith("/v1/projects/", StringComparison.Ordinal) && !path.StartsWith("/v1beta1/", StringComparison.Ordinal))
            return null;
        if (path.Split('/') is not ["", _, "projects", { Length: > 0 }, "locations", { Length: > 0 }, .. var place])
            return s_unknown;
        return place switch
        {
            ["endpoints", "openapi", ..] => null,
            ["publishers", "google", "models", { Length: > 0 } named] when method == "POST" => OfGoogle(named),
            ["publishers", "anthropic", "models", { Length: > 0 } named] when method == "POST" => OfAnthropic(named),
            _ => s_unknown,
        };
    }

    private static RouteMatch OfGoogle(string named)
    {
        var (model, verb) = GeminiPaths.Split(named);
        var route = verb switch
        {
            "embedContent" => SandboxRoute.EmbedContent,
            "predict" => SandboxRoute.PredictEmbeddings,
            _ => GeminiPaths.RouteOfVerb(verb),
        };
        return new RouteMatch(route, model, Dialect.Vertex);
    }

    private static RouteMatch OfAnthropic(string named)
    {
        var route = GeminiPaths.Split(named) switch
        {
            ("count-tokens", "rawPredict") => SandboxRoute.CountMessageTokens,
            (_, "rawPredict" or "streamRawPredict") => SandboxRoute.CreateMessage,
            _ => SandboxRoute.Unknown,
        };
        return new RouteMatch(route, GeminiPaths.Split(named).Model, Dialect.VertexClaude);
    }
}
