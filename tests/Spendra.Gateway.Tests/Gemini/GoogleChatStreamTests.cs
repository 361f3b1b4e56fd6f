using System.Text;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>
/// Google's models in OpenAI's format: each chunk of a stream tells the usage so far, which is not the bill before the
/// stream has ended.
/// </summary>
public sealed class GoogleChatStreamTests
{
    private const string Done = "data: [DONE]\n\n";
    private const string Last = "\"prompt_tokens\":10,\"completion_tokens\":16,\"total_tokens\":26";

    // 10·750 + 16·3,750
    private const long Nanos = 67_500;

    // Some of these models give their reason for ending in every chunk.
    private static readonly string Stream = Chunk("H\u00e9 \\\"usage\\\":{ data: [DONE]", "\"prompt_tokens\":10,\"completion_tokens\":1,\"total_tokens\":11")
        + ": keep-alive\n\n" + Chunk("y", "\"prompt_tokens\":10,\"completion_tokens\":9,\"total_tokens\":19", "\"stop\"") + Chunk("", Last, "\"stop\"") + Done;

    public static TheoryData<string> Doors() => ["google.chat.completions", "vertexai.chat.completions"];

    [Theory]
    [MemberData(nameof(Doors))]
    public void A_stream_cut_at_any_byte_is_paid_when_it_has_ended_and_else_at_the_bound(string route)
    {
        var bytes = Encoding.UTF8.GetBytes(Stream);
        var end = bytes.Length - "\n\n".Length;
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var settled = GeminiExchange.Settle(GeminiPrices.Flash, Read(route, bytes.AsSpan(0, cut)));

            settled.IsEstimated.Should().Be(cut < end, $"cut at {cut}");
            settled.Cost.Value.Should().Be(settled.IsEstimated ? GeminiExchange.Bound.Value : Nanos);
        }
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public void A_stream_split_at_any_byte_costs_the_same(string route)
    {
        var bytes = Encoding.UTF8.GetBytes(Stream.Replace("\n", "\r\n", StringComparison.Ordinal));
        for (var split = 0; split <= bytes.Length; split++)
            GeminiExchange.Settle(GeminiPrices.Flash, Read(route, bytes.AsSpan(0, split), bytes.AsSpan(split))).Cost.Value.Should().Be(Nanos, $"split at {split}");
    }

    public static TheoryData<string, bool> Ends() => new()
    {
        { Chunk("x", Last) + Done, true },
        { Chunk("x", null, "\"stop\"") + Chunk("", Last) + "data:[DONE]\n\n", true },
        // Usage in a chunk of its own, as OpenAI sends it.
        { Chunk("x", null, "\"stop\"") + $"data: {{\"choices\":[],\"usage\":{{{Last}}}}}\n\n" + Done, true },
        { Chunk("x", Last, "\"stop\""), false },
        // More was said after the last usage.
        { Chunk("x", Last) + Chunk("y", null, "\"stop\"") + Done, false },
        { Chunk("x", Last) + $"data: {new string('x', 5000)}\n\n" + Done, false },
        { Chunk("x", Last) + "data: [{\"error\":{\"code\":503}}]\n\n" + Done, false },
        { Chunk("x", Last) + "data: {\"error\":{\"code\":503}}\n\n" + Chunk("y", Last) + Done, false },
        { Chunk("x", "\"prompt_tokens\":-1,\"completion_tokens\":16") + Chunk("y", Last) + Done, false },
        { Chunk("x", null) + Done, false },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void Only_a_usage_that_nothing_follows_but_the_end_is_believed(string stream, bool isKnown)
    {
        foreach (var route in Doors())
            Read(route.Data, Encoding.UTF8.GetBytes(stream)).Usage.HasValue.Should().Be(isKnown, route.Data);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("no_done=true", true)]
    [InlineData("error_midstream=true", true)]
    public async Task A_stream_through_the_gateway_is_booked_at_its_bound_unless_it_ends(string knobs, bool isEstimated)
    {
        foreach (var (path, model) in new[] { ("/v1/providers/google/chat/completions", "g1"), ("/v1/providers/vertexai/chat/completions", "google/g1") })
        {
            await using var company = await Company.StartAsync(GeminiBodies.Rules);

            var answer = (await company.PostAsync(path, Bodies.Chat(knobs + " input_tokens=10", "\"max_tokens\":16,\"stream\":true", model))).ShouldBe(200);

            answer.Text.Should().Contain("\"completion_tokens\":3");
            var spent = (await company.SettledAsync()).Events.Single();
            spent.IsEstimated.Should().Be(isEstimated);
            spent.CostNanos.Should().Be(isEstimated ? spent.ReservedNanos : 42_000);
        }
    }

    private static Metering.MeterReading Read(string route, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second = default)
    {
        var call = GeminiExchange.Call(route);
        using var meter = call.Route.Dialect.MakeMeter(call, "text/event-stream", 4096);
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        meter.Pass(first, output);
        meter.Pass(second, output);
        meter.End(output);
        output.WrittenCount.Should().Be(first.Length + second.Length);
        return meter.Reading;
    }

    private static string Chunk(string text, string? usage, string reason = "null") =>
        $"data: {{\"id\":\"c1\",\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":{reason}}}]{(usage is null ? "" : $",\"usage\":{{{usage}}}")}}}\n\n";
}
