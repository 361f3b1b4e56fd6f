using System.Text.RegularExpressions;
using Spendra.Gateway.Tests.Gemini;
using Spendra.Gateway.Tests.Golden;
using Spendra.Gateway.Tests.Media;

namespace Spendra.Gateway.Tests.Hostile;

/// <summary>Every route of every provider that asks upstream and is not about batches, plain and as a stream.</summary>
internal static class HostileSurfaces
{
    private static readonly Regex Agent = new("(?<=\r\nuser-agent: surface-)[0-9]+", RegexOptions.IgnoreCase, TimeSpan.FromSeconds(1));

    private const string Result = """{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"found"}]}}""";

    private static readonly (string Door, string Model)[] Texts =
    [
        (Doors.OpenAiChat, "m1"), (Doors.OpenAiResponses, "m1"), (Doors.OpenAiEmbeddings, "emb"),
        (Doors.AzureChat, DoorRules.Deployment), (Doors.AzureResponses, DoorRules.Deployment),
        (Doors.AzureOldChat, DoorRules.Deployment), (Doors.AzureOldResponses, DoorRules.Deployment), (Doors.AzureOldEmbeddings, DoorRules.Deployment),
        (Doors.RouterChat, "maker/m"), (Doors.RouterResponses, "maker/m"), (Doors.RouterEmbeddings, "maker/m"), (Doors.RouterMessages, "anthropic/m"),
        (Doors.Messages, "m"), (Doors.AnthropicChat, "m"),
        (Doors.Google, "m"), (Doors.GoogleChat, "m"), (Doors.GoogleEmbedding, "m"), (Doors.GoogleEmbeddings, "m"),
        (Doors.Vertex, "m"), (Doors.VertexChat, "google/m"), (Doors.VertexEmbedding, "m"), (Doors.VertexMessages, "m"), (Doors.VertexPredict, "m"),
    ];

    private static readonly (string Member, string Contradiction) OfPictures = ("usage", "\"input_tokens_details\":{\"text_tokens\":1,\"image_tokens\":98},");

    private static readonly HostileSurface[] Pictures =
    [
        new("images", MediaCall.Image(), """{"created":1,"data":[{"b64_json":"QUJD"}],"usage":{"input_tokens":37,"output_tokens":200,"total_tokens":237}}""") { Usage = OfPictures },
        new("images as a stream", MediaCall.Image(more: "\"stream\":true"), Event("image_generation.completed", "\"b64_json\":\"QUJD\",\"usage\":{\"input_tokens\":37,\"output_tokens\":200}"))
        {
            Usage = OfPictures, MediaType = "text/event-stream", IsStream = true,
        },
        new("edited images", MediaCall.Edit(), """{"created":1,"data":[{"b64_json":"QUJD"}],"usage":{"input_tokens":37,"output_tokens":200,"total_tokens":237}}""") { Usage = OfPictures },
    ];

    private static readonly HostileSurface[] Sound =
    [
        new("speech", MediaCall.Speech(), "no sound at all") { MediaType = "audio/mpeg", IsStream = true, IsKnownBefore = true },
        new("speech as events", MediaCall.Speech("gpt-4o-mini-tts", more: "\"stream_format\":\"sse\""), Event("speech.audio.done", "\"usage\":{\"input_tokens\":37,\"output_tokens\":100}"))
        {
            Usage = ("usage", "\"input_tokens_details\":{\"text_tokens\":99,\"audio_tokens\":-1},"), MediaType = "text/event-stream", IsStream = true,
        },
        new("transcription", MediaCall.Recording("transcriptions", "gpt-transcribe", file: Sounds.Wave(36_500, samplesPerSecond: 100)), """{"text":"","usage":{"type":"duration","seconds":37}}""") { Usage = ("usage", "\"type\":\"tokens\",") },
        new("transcription as a stream", MediaCall.Recording("transcriptions", "gpt-transcribe", file: Sounds.Wave(36_500, samplesPerSecond: 100), more: ("stream", "true")),
            Event("transcript.text.done", "\"text\":\"\",\"usage\":{\"type\":\"duration\",\"seconds\":37}"))
        {
            Usage = ("usage", "\"type\":\"tokens\","), MediaType = "text/event-stream", IsStream = true,
        },
        new("translation", MediaCall.Recording("translations", file: Sounds.Wave(36_500, samplesPerSecond: 100)), """{"text":""}"""),
    ];

