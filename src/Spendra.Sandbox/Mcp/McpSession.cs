using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Mcp;

/// <summary>What <c>initialize</c> began and DELETE ends.</summary>
/// <param name="Id">The header <c>Mcp-Session-Id</c>.</param>
/// <param name="Server">The server's name in the path; a session of one is unknown to another.</param>
internal sealed record McpSession(string Id, string Server)
{
    public const string Header = "Mcp-Session-Id";

    /// <summary>The session that a request names, or why there is none.</summary>
    public static Refusal? Find(Exchange exchange, out McpSession? session)
    {
        session = null;
        var id = exchange.Context.Request.Headers[Header].ToString();
        if (id.Length == 0)
            return Refusal.Invalid($"Bad Request: {Header} is required.");
        session = exchange.Sandbox.McpSessions.Find(id);
        return session?.Server == exchange.Match.Id ? null : Refusal.NotFound("Session not found.");
    }
}
