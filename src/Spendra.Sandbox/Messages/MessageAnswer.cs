using System.Text.Json;
using Spendra.Sandbox.Dialects;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Messages;

/// <summary>A message in one piece.</summary>
internal static class MessageAnswer
{
    public static Task AnswerAsync(Exchange exchange, MessageCall call)
    {
        using var buffer = JsonBuffer.Rent();
        var json = buffer.Json;
        json.WriteStartObject();
        WriteHead(json, call, NewId(exchange));
        json.WriteStartArray("content"u8);
        foreach (var block in MessageBlock.Of(exchange, call))
            MessageBlockJson.Write(json, block, Words.Text(call.Words), isWhole: true);
        json.WriteEndArray();
        json.WriteString("stop_reason"u8, call.StopReason);
        json.WriteString("stop_sequence"u8, call.ReportedStopSequence);
        if (!call.Knobs.NoUsage)
            MessageUsageJson.Write(json, call, MessageUsage.Of(call));
        json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    public static Task CountAsync(Exchange exchange, MessageCall call)
    {
        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        UsageJson.Number(buffer.Json, "input_tokens"u8, call.Knobs.InputTokens ?? call.InputTokens, call.Knobs.UsageAsStrings);
        buffer.Json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, call.Knobs);
    }

    public static string NewId(Exchange exchange) =>
        exchange.Sandbox.Ids.Next(exchange.Match.Dialect switch
        {
            Dialect.VertexClaude => "msg_vrtx_",
            Dialect.RouterMessages => "gen-",
            _ => "msg_",
        });

    public static void WriteHead(Utf8JsonWriter json, MessageCall call, string id)
    {
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("model"u8, call.ReportedModel);
    }
}
