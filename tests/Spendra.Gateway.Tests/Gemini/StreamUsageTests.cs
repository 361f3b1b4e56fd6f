using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>Which of the usages that a stream tells is the bill: what was used before its end is not.</summary>
public sealed class StreamUsageTests
{
    private const string Text = "\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"x\"}],\"role\":\"model\"}}]";
    private const string End = "\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"finishReason\":\"STOP\"}]";
    private const string Whole = "\"usageMetadata\":{\"promptTokenCount\":10,\"candidatesTokenCount\":4,\"totalTokenCount\":14,\"trafficType\":\"ON_DEMAND\"}";
    private const string SoFar = "\"usageMetadata\":{\"promptTokenCount\":10,\"candidatesTokenCount\":1,\"totalTokenCount\":11}";
    private const string Silent = "\"usageMetadata\":{\"trafficType\":\"ON_DEMAND\"}";
    private const string Bound = "7,0,8,0";

    // As Vertex AI sends every stream.
    [Theory]
    [InlineData(Silent)]
    [InlineData("\"usageMetadata\":{}")]
    [InlineData("\"usageMetadata\":{\"trafficType\":\"ON_DEMAND\",\"promptTokensDetails\":[]}")]
    public void A_chunk_without_a_count_is_no_usage_and_no_contradiction(string silent)
    {
        ShouldSettle("10,0,4,0", 22_500, $"{Text},{silent}", $"{Text},{silent}", $"{End},{Whole}");
        ShouldSettle("10,0,4,0", 22_500, $"{Text},{silent}", $"{End},{Whole}", silent);
        ShouldSettle(Bound, null, $"{Text},{silent}", $"{End},{silent}");
        ShouldSettle(Bound, null, $"{Text},{SoFar}", $"{End},{silent}");
    }

    [Theory]
    [InlineData("\"usageMetadata\":{\"candidatesTokenCount\":1}")]
    [InlineData("\"usageMetadata\":{\"totalTokenCount\":1}")]
    [InlineData("\"usageMetadata\":{\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":1}]}")]
    [InlineData("\"usageMetadata\":{\"promptTokenCount\":null}")]
    [InlineData("\"usageMetadata\":[]")]
    public void A_count_that_cannot_be_stays_a_contradiction(string broken) => ShouldSettle(Bound, null, $"{Text},{broken}", $"{End},{Whole}");

    [Fact]
    public void What_was_used_before_the_end_is_not_the_bill()
    {
        ShouldSettle(Bound, null, $"{Text},{SoFar}", End);
        ShouldSettle(Bound, null, $"{Text},{SoFar}", $"{Text}", "\"promptFeedback\":{\"blockReason\":\"SAFETY\"}");
        ShouldSettle("10,0,4,0", 22_500, $"{Text},{SoFar}", $"{End},{Whole}");
        // Told behind the reason.
        ShouldSettle("10,0,4,0", 22_500, $"{Text},{SoFar}", End, Whole);
    }

    [Fact]
    public void The_candidate_that_ends_last_must_be_in_the_usage()
    {
        const string first = "\"candidates\":[{\"finishReason\":\"STOP\",\"index\":0}]";
        const string second = "\"candidates\":[{\"finishReason\":\"STOP\",\"index\":1}]";

        Read([$"{first},{SoFar}", second], candidates: 2).Should().OnlyContain(reading => reading.Usage == null);
        Read([first, $"{second},{Whole}"], candidates: 2).Should().OnlyContain(reading => GeminiExchange.Show(reading.Usage!.Value) == "10,0,4,0");
    }

    [Fact]
    public void Searches_of_each_candidate_are_added_and_what_a_chunk_repeats_is_not()
    {
        static string Searched(int index, string queries, string more = "") =>
            $"\"candidates\":[{{\"groundingMetadata\":{{\"webSearchQueries\":[{queries}]}},{more}\"index\":{index}}}]";

        var last = Searched(1, "\"d\"", "\"finishReason\":\"STOP\",");
        var readings = Read(
        [
            Searched(0, "\"a\",\"b\""),
            Searched(1, "\"d\",\"e\""),
            Searched(0, "\"a\",\"b\",\"c\"", "\"finishReason\":\"STOP\","),
            $"{last},{Whole}",
        ], candidates: 2);

        foreach (var reading in readings)
        {
            var settled = GeminiExchange.Settle(GeminiPrices.Flash, reading);
            GeminiExchange.Show(settled.Usage).Should().Be("10,0,4,0; web_searches 5");
            settled.Cost.Value.Should().Be(22_500 + 5 * 14_000_000);
        }
    }

    // A provider that answers with more candidates than there can be is charged for what they searched as well.
    [Fact]
    public void Searches_of_candidates_without_a_place_count()
    {
        const string answer = """{"candidates":[{"groundingMetadata":{"webSearchQueries":["a"]},"index":9},{"groundingMetadata":{"webSearchQueries":["b"]},"index":10}],"usageMetadata":{"promptTokenCount":10}}""";

        GeminiExchange.Show(GeminiExchange.Settle(GeminiPrices.Flash, GeminiExchange.Read("google.generate", "application/json", answer)).Usage)
            .Should().Be("10,0,0,0; web_searches 2");
    }

    private static void ShouldSettle(string usage, int? nanos, params string[] chunks)
    {
        foreach (var reading in Read(chunks, candidates: 1))
        {
            var settled = GeminiExchange.Settle(GeminiPrices.Flash, reading);
            (GeminiExchange.Show(settled.Usage), settled.IsEstimated).Should().Be((usage, nanos is null));
            settled.Cost.Value.Should().Be(nanos ?? GeminiExchange.Bound.Value);
        }
    }

    /// <summary>One stream in both of its shapes, at both of Google's doors.</summary>
    private static IEnumerable<MeterReading> Read(string[] chunks, int candidates) =>
        from route in new[] { "google.stream", "vertexai.stream" }
        from shape in new[] { WireShape.Events, WireShape.Array }
        select shape == WireShape.Events
            ? GeminiExchange.Read(route, "text/event-stream", string.Concat(chunks.Select(c => $"data: {{{c}}}\n\n")), candidates)
            : GeminiExchange.Read(route, "application/json", "[" + string.Join("\n,", chunks.Select(c => $"{{{c}}}")) + "]", candidates);
}
