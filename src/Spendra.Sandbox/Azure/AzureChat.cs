using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Chat;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Azure;

/// <summary>
/// Chat on Azure: a content filter's verdict on the prompt and on each choice. A stream begins with a chunk that has no
/// choice, no id and no model, only the verdict on the prompt.
/// </summary>
internal sealed class AzureChat : ChatDialect
{
    public override void WriteCompletion(Utf8JsonWriter json, ModelCall call) => ContentFilter.WriteOfPrompt(json);

    public override void WriteChoice(Utf8JsonWriter json, ModelCall call, string? finishReason)
    {
        var isFiltered = finishReason is "content_filter";
        if (!call.Knobs.AsyncFilter || !call.Stream)
            ContentFilter.Write(json, "content_filter_results"u8, isFiltered);
    }

    public override async ValueTask OpenAsync(EventStream events, ModelCall call)
    {
        await base.OpenAsync(events, call);
        await events.SendAsync(null, call, static (json, _) =>
        {
            WriteEmptyHead(json);
            json.WriteStartArray("choices"u8);
            json.WriteEndArray();
            ContentFilter.WriteOfPrompt(json);
        });
    }

    public override async ValueTask CloseAsync(EventStream events, ModelCall call)
    {
        if (call.Knobs.AsyncFilter)
            await events.SendAsync(null, call, WriteVerdict);
    }

    /// <summary>A chunk that says nothing but how the filter judged the words so far.</summary>
    private static void WriteVerdict(Utf8JsonWriter json, ModelCall call)
    {
        WriteEmptyHead(json);
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, 0);
        json.WriteNull("finish_reason"u8);
        ContentFilter.Write(json, "content_filter_results"u8, call.Knobs.Filtered is FilteredPart.Output);
        json.WriteStartObject("content_filter_offsets"u8);
        json.WriteNumber("check_offset"u8, 0);
        json.WriteNumber("start_offset"u8, 0);
        json.WriteNumber("end_offset"u8, Words.Text(call.WordsOfChoice).Length);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteEmptyHead(Utf8JsonWriter json)
    {
        json.WriteString("id"u8, ""u8);
        json.WriteString("object"u8, ""u8);
        json.WriteNumber("created"u8, 0);
        json.WriteString("model"u8, ""u8);
    }
}
