using System.Text;
using CsCheck;
using Spendra.Core.Metering;
using Spendra.Gateway.Dialects.OpenAi;

namespace Spendra.Gateway.Tests.Units;

public sealed class OpenAiDocumentReaderTests
{
    private const string Chat =
        """{"id":"chatcmpl-1","model":"m1","choices":[{"message":{"content":"{\"usage\":{\"prompt_tokens\":1}} 🦊","usage":{"prompt_tokens":99,"completion_tokens":99}}}],"usage":{"prompt_tokens":100,"completion_tokens":10,"prompt_tokens_details":{"cached_tokens":40,"cache_write_tokens":25,"audio_tokens":null},"completion_tokens_details":{"reasoning_tokens":7}},"service_tier":"flex"}""";

    private static OpenAiDocumentReader Read(string json, params IEnumerable<int> pieces)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var reader = new OpenAiDocumentReader(10_000);
        var at = 0;
        foreach (var piece in pieces.Append(int.MaxValue))
        {
            var length = Math.Min(piece, bytes.Length - at);
            reader.Feed(bytes.AsSpan(at, length), isLast: false);
            at += length;
        }
        reader.Feed([], isLast: true);
        return reader;
    }

    private static void ShouldBeRead(OpenAiDocumentReader reader)
    {
        reader.IsBroken.Should().BeFalse();
        reader.ToUsage(true).Should().Be(new Usage { Input = 35, CachedInput = 40, CacheWrite = 25, Output = 10, ReasoningWithinOutput = 7 });
        (reader.Id, reader.Model, reader.ServiceTier).Should().Be(("chatcmpl-1", "m1", "flex"));
    }

    [Fact]
    public void Only_the_top_of_the_document_counts() => ShouldBeRead(Read(Chat));

    [Fact]
    public void It_does_not_matter_where_the_document_is_cut_once()
    {
        for (var at = 0; at <= Encoding.UTF8.GetByteCount(Chat); at++) ShouldBeRead(Read(Chat, at));
    }

    [Fact]
    public void It_does_not_matter_where_the_document_is_cut() =>
        Gen.Int[0, 30].Array[0, 100].Sample(pieces => ShouldBeRead(Read(Chat, pieces)), iter: 1000);

    [Theory]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2}}""", true)]
    [InlineData("""{"usage":{"input_tokens":1,"output_tokens":2}}""", true)]
    [InlineData("""{"response":{"usage":{"input_tokens":1,"output_tokens":2}}}""", true)]
    [InlineData("""{"us\u0061ge":{"prompt_tokens":1,"completion_tokens":2}}""", true)]
    [InlineData("""{"usage":{"prompt_tokens":1,"input_tokens":1,"completion_tokens":2}}""", true)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":null}}""", true)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":null}}}""", true)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"completion_tokens_details":{"reasoning_tokens":0}}}""", true)]
    // Reasoning beside the output, as xAI counts it: billed, and in the total.
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":3,"completion_tokens_details":{"reasoning_tokens":1}}}""", true, 1)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":0,"total_tokens":3,"completion_tokens_details":{"reasoning_tokens":2}}}""", true, 2)]
    [InlineData("""{"usage":{"completion_tokens_details":{"reasoning_tokens":2},"total_tokens":3,"completion_tokens":2,"prompt_tokens":1}}""", true, 2)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":3}}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"completion_tokens_details":{"reasoning_tokens":3}}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":4}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":5,"completion_tokens_details":{"reasoning_tokens":1}}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":-3}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":9223372036854775807}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":0,"completion_tokens":2}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":0,"completion_tokens":0}}""", false)]
    [InlineData("""{"usage":null}""", false)]
    [InlineData("""{"usage":{}}""", false)]
    [InlineData("""{"usage":[1,2]}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1}}""", false)]
    [InlineData("""{"usage":{"completion_tokens":2}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":null,"completion_tokens":2}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":"1","completion_tokens":2}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1.0,"completion_tokens":2}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1e2,"completion_tokens":2}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":[1],"completion_tokens":2}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":-2}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1000000001,"completion_tokens":2}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":2}}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":"x"}}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2},"usage":{"prompt_tokens":1,"completion_tokens":1}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":9,"prompt_tokens":1,"completion_tokens":2}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":9,"input_tokens":1,"completion_tokens":2}}""", false)]
    [InlineData("""{"choices":[{"usage":{"prompt_tokens":1,"completion_tokens":2}}]}""", false)]
    [InlineData("""{"item":{"response":{"usage":{"input_tokens":1,"output_tokens":2}}}}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2}""", false)]
    [InlineData("""{"usage":{"prompt_tokens":1,"completion_tokens":2}}}""", false)]
    [InlineData("""{"model":"\ud800","usage":{"prompt_tokens":1,"completion_tokens":2}}""", false)]
    [InlineData("", false)]
    [InlineData("[DONE]", false)]
    public void Only_whole_numbers_that_agree_are_a_usage(string json, bool isUsage, long reasoning = 0)
    {
        var usage = Read(json).ToUsage(hasOutput: true);
        if (isUsage) usage.Should().Be(new Usage { Input = 1, Output = 2, ReasoningWithinOutput = reasoning });
        else usage.Should().BeNull();
    }

    [Theory]
    [InlineData("\"prompt_tokens\":0,\"completion_tokens\":0,\"cost\":0.001")]
    [InlineData("\"prompt_tokens\":1,\"completion_tokens\":2,\"total_tokens\":9,\"cost\":0.001")]
    [InlineData("\"prompt_tokens\":1,\"completion_tokens\":2,\"completion_tokens_details\":{\"reasoning_tokens\":3},\"cost\":0.001")]
    public void A_usage_that_only_describes_a_bill_need_not_explain_it(string usage)
    {
        var json = $"{{\"usage\":{{{usage}}}}}";

        Read(json).ToUsage(hasOutput: true, tellsCost: true).Should().NotBeNull();
        Read(json).ToUsage(hasOutput: true).Should().BeNull("nobody bills by what this provider says");
        Read(json.Replace("0.001", "-1", StringComparison.Ordinal)).ToUsage(hasOutput: true, tellsCost: true).Should().BeNull();
    }

    [Fact]
    public void A_token_above_the_limit_breaks_the_document_and_takes_no_memory()
    {
        var reader = new OpenAiDocumentReader(1000);
        reader.Feed("{\"x\":\""u8, isLast: false);
        for (var i = 0; i < 100; i++) reader.Feed(new byte[100].Select(_ => (byte)'a').ToArray(), isLast: false);
        reader.IsBroken.Should().BeTrue();
    }

    [Fact]
    public void Any_bytes_in_any_pieces_are_survived() =>
        Gen.Select(Gen.OneOf(Gen.Byte, Gen.Char["{}[]\":,\\u0drtf-1. "].Select(c => (byte)c)).Array[0, 60], Gen.Int[0, 9].Array[0, 10]).Sample((bytes, pieces) =>
        {
            var reader = new OpenAiDocumentReader(100);
            reader.Feed("{\"usage\":{\"prompt_tokens\":1"u8, isLast: false);
            var at = 0;
            foreach (var piece in pieces)
            {
                var length = Math.Min(piece, bytes.Length - at);
                reader.Feed(bytes.AsSpan(at, length), isLast: false);
                at += length;
            }
            reader.Feed(bytes.AsSpan(at), isLast: true);
            if (reader.IsBroken) reader.ToUsage(true).Should().BeNull();
        }, iter: 20_000);

    [Theory]
    [InlineData("""{"id":"a\u0000b","model":"m\u0007","service_tier":"\n"}""")]
    public void What_cannot_be_stored_is_not_read(string json)
    {
        var reader = Read(json);
        (reader.Id, reader.Model, reader.ServiceTier).Should().Be((null, null, null));
    }
}
