using CsCheck;

namespace Spendra.Gateway.Tests.ServerTools;

/// <summary>What tools of OpenAI's are held at, and that no answer within their limits costs more.</summary>
public sealed class ToolBoundTests
{
    private const string Web = "{\"type\":\"web_search\"}";
    private const string File = "{\"type\":\"file_search\",\"vector_store_ids\":[\"vs_1\"]}";
    private const string Code = "{\"type\":\"code_interpreter\",\"container\":{\"type\":\"auto\",\"memory_limit\":\"4g\"}}";

    [Theory]
    // Without a limit five calls: six passes over the window of 1000 tokens, and every call at each fee that it may have.
    [InlineData(Web, "", 6_000, "web_searches 5", 5)]
    [InlineData(Web, "\"max_tool_calls\":null", 6_000, "web_searches 5", 5)]
    [InlineData(Web, "\"max_tool_calls\":2", 3_000, "web_searches 2", null)]
    [InlineData(Web, "\"max_tool_calls\":200", 201_000, "web_searches 200", null)]
    // More than anybody gets is cut
    [InlineData(Web, "\"max_tool_calls\":201", 201_000, "web_searches 200", 200)]
    [InlineData("{\"type\":\"web_search_preview\"}", "\"max_tool_calls\":1", 2_000, "preview_searches 1", null)]
    [InlineData(Web + "," + Web, "\"max_tool_calls\":3", 4_000, "web_searches 3", null)]
    [InlineData(Web + "," + File, "\"max_tool_calls\":3", 4_000, "web_searches 3, file_searches 3", null)]
    // Each call might run in a container of its own
    [InlineData(Code, "\"max_tool_calls\":3", 4_000, "code_sessions 12", null)]
    // The client answers the calls: one pass, of unknown length
    [InlineData("{\"type\":\"computer\"}", "\"max_tool_calls\":3", 1_000, "", null)]
    [InlineData("{\"type\":\"apply_patch\"}", "", 1_000, "", null)]
    public void Calls_are_limited_together(string tools, string limit, long input, string pieces, int? imposed)
    {
        var (call, refusal) = ToolCall.Bound(ToolCall.Body(tools, "\"max_output_tokens\":100" + (limit.Length > 0 ? "," + limit : "")));

        refusal.Should().BeNull();
        call.Bound.Input.Should().Be(input);
        call.Bound.Output.Should().Be(100, "the output limit is that of all passes");
        call.Bound.Pieces.ToString().Should().Be(pieces);
        call.Changes.ToolUses.Should().Be(imposed);
        var sent = System.Text.Json.Nodes.JsonNode.Parse(ToolCall.Sent(call))!;
        if (imposed is { } most) ((int)sent["max_tool_calls"]!).Should().Be(most);
    }

    [Fact]
    public void Without_an_output_limit_every_pass_may_have_the_models_own() =>
        ToolCall.Bound(ToolCall.Body(Web, "\"max_tool_calls\":3")).Call.Bound.Output.Should().Be(500 * 4);

    [Fact]
    public void A_container_is_held_for_as_many_sessions_as_a_request_may_last()
    {
        var (call, _) = ToolCall.Bound(ToolCall.Body(Code, "\"max_tool_calls\":1"), options: new GatewayOptions { ReservationSeconds = 1_201 });

        call.Bound.Pieces.ToString().Should().Be("code_sessions 8");
        var settled = ToolCall.Settle(call, ToolCall.Meter(call, "application/json",
            ToolCall.Answer("{\"type\":\"code_interpreter_call\",\"container_id\":\"cntr_1\"}", "\"input_tokens\":10,\"output_tokens\":5")));
        settled.Usage.Others.ToString().Should().Be("code_sessions 8");
    }

