using System.Text;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Gateway.Batches;
using Spendra.Gateway.Providers;

namespace Spendra.Gateway.Tests.Units;

/// <summary>Lines of batches, wherever the network cuts them, and answers that no well-behaved provider gives.</summary>
public sealed class BatchLineTests
{
    private const string Answer =
        """{"id":"r1","custom_id":"a","response":{"status_code":200,"request_id":"x","body":{"id":"c1","model":"b1","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":16}}},"error":null}""";

    private const string Failure = """{"id":"r2","custom_id":"b","response":{"status_code":429,"body":{"error":{}}},"error":null}""";

    private const string Expiry = """{"id":"r3","custom_id":"c","response":null,"error":{"code":"batch_expired"}}""";

    private static readonly PriceVersion Price = new()
    {
        PriceId = Guid.CreateVersion7(), Provider = "openai", Model = "b1", EffectiveFrom = 0, RecordedAt = 0, Source = "test",
        Rates = new RateCard(new Rate(1_000_000_000), new Rate(100_000_000), new Rate(1_250_000_000), new Rate(2_000_000_000)),
        TierPercents = PriceVersion.NoTiers.Add("batch", 50),
    };

    private static BatchOutputLines Lines(PriceVersion? price = null)
    {
        var provider = ProviderList.All.First(p => p.Name == "openai");
        return new BatchOutputLines(BatchEndpoint.Find(provider, "/v1/chat/completions")!, price ?? Price, new PriceBook([Price]), 1, 4_096);
    }

    private static BatchOutputLines Read(string file, int maxLineBytes = 10_000)
    {
        var lines = Lines();
        using var cutter = new LineCutter(lines, maxLineBytes);
        if (cutter.Feed(Encoding.UTF8.GetBytes(file))) cutter.Finish();
        return lines;
    }

    [Fact]
    public void A_file_says_the_same_wherever_it_is_cut()
    {
        var file = Encoding.UTF8.GetBytes($"{Answer}\n\n{Failure}\r\n{Answer.Replace("\"a\"", "\"ü🦊\"")}\n{Expiry}");
        for (var at = 0; at <= file.Length; at++)
        {
            var lines = Lines();
            using var cutter = new LineCutter(lines, 10_000);
            cutter.Feed(file.AsSpan(0, at)).Should().BeTrue();
            cutter.Feed(file.AsSpan(at)).Should().BeTrue();
            cutter.Finish();

            (lines.IsUnknown, lines.Answered, lines.Usage.Within.Input, lines.Usage.Within.Output).Should().Be((false, 2, 20, 32));
        }
    }

    [Fact]
    public void A_file_that_ends_anywhere_is_unknown_or_has_fewer_answers()
    {
        var file = $"{Answer}\n{Answer}\n";
        for (var length = 0; length < file.Length - 1; length++)
        {
            var lines = Read(file[..length]);

            (lines.IsUnknown || lines.Answered < 2).Should().BeTrue($"after {length} bytes");
        }
    }

    public static TheoryData<string> Unbelievable =>
    [
        "not JSON",
        "[]",
        "{}",
        Answer + Answer,
        Answer.Replace("200", "\"200\""),
        Answer.Replace("\"status_code\":200,", ""),
        Answer.Replace("\"status_code\":200,", "\"status_code\":200,\"status_code\":400,"),
        Answer.Replace("\"error\":null", "\"response\":{\"status_code\":400}"),
        Answer.Replace("\"body\":{", "\"body\":{},\"body\":{"),
        Answer.Replace("\"usage\"", "\"usages\""),
        Answer.Replace("\"prompt_tokens\":10,", "\"prompt_tokens\":-10,"),
        Answer.Replace("\"prompt_tokens\":10,", "\"prompt_tokens\":0,"),
        Answer.Replace("\"prompt_tokens\":10,\"completion_tokens\":16", "\"prompt_tokens\":0,\"completion_tokens\":0"),
        Answer.Replace("\"prompt_tokens\":10,", "\"prompt_tokens\":1e9,"),
        Answer.Replace("\"prompt_tokens\":10,", "\"prompt_tokens\":1000000001,"),
        Answer.Replace("\"model\":\"b1\"", "\"model\":\"other\""),
        Answer.Replace("\"model\":\"b1\"", "\"model\":\"b1\",\"service_tier\":\"priority\""),
        Answer.Replace("c1", "\\ud800"),
        Answer.Replace("{\"id\":\"r1\"", "{\"\\ud800abcdef\":1,\"id\":\"r1\""),
        Answer.Replace("\"status_code\":200", "\"\\ud800abcdef\":1,\"status_code\":200"),
    ];

    [Theory]
    [MemberData(nameof(Unbelievable))]
    public void One_line_that_cannot_be_believed_makes_all_unknown(string line) =>
        Read($"{Answer}\n{line}\n").IsUnknown.Should().BeTrue();

    [Fact]
    public void A_line_that_is_too_long_makes_all_unknown() => Read($"{Answer}\n{Answer}\n", maxLineBytes: Answer.Length - 1).IsUnknown.Should().BeTrue();

    [Fact]
    public void A_sum_that_no_usage_can_be_makes_all_unknown()
    {
        var much = Answer.Replace("\"prompt_tokens\":10,", "\"prompt_tokens\":600000000,");

        Read(much).IsUnknown.Should().BeFalse();
        Read($"{much}\n{much}").IsUnknown.Should().BeTrue();
    }

    [Theory]
    [InlineData("""{"id":"b1","status":"completed","endpoint":"/v1/responses","output_file_id":"file-1","request_counts":{"completed":3}}""", true, 3L)]
    [InlineData("""{"id":"b1","status":"in_progress","output_file_id":null}""", false, null)]
    [InlineData("""{"id":"b1","status":"cancelling","request_counts":{"completed":0}}""", false, 0L)]
    [InlineData("""{"id":"b1","status":"failed"}""", true, 0L)]
    [InlineData("""{"id":"b1","status":"completed","request_counts":{"completed":-1}}""", true, null)]
    [InlineData("""{"id":"b1","status":"expired","request_counts":{"completed":"3"}}""", true, null)]
    public void A_batch_says_how_far_it_is(string body, bool hasEnded, long? answers)
    {
        var state = BatchState.Read(Encoding.UTF8.GetBytes(body))!;

        (state.HasEnded, state.Answers).Should().Be((hasEnded, answers));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"id\":\"b1\"}")]
    [InlineData("{\"id\":\"../x\",\"status\":\"completed\"}")]
    [InlineData("{\"id\":\"b1\",\"status\":\"completed\",\"output_file_id\":\"../files\"}")]
    [InlineData("{\"id\":\"b1\",\"status\":\"completed\"")]
    public void What_makes_no_sense_is_no_batch(string body) => BatchState.Read(Encoding.UTF8.GetBytes(body)).Should().BeNull();
}
