using System.Buffers;
using System.Text;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.Tests.Units;

/// <summary>A recorded stream, split at every byte or at every two: always the same reading, and the same bytes out.</summary>
public sealed class SplitStreamTests
{
    private const string Chat =
        ": keep-alive\n\ndata: {\"id\":\"chatcmpl-1\",\"model\":\"m1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H\u00e9 \ud83e\udd8a \\\"usage\\\":{\"}}],\"usage\":null}\r\n\r\n"
        + "data: {\"id\":\"chatcmpl-1\",\"model\":\"m1\",\"service_tier\":\"flex\",\"choices\":[],\rdata: \"usage\":{\"prompt_tokens\":100,\"completion_tokens\":10,"
        + "\"prompt_tokens_details\":{\"cached_tokens\":40,\"cache_write_tokens\":25},\"completion_tokens_details\":{\"reasoning_tokens\":7},"
        + "\"cost\":0.00009,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":0.0000002505}}}\n\ndata: [DONE]\n\n";

    private const string Response =
        "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"status\":\"in_progress\",\"error\":null,\"usage\":null}}\n\n"
        + "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"\u00e9\\\"usage\\\"\"}\n\n"
        + "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"status\":\"completed\",\"model\":\"m1\",\"service_tier\":\"flex\","
        + "\"usage\":{\"input_tokens\":100,\"input_tokens_details\":{\"cached_tokens\":40,\"cache_write_tokens\":25},\"output_tokens\":10,\"output_tokens_details\":{\"reasoning_tokens\":7},"
        + "\"cost\":0.00009,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":0.0000002505}}}}\n\n";

    [Theory]
    [InlineData(Chat)]
    [InlineData(Response)]
    public void It_does_not_matter_where_a_stream_is_split(string stream)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        for (var first = 0; first <= bytes.Length; first++)
        {
            ShouldBeRead(bytes, first, first);
            ShouldBeRead(bytes, first, Math.Min(first + 1, bytes.Length));
            ShouldBeRead(bytes, first, Math.Min(first + 7, bytes.Length));
        }
    }

    [Theory]
    [InlineData(Chat)]
    [InlineData(Response)]
    public void A_stream_that_arrives_byte_by_byte_is_read(string stream)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        using var meter = new OpenAiStreamMeter(hidesUsageChunk: false, 10_000, tellsCost: true);
        var output = new ArrayBufferWriter<byte>();
        foreach (var b in bytes) meter.Pass([b], output);
        meter.End(output);
        ShouldHaveRead(meter);
        output.WrittenSpan.SequenceEqual(bytes).Should().BeTrue();
    }

    [Theory]
    [InlineData(Chat)]
    [InlineData(Response)]
    public void What_a_provider_without_bills_says_of_cost_is_not_read(string stream)
    {
        using var meter = new OpenAiStreamMeter(hidesUsageChunk: false, 10_000);
        meter.Pass(Encoding.UTF8.GetBytes(stream), new ArrayBufferWriter<byte>());
        meter.End(new ArrayBufferWriter<byte>());
        meter.Reading.BilledCost.Should().BeNull();
        meter.Reading.Usage.Should().NotBeNull();
    }

    private static void ShouldBeRead(byte[] bytes, int first, int second)
    {
        using var meter = new OpenAiStreamMeter(hidesUsageChunk: false, 10_000, tellsCost: true);
        var output = new ArrayBufferWriter<byte>();
        meter.Pass(bytes.AsSpan(0, first), output);
        meter.Pass(bytes.AsSpan(first, second - first), output);
        meter.Pass(bytes.AsSpan(second), output);
        meter.End(output);
        ShouldHaveRead(meter);
        output.WrittenSpan.SequenceEqual(bytes).Should().BeTrue();
    }

    private static void ShouldHaveRead(OpenAiStreamMeter meter)
    {
        meter.Reading.Usage.Should().Be(new Usage { Input = 35, CachedInput = 40, CacheWrite = 25, Output = 10, ReasoningWithinOutput = 7 });
        (meter.Reading.ServedModel, meter.Reading.ServedTier).Should().Be(("m1", "flex"));
        // 90,000 + 250.5 nano-USD, half to even
        (meter.Reading.BilledCost, meter.Reading.BilledFee).Should().Be((new NanoUsd(90_250), new NanoUsd(90_000)));
    }
}