    private static readonly HostileSurface[] Free =
    [
        new("moderation", MediaCall.Moderation(), """{"id":"modr-1","model":"omni-moderation-latest","results":[]}""") { IsFree = true },
        new("count of a response", new MediaCall("responses/input_tokens") { Json = """{"model":"m1","input":"x"}""" }, """{"object":"response.input_tokens","input_tokens":37}""") { IsFree = true },
        new("count of a message", new MediaCall("messages/count_tokens") { Json = """{"model":"m","messages":[{"role":"user","content":"x"}]}""" }, """{"input_tokens":37}""") { IsFree = true, Shape = ErrorShape.Anthropic },
        new("count of contents", new MediaCall("/v1beta/models/m:countTokens") { Json = GeminiBodies.Content(config: "") }, """{"totalTokens":37}""") { IsFree = true, Shape = ErrorShape.Google },
        new("count of contents at Vertex", new MediaCall("/v1/providers/vertexai/publishers/google/models/m:countTokens") { Json = GeminiBodies.Content(config: "") }, """{"totalTokens":37}""")
        {
            IsFree = true, Shape = ErrorShape.Google,
        },
    ];

    private static readonly HostileSurface[] OfTools =
    [
        new("a tool by MCP", new MediaCall(Tools.Path) { Json = Tools.Call() }, Result) { Shape = ErrorShape.JsonRpc, IsKnownBefore = true },
        new("a tool by MCP, as events", new MediaCall(Tools.Path) { Json = Tools.Call() }, $"data: {Result}\n\n")
        {
            Shape = ErrorShape.JsonRpc, MediaType = "text/event-stream", IsStream = true, IsKnownBefore = true,
        },
    ];

    /// <summary>The call of a tool without MCP, whose session the gateway opens itself.</summary>
    public static HostileSurface OfPlainTool { get; } = new("a tool without MCP",
        new MediaCall("tool-calls") { Json = """{"server":"finder","tool":"search"}""" }, Result.Replace("\"id\":1", "\"id\":2", StringComparison.Ordinal))
    {
        IsHeld = true, IsKnownBefore = true,
    };

    public static HostileSurface[] All { get; } =
    [
        .. Texts.Select(t => HostileSurface.Of(t.Door, t.Model, isStream: false)),
        .. Texts.Where(t => Doors.CanStream(t.Door)).Select(t => HostileSurface.Of(t.Door, t.Model, isStream: true)),
        .. new[] { Doors.Google, Doors.Vertex }.Select(List),
        new("predicted embeddings", new MediaCall("/v1/providers/vertexai/publishers/google/models/m:predict") { Json = GeminiBodies.Prediction(new string('x', 200)) },
            """{"predictions":[{"embeddings":{"values":[0.1],"statistics":{"token_count":37}}}]}""")
        {
            Shape = ErrorShape.Google, Usage = ("statistics", "\"token_count\":99,"),
        },
        .. Pictures, .. Sound, .. Free, .. OfTools, OfPlainTool,
    ];

    /// <summary>The surface that a request at the provider is of: by the name that its client gave itself.</summary>
    public static HostileSurface Of(string request) => Agent.Match(request) is { Success: true } match
        ? All[int.Parse(match.Value)]
        // The gateway speaks for itself there.
        : OfPlainTool;

    /// <summary>The surface's call, by a client that says what it calls.</summary>
    public static HostileSurface Named(this HostileSurface surface) =>
        surface with { Call = surface.Call with { Agent = $"surface-{Array.IndexOf(All, surface)}" } };

    public static Rules Rules(string baseUrl)
    {
        var rules = DoorRules.Of(baseUrl);
        return rules with
        {
            Accounts = [.. rules.Accounts, $"{{slug: {Tools.Server}, provider: mcp, baseUrl: \"{baseUrl}\", tools: {{search: \"0.01\"}}}}"],
            Keys = ["{slug: k1, actor: employee/e1, tools: [\"*\"]}"],
        };
    }

    /// <summary>Google's stream that is one list.</summary>
    private static HostileSurface List(string door)
    {
        var events = HostileSurface.Of(door, "m", isStream: true);
        return events with
        {
            Name = events.Name + " of one list",
            Call = events.Call.At(events.Call.Path.Replace("?alt=sse", "", StringComparison.Ordinal)),
            Right = GeminiExchange.Answer(WireShape.Array, new Told(37, 16).AsMetadata()),
            MediaType = "application/json",
        };
    }

    private static string Event(string name, string members) => $"event: {name}\ndata: {{\"type\":\"{name}\",{members}}}\n\n";
}
