using System.Text.Json;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Responses;

/// <summary>The output items of tools, and the names of the events that tell how they get on.</summary>
internal static class ToolCallJson
{
    /// <summary>With which functions of the client's are called.</summary>
    public const string Arguments = "{}";

    private const string Query = "what does a budget hold";

    /// <summary>The item's type, which also begins the names of its events.</summary>
    public static string TypeOf(ToolKind kind) => kind switch
    {
        ToolKind.WebSearch or ToolKind.WebOpen => "web_search_call",
        ToolKind.FileSearch => "file_search_call",
        ToolKind.Code => "code_interpreter_call",
        ToolKind.Image => "image_generation_call",
        ToolKind.Mcp => "mcp_call",
        ToolKind.Function => "function_call",
    };

    /// <summary>The last part of each event's name, in order.</summary>
    public static IReadOnlyList<string> StagesOf(ToolKind kind) => kind switch
    {
        ToolKind.WebSearch or ToolKind.WebOpen or ToolKind.FileSearch => ["in_progress", "searching", "completed"],
        ToolKind.Code => ["in_progress", "interpreting", "completed"],
        ToolKind.Image => ["in_progress", "generating", "completed"],
        ToolKind.Mcp => ["in_progress", "completed"],
        ToolKind.Function => [],
    };

    /// <param name="json">Where to.</param>
    /// <param name="call">The call.</param>
    /// <param name="isDone">False for the item as it appears in a stream first.</param>
    public static void Write(Utf8JsonWriter json, ToolCall call, bool isDone)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, call.Id);
        json.WriteString("type"u8, TypeOf(call.Kind));
        json.WriteString("status"u8, isDone ? "completed"u8 : "in_progress"u8);
        switch (call.Kind)
        {
            case ToolKind.WebSearch or ToolKind.WebOpen:
                WriteAction(json, call.Kind);
                break;
            case ToolKind.FileSearch:
                json.WriteStartArray("queries"u8);
                json.WriteStringValue(Query);
                json.WriteEndArray();
                json.WriteNull("results"u8);
                break;
            case ToolKind.Code:
                json.WriteString("code"u8, "print(1)"u8);
                json.WriteString("container_id"u8, call.ContainerId);
                json.WriteNull("outputs"u8);
                break;
            case ToolKind.Image:
                WriteImage(json, isDone);
                break;
            case ToolKind.Mcp:
                WriteMcp(json, isDone);
                break;
            case ToolKind.Function:
                json.WriteString("call_id"u8, "call_" + call.Id);
                json.WriteString("name"u8, call.Name);
                json.WriteString("arguments"u8, isDone ? Arguments : "");
                break;
        }
        json.WriteEndObject();
    }

    private static void WriteAction(Utf8JsonWriter json, ToolKind kind)
    {
        json.WriteStartObject("action"u8);
        if (kind is ToolKind.WebSearch)
        {
            json.WriteString("type"u8, "search"u8);
            json.WriteString("query"u8, Query);
        }
        else
        {
            json.WriteString("type"u8, "open_page"u8);
            json.WriteString("url"u8, "https://sandbox.invalid/page"u8);
        }
        json.WriteEndObject();
    }

    private static void WriteImage(Utf8JsonWriter json, bool isDone)
    {
        json.WriteString("background"u8, "opaque"u8);
        json.WriteString("output_format"u8, "png"u8);
        json.WriteString("quality"u8, "medium"u8);
        json.WriteString("size"u8, "1024x1024"u8);
        json.WriteString("result"u8, isDone ? Pixel.Base64 : null);
    }

    private static void WriteMcp(Utf8JsonWriter json, bool isDone)
    {
        json.WriteString("server_label"u8, "sandbox"u8);
        json.WriteString("name"u8, "search"u8);
        json.WriteString("arguments"u8, "{}"u8);
        json.WriteString("output"u8, isDone ? "found" : null);
        json.WriteNull("error"u8);
        json.WriteNull("approval_request_id"u8);
    }
}
