using Spendra.Core.Governance;
using Spendra.Core.Metering;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Mcp;

/// <summary>A message to a server of tools in the terms of governance.</summary>
internal static class McpFacts
{
    public static RequestFacts Of(McpMessage message)
    {
        if (message.Kind != McpKind.ToolCall) return new RequestFacts { IsFree = true };
        var name = ToolName.Of(message.Server, message.Tool);
        return new RequestFacts
        {
            Model = name,
            Tools = [name],
            BoundedTools = [name],
            TokensAdded = 0,
            Pieces = default(UnitMap<long>).With(UnitClass.ToolCalls, 1),
        };
    }
}
