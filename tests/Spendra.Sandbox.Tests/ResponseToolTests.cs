using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

public sealed class ResponseToolTests : IAsyncLifetime
{
    private const string Every = "web_searches=2 web_opens=1 file_searches=1 code_calls=2 image_calls=1 mcp_calls=1";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Items_of_each_tool_stand_before_the_message()
    {
        var answer = await _provider.PostJsonAsync("responses", Provider.Response($"[[sandbox {Every}]]"));

        var output = answer["output"]!.AsArray();
        Types(output).Should().Equal(
            "web_search_call", "web_search_call", "web_search_call", "file_search_call", "code_interpreter_call",
            "code_interpreter_call", "image_generation_call", "mcp_call", "message");
        output.Take(3).Select(item => (string)item!["action"]!["type"]!).Should().Equal("search", "search", "open_page");
        ((string)output[4]!["container_id"]!).Should().StartWith("cntr_").And.Be((string)output[5]!["container_id"]!);
        ((string)output[6]!["result"]!).Should().NotBeEmpty();
        output.Take(8).Should().OnlyContain(item => (string)item!["status"]! == "completed");
    }

    private const string Function = ",\"tools\":[{\"type\":\"web_search\"},{\"type\":\"function\",\"name\":\"get_weather\",\"parameters\":{}}]";

    [Fact]
    public async Task Calls_of_a_function_of_the_clients_stand_in_place_of_the_message_after_the_provider_s_own_tools()
    {
        var answer = await _provider.PostJsonAsync("responses", Provider.Response("[[sandbox tool_calls=2 web_searches=1]]", Function));

        var output = answer["output"]!.AsArray();
        Types(output).Should().Equal("web_search_call", "function_call", "function_call");
        ((string)output[1]!["name"]!, (string)output[1]!["arguments"]!, (string)output[1]!["status"]!).Should().Be(("get_weather", "{}", "completed"));
        output.Skip(1).Select(item => (string)item!["call_id"]!).Should().OnlyHaveUniqueItems().And.AllSatisfy(id => id.Should().StartWith("call_"));
        // What the client runs itself is no use of the provider's.
        ((int)answer["tool_usage"]!["web_search"]!["num_requests"]!).Should().Be(1);
    }

    [Fact]
    public async Task A_function_that_nobody_offered_is_not_called()
    {
        var answer = await _provider.PostJsonAsync("responses", Provider.Response("[[sandbox tool_calls=1]]", ",\"tools\":[{\"type\":\"web_search\"}]"));

        Types(answer["output"]!.AsArray()).Should().Equal("message");
    }

    [Fact]
    public async Task Containers_may_be_several()
    {
        var answer = await _provider.PostJsonAsync("responses", Provider.Response("[[sandbox code_calls=5 containers=2]]"));

        answer["output"]!.AsArray().Take(5).Select(item => (string)item!["container_id"]!).Distinct().Should().HaveCount(2);
    }

    [Fact]
    public async Task Limit_counts_all_tools_together_unless_it_is_ignored()
    {
        const string limit = ",\"max_tool_calls\":3";

        var limited = await _provider.PostJsonAsync("responses", Provider.Response($"[[sandbox {Every}]]", limit));
        var ignored = await _provider.PostJsonAsync("responses", Provider.Response($"[[sandbox {Every} ignore_limit=true]]", limit));

        ((int)limited["max_tool_calls"]!).Should().Be(3);
        limited["output"]!.AsArray().Should().HaveCount(3 + 1);
        ignored["output"]!.AsArray().Should().HaveCount(8 + 1);
        await _provider.PostJsonAsync("responses", Provider.Response(more: ",\"max_tool_calls\":0"), status: 400);
    }

    [Fact]
    public async Task Stream_tells_how_each_tool_gets_on_and_ends_with_the_same_items()
    {
        var events = Provider.Events(await _provider.StreamAsync(
            "responses", Provider.Response("[[sandbox web_searches=1 code_calls=1 tokens=2]]", ",\"stream\":true,\"max_output_tokens\":16")));

        events.Select(item => (string)item["type"]!).Should().Equal(
            "response.created", "response.in_progress",
            "response.output_item.added", "response.web_search_call.in_progress", "response.web_search_call.searching",
            "response.web_search_call.completed", "response.output_item.done",
            "response.output_item.added", "response.code_interpreter_call.in_progress", "response.code_interpreter_call.interpreting",
            "response.code_interpreter_call.completed", "response.output_item.done",
            "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
            "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed");
        events.Select(item => (long)item["sequence_number"]!).Should().Equal(Enumerable.Range(0, events.Count).Select(number => (long)number));
        ((int)events[7]["output_index"]!).Should().Be(1);
        ((int)events[12]["output_index"]!).Should().Be(2);
        var whole = events[^1]["response"]!["output"]!.AsArray();
        Types(whole).Should().Equal("web_search_call", "code_interpreter_call", "message");
        ((string)whole[0]!["id"]!).Should().Be((string)events[3]["item_id"]!);
    }

    [Fact]
    public async Task Stream_tells_the_arguments_of_a_function_and_no_text()
    {
        var events = Provider.Events(await _provider.StreamAsync("responses", Provider.Response("[[sandbox tool_calls=1]]", Function + ",\"stream\":true")));

        events.Select(item => (string)item["type"]!).Should().Equal(
            "response.created", "response.in_progress", "response.output_item.added", "response.function_call_arguments.delta",
            "response.function_call_arguments.done", "response.output_item.done", "response.completed");
        ((string)events[2]["item"]!["arguments"]!, (string)events[3]["delta"]!, (string)events[4]["arguments"]!, (string)events[5]["item"]!["arguments"]!)
            .Should().Be(("", "{}", "{}", "{}"));
        Types(events[^1]["response"]!["output"]!.AsArray()).Should().Equal("function_call");
    }

    [Fact]
    public async Task Response_repeats_the_tools_that_were_offered()
    {
        const string tools = "[{\"type\":\"web_search_preview\"}]";
        var answer = await _provider.PostJsonAsync("responses", Provider.Response(more: $",\"tools\":{tools}"));

        answer["tools"]!.ToJsonString().Should().Be(tools);
    }

    [Fact]
    public async Task Stored_response_keeps_its_items()
    {
        var created = await _provider.PostJsonAsync("responses", Provider.Response("[[sandbox file_searches=2]]"));
        var fetched = await _provider.GetJsonAsync($"responses/{(string)created["id"]!}");

        fetched["output"]!.ToJsonString().Should().Be(created["output"]!.ToJsonString());
    }

    [Theory]
    [InlineData("gpt-4o-search-preview", 200)]
    [InlineData("gpt-5-search-api", 200)]
    [InlineData("gpt-5-mini", 400)]
    public async Task Only_search_models_take_search_options_in_chat(string model, int status)
    {
        var body = $$"""{"model":"{{model}}","web_search_options":{"search_context_size":"low"},"messages":[{"role":"user","content":"x"}]}""";

        var answer = await _provider.PostJsonAsync("chat/completions", body, status);

        if (status == 200)
            ((string)answer["choices"]![0]!["message"]!["annotations"]![0]!["type"]!).Should().Be("url_citation");
    }

    private static IEnumerable<string> Types(JsonArray output) => output.Select(item => (string)item!["type"]!);
}