    [Theory]
    [InlineData("\"previous_response_id\":\"resp_1\"", "\"Hello\"", 64)]
    [InlineData("\"previous_response_id\":null", "\"Hello\"", 4)]
    [InlineData("\"store\":false", "[{\"type\":\"code_interpreter_call\",\"id\":\"ci_1\",\"container_id\":\"cntr_1\",\"code\":\"1\"}]", 64)]
    [InlineData("\"store\":false", "[{\"role\":\"user\",\"content\":\"code_interpreter_call\"}]", 4)]
    public void A_container_that_may_be_an_earlier_one_is_held_and_charged_as_the_largest(string more, string input, long sessions)
    {
        var (call, refusal) = ToolCall.Bound($$"""{"model":"{{ToolCall.Model}}","input":{{input}},{{more}},"max_tool_calls":1,"max_output_tokens":100,"tools":[{{Code}}]}""");

        refusal.Should().BeNull();
        call.Bound.Pieces.ToString().Should().Be($"code_sessions {sessions}");
        var settled = ToolCall.Settle(call, ToolCall.Meter(call, "application/json",
            ToolCall.Answer("{\"type\":\"code_interpreter_call\",\"container_id\":\"cntr_1\"}", "\"input_tokens\":10,\"output_tokens\":5")));
        settled.Usage.Others.ToString().Should().Be($"code_sessions {sessions}");
        settled.IsEstimated.Should().BeTrue();
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("\"web_search_options\":{\"search_context_size\":\"low\"}", "")]
    [InlineData("", "gpt-9-search-api")]
    public void A_model_that_searches_before_it_answers_searches_once(string more, string model)
    {
        var isSearch = more.Length + model.Length > 0;
        var name = model.Length > 0 ? model : ToolCall.Model;
        var body = $$"""{"model":"{{name}}","max_completion_tokens":100,{{(more.Length > 0 ? more + "," : "")}}"messages":[{"role":"user","content":"Hello"}]}""";
        var (call, refusal) = ToolCall.Bound(body, ToolCall.Chat, ToolCall.Price with { Model = name });

        refusal.Should().BeNull();
        call.Bound.Pieces.ToString().Should().Be(isSearch ? "web_searches 1" : "");
        if (isSearch) (call.Bound.Input, call.Bound.Output).Should().Be((2_000, 100));
        var settled = ToolCall.Settle(call, ToolCall.Meter(call, "application/json", "{\"id\":\"c\",\"choices\":[{}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5}}"));
        settled.Cost.Value.Should().Be(isSearch ? 10_020_000 : 20_000);
    }

    [Theory]
    [InlineData("{\"type\":\"image_generation\"}", "", "model")]
    [InlineData("{\"type\":\"mcp\",\"server_label\":\"s\",\"server_url\":\"https://s.example\"}", "", "MCP")]
    [InlineData("{\"type\":\"shell\"}", "", "shell")]
    [InlineData("{\"type\":\"shell\",\"environment\":{\"type\":\"container_auto\"}}", "", "shell")]
    [InlineData("{\"type\":\"tool_search\"}", "", "tool_search")]
    [InlineData("{\"type\":\"dream\"}", "", "dream")]
    [InlineData("{\"type\":\"programmatic_tool_calling\"}", "", "programmatic_tool_calling")]
    [InlineData("{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[{\"type\":\"mcp\"}]}", "", "MCP")]
    [InlineData("{\"type\":\"code_interpreter\",\"container\":\"cntr_1\"}", "", "somebody else's")]
    [InlineData("{\"type\":\"code_interpreter\",\"container\":{\"type\":\"auto\",\"memory_limit\":\"128g\"}}", "", "64g")]
    [InlineData("{\"type\":\"code_interpreter\",\"container\":{\"memory_limit\":\"1g\"}}", "", "auto")]
    [InlineData(Code, "\"background\":true", "background")]
    [InlineData("{\"type\":\"web_search\"},{\"type\":\"web_search_preview\"}", "", "two versions")]
    public void What_has_no_bound_is_refused(string tools, string more, string why)
    {
        var (_, refusal) = ToolCall.Bound(ToolCall.Body(tools, more));

        refusal!.CodeName.Should().Be("unpriceable_request");
        refusal.Message.Should().Contain(why);
    }

    [Fact]
    public void A_tool_whose_fee_has_no_rate_is_refused() =>
        ToolCall.Bound(ToolCall.Body(Web), price: ToolCall.Price with { Rates = ToolCall.Price.Rates with { Others = default } })
            .Refusal!.Message.Should().Contain("no rate");

