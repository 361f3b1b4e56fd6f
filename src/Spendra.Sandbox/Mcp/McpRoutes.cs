using Microsoft.AspNetCore.Http;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Mcp;

/// <summary>The other methods of an MCP endpoint: no listening for events, and the end of a session.</summary>
internal static class McpRoutes
{
    public static Task RefuseListenAsync(Exchange exchange)
    {
        exchange.Context.Response.Headers.Allow = "POST, DELETE";
        return Answers.RefuseAsync(exchange, new Refusal(405, "Method Not Allowed", "method_not_allowed"));
    }

    public static Task EndAsync(Exchange exchange)
    {
        if (McpSession.Find(exchange, out var session) is { } refusal)
            return Answers.RefuseAsync(exchange, refusal);
        exchange.Sandbox.McpSessions.Remove(session!.Id);
        exchange.Context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
