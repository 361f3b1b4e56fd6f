using System.Buffers;
using System.Text;
using Spendra.Core.Metering;
using Spendra.Gateway.Dialects.OpenAi.Media;
using Spendra.Gateway.Metering;

namespace Spendra.Gateway.Tests.Media;

/// <summary>What answers say of their usage: hostile ones, huge ones, and cut at every byte.</summary>
public sealed class MediaMeterTests
{
    private const string ImageUsage =
        "\"usage\":{\"input_tokens\":220,\"output_tokens\":272,\"total_tokens\":492,\"input_tokens_details\":{\"text_tokens\":20,\"image_tokens\":200}}";

    private static readonly MediaUsageRules Edits = new(MediaKind.ImageEdit, HasSources: true, IsBySecond: false);
    private static readonly MediaUsageRules Images = new(MediaKind.ImageGeneration, HasSources: false, IsBySecond: false);
    private static readonly MediaUsageRules Spoken = new(MediaKind.Speech, HasSources: false, IsBySecond: false);
    private static readonly MediaUsageRules Tokens = new(MediaKind.Transcription, HasSources: false, IsBySecond: false);
    private static readonly MediaUsageRules Seconds = new(MediaKind.Transcription, HasSources: false, IsBySecond: true);

    private static readonly Usage Edited = new Usage { Input = 20 }.Plus(UnitClass.ImageInput, 200).Plus(UnitClass.ImageOutput, 272);

    private static Usage? OfBody(MediaUsageRules rules, string body)
    {
        var meter = new MediaBodyMeter(rules);
        meter.Read(Encoding.UTF8.GetBytes(body));
        meter.Finish();
        return meter.Reading.Usage;
    }

    private static Usage? OfStream(MediaUsageRules rules, params string[] events)
    {
        var meter = new MediaStreamMeter(rules);
        Pass(meter, Encoding.UTF8.GetBytes(string.Concat(events.Select(e => $"event: x\ndata: {e}\n\n"))), 7);
        return meter.Reading.Usage;
    }

    private static void Pass(ResponseMeter meter, byte[] bytes, params IEnumerable<int> pieces)
    {
        var output = new ArrayBufferWriter<byte>();
        var at = 0;
        foreach (var piece in pieces.Append(int.MaxValue))
        {
            var length = Math.Min(piece, bytes.Length - at);
            meter.Pass(bytes.AsSpan(at, length), output);
            at += length;
        }
        meter.End(output);
        output.WrittenSpan.SequenceEqual(bytes).Should().BeTrue("what goes in comes out");
    }

    [Theory]
    [InlineData("{\"usage\":{\"input_tokens\":20,\"output_tokens\":272}}")]
    [InlineData("{\"usage\":{\"input_tokens\":20,\"output_tokens\":272,\"input_tokens_details\":{\"text_tokens\":20}}}")]
    [InlineData("{\"usage\":{\"input_tokens\":20,\"output_tokens\":272,\"input_tokens_details\":null,\"output_tokens_details\":{\"image_tokens\":272,\"text_tokens\":null}}}")]
    [InlineData("{\"data\":[{\"b64_json\":\"\\\"usage\\\":{\",\"usage\":{\"input_tokens\":9}}],\"usage\":{\"output_tokens\":272,\"input_tokens\":20,\"input_tokens\":20}}")]
    public void Images_are_counted(string body) =>
        OfBody(Images, body).Should().Be(new Usage { Input = 20 }.Plus(UnitClass.ImageOutput, 272));

    [Fact]
    public void Images_that_come_in_cached_tokens_and_text_that_comes_out_have_classes_of_their_own() =>
        OfBody(Edits, "{\"usage\":{\"input_tokens\":220,\"output_tokens\":280,\"input_tokens_details\":{\"text_tokens\":20,\"image_tokens\":200,\"cached_tokens\":50},\"output_tokens_details\":{\"text_tokens\":8}}}")
            .Should().Be(new Usage { CachedInput = 20, Output = 8 }.Plus(UnitClass.ImageInput, 170).Plus(UnitClass.CachedImageInput, 30).Plus(UnitClass.ImageOutput, 272));

