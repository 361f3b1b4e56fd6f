using System.Text;
using System.Text.Json;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>Calls of every format with a canary wherever it takes a text, a file or an argument.</summary>
internal static class CanaryCalls
{
    public const string Chat = "/v1/chat/completions";
    public const string Messages = "/v1/messages";
    public const string Responses = "/v1/responses";
    public const string Contents = "/v1beta/models/g1:generateContent";
    public const string Tools = "/mcp/finder";
    public const string ToolCalls = "/v1/tool-calls";

    private const string Model = CanaryCompany.Model;
    private const string Deployment = CanaryCompany.Deployment;

    private static readonly (string, string)[] Claude = [("anthropic-version", "2023-06-01")];

    /// <summary>What the provider is told to do with them.</summary>
    public static readonly string[] Knobs =
        ["", "status=400", "status=401", "status=403", "status=429", "status=500", "status=503", "garbage=true", "break_after=1", "error_midstream=true", "no_usage=true", "redirect=http://127.0.0.1:9/"];

    /// <summary>Calls of models and tools; the sandbox's knobs stand in the text.</summary>
    public static IEnumerable<CanaryCall> Said(string knobs = "")
    {
        foreach (var more in new[] { "", ",\"stream\":true" })
        {
            yield return OfChat(Chat, Model, knobs, more);
            yield return OfChat("/v1/providers/openrouter/chat/completions", $"maker/{Model}", knobs, more);
            yield return OfChat("/openai/v1/chat/completions", Deployment, knobs, more);
            yield return OfChat($"/openai/deployments/{Deployment}/chat/completions?api-version=2024-10-21", Deployment, knobs, more);
            yield return OfChat("/v1/providers/google/chat/completions", "g1", knobs, more);
            yield return OfChat("/v1/providers/vertexai/chat/completions", "google/g1", knobs, more);
            yield return OfChat("/v1/providers/anthropic/chat/completions", "claude-a", knobs, more);
            yield return CanaryCall.Json(Responses, $$"""{"model":"{{Model}}","max_output_tokens":16,"instructions":"{{Canaries.Prompt}}","input":"{{Text(knobs)}}"{{more}}}""");
            yield return OfMessages(Messages, knobs, more);
            yield return OfMessages("/v1/providers/vertexai/messages", knobs, more);
        }
        foreach (var path in new[] { "/v1beta/models/g1", "/v1/providers/vertexai/publishers/google/models/g1" })
        {
            foreach (var verb in new[] { ":generateContent", ":streamGenerateContent", ":streamGenerateContent?alt=sse", ":countTokens" })
                yield return CanaryCall.Json(path + verb, OfContents(knobs));
        }
        yield return CanaryCall.Json("/v1/messages/count_tokens", $$"""{"model":"claude-a","messages":[{"role":"user","content":"{{Text(knobs)}}"}]}""") with { Headers = Claude };
        yield return CanaryCall.Json("/v1/images/generations", $$"""{"model":"gpt-image-2","prompt":"{{Text(knobs)}}"}""");
        yield return CanaryCall.Json("/v1/audio/speech", $$"""{"model":"tts-1","voice":"alloy","input":"{{Text(knobs)}}"}""");
        foreach (var more in knobs.Length == 0 ? ["", "sse=true", "is_error=true", "rpc_error=-32000"] : new[] { knobs })
        {
            yield return CanaryCall.Json(Tools, $$$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{"query":"{{{{Argument(more)}}}}"}}}""");
            yield return CanaryCall.Json(ToolCalls, $$$"""{"server":"finder","tool":"search","arguments":{"query":"{{{Argument(more)}}}"}}""");
        }
    }

    /// <summary>Calls whose canary is no text of a conversation.</summary>
    public static IEnumerable<CanaryCall> Sent() =>
    [
        CanaryCall.Json("/v1/embeddings", $$"""{"model":"text-embedding-3-small","input":"{{Canaries.Embedded}}"}"""),
        CanaryCall.Json("/v1beta/models/gemini-embedding-001:embedContent", $$$"""{"content":{"parts":[{"text":"{{{Canaries.Embedded}}}"}]}}"""),
        CanaryCall.Json("/v1/moderations", $$"""{"model":"omni-moderation-latest","input":"{{Canaries.Prompt}}"}"""),
        CanaryCall.Form("/v1/images/edits", [("model", "gpt-image-2"), ("prompt", Canaries.Prompt)], "image[]", Encoding.UTF8.GetBytes(Canaries.Picture)),
        CanaryCall.Form("/v1/audio/transcriptions", [("model", "whisper-1"), ("prompt", Canaries.Prompt)], "file", Recording()),
        CanaryCall.Form("/v1/audio/translations", [("model", "whisper-1")], "file", Recording()),
        CanaryCall.Json(Tools, """{"jsonrpc":"2.0","id":2,"method":"tools/list"}"""),
        CanaryCall.Get("/v1/models"), CanaryCall.Get("/v1beta/models"), CanaryCall.Get("/v1/files"), CanaryCall.Get("/v1/tools"),
    ];

    public static CanaryCall BeginSession { get; } =
        CanaryCall.Json(Tools, """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}""");

    public static CanaryCall Upload(string content, string purpose) =>
        CanaryCall.Form("/v1/files", [("purpose", purpose)], "file", Encoding.UTF8.GetBytes(content));

    public static CanaryCall Batch(string file) => CanaryCall.Json("/v1/batches", JsonSerializer.Serialize(new
    {
        input_file_id = file, endpoint = Chat, completion_window = "24h", metadata = new { note = Canaries.Prompt },
    }));

    /// <summary>A line of a batch.</summary>
    public static string Line(string text = Canaries.BatchLine, string model = Model) =>
        $$$"""{"custom_id":"line-1","method":"POST","url":"{{{Chat}}}","body":{"model":"{{{model}}}","max_tokens":16,"messages":[{"role":"user","content":"{{{text}}}"}]}}""";

    private static string Text(string knobs) => knobs.Length == 0 ? Canaries.Prompt : $"{Canaries.Prompt} [[sandbox {knobs}]]";

    private static string Argument(string knobs) => knobs.Length == 0 ? Canaries.Argument : $"{Canaries.Argument} [[sandbox {knobs}]]";

    private static CanaryCall OfChat(string path, string model, string knobs, string more) =>
        CanaryCall.Json(path, $$"""{"model":"{{model}}","max_tokens":16,"messages":[{"role":"system","content":"{{Canaries.Prompt}}"},{"role":"user","content":"{{Text(knobs)}}"}]{{more}}}""");

    private static CanaryCall OfMessages(string path, string knobs, string more) =>
        CanaryCall.Json(path, $$"""{"model":"claude-a","max_tokens":16,"system":"{{Canaries.Prompt}}","messages":[{"role":"user","content":"{{Text(knobs)}}"}]{{more}}}""") with { Headers = Claude };

    private static string OfContents(string knobs) =>
        $$$"""{"contents":[{"role":"user","parts":[{"text":"{{{Text(knobs)}}}"}]}],"generationConfig":{"maxOutputTokens":16}}""";

    /// <summary>A WAV of three seconds in whose samples a canary stands.</summary>
    private static byte[] Recording()
    {
        const int bytesPerSecond = 16_000;
        var samples = new byte[3 * bytesPerSecond];
        Encoding.UTF8.GetBytes(Canaries.Sound, samples);
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write("RIFF"u8);
        writer.Write(36 + samples.Length);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)1);
        writer.Write(bytesPerSecond / 2);
        writer.Write(bytesPerSecond);
        writer.Write((short)2);
        writer.Write((short)16);
        writer.Write("data"u8);
        writer.Write(samples.Length);
        writer.Write(samples);
        return file.ToArray();
    }
}
