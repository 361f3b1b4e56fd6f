namespace Spendra.Sandbox.Providers;

/// <summary>
/// Tells by the path whose API a request speaks. Providers that took over OpenAI's dialect differ in what stands before
/// it; the rest of their path is matched as OpenAI's, and only the routes that they have are kept.
/// </summary>
internal static class ProviderPaths
{
    private const string OpenAI = "/v1/";
    private const string Vertex = "/v1/projects/";
    private const string VertexBeta = "/v1beta1/projects/";
    private const string VertexChat = "/endpoints/openapi/chat/completions";
    private const string Entra = "/oauth2/v2.0/token";

    public static RouteMatch Match(string method, string path)
    {
        if (path.StartsWith(OpenAI, StringComparison.Ordinal) && !path.StartsWith(Vertex, StringComparison.Ordinal))
            return RouteMatch.Of(method, path);
        if (After(path, "/api/v1/") is { } openRouter)
            return OpenRouterOf(method, openRouter);
        if (After(path, "/v1beta/openai/") is { } gemini)
            return Kept(RouteMatch.Of(method, OpenAI + gemini), SandboxProvider.Gemini, IsOfGemini);
        if (After(path, "/openai/") is { } azure)
            return AzureOf(method, azure);
        if ((After(path, Vertex) ?? After(path, VertexBeta)) is { } vertex)
        {
            var route = method is "POST" && IsVertexChat(vertex) ? SandboxRoute.ChatCompletions : SandboxRoute.Unknown;
            return new(route, "") { Provider = SandboxProvider.Vertex };
        }
        if (After(path, "/mcp/") is { Length: > 0 } server && !server.Contains('/'))
            return new(McpOf(method), server) { Provider = SandboxProvider.Mcp };
        if (method is "POST" && path is "/token")
            return new(SandboxRoute.GoogleToken, "") { Provider = SandboxProvider.GoogleIdentity };
        if (method is "POST" && path.Length > Entra.Length + 1 && path.EndsWith(Entra, StringComparison.Ordinal))
            return new(SandboxRoute.EntraToken, path[1..^Entra.Length]) { Provider = SandboxProvider.Entra };
        return RouteMatch.Of(method, path);
    }

    private static RouteMatch OpenRouterOf(string method, string rest) => (method, rest) switch
    {
        ("GET", "generation") => new(SandboxRoute.GetGeneration, "") { Provider = SandboxProvider.OpenRouter },
        _ => Kept(RouteMatch.Of(method, OpenAI + rest), SandboxProvider.OpenRouter, IsOfOpenRouter),
    };

    private static RouteMatch AzureOf(string method, string rest)
    {
        if (After(rest, "v1/") is { } current)
            return RouteMatch.Of(method, OpenAI + current) with { Provider = SandboxProvider.Azure };
        if (After(rest, "deployments/") is not { } named)
            return RouteMatch.Of(method, OpenAI + rest) with { Provider = SandboxProvider.Azure, NeedsApiVersion = true };
        var slash = named.IndexOf('/');
        if (slash <= 0)
            return new(SandboxRoute.Unknown, "") { Provider = SandboxProvider.Azure };
        return Kept(RouteMatch.Of(method, OpenAI + named[(slash + 1)..]), SandboxProvider.Azure, IsOfDeployment) with
        {
            Deployment = named[..slash],
            NeedsApiVersion = true,
        };
    }

    private static bool IsVertexChat(string rest)
    {
        // {project}/locations/{location}/endpoints/openapi/chat/completions
        if (!rest.EndsWith(VertexChat, StringComparison.Ordinal))
            return false;
        var parts = rest[..^VertexChat.Length].Split('/');
        return parts is [{ Length: > 0 }, "locations", { Length: > 0 }];
    }

    private static SandboxRoute McpOf(string method) => method switch
    {
        "POST" => SandboxRoute.McpMessage,
        "GET" => SandboxRoute.McpListen,
        "DELETE" => SandboxRoute.McpEnd,
        _ => SandboxRoute.Unknown,
    };

    private static bool IsOfOpenRouter(SandboxRoute route) => route is SandboxRoute.ChatCompletions
        or SandboxRoute.CreateResponse or SandboxRoute.Embeddings or SandboxRoute.ListModels;

    private static bool IsOfGemini(SandboxRoute route) => route is SandboxRoute.ChatCompletions
        or SandboxRoute.Embeddings or SandboxRoute.ListModels or SandboxRoute.GetModel;

    private static bool IsOfDeployment(SandboxRoute route) => route is SandboxRoute.ChatCompletions
        or SandboxRoute.Embeddings or SandboxRoute.GenerateImage or SandboxRoute.EditImage
        or SandboxRoute.CreateSpeech or SandboxRoute.CreateTranscription or SandboxRoute.CreateTranslation;

    private static RouteMatch Kept(RouteMatch match, SandboxProvider provider, Func<SandboxRoute, bool> has) =>
        (has(match.Route) ? match : new RouteMatch(SandboxRoute.Unknown, "")) with { Provider = provider };

    private static string? After(string path, string prefix) =>
        path.StartsWith(prefix, StringComparison.Ordinal) ? path[prefix.Length..] : null;
}
