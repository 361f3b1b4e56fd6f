using System.Text.Json;
using Spendra.Core.Governance;
using Spendra.Gateway.Dialects;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Mcp;

/// <summary>
/// Tools for agents that do not speak MCP: one call as one request, <c>{"server","tool","arguments"}</c>. Errors look like
/// OpenAI's.
/// </summary>
internal sealed class ToolCallDialect : Dialect
{
    public static readonly ToolCallDialect Instance = new();

    private ToolCallDialect()
    {
    }

    public override RequestFault? Read(GovernedCall call, ReadOnlySpan<byte> body)
    {
        if (JsonMembers.Read(body, out _) is not { } members)
            return new RequestFault($"The request body must be a JSON object that names each thing once, at most {JsonMembers.MaxDepth} levels deep.");
        foreach (var member in members.All)
        {
            if (member.Name is not ("server" or "tool" or "arguments"))
                return new RequestFault("The body may have 'server', 'tool' and 'arguments' only.");
        }
        if (JsonValues.Text(body, members.Find("server")) is not { } server || !SlugRule.Matches(server))
            return new RequestFault("'server' must be the name of a registered server of tools.", "server");
        if (JsonValues.Text(body, members.Find("tool")) is not { } tool || !PlainText.Matches(tool, ToolName.MaxLength))
            return new RequestFault($"'tool' must be the name of a tool, of 1 to {ToolName.MaxLength} characters.", "tool");
        var arguments = members.Find("arguments");
        if (arguments is not null && !JsonValues.IsObject(body, arguments)) return new RequestFault("'arguments' must be an object.", "arguments");
        call.Message = new McpMessage(server)
        {
            Kind = McpKind.ToolCall,
            Tool = tool,
            Arguments = arguments is { } at ? call.Body.Slice(at.Start, at.Length) : "{}"u8.ToArray(),
        };
        call.Facts = McpFacts.Of(call.Message);
        return null;
    }

    public override ReadOnlyMemory<byte> Rewrite(GovernedCall call) => throw new InvalidOperationException("a tool is called inside a session");

    public override ResponseMeter MakeMeter(GovernedCall call, string? mediaType, int maxEventBytes) =>
        throw new InvalidOperationException("a tool is called inside a session");

    public override bool IsError(ReadOnlySpan<byte> body) => McpDialect.Instance.IsError(body);

    public override void WriteError(Utf8JsonWriter json, Guid requestId, GatewayError error) =>
        OpenAiDialect.Instance.WriteError(json, requestId, error);
}