    [Theory]
    [InlineData("3", 3)]
    [InlineData("2.01", 3)]
    [InlineData("0.5", 1)]
    public void Seconds_are_charged_whole(string seconds, long charged)
    {
        OfBody(Seconds, $"{{\"text\":\"\",\"usage\":{{\"type\":\"duration\",\"seconds\":{seconds}}}}}").Should().Be(default(Usage).Plus(UnitClass.Seconds, charged));
        OfStream(Seconds, "{\"type\":\"transcript.text.done\",\"usage\":{\"type\":\"duration\",\"seconds\":" + seconds + "}}").Should().Be(default(Usage).Plus(UnitClass.Seconds, charged));
    }

    [Fact]
    public void Sound_without_details_is_sound()
    {
        OfBody(Tokens, "{\"usage\":{\"type\":\"tokens\",\"input_tokens\":35,\"output_tokens\":12}}").Should().Be(new Usage { Output = 12 }.Plus(UnitClass.AudioInput, 35));
        OfStream(Spoken, "{\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":10,\"output_tokens\":100}}").Should().Be(new Usage { Input = 10 }.Plus(UnitClass.AudioOutput, 100));
    }

    public static TheoryData<string> Hostile() => new(
        "{}", "{", "", "[]", "null", "\"usage\"", "{\"usage\":null}", "{\"usage\":7}", "{\"usage\":\"x\"}", "{\"usage\":[]}", "{\"usage\":{}}",
        "{\"usage\":{\"input_tokens\":20}}", "{\"usage\":{\"output_tokens\":20}}", "{\"usage\":{\"input_tokens\":null,\"output_tokens\":1}}",
        "{\"usage\":{\"input_tokens\":-1,\"output_tokens\":1}}", "{\"usage\":{\"input_tokens\":1,\"output_tokens\":-1}}",
        "{\"usage\":{\"input_tokens\":\"1\",\"output_tokens\":1}}", "{\"usage\":{\"input_tokens\":1.0,\"output_tokens\":1}}", "{\"usage\":{\"input_tokens\":1e1,\"output_tokens\":1}}",
        "{\"usage\":{\"input_tokens\":1,\"output_tokens\":99999999999}}", "{\"usage\":{\"input_tokens\":1,\"output_tokens\":99999999999999999999999}}",
        "{\"usage\":{\"input_tokens\":1,\"input_tokens\":2,\"output_tokens\":1}}", "{\"usage\":{\"input_tokens\":1,\"output_tokens\":1},\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}",
        "{\"data\":[{\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}]}", "{\"usage\":{\"seconds\":-1}}", "{\"usage\":{\"seconds\":\"3\"}}", "{\"usage\":{\"seconds\":1e400}}",
        // Nothing is read, heard or drawn for nothing.
        "{\"usage\":{\"input_tokens\":0,\"output_tokens\":0}}", "{\"usage\":{\"input_tokens\":0,\"output_tokens\":272}}",
        "{\"usage\":{\"type\":\"duration\",\"seconds\":0}}", "{\"usage\":{\"seconds\":0}}", "{\"usage\":{\"seconds\":0.0}}",
        "{\"usage\":{\"type\":\"duration\"}}", "{\"usage\":{\"type\":\"tokens\",\"seconds\":3}}", "{\"usage\":{\"type\":7,\"seconds\":3}}");

    [Fact]
    public void An_image_without_tokens_is_none_that_anybody_drew() =>
        OfBody(Images, "{\"usage\":{\"input_tokens\":20,\"output_tokens\":0}}").Should().BeNull();

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Usage_that_makes_no_sense_is_none(string body)
    {
        foreach (var rules in new[] { Images, Edits, Spoken, Tokens, Seconds })
        {
            OfBody(rules, body).Should().BeNull();
            OfStream(rules, body).Should().BeNull();
        }
    }

