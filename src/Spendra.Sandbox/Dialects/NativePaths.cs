using Microsoft.AspNetCore.Http;
using Spendra.Sandbox.Gemini;
using Spendra.Sandbox.Messages;

namespace Spendra.Sandbox.Dialects;

/// <summary>Finds the routes that do not speak OpenAI's dialect.</summary>
internal static class NativePaths
{
    /// <returns><see langword="null"/> when the path belongs to none of them.</returns>
    public static RouteMatch? Match(HttpRequest request)
    {
        var path = request.Path.Value ?? "";
        var match = MessagePaths.Match(request.Method, path, request.Headers.ContainsKey(MessagePaths.VersionHeader))
            ?? MessagePaths.MatchRouter(request.Method, path)
            ?? GeminiPaths.Match(request.Method, path)
            ?? VertexPaths.Match(request.Method, path);
        return match is { } found ? found with { Provider = ProviderOf(found.Dialect) } : null;
    }

    private static SandboxProvider ProviderOf(Dialect dialect) => dialect switch
    {
        Dialect.Anthropic => SandboxProvider.Anthropic,
        Dialect.Gemini => SandboxProvider.Gemini,
        Dialect.Vertex or Dialect.VertexClaude => SandboxProvider.Vertex,
        Dialect.RouterMessages => SandboxProvider.OpenRouter,
        Dialect.OpenAi => SandboxProvider.OpenAI,
    };
}
