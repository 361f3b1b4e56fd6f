using System.Text.Json;
using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

public sealed class MessageTests : IAsyncLifetime
{
    private const string ClientTool = """{"name":"get_weather","input_schema":{"type":"object"}}""";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Native.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Plain_message_has_the_wire_shape_and_the_documented_usage()
    {
        var answer = await PostAsync("Hello");

        ((string)answer["id"]!).Should().StartWith("msg_");
        ((string)answer["type"]!).Should().Be("message");
        ((string)answer["role"]!).Should().Be("assistant");
        ((string)answer["model"]!).Should().Be("claude-sonnet-5-5");
        ((string)answer["stop_reason"]!).Should().Be("end_turn");
        answer.AsObject().ContainsKey("stop_sequence").Should().BeTrue();
        var block = answer["content"]!.AsArray().Should().ContainSingle().Subject!;
        ((string)block["type"]!).Should().Be("text");
        ((string)block["text"]!).Split(' ').Should().HaveCount(16);
        Native.ShouldBe(answer["usage"], """
            {"input_tokens":9,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,
             "cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":16,
             "output_tokens_details":{"thinking_tokens":0},"server_tool_use":null,"service_tier":"standard","inference_geo":"global"}
            """);
    }

    [Fact]
    public async Task System_prompt_blocks_and_tool_results_are_counted()
    {
        const string body = """
            {"model":"m","max_tokens":5,"system":[{"type":"text","text":"Be"},{"type":"text","text":"brief","cache_control":{"type":"ephemeral"}}],
             "messages":[
              {"role":"user","content":"a\u00e9"},
              {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"text":"not counted"}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"€uro"}]},{"type":"text","text":"so?"}]}]}
            """;

        var answer = await _provider.PostJsonAsync(Native.Messages, body);
        var count = await _provider.PostJsonAsync(Native.Messages + "/count_tokens", body.Replace("\"max_tokens\":5,", "", StringComparison.Ordinal));

        var expected = SandboxUsage.InputTokens("Bebrief", "aé", "", "€uroso?");
        ((long)answer["usage"]!["input_tokens"]!).Should().Be(expected).And.Be(5 + 16 + 3);
        count.ToJsonString().Should().Be($$"""{"input_tokens":{{expected}}}""");
    }

    [Fact]
    public async Task Cache_stands_beside_the_input_and_all_four_sum_up_to_what_was_sent()
    {
        const string knobs = "[[sandbox cached_tokens=5 cache_write_tokens=3 cache_write_1h_tokens=2]]";

        var usage = (await PostAsync(knobs))["usage"]!;

        ((long)usage["cache_read_input_tokens"]!).Should().Be(5);
        ((long)usage["cache_creation_input_tokens"]!).Should().Be(3 + 2);
        ((long)usage["cache_creation"]!["ephemeral_5m_input_tokens"]!).Should().Be(3);
        ((long)usage["cache_creation"]!["ephemeral_1h_input_tokens"]!).Should().Be(2);
        ((long)usage["input_tokens"]!).Should().Be(SandboxUsage.InputTokens(knobs) - 5 - 3 - 2);
    }

    [Fact]
    public async Task Cache_that_is_larger_than_the_input_leaves_none()
    {
        var usage = (await PostAsync("[[sandbox cached_tokens=100000]]"))["usage"]!;

        ((long)usage["input_tokens"]!).Should().Be(0);
    }

    [Fact]
    public async Task Thinking_is_a_block_of_its_own_and_inside_the_output()
    {
        var answer = await PostAsync("[[sandbox thinking_tokens=7]]", ",\"thinking\":{\"type\":\"adaptive\"}");

        Types(answer).Should().Equal("thinking", "text");
        ((string)answer["content"]![0]!["signature"]!).Should().NotBeEmpty();
        ((long)answer["usage"]!["output_tokens"]!).Should().Be(16);
        ((long)answer["usage"]!["output_tokens_details"]!["thinking_tokens"]!).Should().Be(7);
    }

