using System.Text.Json;
using Spendra.Sandbox.OpenRouter;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Responses;

/// <summary>The response object and its message item.</summary>
internal static class ResponseJson
{
    public static void Write(Utf8JsonWriter json, StoredResponse response, ResponseStatus status)
    {
        var hasEnded = status is ResponseStatus.Completed or ResponseStatus.Incomplete;
        json.WriteStartObject();
        json.WriteString("id"u8, response.Id);
        json.WriteString("object"u8, "response"u8);
        json.WriteNumber("created_at"u8, response.CreatedAtSeconds);
        json.WriteString("status"u8, Name(status));
        json.WriteBoolean("background"u8, response.Call.Background);
        if (status is ResponseStatus.Completed)
            json.WriteNumber("completed_at"u8, response.EndsAtSeconds);
        else
            json.WriteNull("completed_at"u8);
        WriteError(json, status);
        WriteIncompleteDetails(json, response, status);
        WriteEcho(json, response);
        json.WriteStartArray("output"u8);
        if (hasEnded)
            WriteOutput(json, response, status);
        json.WriteEndArray();
        if (hasEnded && !response.Call.Knobs.NoUsage)
            WriteUsage(json, response);
        else
            json.WriteNull("usage"u8);
        if (hasEnded && !response.Call.Knobs.NoUsage && response.Tools.Any(tool => tool.Kind is not ToolKind.Function))
            ToolUsageJson.Write(json, response.Tools);
        json.WriteNull("user"u8);
        json.WriteEndObject();
    }

    /// <param name="json">Where to.</param>
    /// <param name="response">Whose message.</param>
    /// <param name="status">The message's own status.</param>
    /// <param name="text"><see langword="null"/> for a message that has no content yet.</param>
    public static void WriteMessage(Utf8JsonWriter json, StoredResponse response, ResponseStatus status, string? text)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, response.MessageId);
        json.WriteString("type"u8, "message"u8);
        json.WriteString("status"u8, Name(status));
        json.WriteString("role"u8, "assistant"u8);
        json.WriteStartArray("content"u8);
        if (text is not null)
            WriteText(json, text);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "output_text"u8);
        WriteEmptyArray(json, "annotations"u8);
        WriteEmptyArray(json, "logprobs"u8);
        json.WriteString("text"u8, text);
        json.WriteEndObject();
    }

    public static ReadOnlySpan<byte> Name(ResponseStatus status) => status switch
    {
        ResponseStatus.Queued => "queued"u8,
        ResponseStatus.InProgress => "in_progress"u8,
        ResponseStatus.Completed => "completed"u8,
        ResponseStatus.Incomplete => "incomplete"u8,
        ResponseStatus.Failed => "failed"u8,
        ResponseStatus.Cancelled => "cancelled"u8,
    };

    private static void WriteError(Utf8JsonWriter json, ResponseStatus status)
    {
        if (status is not ResponseStatus.Failed)
        {
            json.WriteNull("error"u8);
            return;
        }
        json.WriteStartObject("error"u8);
        json.WriteString("code"u8, "server_error"u8);
        json.WriteString("message"u8, Refusal.OfStatus(500).Message);
        json.WriteEndObject();
    }

    private static void WriteOutput(Utf8JsonWriter json, StoredResponse response, ResponseStatus status)
    {
        foreach (var tool in response.Tools)
            ToolCallJson.Write(json, tool, isDone: true);
        if (response.HasMessage)
            WriteMessage(json, response, status, Words.Text(response.Call.WordsOfChoice));
    }

    private static void WriteUsage(Utf8JsonWriter json, StoredResponse response)
    {
        json.WriteStartObject("usage"u8);
        UsageJson.WriteResponseMembers(json, response.Usage);
        if (response.Provider is SandboxProvider.OpenRouter)
            CallCost.Of(response.Call.Knobs, response.Usage).WriteMembers(json);
        json.WriteEndObject();
    }

    private static void WriteIncompleteDetails(Utf8JsonWriter json, StoredResponse response, ResponseStatus status)
    {
        if (status is not ResponseStatus.Incomplete)
        {
            json.WriteNull("incomplete_details"u8);
            return;
        }
        json.WriteStartObject("incomplete_details"u8);
        json.WriteString("reason"u8, response.Call.FinishReason is "content_filter" ? "content_filter"u8 : "max_output_tokens"u8);
        json.WriteEndObject();
    }

    /// <summary>What the request set, or what the provider fills in when it did not.</summary>
    private static void WriteEcho(Utf8JsonWriter json, StoredResponse response)
    {
        var call = response.Call;
        json.WriteString("instructions"u8, call.Instructions);
        if (call.OutputLimit is { } limit)
            json.WriteNumber("max_output_tokens"u8, limit);
        else
            json.WriteNull("max_output_tokens"u8);
        if (call.MaxToolCalls is { } most)
            json.WriteNumber("max_tool_calls"u8, most);
        else
            json.WriteNull("max_tool_calls"u8);
        json.WritePropertyName("metadata"u8);
        if (call.MetadataJson.Length > 0)
            json.WriteRawValue(call.MetadataJson, skipInputValidation: true);
        else
            json.WriteRawValue("{}"u8, skipInputValidation: true);
        json.WriteString("model"u8, call.ReportedModel);
        json.WriteBoolean("parallel_tool_calls"u8, true);
        json.WriteString("previous_response_id"u8, call.PreviousResponseId);
        json.WritePropertyName("reasoning"u8);
        json.WriteRawValue("""{"effort":null,"summary":null}"""u8, skipInputValidation: true);
        json.WriteString("service_tier"u8, call.ReportedTier);
        json.WriteBoolean("store"u8, call.Store);
        json.WriteNumber("temperature"u8, 1);
        json.WritePropertyName("text"u8);
        json.WriteRawValue("""{"format":{"type":"text"}}"""u8, skipInputValidation: true);
        json.WriteString("tool_choice"u8, "auto"u8);
        json.WritePropertyName("tools"u8);
        json.WriteRawValue(call.ToolsJson.Length > 0 ? call.ToolsJson : "[]"u8, skipInputValidation: true);
        json.WriteNumber("top_p"u8, 1);
        json.WriteString("truncation"u8, "disabled"u8);
    }

    private static void WriteEmptyArray(Utf8JsonWriter json, ReadOnlySpan<byte> name)
    {
        json.WriteStartArray(name);
        json.WriteEndArray();
    }
}
