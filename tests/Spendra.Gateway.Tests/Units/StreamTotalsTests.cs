using System.Buffers;
using System.Text;
using Spendra.Core.Metering;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.Tests.Units;

/// <summary>Totals of a stream never fall, and a finished one has one bill: a stream that says otherwise is not believed.</summary>
public sealed class StreamTotalsTests
{
    private static Usage? Read(bool tellsUsageSoFar, params string[] events)
    {
        using var meter = new OpenAiStreamMeter(hidesUsageChunk: false, 10_000) { TellsUsageSoFar = tellsUsageSoFar };
        var output = new ArrayBufferWriter<byte>();
        meter.Pass(Encoding.UTF8.GetBytes(string.Concat(events.Select(e => $"data: {e}\n\n"))), output);
        meter.End(output);
        return meter.Reading.Usage;
    }

    private static string Chunk(long input, long output, string more = "") =>
        $"{{\"choices\":[],\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output}{more}}}}}";

    private static string Completed(long input, long output) =>
        $"{{\"type\":\"response.completed\",\"response\":{{\"status\":\"completed\",\"usage\":{{\"input_tokens\":{input},\"output_tokens\":{output}}}}}}}";

    public static TheoryData<string[]> Contradictions() => new(
        [Chunk(10, 1_000), Chunk(10, 1)],
        [Chunk(100_000, 16), Chunk(10, 16)],
        [Chunk(10, 16), Chunk(10, 17)],
        [Chunk(10, 16), Chunk(10, 16, ",\"prompt_tokens_details\":{\"cached_tokens\":9}")],
        [Chunk(10, 16), Chunk(10, 16, ",\"completion_tokens_details\":{\"reasoning_tokens\":9}")],
        [Completed(10, 1_000), Completed(10, 1)],
        // One that cannot be read may have been the bill.
        [Chunk(10, 16), "{\"choices\":[],\"usage\":{\"prompt_tokens\":10,"]);

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void A_second_usage_that_differs_is_a_contradiction(string[] events)
    {
        Read(false, events).Should().BeNull();
        Read(false, [.. events, events[0]]).Should().BeNull("nothing mends it");
        Read(false, [.. events, "[DONE]"]).Should().BeNull();
    }

    [Fact]
    public void The_same_usage_twice_is_one()
    {
        Read(false, Chunk(10, 16), Chunk(10, 16), "[DONE]").Should().Be(new Usage { Input = 10, Output = 16 });
        Read(false, Completed(10, 16), Completed(10, 16)).Should().Be(new Usage { Input = 10, Output = 16 });
    }

    [Theory]
    [InlineData(10, 9, 10, 16, true)]
    [InlineData(10, 9, 12, 9, true)]
    [InlineData(10, 9, 10, 8, false)]
    [InlineData(10, 9, 9, 16, false)]
    public void Where_each_chunk_tells_the_usage_so_far_it_may_only_grow(long input, long output, long lastInput, long lastOutput, bool isKnown) =>
        Read(true, Chunk(input, output), Chunk(lastInput, lastOutput), "[DONE]").Should()
            .Be(isKnown ? new Usage { Input = lastInput, Output = lastOutput } : null);

    [Fact]
    public void A_fall_in_between_is_not_mended_by_the_end() => Read(true, Chunk(10, 9), Chunk(10, 1), Chunk(10, 16), "[DONE]").Should().BeNull();
}
