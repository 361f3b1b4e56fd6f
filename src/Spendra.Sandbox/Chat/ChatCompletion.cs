using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.OpenRouter;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Chat;

/// <summary><c>POST /v1/chat/completions</c> without a stream.</summary>
internal static class ChatCompletion
{
    public const string Fingerprint = "fp_sandbox";

    public static Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        // Only models made for it search by themselves.
        if (call.WantsWebSearch && call.ReportedModel.Contains("-search", StringComparison.Ordinal) is false)
            return Answers.RefuseAsync(exchange, Refusal.Invalid("Web search options not supported with this model."));
        if (call.Stream)
            return ChatStream.AnswerAsync(exchange, call);
        var dialect = ChatDialect.Of(exchange.Match.Provider);
        var id = exchange.Sandbox.Ids.Next(dialect.IdPrefix);
        Generation.Begin(exchange, id, call)?.Complete();
        using var buffer = JsonBuffer.Rent();
        Write(buffer.Json, exchange, call, dialect, id);
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    private static void Write(Utf8JsonWriter json, Exchange exchange, ModelCall call, ChatDialect dialect, string id)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("object"u8, "chat.completion"u8);
        json.WriteNumber("created"u8, exchange.Sandbox.NowSeconds);
        json.WriteString("model"u8, call.ReportedModel);
        json.WriteStartArray("choices"u8);
        var text = Words.Text(call.WordsOfChoice);
        for (var index = 0; index < call.Choices; index++)
            WriteChoice(json, index, text, call, dialect);
        json.WriteEndArray();
        if (!call.Knobs.NoUsage)
            dialect.WriteUsage(json, call);
        dialect.WriteHead(json, call);
        dialect.WriteCompletion(json, call);
        json.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter json, int index, string text, ModelCall call, ChatDialect dialect)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, call.ToolCalls > 0 ? null : text);
        json.WriteNull("refusal"u8);
        if (call.ToolCalls > 0)
            ChatToolCalls.Write(json, call, isChunk: false);
        json.WriteStartArray("annotations"u8);
        if (call.WantsWebSearch)
            WriteCitation(json, text.Length);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, call.FinishReason);
        dialect.WriteChoice(json, call, call.FinishReason);
        json.WriteEndObject();
    }

    private static void WriteCitation(Utf8JsonWriter json, int length)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "url_citation"u8);
        json.WriteStartObject("url_citation"u8);
        json.WriteNumber("start_index"u8, 0);
        json.WriteNumber("end_index"u8, length);
        json.WriteString("title"u8, "Sandbox"u8);
        json.WriteString("url"u8, "https://sandbox.invalid/page"u8);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
