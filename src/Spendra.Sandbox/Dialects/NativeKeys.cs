using Microsoft.AspNetCore.Http;
using Spendra.Sandbox.Gemini;
using Spendra.Sandbox.Messages;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Dialects;

/// <summary>
/// Where each dialect looks for a key: Anthropic in <c>x-api-key</c> or as a bearer token, Gemini in
/// <c>x-goog-api-key</c>, as a bearer token or in the query as <c>key</c>, Vertex AI and OpenRouter as a bearer token only.
/// </summary>
internal static class NativeKeys
{
    private const string Scheme = "Bearer ";

    /// <param name="exchange">Whose key is looked at.</param>
    /// <param name="expected">The only key that is accepted; <see langword="null"/> accepts any that is not empty.</param>
    public static Refusal? Refuse(Exchange exchange, string? expected)
    {
        var dialect = exchange.Match.Dialect;
        var key = KeyOf(exchange.Context.Request, dialect);
        if (string.IsNullOrWhiteSpace(key))
            return Missing(dialect);
        return expected is null || key == expected ? null : Wrong(dialect);
    }

    private static string? KeyOf(HttpRequest request, Dialect dialect) => dialect switch
    {
        Dialect.Anthropic => One(request, "x-api-key") ?? Bearer(request),
        Dialect.Gemini => One(request, "x-goog-api-key") ?? Bearer(request) ?? request.Query["key"],
        Dialect.OpenAi or Dialect.Vertex or Dialect.VertexClaude or Dialect.RouterMessages => Bearer(request),
    };

    private static string? One(HttpRequest request, string name) =>
        request.Headers.TryGetValue(name, out var values) && values.Count == 1 ? values[0] : null;

    private static string? Bearer(HttpRequest request)
    {
        var value = One(request, "Authorization");
        return value is not null && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..].Trim() : null;
    }

    private static Refusal Missing(Dialect dialect) => dialect switch
    {
        Dialect.Anthropic or Dialect.RouterMessages => MessageErrors.NoApiKey,
        Dialect.Gemini => GeminiErrors.NoApiKey,
        Dialect.Vertex or Dialect.VertexClaude => GeminiErrors.NoCredentials,
        Dialect.OpenAi => Refusal.NoApiKey,
    };

    private static Refusal Wrong(Dialect dialect) => dialect switch
    {
        Dialect.Anthropic or Dialect.RouterMessages => MessageErrors.WrongApiKey,
        Dialect.Gemini => GeminiErrors.WrongApiKey,
        Dialect.Vertex or Dialect.VertexClaude => GeminiErrors.WrongCredentials,
        Dialect.OpenAi => Refusal.WrongApiKey,
    };
}
