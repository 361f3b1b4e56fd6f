using Microsoft.Extensions.Primitives;
using Spendra.Sandbox.Dialects;

namespace Spendra.Sandbox.Messages;

/// <summary>
/// The headers of Anthropic's answers. On Vertex AI only the request's id is left of them; OpenRouter names the call in
/// one of its own.
/// </summary>
internal static class MessageHeaders
{
    private const string RequestId = "request-id";

    private static readonly (string Name, string Limit, string Remaining)[] s_limits =
    [
        ("requests", "4000", "3999"), ("tokens", "2400000", "2399000"),
        ("input-tokens", "2000000", "1999000"), ("output-tokens", "400000", "399000"),
    ];

    public static void Stamp(Exchange exchange)
    {
        RequestIdOf(exchange);
        if (exchange.Match.Dialect is Dialect.RouterMessages)
            exchange.Context.Response.Headers["X-Generation-Id"] = exchange.Sandbox.Ids.Next("gen-");
        if (exchange.Match.Dialect is not Dialect.Anthropic)
            return;
        var headers = exchange.Context.Response.Headers;
        headers["anthropic-organization-id"] = "00000000-0000-4000-8000-000000000000";
        var reset = exchange.Sandbox.Time.GetUtcNow().AddSeconds(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        foreach (var (name, limit, remaining) in s_limits)
        {
            headers[$"anthropic-ratelimit-{name}-limit"] = limit;
            headers[$"anthropic-ratelimit-{name}-remaining"] = remaining;
            headers[$"anthropic-ratelimit-{name}-reset"] = reset;
        }
    }

    /// <summary>The id of an answer, which an error repeats in its body.</summary>
    public static string RequestIdOf(Exchange exchange)
    {
        var headers = exchange.Context.Response.Headers;
        if (StringValues.IsNullOrEmpty(headers[RequestId]))
            headers[RequestId] = exchange.Sandbox.Ids.Next(exchange.Match.Dialect is Dialect.VertexClaude ? "req_vrtx_" : "req_");
        return headers[RequestId].ToString();
    }
}
