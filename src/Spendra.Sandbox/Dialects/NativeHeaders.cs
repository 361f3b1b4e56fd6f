using Spendra.Sandbox.Messages;

namespace Spendra.Sandbox.Dialects;

/// <summary>The headers that every answer has beside its type.</summary>
internal static class NativeHeaders
{
    public static void Stamp(Exchange exchange)
    {
        if (exchange.Match.Dialect is Dialect.Anthropic or Dialect.VertexClaude or Dialect.RouterMessages)
            MessageHeaders.Stamp(exchange);
        if (exchange.Match.Dialect is Dialect.Anthropic or Dialect.RouterMessages)
            return;
        // Google promises no header; these two are what its front end sends.
        var headers = exchange.Context.Response.Headers;
        headers["server-timing"] = "gfet4t7; dur=1";
        headers.Vary = "X-Origin, Referer";
    }
}