    [Fact]
    public async Task Searches_are_shown_counted_and_charged_as_input()
    {
        const string knobs = "[[sandbox web_searches=2 web_fetches=1]]";
        var tools = $$""","tools":[{{Native.SearchTool}},{"type":"web_fetch_20250910","name":"web_fetch"}]""";

        var answer = await PostAsync(knobs, tools);

        Types(answer).Should().Equal(
            "server_tool_use", "web_search_tool_result", "server_tool_use", "web_search_tool_result",
            "server_tool_use", "web_fetch_tool_result", "text");
        ((string)answer["content"]![1]!["tool_use_id"]!).Should().StartWith("srvtoolu_").And.Be((string)answer["content"]![0]!["id"]!);
        answer["usage"]!["server_tool_use"]!.ToJsonString().Should().Be("""{"web_search_requests":2,"web_fetch_requests":1}""");
        ((long)answer["usage"]!["input_tokens"]!).Should().Be(SandboxUsage.InputTokens(knobs) + (3 * SandboxUsage.TokensPerToolResult));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("""{"type":"web_search_20250305","name":"web_search","max_uses":2}""", 2)]
    [InlineData("""{"type":"web_search_20250305","name":"web_search"}""", 5)]
    public async Task Searches_need_the_tool_and_stay_within_its_limit(string tool, long searches)
    {
        var answer = await PostAsync("[[sandbox web_searches=5]]", $",\"tools\":[{tool}]");
        var hostile = await PostAsync("[[sandbox web_searches=5 ignore_limit=true]]", $",\"tools\":[{tool}]");

        ((long?)answer["usage"]!["server_tool_use"]?["web_search_requests"] ?? 0).Should().Be(searches);
        ((long)hostile["usage"]!["server_tool_use"]!["web_search_requests"]!).Should().Be(5);
    }

    [Fact]
    public async Task Tool_of_the_client_is_called_when_the_knob_asks_and_it_is_offered()
    {
        var with = await PostAsync("[[sandbox tool_calls=2]]", $",\"tools\":[{Native.SearchTool},{ClientTool}]");
        var without = await PostAsync("[[sandbox tool_calls=2]]", $",\"tools\":[{Native.SearchTool}]");

        Types(with).Should().Equal("text", "tool_use", "tool_use");
        ((string)with["content"]![1]!["name"]!).Should().Be("get_weather");
        with["content"]![1]!["input"]!.GetValueKind().Should().Be(JsonValueKind.Object);
        with["content"]!.AsArray().Select(block => (string?)block!["id"]).Distinct().Should().HaveCount(3);
        ((string)with["stop_reason"]!).Should().Be("tool_use");
        Types(without).Should().Equal("text");
        ((string)without["stop_reason"]!).Should().Be("end_turn");
    }

    [Theory]
    [InlineData("tokens=64", "end_turn")]
    [InlineData("tokens=65", "max_tokens")]
    [InlineData("stop_reason=pause_turn", "pause_turn")]
    [InlineData("stop_reason=refusal", "refusal")]
    [InlineData("stop_reason=model_context_window_exceeded", "model_context_window_exceeded")]
    public async Task Stop_reason_follows_from_the_limit_unless_a_knob_names_it(string knob, string reason)
    {
        var answer = await PostAsync($"[[sandbox {knob}]]");

        ((string)answer["stop_reason"]!).Should().Be(reason);
        ((long)answer["usage"]!["output_tokens"]!).Should().BeLessThanOrEqualTo(64);
    }

    [Fact]
    public async Task Stop_sequence_is_named_with_its_reason()
    {
        var answer = await PostAsync("[[sandbox stop_reason=stop_sequence]]", ",\"stop_sequences\":[\"END\",\"x\"]");

        ((string)answer["stop_sequence"]!).Should().Be("END");
    }

    [Fact]
    public async Task Place_speed_and_tier_are_the_requests_own_or_the_knobs()
    {
        var asked = (await PostAsync(more: ",\"inference_geo\":\"us\",\"speed\":\"fast\",\"service_tier\":\"auto\""))["usage"]!;
        var told = (await PostAsync("[[sandbox geo=us speed=standard service_tier=priority]]", ",\"speed\":\"fast\""))["usage"]!;

        ((string)asked["inference_geo"]!).Should().Be("us");
        ((string)asked["speed"]!).Should().Be("fast");
        ((string)asked["service_tier"]!).Should().Be("standard");
        ((string)told["inference_geo"]!).Should().Be("us");
        ((string)told["speed"]!).Should().Be("standard");
        ((string)told["service_tier"]!).Should().Be("priority");
    }

