using Spendra.Sandbox.Dialects;

namespace Spendra.Sandbox.Gemini;

/// <summary>
/// The paths of the Gemini Developer API, <c>/v1beta/models/{model}:{verb}</c>. What stands below
/// <c>/v1beta/openai/</c> is OpenAI's dialect and not found here.
/// </summary>
internal static class GeminiPaths
{
    private const string Root = "/v1beta/";
    private const string Compatible = Root + "openai/";
    private const string Models = Root + "models";

    public static RouteMatch? Match(string method, string path)
    {
        if (!path.StartsWith(Root, StringComparison.Ordinal) || path.StartsWith(Compatible, StringComparison.Ordinal))
            return null;
        if (path == Models)
            return Of(method == "GET" ? SandboxRoute.ListGeminiModels : SandboxRoute.Unknown, "");
        if (!path.StartsWith(Models + "/", StringComparison.Ordinal))
            return Of(SandboxRoute.Unknown, "");
        var (model, verb) = Split(path[(Models.Length + 1)..]);
        var isModel = model.Length > 0 && !model.Contains('/');
        return Of(isModel ? RouteOf(method, verb) : SandboxRoute.Unknown, model);
    }

    /// <summary>Parts <c>model:verb</c>; without a colon there is no verb.</summary>
    public static (string Model, string Verb) Split(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
    }

    /// <summary>What a verb means for a model of Google's, whichever host it stands on.</summary>
    public static SandboxRoute RouteOfVerb(string verb) => verb switch
    {
        "generateContent" => SandboxRoute.GenerateContent,
        "streamGenerateContent" => SandboxRoute.StreamGenerateContent,
        "countTokens" => SandboxRoute.CountContentTokens,
        _ => SandboxRoute.Unknown,
    };

    private static SandboxRoute RouteOf(string method, string verb) => (method, verb) switch
    {
        ("GET", "") => SandboxRoute.GetGeminiModel,
        ("POST", "embedContent") => SandboxRoute.EmbedContent,
        ("POST", "batchEmbedContents") => SandboxRoute.BatchEmbedContents,
        ("POST", _) => RouteOfVerb(verb),
        _ => SandboxRoute.Unknown,
    };

    private static RouteMatch Of(SandboxRoute route, string model) => new(route, model, Dialect.Gemini);
}
