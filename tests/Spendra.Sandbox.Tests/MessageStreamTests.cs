using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

public sealed class MessageStreamTests : IAsyncLifetime
{
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Native.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Stream_is_named_event_by_event_and_ends_with_message_stop()
    {
        var stream = await StreamAsync("Hello");

        var events = Provider.Events(stream);
        events.Select(item => (string)item["type"]!).Should().Equal(Native.Names(stream));
        Native.Names(stream).Should().Equal(
        [
            "message_start", "content_block_start", "ping", .. Enumerable.Repeat("content_block_delta", 16),
            "content_block_stop", "message_delta", "message_stop",
        ]);
        stream.Should().NotContain("[DONE]");
        events[0]["message"]!["content"]!.AsArray().Should().BeEmpty();
        events[0]["message"]!["stop_reason"].Should().BeNull();
        string.Concat(events.Select(item => (string?)item["delta"]?["text"])).Split(' ').Should().HaveCount(16);
        ((string)events[^2]["delta"]!["stop_reason"]!).Should().Be("end_turn");
    }

    [Fact]
    public async Task Usage_starts_with_the_input_and_one_token_and_ends_with_totals_to_be_laid_over_it()
    {
        const string knobs = "[[sandbox cached_tokens=2 cache_write_1h_tokens=3 thinking_tokens=4 tokens=20]]";

        var events = Provider.Events(await StreamAsync(knobs));

        var start = events[0]["message"]!["usage"]!;
        var end = events[^2]["usage"]!;
        var input = SandboxUsage.InputTokens(knobs) - 2 - 3;
        ((long)start["input_tokens"]!).Should().Be(input);
        ((long)start["output_tokens"]!).Should().Be(1);
        ((long)start["cache_creation"]!["ephemeral_1h_input_tokens"]!).Should().Be(3);
        ((string)start["service_tier"]!).Should().Be("standard");
        ((long)end["input_tokens"]!).Should().Be(input);
        ((long)end["cache_read_input_tokens"]!).Should().Be(2);
        ((long)end["cache_creation_input_tokens"]!).Should().Be(3);
        ((long)end["output_tokens"]!).Should().Be(20);
        ((long)end["output_tokens_details"]!["thinking_tokens"]!).Should().Be(4);
        end.AsObject().Select(member => member.Key).Should().NotContain(["cache_creation", "service_tier", "inference_geo"]);
    }

    [Fact]
    public async Task Searches_raise_the_input_after_the_start()
    {
        const string knobs = "[[sandbox web_searches=2]]";

        var events = Provider.Events(await StreamAsync(knobs, $",\"tools\":[{Native.SearchTool}]"));

        var counted = SandboxUsage.InputTokens(knobs);
        ((long)events[0]["message"]!["usage"]!["input_tokens"]!).Should().Be(counted);
        ((long)events[^2]["usage"]!["input_tokens"]!).Should().Be(counted + (2 * SandboxUsage.TokensPerToolResult));
        ((long)events[^2]["usage"]!["server_tool_use"]!["web_search_requests"]!).Should().Be(2);
        Starts(events).Should().Equal(
            "server_tool_use", "web_search_tool_result", "server_tool_use", "web_search_tool_result", "text");
    }

    [Fact]
    public async Task Thought_and_input_of_tools_come_in_deltas_of_their_own()
    {
        var tools = ",\"tools\":[{\"name\":\"f\",\"input_schema\":{}}]";

        var events = Provider.Events(await StreamAsync("[[sandbox thinking_tokens=2 tool_calls=1 tokens=1]]", tools));

        Starts(events).Should().Equal("thinking", "text", "tool_use");
        Deltas(events, 0).Should().Equal("thinking_delta", "signature_delta");
        Deltas(events, 1).Should().Equal("text_delta");
        Deltas(events, 2).Should().Equal("input_json_delta", "input_json_delta");
        var input = string.Concat(events.Select(item => (string?)item["delta"]?["partial_json"]));
        JsonNode.Parse(input)!.AsObject().Should().NotBeEmpty();
        events.Single(item => (int?)item["index"] == 2 && item["content_block"] is not null)["content_block"]!["input"]!.AsObject().Should().BeEmpty();
        ((string)events[^2]["delta"]!["stop_reason"]!).Should().Be("tool_use");
    }

    [Fact]
    public async Task Error_in_the_middle_is_an_event_and_the_end()
    {
        var stream = await StreamAsync("[[sandbox error_midstream=true]]");

        Native.Names(stream).Should().Equal(
            ["message_start", "content_block_start", "ping", .. Enumerable.Repeat("content_block_delta", 8), "error"]);
        var error = Provider.Events(stream)[^1];
        ((string)error["type"]!).Should().Be("error");
        ((string)error["error"]!["type"]!).Should().Be("overloaded_error");
        ((string)error["request_id"]!).Should().StartWith("req_");
    }

    [Fact]
    public async Task Usage_and_the_last_event_are_left_out_when_a_knob_asks()
    {
        var none = await StreamAsync("[[sandbox no_usage=true]]");
        var open = await StreamAsync("[[sandbox no_done=true]]");

        none.Should().NotContain("usage").And.EndWith("{\"type\":\"message_stop\"}\n\n");
        Native.Names(open).Last().Should().Be("message_delta");
    }

    [Fact]
    public async Task Running_totals_are_told_as_often_as_a_knob_asks()
    {
        var events = Provider.Events(await StreamAsync("[[sandbox usage_events=4]]"));

        var deltas = events.Where(item => (string)item["type"]! == "message_delta").ToList();
        deltas.Select(item => (long)item["usage"]!["output_tokens"]!).Should().Equal(4, 8, 12, 16);
        deltas.Select(item => (string?)item["delta"]!["stop_reason"]).Should().Equal(null, null, null, "end_turn");
    }

    [Fact]
    public async Task Message_without_words_has_no_block()
    {
        var stream = await StreamAsync("[[sandbox tokens=0]]");

        Native.Names(stream).Should().Equal("message_start", "message_delta", "message_stop");
    }

    private Task<string> StreamAsync(string text, string more = "") =>
        _provider.StreamAsync(Native.Messages, Native.Streamed(text, more));

    private static IEnumerable<string> Starts(List<JsonNode> events) =>
        events.Where(item => item["content_block"] is not null).Select(item => (string)item["content_block"]!["type"]!);

    private static IEnumerable<string> Deltas(List<JsonNode> events, int index) => events
        .Where(item => (string)item["type"]! == "content_block_delta" && (int)item["index"]! == index)
        .Select(item => (string)item["delta"]!["type"]!);
}