    [Fact]
    public async Task Iterations_tell_what_other_models_used()
    {
        var answer = await PostAsync(
            "[[sandbox model=claude-opus-5-5 iterations=message:100:1:claude-sonnet-5-5:7:2,compaction:50:5,fallback_message:90:16]]");

        var iterations = answer["usage"]!["iterations"]!.AsArray();
        iterations.Select(item => (string)item!["type"]!).Should().Equal("message", "compaction", "fallback_message");
        Native.ShouldBe(iterations[0], """
            {"type":"message","model":"claude-sonnet-5-5","input_tokens":100,"output_tokens":1,"cache_read_input_tokens":7,
             "cache_creation_input_tokens":2,"cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":0}}
            """);
        iterations[1]!.AsObject().ContainsKey("model").Should().BeFalse();
        ((string)iterations[2]!["model"]!).Should().Be("claude-opus-5-5");
        ((string)answer["model"]!).Should().Be("claude-opus-5-5");
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("9223372036854775808")]
    [InlineData("10000000000000000000000000000000000000")]
    public async Task Reported_usage_may_be_absurd(string value)
    {
        var knobs = $"[[sandbox input_tokens={value} output_tokens={value} cached_tokens={value} cache_write_tokens={value} "
            + $"thinking_tokens={value} web_search_requests={value}]]";

        var usage = (await PostAsync(knobs))["usage"]!;

        foreach (var name in new[] { "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens" })
            usage[name]!.ToJsonString().Should().Be(value, name);
        usage["output_tokens_details"]!["thinking_tokens"]!.ToJsonString().Should().Be(value);
        usage["server_tool_use"]!["web_search_requests"]!.ToJsonString().Should().Be(value);
    }

    [Fact]
    public async Task Usage_is_left_out_or_malformed_when_a_knob_asks()
    {
        var none = await PostAsync("[[sandbox no_usage=true]]");
        var strings = await PostAsync("[[sandbox usage=string]]");

        none.AsObject().ContainsKey("usage").Should().BeFalse();
        strings["usage"]!["output_tokens"]!.GetValueKind().Should().Be(JsonValueKind.String);
    }

    [Fact]
    public async Task Knobs_come_from_metadata_and_from_the_last_user_text_but_not_from_results_of_tools()
    {
        var metadata = ",\"metadata\":{\"user_id\":\"u\",\"sandbox\":\"tokens=3\"}";
        const string result = """
            {"model":"m","max_tokens":64,"messages":[{"role":"user","content":"[[sandbox status=500]]"},{"role":"assistant","content":"[[sandbox status=500]]"},
             {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"[[sandbox status=500]]"}]}]}
            """;

        ((long)(await PostAsync(more: metadata))["usage"]!["output_tokens"]!).Should().Be(3);
        ((long)(await PostAsync("[[sandbox tokens=7]]", metadata))["usage"]!["output_tokens"]!).Should().Be(7);
        await _provider.PostJsonAsync(Native.Messages, result);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"model\":\"m\",")]
    [InlineData("{\"model\":\"\\ud800\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}")]
    [InlineData("{\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "model: Field required")]
    [InlineData("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "max_tokens: Field required")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":0,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "max_tokens")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":\"5\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "max_tokens: Input should be a valid integer")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":1}", "messages: Field required")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":1,\"messages\":[]}", "messages: at least one message is required")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"content\":\"x\"}]}", "messages.0")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":1,\"messages\":{}}", "messages: Input should be a valid list")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"stream_options\":{}}", "stream_options: Extra inputs are not permitted")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":1024,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024},\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "max_tokens: must be greater than thinking.budget_tokens")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"[[sandbox tokns=1]]\"}]}", "The sandbox does not understand 'tokns=1'.")]
    public async Task Body_that_makes_no_sense_is_refused_in_the_shape_of_the_provider(string body, string message = "not valid JSON")
    {
        var answer = await _provider.PostJsonAsync(Native.Messages, body, status: 400);

        answer.AsObject().Select(member => member.Key).Should().Equal("type", "error", "request_id");
        ((string)answer["error"]!["type"]!).Should().Be("invalid_request_error");
        ((string)answer["error"]!["message"]!).Should().Contain(message);
    }

    private Task<JsonNode> PostAsync(string text = "Hello", string more = "") =>
        _provider.PostJsonAsync(Native.Messages, Native.Message(text, more));

    private static IEnumerable<string> Types(JsonNode answer) => answer["content"]!.AsArray().Select(block => (string)block!["type"]!);
}