    [Theory]
    [InlineData("{\"type\":\"shell\",\"environment\":{\"type\":\"local\"}}")]
    [InlineData("{\"type\":\"local_shell\"}")]
    [InlineData("{\"type\":\"tool_search\",\"execution\":\"client\"}")]
    [InlineData("{\"type\":\"function\",\"name\":\"f\",\"parameters\":{\"tools\":[{\"type\":\"mcp\"}]}}")]
    [InlineData("{\"type\":\"custom\",\"name\":\"c\"}")]
    [InlineData("{\"type\":\"namespace\",\"name\":\"n\",\"tools\":[{\"type\":\"function\",\"name\":\"f\"}]}")]
    public void What_the_client_runs_needs_no_permission(string tools)
    {
        var (call, refusal) = ToolCall.Bound(ToolCall.Body(tools));

        refusal.Should().BeNull();
        call.Shape.Tools.Should().BeEmpty();
        ToolCall.Sent(call).Should().NotContain("max_tool_calls");
    }

    private static readonly Gen<(bool Web, bool Preview, bool File, int Gigabytes, int Limit, int Output, int[] Shares)> Calls =
        from offered in Gen.Select(Gen.Bool, Gen.Bool, Gen.Bool)
        from gigabytes in Gen.Int[0, 4].Select(i => new[] { 0, 1, 4, 16, 64 }[i])
        from limit in Gen.Int[0, 12]
        from output in Gen.Int[0, 500]
        from shares in Gen.Int[0, 1000].Array[8]
        select (offered.Item1 && !offered.Item2, offered.Item2, offered.Item3, gigabytes, limit, output, shares);

    [Fact]
    public void The_bound_is_never_less_than_what_is_settled() => Calls.Sample(pair =>
    {
        var tools = new List<string>();
        if (pair.Web) tools.Add(Web);
        if (pair.Preview) tools.Add("{\"type\":\"web_search_preview\"}");
        if (pair.File) tools.Add(File);
        if (pair.Gigabytes > 0) tools.Add($"{{\"type\":\"code_interpreter\",\"container\":{{\"type\":\"auto\",\"memory_limit\":\"{pair.Gigabytes}g\"}}}}");
        var more = new List<string>();
        if (pair.Limit > 0) more.Add($"\"max_tool_calls\":{pair.Limit}");
        if (pair.Output > 0) more.Add($"\"max_output_tokens\":{pair.Output}");
        var body = ToolCall.Body(string.Join(',', tools), string.Join(',', more));
        var (call, refusal) = ToolCall.Bound(body);
        refusal.Should().BeNull();

        var settled = ToolCall.Settle(call, ToolCall.Meter(call, "application/json", AnswerTo(pair, tools.Count, body.Length)));

        settled.IsEstimated.Should().Be(settled.Usage.Others.ToString().Contains("code_sessions"));
        settled.Cost.Value.Should().BeLessThanOrEqualTo(call.Amount.Value);
    }, iter: 3_000);

    /// <summary>A provider that keeps to the limits, and otherwise does its worst.</summary>
    private static string AnswerTo((bool Web, bool Preview, bool File, int Gigabytes, int Limit, int Output, int[] Shares) pair, int tools, int bytes)
    {
        var limit = pair.Limit > 0 ? pair.Limit : new GatewayOptions().DefaultToolUses;
        var calls = tools == 0 ? 0 : Part(limit, 0);
        var items = new List<string>();
        for (var i = 0; i < calls; i++)
        {
            string[] kinds =
            [
                .. pair.Web || pair.Preview ? ["{\"type\":\"web_search_call\",\"action\":{\"type\":\"search\"}}"] : Array.Empty<string>(),
                .. pair.File ? ["{\"type\":\"file_search_call\"}"] : Array.Empty<string>(),
                .. pair.Gigabytes > 0 ? [$"{{\"type\":\"code_interpreter_call\",\"container_id\":\"cntr_{i % (1 + pair.Shares[7] % 5)}\"}}"] : Array.Empty<string>(),
            ];
            items.Add(kinds[(i + pair.Shares[6]) % kinds.Length]);
        }
        // A request that was read has input: without it the answer tells no usage.
        var input = Math.Max(1, Part(calls == 0 ? Math.Min(bytes, ToolCall.Window) : ToolCall.Window * (calls + 1), 1));
        var cached = Part(input, 2);
        var written = Part(input - cached, 3);
        var output = Part(pair.Output > 0 ? pair.Output : 500L * (calls + 1), 4);
        return ToolCall.Answer(string.Join(',', items),
            $"\"input_tokens\":{input},\"input_tokens_details\":{{\"cached_tokens\":{cached},\"cache_write_tokens\":{written}}},\"output_tokens\":{output}");

        long Part(long whole, int share) => pair.Shares[share] > 900 ? whole : whole * pair.Shares[share] / 1000;
    }
}
