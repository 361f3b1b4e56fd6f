using System.Buffers;
using System.Text;
using CsCheck;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Tests.Units;

public sealed class EventSplitterTests
{
    private const string Stream = "data: a\n\ndata: b\r\n\r\n: comment\rdata: c\r\rdata: d\n\r\nevent: x\ndata: e1\ndata: e2\n\n\ndata: rest";

    private static readonly string[] Events =
        ["data: a\n\n", "data: b\r\n\r\n", ": comment\rdata: c\r\r", "data: d\n\r\n", "event: x\ndata: e1\ndata: e2\n\n", "\n", "data: rest"];

    private static List<string> Split(byte[] bytes, IEnumerable<int> pieces, int maxEventBytes = 1000)
    {
        using var splitter = new EventSplitter(maxEventBytes);
        var events = new List<string>();
        var at = 0;
        foreach (var piece in pieces.Append(int.MaxValue))
        {
            var length = Math.Min(piece, bytes.Length - at);
            splitter.Add(bytes.AsSpan(at, length));
            at += length;
            while (splitter.TryTake(false, out var whole, out _)) events.Add(Encoding.UTF8.GetString(whole));
        }
        while (splitter.TryTake(true, out var whole, out _)) events.Add(Encoding.UTF8.GetString(whole));
        return events;
    }

    [Fact]
    public void An_event_ends_at_a_blank_line_of_any_kind() => Split(Encoding.UTF8.GetBytes(Stream), []).Should().Equal(Events);

    [Fact]
    public void It_does_not_matter_where_the_network_cuts_once()
    {
        var bytes = Encoding.UTF8.GetBytes(Stream);
        for (var at = 0; at <= bytes.Length; at++) Split(bytes, [at]).Should().Equal(Events, $"cut at {at}");
    }

    [Fact]
    public void It_does_not_matter_where_the_network_cuts() =>
        Gen.Int[0, 9].Array[0, 80].Sample(pieces => Split(Encoding.UTF8.GetBytes(Stream), pieces).SequenceEqual(Events));

    [Fact]
    public void Nothing_is_lost_or_added_whatever_the_bytes_and_the_limit() =>
        Gen.Select(Gen.OneOf(Gen.Byte, Gen.Const((byte)'\n'), Gen.Const((byte)'\r')).Array[0, 200], Gen.Int[0, 50].Array[0, 20], Gen.Int[1, 300])
            .Sample((bytes, pieces, max) =>
            {
                using var splitter = new EventSplitter(max);
                var output = new List<byte>();
                var at = 0;
                foreach (var piece in pieces.Append(int.MaxValue))
                {
                    var length = Math.Min(piece, bytes.Length - at);
                    splitter.Add(bytes.AsSpan(at, length));
                    at += length;
                    while (splitter.TryTake(false, out var whole, out _)) output.AddRange(whole);
                }
                while (splitter.TryTake(true, out var whole, out _)) output.AddRange(whole);
                return output.SequenceEqual(bytes);
            });

    [Fact]
    public void An_event_above_the_limit_is_handed_on_in_pieces_and_the_next_one_is_whole()
    {
        using var splitter = new EventSplitter(10);
        var pieces = new List<(string, bool)>();
        foreach (var bytes in new[] { "data: 0123456789", "0123456789", "012\n\n", "data: x\n\n" })
        {
            splitter.Add(Encoding.UTF8.GetBytes(bytes));
            while (splitter.TryTake(false, out var whole, out var isPiece)) pieces.Add((Encoding.UTF8.GetString(whole), isPiece));
        }
        pieces.Should().Equal(("data: 0123456789", true), ("0123456789", true), ("012\n\n", true), ("data: x\n\n", false));
    }

    [Fact]
    public void A_stream_meter_reads_the_same_however_the_stream_is_cut()
    {
        var bytes = Encoding.UTF8.GetBytes(
            "data: {\"id\":\"c1\",\"model\":\"a\",\"choices\":[{\"delta\":{\"content\":\"é\"}}],\"usage\":null}\r\n\r\n"
            + "data: {\"id\":\"c2\",\"model\":\"b\",\"service_tier\":\"flex\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n");
        var visible = Encoding.UTF8.GetString(bytes).Split("\r\n\r\n")[0] + "\r\n\r\ndata: [DONE]\n\n";
        Gen.Int[1, 40].Array[0, 60].Sample(pieces =>
        {
            using var meter = new OpenAiStreamMeter(hidesUsageChunk: true, 10_000);
            var output = new ArrayBufferWriter<byte>();
            var at = 0;
            foreach (var piece in pieces.Append(int.MaxValue))
            {
                var length = Math.Min(piece, bytes.Length - at);
                meter.Pass(bytes.AsSpan(at, length), output);
                at += length;
            }
            meter.End(output);
            Encoding.UTF8.GetString(output.WrittenSpan).Should().Be(visible);
            meter.Reading.Usage!.Value.Input.Should().Be(7);
            meter.Reading.Usage!.Value.Output.Should().Be(3);
            (meter.Reading.ServedModel, meter.Reading.ServedTier).Should().Be(("b", "flex"));
        }, iter: 500);
    }
}
