using System.Text;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Tests.Gemini;
using Spendra.Gateway.Tests.Golden;
using Spendra.Gateway.Tests.Media;

namespace Spendra.Gateway.Tests.Streams;

/// <summary>A stream as it comes over the wire, and the byte from which on its usage is told whole.</summary>
/// <param name="Door">Where it was asked for.</param>
/// <param name="Model">What a client names.</param>
/// <param name="Text">The stream.</param>
/// <param name="Last">What must have come, to its last occurrence's end, for the usage to be known.</param>
internal sealed record RecordedStream(string Door, string Model, string Text, string Last)
{
    /// <summary>10·1000 + 16·2000, at the rates of <see cref="DoorRules"/>.</summary>
    public long Nanos { get; init; } = 42_000;

    public string MediaType { get; init; } = "text/event-stream";

    /// <summary>More members of the request.</summary>
    public string Request { get; init; } = "";

    /// <summary>A call for pictures or sound; its rates are the list's.</summary>
    public MediaCall? Media { get; init; }

    public byte[] Bytes { get; } = Encoding.UTF8.GetBytes(Text);

    /// <summary>So many bytes tell the usage, and one less does not.</summary>
    public int KnownFrom { get; } = Encoding.UTF8.GetByteCount(Text[..(Text.LastIndexOf(Last, StringComparison.Ordinal) + Last.Length)]);

    public bool IsChat => Media is null && Doors.WireOf(Door) is Wire.Chat or Wire.GoogleChat;
}

/// <summary>A stream of every dialect, at every door that streams.</summary>
internal static class RecordedStreams
{
    private const string Image = "/v1/images/generations";
    private const string Speech = "/v1/audio/speech";
    private const string Transcription = "/v1/audio/transcriptions";

    private static readonly Told Usual = new(10, 16);

    // What a bill begins with is not what it ends with.
    private static readonly Told Billed = new(10, 16) { Cost = "0.00004321" };

