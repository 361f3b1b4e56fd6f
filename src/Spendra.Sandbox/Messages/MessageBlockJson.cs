using System.Text.Json;

namespace Spendra.Sandbox.Messages;

/// <summary>Content blocks on the wire, whole or as they begin in a stream.</summary>
internal static class MessageBlockJson
{
    public const string Thought = "Budgets first.";
    public const string Signature = "c2FuZGJveA==";
    private const string Page = "https://example.com/";

    /// <summary>What a call of a tool says as its input; a JSON object.</summary>
    public static string InputOf(MessageBlock block) => block.Tool switch
    {
        MessageBlock.WebSearch => """{"query":"budget"}""",
        MessageBlock.WebFetch => $$"""{"url":"{{Page}}"}""",
        _ => """{"sandbox":true}""",
    };

    /// <param name="json">Where to; the object of the block is written whole.</param>
    /// <param name="block">What to write.</param>
    /// <param name="text">The text of a text block; empty when it is still to come.</param>
    /// <param name="isWhole">False when thought and input are still to come.</param>
    public static void Write(Utf8JsonWriter json, MessageBlock block, string text, bool isWhole)
    {
        json.WriteStartObject();
        switch (block.Kind)
        {
            case BlockKind.Thinking:
                json.WriteString("type"u8, "thinking"u8);
                json.WriteString("thinking"u8, isWhole ? Thought : "");
                json.WriteString("signature"u8, isWhole ? Signature : "");
                break;
            case BlockKind.Text:
                json.WriteString("type"u8, "text"u8);
                json.WriteString("text"u8, text);
                json.WriteNull("citations"u8);
                break;
            case BlockKind.ToolUse or BlockKind.ServerToolUse:
                json.WriteString("type"u8, block.Kind is BlockKind.ToolUse ? "tool_use"u8 : "server_tool_use"u8);
                json.WriteString("id"u8, block.Id);
                json.WriteString("name"u8, block.Tool);
                json.WritePropertyName("input"u8);
                json.WriteRawValue(isWhole ? InputOf(block) : "{}", skipInputValidation: true);
                WriteCaller(json);
                break;
            case BlockKind.ServerToolResult:
                json.WriteString("type"u8, $"{block.Tool}_tool_result");
                json.WriteString("tool_use_id"u8, block.Id);
                WriteCaller(json);
                WriteResult(json, block.Tool);
                break;
            default:
                throw new InvalidOperationException($"No such block: {block.Kind}.");
        }
        json.WriteEndObject();
    }

    /// <summary>The model called by itself, not from code that it runs.</summary>
    private static void WriteCaller(Utf8JsonWriter json)
    {
        json.WriteStartObject("caller"u8);
        json.WriteString("type"u8, "direct"u8);
        json.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter json, string tool)
    {
        if (tool == MessageBlock.WebSearch)
        {
            json.WriteStartArray("content"u8);
            json.WriteStartObject();
            json.WriteString("type"u8, "web_search_result"u8);
            json.WriteString("url"u8, Page);
            json.WriteString("title"u8, "Example"u8);
            json.WriteString("encrypted_content"u8, Signature);
            json.WriteNull("page_age"u8);
            json.WriteEndObject();
            json.WriteEndArray();
            return;
        }
        json.WriteStartObject("content"u8);
        json.WriteString("type"u8, "web_fetch_result"u8);
        json.WriteString("url"u8, Page);
        json.WriteNull("retrieved_at"u8);
        json.WriteStartObject("content"u8);
        json.WriteString("type"u8, "document"u8);
        json.WriteNull("title"u8);
        json.WriteNull("citations"u8);
        json.WriteStartObject("source"u8);
        json.WriteString("type"u8, "text"u8);
        json.WriteString("media_type"u8, "text/plain"u8);
        json.WriteString("data"u8, "Example"u8);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