    [Theory]
    [InlineData("\"input_tokens_details\":{\"text_tokens\":20,\"image_tokens\":199}")]
    [InlineData("\"input_tokens_details\":{\"text_tokens\":221}")]
    [InlineData("\"input_tokens_details\":{\"text_tokens\":-1,\"image_tokens\":221}")]
    [InlineData("\"input_tokens_details\":{\"text_tokens\":20,\"image_tokens\":200,\"cached_tokens\":221}")]
    [InlineData("\"input_tokens_details\":{\"text_tokens\":9223372036854775807,\"image_tokens\":9223372036854775807}")]
    [InlineData("\"output_tokens_details\":{\"text_tokens\":273}")]
    [InlineData("\"input_tokens_details\":{}")]
    public void Details_that_contradict_their_total_are_no_usage(string details) =>
        OfBody(Edits, $"{{\"usage\":{{\"input_tokens\":220,\"output_tokens\":272,{details}}}}}").Should().BeNull();

    [Fact]
    public void Tokens_at_a_price_for_seconds_are_not_free() =>
        OfBody(Seconds, "{\"usage\":{\"type\":\"tokens\",\"input_tokens\":35,\"output_tokens\":12}}").Should().BeNull();

    [Fact]
    public void A_stream_that_tells_two_usages_is_believed_only_when_they_agree()
    {
        const string other = "{\"usage\":{\"input_tokens\":20,\"output_tokens\":1}}";
        const string one = "{\"usage\":{\"input_tokens\":20,\"output_tokens\":2}}";

        OfStream(Images, one, "{\"type\":\"image_generation.partial_image\"}", one).Should().NotBeNull();
        OfStream(Images, one, other).Should().BeNull();
        OfStream(Images, one, other, one).Should().BeNull();
        OfStream(Images, "{\"usage\":{}}", one).Should().BeNull();
        OfStream(Images, "{\"usage\":null}", one).Should().NotBeNull();
    }

    [Fact]
    public void A_stream_may_be_cut_at_any_byte()
    {
        var stream = Encoding.UTF8.GetBytes(
            ": hello\r\n\r\nevent: image_edit.partial_image\r\ndata: {\"b64_json\":\"QUJD\\u00e9\\\"\",\"partial_image_index\":0}\r\n\r\n"
            + "event: image_edit.completed\ndata: {\"b64_json\":\"🦊\",\ndata:" + ImageUsage + "}\n\n");
        for (var at = 0; at <= stream.Length; at++)
        {
            var meter = new MediaStreamMeter(Edits);
            Pass(meter, stream, at);
            meter.Reading.Usage.Should().Be(Edited, $"cut at {at}");

            var broken = new MediaStreamMeter(Edits);
            Pass(broken, stream[..at]);
            if (at < stream.Length - 3) broken.Reading.Usage.Should().BeNull($"broken off at {at}");
        }
        var drip = new MediaStreamMeter(Edits);
        Pass(drip, stream, Enumerable.Repeat(1, stream.Length));
        drip.Reading.Usage.Should().Be(Edited);
    }

    [Fact]
    public void A_picture_of_any_size_is_not_held()
    {
        var picture = new string('A', 40 * 1024 * 1024) + "\\u00";
        var body = Encoding.UTF8.GetBytes($"{{\"data\":[{{\"b64_json\":\"{picture}e9\\\\\\\"\"}}],{ImageUsage}}}");
        var meter = new MediaBodyMeter(Edits);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var at = 0; at < body.Length; at += 16 * 1024) meter.Read(body.AsSpan(at, Math.Min(16 * 1024, body.Length - at)));
        meter.Finish();

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1024 * 1024);
        meter.Reading.Usage.Should().Be(Edited);
    }

    [Fact]
    public void What_a_shortened_document_says_besides_its_texts_is_unchanged()
    {
        // Escapes at every place around the length where texts are cut.
        for (var length = 1_000; length < 1_050; length++)
        {
            foreach (var escape in new[] { "\\u00e9", "\\\\", "\\\"", "\\n", "é" })
            {
                var text = new string('x', length) + string.Concat(Enumerable.Repeat(escape, 20));
                OfBody(Edits, $"{{\"a\":\"{text}\",{ImageUsage},\"b\":\"{text}\"}}").Should().Be(Edited, $"{length} {escape}");
            }
        }
    }
}
