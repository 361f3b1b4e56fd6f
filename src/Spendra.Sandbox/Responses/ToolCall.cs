using Spendra.Sandbox.Calls;

namespace Spendra.Sandbox.Responses;

/// <summary>One call of a tool: an item of the output before the message, or in its place.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Id">The item's id.</param>
/// <param name="ContainerId">Where the code ran; several calls may share it. Empty for other tools.</param>
internal sealed record ToolCall(ToolKind Kind, string Id, string ContainerId)
{
    /// <summary>Of a function of the client's; empty for other tools.</summary>
    public string Name { get; init; } = "";

    /// <summary>
    /// The calls that knobs ask for: of the provider's tools at most <c>max_tool_calls</c> together unless the limit is
    /// ignored, then those of the client's.
    /// </summary>
    public static IReadOnlyList<ToolCall> Of(Exchange exchange, ModelCall call) => [.. OfProvider(exchange, call), .. OfClient(exchange, call)];

    private static IEnumerable<ToolCall> OfClient(Exchange exchange, ModelCall call) =>
        Enumerable.Range(0, call.ToolCalls).Select(_ => new ToolCall(ToolKind.Function, exchange.Sandbox.Ids.Next("fc_"), "") { Name = call.ClientTool! });

    private static IEnumerable<ToolCall> OfProvider(Exchange exchange, ModelCall call)
    {
        var knobs = call.Knobs;
        var asked = new (ToolKind Kind, int Count, string Prefix)[]
        {
            (ToolKind.WebSearch, knobs.WebSearches, "ws_"),
            (ToolKind.WebOpen, knobs.WebOpens, "ws_"),
            (ToolKind.FileSearch, knobs.FileSearches, "fs_"),
            (ToolKind.Code, knobs.CodeCalls, "ci_"),
            (ToolKind.Image, knobs.ImageCalls, "ig_"),
            (ToolKind.Mcp, knobs.McpCalls, "mcp_"),
        };
        if (asked.All(tool => tool.Count == 0))
            return [];
        var ids = exchange.Sandbox.Ids;
        var containers = Enumerable.Range(0, knobs.Containers).Select(_ => ids.Next("cntr_")).ToArray();
        var calls =
            from tool in asked
            from number in Enumerable.Range(0, tool.Count)
            select new ToolCall(
                tool.Kind, ids.Next(tool.Prefix), tool.Kind is ToolKind.Code ? containers[number % containers.Length] : "");
        var most = knobs.IgnoreLimit ? int.MaxValue : (int)Math.Min(call.MaxToolCalls ?? int.MaxValue, int.MaxValue);
        return calls.Take(most);
    }
}
