namespace Spendra.Sandbox.Messages;

/// <summary>What a content block is.</summary>
internal enum BlockKind
{
    Thinking,
    /// <summary>Anthropic's call of a tool that it runs itself.</summary>
    ServerToolUse,
    ServerToolResult,
    Text,
    /// <summary>A call of a tool that the client is to run.</summary>
    ToolUse,
}

/// <summary>One block of an answer's content.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Tool">The tool's name; empty for thinking and text.</param>
/// <param name="Id">The id of the call, which its result repeats; empty for thinking and text.</param>
internal readonly record struct MessageBlock(BlockKind Kind, string Tool = "", string Id = "")
{
    public const string WebSearch = "web_search";
    public const string WebFetch = "web_fetch";

    /// <summary>The blocks of an answer in their order: thinking, what server tools did, text, calls for the client.</summary>
    public static List<MessageBlock> Of(Exchange exchange, MessageCall call)
    {
        var ids = exchange.Sandbox.Ids;
        var blocks = new List<MessageBlock>();
        if (call.Knobs.ReasoningTokens > 0)
            blocks.Add(new MessageBlock(BlockKind.Thinking));
        AddServerTool(WebSearch, call.Searches);
        AddServerTool(WebFetch, call.Fetches);
        if (call.Words > 0)
            blocks.Add(new MessageBlock(BlockKind.Text));
        for (var count = 0; count < call.ToolCalls; count++)
            blocks.Add(new MessageBlock(BlockKind.ToolUse, call.ClientTool!, ids.Next("toolu_")));
        return blocks;

        void AddServerTool(string name, int uses)
        {
            for (var count = 0; count < uses; count++)
            {
                var id = ids.Next("srvtoolu_");
                blocks.Add(new MessageBlock(BlockKind.ServerToolUse, name, id));
                blocks.Add(new MessageBlock(BlockKind.ServerToolResult, name, id));
            }
        }
    }
}
