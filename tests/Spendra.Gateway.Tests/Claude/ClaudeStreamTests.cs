using System.Text;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>A recorded stream, cut and split at every byte: never a crash, never free, never above the bound.</summary>
public sealed class ClaudeStreamTests
{
    private const string LastTotals = "\"input_tokens\":30,\"output_tokens\":16,\"server_tool_use\":{\"web_search_requests\":1}";

    private static readonly string Stream = ClaudeAnswers.Stream(
        "\"input_tokens\":10,\"cache_creation_input_tokens\":20,\"cache_creation\":{\"ephemeral_5m_input_tokens\":20,\"ephemeral_1h_input_tokens\":0},\"output_tokens\":1,\"service_tier\":\"standard\",\"inference_geo\":\"global\"",
        "\"output_tokens\":5", LastTotals);

    // 30·1000 + 20·1250 + 16·5000 + 10,000,000
    private const long Nanos = 10_135_000;

    private static readonly byte[] Bytes = Encoding.UTF8.GetBytes(Stream);

    // From the byte on that ends the JSON of the last totals.
    private static readonly int KnownFrom = Encoding.UTF8.GetByteCount(Stream[..(Stream.IndexOf(LastTotals, StringComparison.Ordinal) + LastTotals.Length + "}}".Length)]);

    [Fact]
    public void A_stream_cut_at_any_byte_is_paid_by_its_last_totals_or_at_the_bound()
    {
        for (var cut = 0; cut <= Bytes.Length; cut++)
        {
            var call = Call();
            var settled = ClaudeCall.Settle(call, ClaudeCall.Meter(call, "text/event-stream", Bytes.AsSpan(0, cut)));

            settled.IsEstimated.Should().Be(cut < KnownFrom, $"cut at {cut}");
            settled.Cost.Value.Should().Be(settled.IsEstimated ? call.Amount.Value : Nanos);
        }
    }

    [Fact]
    public void A_stream_split_at_any_byte_costs_the_same()
    {
        for (var split = 1; split < Bytes.Length; split++)
        {
            var call = Call();
            using var meter = Dialects.Anthropic.AnthropicDialect.Instance.MakeMeter(call, "text/event-stream", 1 << 20);
            var output = new System.Buffers.ArrayBufferWriter<byte>();
            meter.Pass(Bytes.AsSpan(0, split), output);
            meter.Pass(Bytes.AsSpan(split), output);
            meter.End(output);

            ClaudeCall.Settle(call, meter.Reading).Cost.Value.Should().Be(Nanos, $"split at {split}");
            output.WrittenSpan.SequenceEqual(Bytes).Should().BeTrue();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(64)]
    public void A_stream_that_drips_costs_the_same(int pieceBytes)
    {
        var call = Call();
        ClaudeCall.Settle(call, ClaudeCall.Meter(call, "text/event-stream", Bytes, pieceBytes)).Cost.Value.Should().Be(Nanos);
        var windows = Encoding.UTF8.GetBytes(Stream.Replace("\n", "\r\n", StringComparison.Ordinal));
        ClaudeCall.Settle(call, ClaudeCall.Meter(call, "text/event-stream", windows, pieceBytes)).Cost.Value.Should().Be(Nanos);
    }

    [Fact]
    public void A_plain_answer_split_at_any_byte_costs_the_same()
    {
        var bytes = Encoding.UTF8.GetBytes(ClaudeAnswers.Message("\"input_tokens\":100,\"output_tokens\":20,\"service_tier\":\"standard\""));
        for (var split = 1; split < bytes.Length; split++)
        {
            var call = Call();
            using var meter = (Metering.BodyMeter)Dialects.Anthropic.AnthropicDialect.Instance.MakeMeter(call, "application/json", 1 << 20);
            meter.Read(bytes.AsSpan(0, split));
            meter.Read(bytes.AsSpan(split));
            meter.Finish();

            ClaudeCall.Settle(call, meter.Reading).Cost.Value.Should().Be(200_000, $"split at {split}");
        }
    }

    [Fact]
    public void A_plain_answer_cut_at_any_byte_is_paid_at_the_bound()
    {
        var bytes = Encoding.UTF8.GetBytes(ClaudeAnswers.Message("\"input_tokens\":100,\"output_tokens\":20"));
        var end = bytes.AsSpan().LastIndexOf((byte)'}');
        for (var cut = 0; cut <= end; cut++)
        {
            var call = Call();
            ClaudeCall.Settle(call, ClaudeCall.Meter(call, "application/json", bytes.AsSpan(0, cut))).Cost.Should().Be(call.Amount, $"cut at {cut}");
        }
    }

    [Fact]
    public void An_event_that_is_too_large_to_hold_passes_in_pieces_and_tells_nothing()
    {
        var call = Call();
        using var meter = Dialects.Anthropic.AnthropicDialect.Instance.MakeMeter(call, "text/event-stream", 4096);
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        var large = Encoding.UTF8.GetBytes(ClaudeAnswers.Start("\"input_tokens\":1,\"output_tokens\":1") + ClaudeAnswers.Delta($"\"output_tokens\":9,\"x\":\"{new string('x', 10_000)}\""));
        foreach (var piece in large.Chunk(1000)) meter.Pass(piece, output);
        meter.End(output);

        meter.Reading.Usage.Should().BeNull();
        output.WrittenSpan.SequenceEqual(large).Should().BeTrue();
    }

    private static Requests.GovernedCall Call()
    {
        var (call, refusal) = ClaudeCall.Bound(ClaudeCall.Body("\"stream\":true,\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":1}]"));
        refusal.Should().BeNull();
        call.Amount.Value.Should().BeGreaterThan(Nanos);
        return call;
    }
}
