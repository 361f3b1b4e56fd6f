using System.Text;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>Usage from outside is hostile: what makes no sense is no usage, and no usage is the bound.</summary>
public sealed class ClaudeUsageTests
{
    public static TheoryData<string> Nonsense() =>
    [
        "",
        "\"input_tokens\":100",
        "\"output_tokens\":20",
        "\"input_tokens\":null,\"output_tokens\":20",
        // No request is without input, so that an answer of none has not counted.
        "\"input_tokens\":0,\"output_tokens\":0",
        "\"input_tokens\":0,\"output_tokens\":20",
        "\"input_tokens\":0,\"cache_read_input_tokens\":0,\"cache_creation_input_tokens\":0,\"output_tokens\":20",
        "\"input_tokens\":-1,\"output_tokens\":20",
        "\"input_tokens\":100,\"output_tokens\":-20",
        "\"input_tokens\":100,\"output_tokens\":20,\"cache_read_input_tokens\":-5",
        "\"input_tokens\":\"100\",\"output_tokens\":\"20\"",
        "\"input_tokens\":1.5,\"output_tokens\":20",
        "\"input_tokens\":true,\"output_tokens\":20",
        "\"input_tokens\":{\"a\":1},\"output_tokens\":20",
        "\"input_tokens\":[100],\"output_tokens\":20",
        "\"input_tokens\":1000000001,\"output_tokens\":20",
        "\"input_tokens\":9223372036854775807,\"output_tokens\":9223372036854775807",
        "\"input_tokens\":9223372036854775808,\"output_tokens\":20",
        "\"input_tokens\":1e400,\"output_tokens\":20",
        "\"input_tokens\":100,\"input_tokens\":101,\"output_tokens\":20",
        "\"input_tokens\":100,\"output_tokens\":20,\"cache_creation_input_tokens\":5,\"cache_creation\":{\"ephemeral_5m_input_tokens\":6}",
        "\"input_tokens\":100,\"output_tokens\":20,\"cache_creation\":{\"ephemeral_1h_input_tokens\":-6}",
        "\"input_tokens\":100,\"output_tokens\":20,\"cache_creation\":{\"ephemeral_1h_input_tokens\":9223372036854775807,\"ephemeral_5m_input_tokens\":9223372036854775807}",
        "\"input_tokens\":100,\"output_tokens\":20,\"output_tokens_details\":{\"thinking_tokens\":21}",
        "\"input_tokens\":100,\"output_tokens\":20,\"server_tool_use\":{\"web_search_requests\":-1}",
        "\"input_tokens\":100,\"output_tokens\":20,\"server_tool_use\":{\"web_search_requests\":\"many\"}",
        "\"input_tokens\":100,\"output_tokens\":20,\"iterations\":[{\"type\":\"message\",\"model\":\"claude-z\",\"input_tokens\":1,\"output_tokens\":1}]",
        "\"input_tokens\":100,\"output_tokens\":20,\"iterations\":[{\"type\":\"advisor_message\",\"model\":\"claude-a\",\"input_tokens\":1,\"output_tokens\":1}]",
        "\"input_tokens\":100,\"output_tokens\":20,\"iterations\":[{\"type\":\"fallback_message\",\"input_tokens\":1,\"output_tokens\":1}]",
        "\"input_tokens\":100,\"output_tokens\":20,\"iterations\":[{\"type\":\"message\",\"input_tokens\":-1,\"output_tokens\":1}]",
        "\"input_tokens\":100,\"output_tokens\":20,\"iterations\":[{\"type\":\"message\",\"input_tokens\":1}]",
        "\"input_tokens\":100,\"output_tokens\":20,\"iterations\":[],\"iterations\":[]",
        // A tier without a price: what the provider charges is not known.
        "\"input_tokens\":100,\"output_tokens\":20,\"service_tier\":\"batch\"",
        "\"input_tokens\":100,\"output_tokens\":20,\"inference_geo\":\"mars\"",
        "\"input_tokens\":100,\"output_tokens\":20,\"speed\":\"faster\"",
    ];

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void Nonsense_in_a_plain_answer_is_paid_at_the_bound(string usage)
    {
        var (call, _) = ClaudeCall.Bound(ClaudeCall.Body());

        var settled = ClaudeCall.Settle(call, ClaudeCall.Meter(call, "application/json", Encoding.UTF8.GetBytes(ClaudeAnswers.Message(usage))));

        settled.IsEstimated.Should().BeTrue();
        settled.Cost.Should().Be(call.Amount).And.NotBe(Spendra.Core.Money.NanoUsd.Zero);
    }

