using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Chat;

/// <summary><c>POST /v1/chat/completions</c> without a stream.</summary>
internal static class ChatCompletion
{
    public const string Fingerprint = "fp_sandbox";

    public static Task AnswerAsync(Exchange exchange, ModelCall call)
    {
        if (call.Stream)
            return ChatStream.AnswerAsync(exchange, call);
        using var buffer = JsonBuffer.Rent();
        Write(buffer.Json, exchange, call);
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    private static void Write(Utf8JsonWriter json, Exchange exchange, ModelCall call)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, exchange.Sandbox.Ids.Next("chatcmpl-"));
        json.WriteString("object"u8, "chat.completion"u8);
        json.WriteNumber("created"u8, exchange.Sandbox.NowSeconds);
        json.WriteString("model"u8, call.ReportedModel);
        json.WriteStartArray("choices"u8);
        var text = Words.Text(call.WordsOfChoice);
        for (var index = 0; index < call.Choices; index++)
            WriteChoice(json, index, text, call);
        json.WriteEndArray();
        if (!call.Knobs.NoUsage)
            UsageJson.WriteChat(json, Usage.Of(call, previousTokens: 0));
        json.WriteString("service_tier"u8, call.ReportedTier);
        json.WriteString("system_fingerprint"u8, Fingerprint);
        json.WriteEndObject();
    }

    private static void WriteChoice(Utf8JsonWriter json, int index, string text, ModelCall call)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, text);
        json.WriteNull("refusal"u8);
        json.WriteStartArray("annotations"u8);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, call.IsCut ? "length"u8 : "stop"u8);
        json.WriteEndObject();
    }
}
