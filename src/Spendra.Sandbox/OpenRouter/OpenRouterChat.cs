using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Chat;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.OpenRouter;

/// <summary>
/// Chat on OpenRouter: the provider that served is named, the usage says what it cost and is always there, comments
/// keep a stream alive, and an error in its middle is a chunk with the finish reason <c>error</c>.
/// </summary>
internal sealed class OpenRouterChat : ChatDialect
{
    private const int CommentsByDefault = 1;
    private static readonly ReadOnlyMemory<byte> s_comment = ": OPENROUTER PROCESSING\n\n"u8.ToArray();

    public override string IdPrefix => "gen-";

    public override bool AlwaysReportsUsage => true;

    public override void WriteHead(Utf8JsonWriter json, ModelCall call)
    {
        json.WriteString("provider"u8, Generation.ProviderName);
        json.WriteNull("system_fingerprint"u8);
    }

    public override void WriteChoice(Utf8JsonWriter json, ModelCall call, string? finishReason) =>
        json.WriteString("native_finish_reason"u8, finishReason);

    public override void WriteUsage(Utf8JsonWriter json, ModelCall call)
    {
        var usage = Usage.Of(call, previousTokens: 0);
        json.WriteStartObject("usage"u8);
        UsageJson.WriteChatMembers(json, usage);
        CallCost.Of(call.Knobs, usage).WriteMembers(json);
        json.WriteEndObject();
    }

    public override async ValueTask OpenAsync(EventStream events, ModelCall call)
    {
        var comments = call.Knobs.Comments ?? CommentsByDefault;
        for (var comment = 0; comment < comments; comment++)
            await events.SendRawAsync(s_comment);
    }

    public override void WriteError(Utf8JsonWriter json, ChatStream stream)
    {
        stream.WriteHead(json);
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, 502);
        json.WriteString("message"u8, "Provider returned error"u8);
        json.WriteStartObject("metadata"u8);
        json.WriteString("provider_name"u8, Generation.ProviderName);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("choices"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, 0);
        json.WriteStartObject("delta"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, ""u8);
        json.WriteEndObject();
        json.WriteString("finish_reason"u8, "error"u8);
        json.WriteString("native_finish_reason"u8, "error"u8);
        json.WriteEndObject();
        json.WriteEndArray();
    }
}