    [Theory]
    [MemberData(nameof(Nonsense))]
    public void Nonsense_in_a_stream_is_paid_at_the_bound(string usage)
    {
        var (call, _) = ClaudeCall.Bound(ClaudeCall.Body("\"stream\":true"));

        var settled = ClaudeCall.Settle(call, ClaudeCall.Meter(call, "text/event-stream", Encoding.UTF8.GetBytes(ClaudeAnswers.Stream("", usage))));

        settled.IsEstimated.Should().BeTrue();
        settled.Cost.Should().Be(call.Amount);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{\"type\":\"message\"")]
    [InlineData("{\"type\":\"message\",\"usage\":null}")]
    [InlineData("{\"type\":\"message\",\"usage\":7}")]
    [InlineData("{\"usage\":{\"input_tokens\":1,\"output_tokens\":1},\"message\":{\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}")]
    [InlineData("{\"content\":[{\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}]}")]
    [InlineData("{\"usage\":{\"input_tokens\":1,\"output_tokens\":1},\"x\":\"\\ud800\"}x")]
    public void What_is_not_a_message_with_a_usage_tells_none(string body) =>
        ClaudeCall.Meter(ClaudeCall.Read(ClaudeCall.Body()), "application/json", Encoding.UTF8.GetBytes(body)).Usage.Should().BeNull();

    [Fact]
    public void Another_media_type_tells_nothing()
    {
        var bytes = Encoding.UTF8.GetBytes(ClaudeAnswers.Message("\"input_tokens\":100,\"output_tokens\":20"));

        ClaudeCall.Meter(ClaudeCall.Read(ClaudeCall.Body()), "text/html", bytes).Usage.Should().BeNull();
    }

    [Fact]
    public void What_was_said_once_stands_until_it_is_said_again()
    {
        var call = ClaudeCall.Read(ClaudeCall.Body("\"stream\":true"));
        var stream = ClaudeAnswers.Start("\"input_tokens\":10,\"cache_read_input_tokens\":7,\"cache_creation_input_tokens\":5,\"cache_creation\":{\"ephemeral_1h_input_tokens\":5},\"output_tokens\":1,\"service_tier\":\"standard\",\"inference_geo\":\"us\"")
            + ClaudeAnswers.Delta("\"cache_creation_input_tokens\":8,\"output_tokens\":9");

        var reading = ClaudeCall.Meter(call, "text/event-stream", Encoding.UTF8.GetBytes(stream));

        ClaudeCall.Show(reading.Usage!.Value).Should().Be("10,7,3,5,9,0,0");
        reading.ServedTier.Should().Be("us");
    }

