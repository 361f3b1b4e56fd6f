using System.Text.Json;
using Spendra.Sandbox.Calls;

namespace Spendra.Sandbox.Chat;

/// <summary>The calls of the client's own tool that stand where the text of a choice would.</summary>
internal static class ChatToolCalls
{
    /// <param name="json">Inside a message, or the delta of a chunk.</param>
    /// <param name="call">The request; it asks for at least one call.</param>
    /// <param name="isChunk">Chunks number the calls, so that pieces can be put together.</param>
    public static void Write(Utf8JsonWriter json, ModelCall call, bool isChunk)
    {
        json.WriteStartArray("tool_calls"u8);
        for (var index = 0; index < call.ToolCalls; index++)
        {
            json.WriteStartObject();
            if (isChunk)
                json.WriteNumber("index"u8, index);
            json.WriteString("id"u8, $"call_sandbox_{index}");
            json.WriteString("type"u8, "function"u8);
            json.WriteStartObject("function"u8);
            json.WriteString("name"u8, call.ClientTool);
            json.WriteString("arguments"u8, "{}"u8);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
