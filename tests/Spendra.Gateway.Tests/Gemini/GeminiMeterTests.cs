using System.Buffers;
using System.Text;
using CsCheck;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>What is believed of an answer, however it is cut and whatever it claims.</summary>
public sealed class GeminiMeterTests
{
    private const string Usage = "\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"totalTokenCount\":140";

    private static MeterReading Read(WireShape shape, ReadOnlySpan<byte> bytes, params ReadOnlySpan<int> pieces)
    {
        var call = GeminiExchange.Call(shape == WireShape.Plain ? "google.generate" : "google.stream");
        using var meter = call.Route.Dialect.MakeMeter(call, shape == WireShape.Events ? "text/event-stream" : "application/json", 1 << 16);
        var output = new ArrayBufferWriter<byte>();
        var rest = bytes;
        foreach (var piece in pieces)
        {
            var length = Math.Min(piece, rest.Length);
            meter.Pass(rest[..length], output);
            rest = rest[length..];
        }
        meter.Pass(rest, output);
        meter.End(output);
        output.WrittenSpan.SequenceEqual(bytes).Should().BeTrue("what goes in comes out");
        return meter.Reading;
    }

    [Theory]
    [InlineData(WireShape.Plain)]
    [InlineData(WireShape.Events)]
    [InlineData(WireShape.Array)]
    public void It_does_not_matter_where_an_answer_is_split(WireShape shape)
    {
        var bytes = Encoding.UTF8.GetBytes(GeminiExchange.Answer(shape, Usage));

        for (var at = 0; at <= bytes.Length; at++) GeminiExchange.Show(Read(shape, bytes, at).Usage!.Value).Should().Be("100,0,40,0");
        Gen.Int[0, 40].Array[0, 60].Sample(pieces => GeminiExchange.Show(Read(shape, bytes, pieces).Usage!.Value) == "100,0,40,0", iter: 300);
    }

    [Theory]
    [InlineData(WireShape.Plain)]
    [InlineData(WireShape.Events)]
    [InlineData(WireShape.Array)]
    public void An_answer_that_is_cut_anywhere_is_known_whole_or_not_at_all(WireShape shape)
    {
        var text = GeminiExchange.Answer(shape, Usage);
        var bytes = Encoding.UTF8.GetBytes(text);
        // The brace that ends the last response makes its usage known.
        var known = bytes.AsSpan().LastIndexOf((byte)'}') + 1;

        for (var length = 0; length <= bytes.Length; length++)
        {
            var usage = Read(shape, bytes.AsSpan(0, length)).Usage;
            if (length < known) usage.Should().BeNull($"{length} of {bytes.Length} bytes are less than the answer");
            else GeminiExchange.Show(usage!.Value).Should().Be("100,0,40,0");
        }
    }