    [Theory]
    [InlineData("\"input_tokens\":0,\"output_tokens\":16")]
    [InlineData("\"input_tokens\":29,\"output_tokens\":16")]
    [InlineData("\"cache_read_input_tokens\":6,\"output_tokens\":16")]
    [InlineData("\"cache_creation_input_tokens\":4,\"output_tokens\":16")]
    [InlineData("\"cache_creation\":{\"ephemeral_1h_input_tokens\":0},\"output_tokens\":16")]
    [InlineData("\"output_tokens\":3")]
    [InlineData("\"output_tokens\":16,\"output_tokens_details\":{\"thinking_tokens\":1}")]
    [InlineData("\"output_tokens\":16,\"server_tool_use\":{\"web_search_requests\":0}")]
    [InlineData("\"output_tokens\":16,\"iterations\":[]")]
    [InlineData("\"output_tokens\":16,\"iterations\":[{\"type\":\"message\",\"input_tokens\":39,\"output_tokens\":1}]")]
    public void Totals_that_fall_are_not_believed_but_those_that_are_repeated_or_left_out_are(string last)
    {
        var call = ClaudeCall.Read(ClaudeCall.Body("\"stream\":true"));
        const string first = "\"input_tokens\":30,\"cache_read_input_tokens\":7,\"cache_creation_input_tokens\":5,\"cache_creation\":{\"ephemeral_1h_input_tokens\":5},"
            + "\"output_tokens\":4,\"output_tokens_details\":{\"thinking_tokens\":2},\"server_tool_use\":{\"web_search_requests\":1},"
            + "\"iterations\":[{\"type\":\"message\",\"input_tokens\":40,\"output_tokens\":1}]";
        var start = ClaudeAnswers.Start(first);

        Usage(start + ClaudeAnswers.Delta(last)).Should().BeNull();
        // Not even when they rise again.
        Usage(start + ClaudeAnswers.Delta(last, isLast: false) + ClaudeAnswers.Delta(first)).Should().BeNull();
        Usage(start + ClaudeAnswers.Delta(first)).Should().NotBeNull();
        Usage(start + ClaudeAnswers.Delta("\"output_tokens\":16")).Should().NotBeNull();

        Spendra.Core.Metering.Usage? Usage(string stream) => ClaudeCall.Meter(call, "text/event-stream", Encoding.UTF8.GetBytes(stream)).Usage;
    }

    [Fact]
    public void Totals_without_the_reason_to_stop_are_not_the_last_ones()
    {
        var call = ClaudeCall.Read(ClaudeCall.Body("\"stream\":true"));
        var stream = ClaudeAnswers.Start("\"input_tokens\":10,\"output_tokens\":1") + ClaudeAnswers.Middle + ClaudeAnswers.Delta("\"output_tokens\":9", isLast: false);

        ClaudeCall.Meter(call, "text/event-stream", Encoding.UTF8.GetBytes(stream)).Usage.Should().BeNull();
        ClaudeCall.Meter(call, "text/event-stream", Encoding.UTF8.GetBytes(stream + ClaudeAnswers.Delta("\"output_tokens\":11"))).Usage!.Value.Output.Should().Be(11);
    }

    [Fact]
    public void A_stream_without_its_start_or_without_its_end_tells_no_usage()
    {
        var call = ClaudeCall.Read(ClaudeCall.Body("\"stream\":true"));
        var start = ClaudeAnswers.Start("\"input_tokens\":10,\"output_tokens\":1");

        Usage(ClaudeAnswers.Delta("\"output_tokens\":9")).Should().BeNull();
        Usage(start + ClaudeAnswers.Middle + ClaudeAnswers.Event("message_stop", "")).Should().BeNull();
        Usage(start + ClaudeAnswers.Error).Should().BeNull();
        Usage(start + ClaudeAnswers.Delta("\"output_tokens\":9") + ClaudeAnswers.Error).Should().BeNull();
        Usage(start + ClaudeAnswers.Delta("\"output_tokens\":9")).Should().NotBeNull();

        Spendra.Core.Metering.Usage? Usage(string stream) => ClaudeCall.Meter(call, "text/event-stream", Encoding.UTF8.GetBytes(stream)).Usage;
    }

    [Fact]
    public void A_usage_that_made_no_sense_is_not_mended_by_a_later_one()
    {
        var call = ClaudeCall.Read(ClaudeCall.Body("\"stream\":true"));
        var stream = ClaudeAnswers.Start("\"input_tokens\":-10,\"output_tokens\":1") + ClaudeAnswers.Delta("\"input_tokens\":10,\"output_tokens\":9");

        ClaudeCall.Meter(call, "text/event-stream", Encoding.UTF8.GetBytes(stream)).Usage.Should().BeNull();
    }
}
