using Spendra.Gateway.Tests.Gemini;

namespace Spendra.Gateway.Tests.Golden;

/// <summary>
/// Answers in the shapes in which providers send them. Their texts speak of usage, which must not be believed.
/// </summary>
internal static class Recorded
{
    private const string Text = """Ünï \"usage\":{\"input_tokens\":9999999} 🦊""";

    public static string Plain(Wire wire, Told told, string model) => wire switch
    {
        Wire.Chat or Wire.GoogleChat =>
            $$"""{"id":"chatcmpl-1","object":"chat.completion","model":"{{model}}"{{TierOf(told)}},"choices":[{"index":0,"message":{"role":"assistant","content":"{{Text}}"},"finish_reason":"stop"}],"usage":{{told.AsChat()}}}""",
        Wire.Responses =>
            $$"""{"id":"resp_1","object":"response","status":"completed","model":"{{model}}"{{TierOf(told)}},"error":null,"output":[{"type":"message","content":[{"type":"output_text","text":"{{Text}}"}]}],"usage":{{told.AsResponse()}}}""",
        Wire.Embeddings =>
            $$"""{"object":"list","model":"{{model}}","data":[{"object":"embedding","index":0,"embedding":[0.1,0.2]}],"usage":{{told.AsEmbedding()}}}""",
        Wire.Messages =>
            $$"""{"id":"msg_1","type":"message","role":"assistant","model":"{{model}}","content":[{"type":"text","text":"{{Text}}"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{told.AsMessage()}}}""",
        Wire.Contents => GeminiExchange.Answer(WireShape.Plain, told.AsMetadata(), told.Candidate, model: model),
        _ => $$$"""{"embedding":{"values":[0.1,0.2]},"usageMetadata":{"promptTokenCount":{{{told.Input}}}}}""",
    };

    public static string Stream(Wire wire, Told told, string model) => wire switch
    {
        Wire.Chat => Chunk(model, told, $"\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{Text}\"}},\"finish_reason\":null}}],\"usage\":null")
            + Chunk(model, told, "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null")
            + Chunk(model, told, $"\"choices\":[],\"usage\":{told.AsChat()}") + Done,
        Wire.GoogleChat => Chunk(model, told, $"\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{Text}\"}},\"finish_reason\":\"stop\"}}],\"usage\":{SoFar(told).AsChat(Math.Min(1, told.Output))}")
            + ": keep-alive\n\n"
            + Chunk(model, told, $"\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}],\"usage\":{told.AsChat()}") + Done,
        Wire.Responses => Event("response.created", $"\"response\":{{\"id\":\"resp_1\",\"status\":\"in_progress\",\"error\":null,\"usage\":null}}")
            + Event("response.output_text.delta", $"\"delta\":\"{Text}\"")
            + Event("response.completed", $"\"response\":{{\"id\":\"resp_1\",\"status\":\"completed\",\"model\":\"{model}\"{TierOf(told)},\"error\":null,\"usage\":{told.AsResponse()}}}"),
        Wire.Messages => Event("message_start", $"\"message\":{{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"{model}\",\"content\":[],\"stop_reason\":null,\"usage\":{SoFar(told).AsMessage(Math.Min(1, told.Output))}}}")
            + Event("content_block_start", "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")
            + Event("ping", "\"x\":0")
            + Event("content_block_delta", $"\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{Text}\"}}")
            + Event("message_delta", $"\"delta\":{{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}},\"usage\":{told.AsDelta()}")
            + Event("message_stop", "\"x\":0"),
        Wire.Contents => GeminiExchange.Answer(WireShape.Events, told.AsMetadata(), told.Candidate, model: model),
        _ => throw new ArgumentOutOfRangeException(nameof(wire), wire, "vectors do not stream"),
    };

    /// <summary>How a provider of this format refuses, and how it says that it failed.</summary>
    public static string Error(Wire wire, int status) => wire switch
    {
        Wire.Messages => """{"type":"error","error":{"type":"overloaded_error","message":"no"},"request_id":"req_1"}""",
        Wire.Contents or Wire.Vectors => $$$"""{"error":{"code":{{{status}}},"message":"no","status":"UNAVAILABLE"}}""",
        Wire.GoogleChat => $$$"""[{"error":{"code":{{{status}}},"message":"no","status":"UNAVAILABLE"}}]""",
        _ => """{"error":{"message":"no","type":"server_error","param":null,"code":"no"}}""",
    };

    /// <summary>A stream that fails after its first event.</summary>
    public static string Failing(Wire wire, Told told, string model)
    {
        var whole = Stream(wire, told, model);
        var line = wire == Wire.Contents ? "\r\n" : "\n";
        var name = wire is Wire.Messages or Wire.Responses ? "event: error" + line : "";
        var error = wire == Wire.Responses ? """{"type":"error","code":"server_error","message":"no","param":null}""" : Error(wire, 503);
        return whole[..(whole.IndexOf(line + line, StringComparison.Ordinal) + 2 * line.Length)] + $"{name}data: {error}{line}{line}";
    }

    private const string Done = "data: [DONE]\n\n";

    private static string Chunk(string model, Told told, string members) =>
        $"data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":\"{model}\"{TierOf(told)},{members}}}\n\n";

    private static string Event(string name, string members) => $"event: {name}\ndata: {{\"type\":\"{name}\",{members}}}\n\n";

    /// <summary>What is known at the beginning: no thoughts and no searches yet.</summary>
    private static Told SoFar(Told told) => told with { Total = null, More = "" };

    private static string TierOf(Told told) => told.Tier is { } tier ? $",\"service_tier\":\"{tier}\"" : "";
}