    [Theory]
    [InlineData("\"promptTokenCount\":-1,\"candidatesTokenCount\":40")]
    [InlineData("\"promptTokenCount\":100,\"candidatesTokenCount\":-40")]
    [InlineData("\"promptTokenCount\":100,\"thoughtsTokenCount\":-40")]
    [InlineData("\"promptTokenCount\":1000000001,\"candidatesTokenCount\":40")]
    [InlineData("\"promptTokenCount\":100,\"candidatesTokenCount\":99999999999999999999999999")]
    [InlineData("\"promptTokenCount\":100,\"cachedContentTokenCount\":101,\"candidatesTokenCount\":40")]
    [InlineData("\"promptTokenCount\":\"100\",\"candidatesTokenCount\":40")]
    [InlineData("\"promptTokenCount\":100.5,\"candidatesTokenCount\":40")]
    [InlineData("\"promptTokenCount\":1e2,\"candidatesTokenCount\":40")]
    [InlineData("\"promptTokenCount\":null,\"candidatesTokenCount\":40")]
    [InlineData("\"promptTokenCount\":[100],\"candidatesTokenCount\":40")]
    [InlineData("\"promptTokenCount\":{},\"candidatesTokenCount\":40")]
    [InlineData("\"candidatesTokenCount\":40")]
    // No request is without input, so that an answer of none has not counted.
    [InlineData("\"promptTokenCount\":0,\"candidatesTokenCount\":40")]
    [InlineData("\"promptTokenCount\":0,\"totalTokenCount\":0")]
    [InlineData("\"promptTokenCount\":100,\"promptTokenCount\":99,\"candidatesTokenCount\":40")]
    [InlineData("\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"candidatesTokenCount\":0")]
    // All that tells of output is the total.
    [InlineData("\"promptTokenCount\":100,\"totalTokenCount\":140")]
    [InlineData("\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"promptTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":101}]")]
    [InlineData("\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"promptTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":-1}]")]
    [InlineData("\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"promptTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":\"1\"}]")]
    [InlineData("\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"promptTokensDetails\":[{\"modality\":\"SMELL\",\"tokenCount\":1}]")]
    [InlineData("\"promptTokenCount\":100,\"candidatesTokenCount\":40,\"candidatesTokensDetails\":[{\"modality\":\"IMAGE\",\"tokenCount\":41}]")]
    // More sound from the cache than there was; text from the cache that can only have been sound.
    [InlineData("\"promptTokenCount\":100,\"cachedContentTokenCount\":50,\"candidatesTokenCount\":40,\"promptTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":10}],\"cacheTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":20}]")]
    [InlineData("\"promptTokenCount\":100,\"cachedContentTokenCount\":50,\"candidatesTokenCount\":40,\"promptTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":90}]")]
    public void Usage_that_cannot_be_is_no_usage(string usage)
    {
        foreach (var shape in Enum.GetValues<WireShape>())
        {
            var reading = Read(shape, Encoding.UTF8.GetBytes(GeminiExchange.Answer(shape, usage)));
            reading.Usage.Should().BeNull();
            GeminiExchange.Settle(GeminiPrices.Flash, reading).Cost.Should().Be(GeminiExchange.Bound);
        }
    }

    [Theory]
    [InlineData("{\"usageMetadata\":[1],\"modelVersion\":\"m\"}")]
    [InlineData("{\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":1},\"usageMetadata\":{\"promptTokenCount\":2,\"candidatesTokenCount\":2}}")]
    [InlineData("{\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":1}} x")]
    [InlineData("{\"usageMetadata\":{\"promptTokenCount\":1,\"candidatesTokenCount\":1}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    public void A_body_that_is_not_one_sound_response_has_no_usage(string body) =>
        Read(WireShape.Plain, Encoding.UTF8.GetBytes(body)).Usage.Should().BeNull();

    [Fact]
    public void Once_a_chunk_made_no_sense_the_stream_is_not_believed()
    {
        const string bad = "data: {\"candidates\":[{\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":-1}}\n\n";

        Read(WireShape.Events, Encoding.UTF8.GetBytes(bad + GeminiExchange.Answer(WireShape.Events, Usage))).Usage.Should().BeNull();
    }

    [Theory]
    // As Google has sent it: fewer thoughts with the last picture's words than before.
    [InlineData("\"promptTokenCount\":8,\"candidatesTokenCount\":1219,\"thoughtsTokenCount\":244", "\"promptTokenCount\":8,\"candidatesTokenCount\":1219,\"thoughtsTokenCount\":167", "8,0,1463,244")]
    [InlineData("\"promptTokenCount\":100000,\"candidatesTokenCount\":1", "\"promptTokenCount\":1,\"candidatesTokenCount\":40", "100000,0,40,0")]
    [InlineData("\"promptTokenCount\":8,\"candidatesTokenCount\":40,\"thoughtsTokenCount\":20,\"toolUsePromptTokenCount\":300", "\"promptTokenCount\":8", "308,0,60,20")]
    [InlineData("\"promptTokenCount\":8,\"candidatesTokenCount\":40,\"candidatesTokensDetails\":[{\"modality\":\"IMAGE\",\"tokenCount\":30}]", "\"promptTokenCount\":8,\"candidatesTokenCount\":40", "8,0,10,0; image_output 30")]
    [InlineData("\"promptTokenCount\":50,\"promptTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":30}]", "\"promptTokenCount\":50", "20,0,0,0; audio_input 30")]
    // What came from the cache is cheaper: of that the last word counts.
    [InlineData("\"promptTokenCount\":100,\"cachedContentTokenCount\":60", "\"promptTokenCount\":100,\"candidatesTokenCount\":40", "100,0,40,0")]
    [InlineData("\"promptTokenCount\":100", "\"promptTokenCount\":100,\"cachedContentTokenCount\":60,\"candidatesTokenCount\":40", "40,60,40,0")]
    // The parts of two tellings that do not go together.
    [InlineData("\"promptTokenCount\":50,\"promptTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":30}]", "\"promptTokenCount\":50,\"promptTokensDetails\":[{\"modality\":\"IMAGE\",\"tokenCount\":30}]", null)]
    public void Of_totals_that_fall_the_greatest_counts(string first, string last, string? expected)
    {
        foreach (var (mediaType, open, between, close) in new[] { ("text/event-stream", "data: ", "\n\ndata: ", "\n\n"), ("application/json", "[", ",", "]") })
        {
            var text = $"{open}{{\"candidates\":[{{\"index\":0}}],\"usageMetadata\":{{{first}}}}}{between}{{\"candidates\":[{{\"finishReason\":\"STOP\"}}],\"usageMetadata\":{{{last}}}}}{close}";
            var usage = GeminiExchange.Read("google.stream", mediaType, text).Usage;
            (usage is { } told ? GeminiExchange.Show(told) : null).Should().Be(expected);
        }
    }

    [Fact]
    public void A_stream_of_two_candidates_is_known_when_both_have_ended()
    {
        static string Chunk(int index, int output) =>
            $$$"""data: {"candidates":[{"finishReason":"STOP","index":{{{index}}}}],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":{{{output}}}}}""" + "\n\n";

        GeminiExchange.Read("google.stream", "text/event-stream", Chunk(0, 40), candidates: 2).Usage.Should().BeNull();
        GeminiExchange.Show(GeminiExchange.Read("google.stream", "text/event-stream", Chunk(0, 40) + Chunk(1, 80), candidates: 2).Usage!.Value).Should().Be("100,0,80,0");
    }

    [Fact]
    public void A_prompt_that_was_blocked_costs_its_input()
    {
        const string blocked = "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"},\"usageMetadata\":{\"promptTokenCount\":100,\"totalTokenCount\":100}}\n\n";

        GeminiExchange.Show(Read(WireShape.Events, Encoding.UTF8.GetBytes(blocked)).Usage!.Value).Should().Be("100,0,0,0");
    }

    [Fact]
    public void An_event_that_is_too_large_to_hold_passes_unread()
    {
        var large = $"data: {{\"candidates\":[{{\"content\":\"{new string('x', 100_000)}\"}}]}}\n\n";

        GeminiExchange.Show(Read(WireShape.Events, Encoding.UTF8.GetBytes(large + GeminiExchange.Answer(WireShape.Events, Usage))).Usage!.Value).Should().Be("100,0,40,0");
    }

    [Theory]
    [InlineData("{\"error\":{\"code\":503,\"message\":\"overloaded\",\"status\":\"UNAVAILABLE\"}}", true)]
    [InlineData("[{\"error\":{\"code\":503,\"message\":\"overloaded\",\"status\":\"UNAVAILABLE\"}}]", true)]
    [InlineData("{\"candidates\":[{\"error\":{}}]}", false)]
    [InlineData("<html>503</html>", false)]
    [InlineData("{\"error\":{\"code\":503", false)]
    public void Only_Googles_own_shape_is_an_error_of_Googles(string body, bool isError) =>
        GeminiExchange.Call("google.generate").Route.Dialect.IsError(Encoding.UTF8.GetBytes(body)).Should().Be(isError);
}