    public static Dictionary<string, RecordedStream> All { get; } = new()
    {
        ["openai chat"] = Of(Doors.OpenAiChat, "m1", Usual, "}}}"),
        ["openai responses"] = Of(Doors.OpenAiResponses, "m1", Usual, "}}}"),
        ["azure chat"] = new(Doors.AzureChat, DoorRules.Deployment,
            "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":{}}]}\n\n"
            + Recorded.Stream(Wire.Chat, Usual, "m-2025-04-14"), "}}}"),
        ["azure responses"] = Of(Doors.AzureResponses, DoorRules.Deployment, Usual, "}}}"),
        ["azure chat, older"] = Of(Doors.AzureOldChat, DoorRules.Deployment, Usual, "}}}"),
        ["azure responses, older"] = Of(Doors.AzureOldResponses, DoorRules.Deployment, Usual, "}}}"),
        ["openrouter chat"] = new(Doors.RouterChat, "maker/m", ": OPENROUTER PROCESSING\n\n" + Recorded.Stream(Wire.Chat, Billed, "maker/m"), "}}}") { Nanos = 43_210 },
        ["openrouter chat without a bill"] = Of(Doors.RouterChat, "maker/m", Usual, "}}}"),
        ["openrouter responses"] = Of(Doors.RouterResponses, "maker/m", Billed, "}}}}") with { Nanos = 43_210 },
        ["openrouter messages"] = Of(Doors.RouterMessages, "anthropic/m", Billed, "}}}") with { Nanos = 43_210 },
        ["anthropic messages"] = Of(Doors.Messages, "m", Usual, "}}"),
        ["anthropic chat"] = Of(Doors.AnthropicChat, "m", Usual, "}}}"),
        ["vertex messages"] = Of(Doors.VertexMessages, "m", Usual, "}}"),
        ["vertex raw prediction"] = Of(Doors.VertexPredict, "m", Usual, "}}"),
        // The totals so far are no bill before the end.
        ["google chat"] = Of(Doors.GoogleChat, "m", Usual, "[DONE]"),
        ["vertex chat"] = Of(Doors.VertexChat, "google/m", Usual, "[DONE]"),
        ["google events"] = Contents(Doors.Google, WireShape.Events),
        ["google list"] = Contents(Doors.Google, WireShape.Array),
        ["vertex events"] = Contents(Doors.Vertex, WireShape.Events),
        ["vertex list"] = Contents(Doors.Vertex, WireShape.Array),
        // 20·5,000 + 200·30,000
        ["image"] = new(Image, "gpt-image-2",
            "event: image_generation.partial_image\ndata: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"QUJD\\\"usage\\\":{\",\"partial_image_index\":0}\n\n"
            + "event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"b64_json\":\"QUJD\",\"usage\":{\"total_tokens\":220,\"input_tokens\":20,\"output_tokens\":200,\"input_tokens_details\":{\"text_tokens\":20,\"image_tokens\":0}}}\n\n", "}}}")
        {
            Nanos = 6_100_000, Media = MediaCall.Image(more: "\"stream\":true,\"quality\":\"low\",\"size\":\"1024x1024\""),
        },
        // 10·600 + 100·12,000
        ["speech"] = new(Speech, "gpt-4o-mini-tts",
            "data: {\"type\":\"speech.audio.delta\",\"audio\":\"QUJD\"}\n\ndata: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":10,\"output_tokens\":100,\"total_tokens\":110}}\n\n", "}}")
        {
            Nanos = 1_206_000, Media = MediaCall.Speech("gpt-4o-mini-tts", more: "\"stream_format\":\"sse\""),
        },
        // Three seconds at 75,000, of the four that are held
        ["transcription"] = new(Transcription, "gpt-transcribe",
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"H\u00e9 \\\"seconds\\\":1\"}\n\ndata: {\"type\":\"transcript.text.done\",\"text\":\"H\u00e9\",\"usage\":{\"type\":\"duration\",\"seconds\":3}}\n\n", "}}")
        {
            Nanos = 225_000, Media = MediaCall.Recording("transcriptions", "gpt-transcribe", file: Sounds.Wave(3_500), more: ("stream", "true")),
        },
    };

    /// <summary>The models of <see cref="DoorRules"/> as rows of a price book, beside the list.</summary>
    public static IEnumerable<PriceVersion> Prices { get; } =
    [
        .. ListedCall.Listed,
        .. new[]
        {
            (KnownProvider.OpenAi, "m1"), (KnownProvider.Azure, "m"), (KnownProvider.OpenRouter, "maker/m"), (KnownProvider.OpenRouter, "anthropic/m"), (KnownProvider.Anthropic, "m"),
            (KnownProvider.Google, "m"), (KnownProvider.VertexAi, "google/m"), (KnownProvider.VertexAi, "anthropic/m"),
        }.Select(m => Price(m.Item1, m.Item2)),
    ];

    private static RecordedStream Of(string door, string model, Told told, string last) =>
        new(Doors.Of(door, isStream: true), model, Recorded.Stream(Doors.WireOf(door), told, model[(model.LastIndexOf('/') + 1)..] is DoorRules.Deployment ? "m" : model), last);

    private static RecordedStream Contents(string door, WireShape shape) =>
        new(Doors.Of(door, isStream: true), "m", GeminiExchange.Answer(shape, Usual.AsMetadata()), "}")
        {
            MediaType = shape == WireShape.Events ? "text/event-stream" : "application/json",
        };

    private static PriceVersion Price(string provider, string model) => new()
    {
        PriceId = Guid.CreateVersion7(),
        Provider = provider,
        Model = model,
        Rates = new RateCard(Nanos(1000), Nanos(100), Nanos(1250), Nanos(2000)),
        EffectiveFrom = 0,
        RecordedAt = 0,
        Source = "test",
    };

    private static Rate Nanos(long perUnit) => new(perUnit * Rate.UnitsPerRate);
}
