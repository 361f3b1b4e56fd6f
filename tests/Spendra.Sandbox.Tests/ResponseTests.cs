namespace Spendra.Sandbox.Tests;

public sealed class ResponseTests : IAsyncLifetime
{
    private const string Path = "responses";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Plain_response_has_the_wire_shape_and_the_documented_usage()
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Response("Hello", ",\"instructions\":\"Be brief\",\"metadata\":{\"a\":\"b\"}"));

        ((string)answer["id"]!).Should().StartWith("resp_");
        ((string)answer["object"]!).Should().Be("response");
        ((string)answer["status"]!).Should().Be("completed");
        ((string)answer["instructions"]!).Should().Be("Be brief");
        ((string)answer["metadata"]!["a"]!).Should().Be("b");
        answer["incomplete_details"].Should().BeNull();
        answer["error"].Should().BeNull();
        ((string)answer["output"]![0]!["content"]![0]!["text"]!).Split(' ').Should().HaveCount(16);
        ((long)answer["usage"]!["input_tokens"]!).Should().Be(SandboxUsage.InputTokens("Hello", "Be brief"));
        ((long)answer["usage"]!["output_tokens"]!).Should().Be(16);
        answer["usage"]!["output_tokens_details"]!["reasoning_tokens"]!.GetValue<long>().Should().Be(0);
    }

    [Fact]
    public async Task Output_limit_makes_the_response_incomplete()
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Response("[[sandbox tokens=30]]", ",\"max_output_tokens\":20"));

        ((string)answer["status"]!).Should().Be("incomplete");
        ((string)answer["incomplete_details"]!["reason"]!).Should().Be("max_output_tokens");
        ((long)answer["usage"]!["output_tokens"]!).Should().Be(20);
    }

    [Fact]
    public async Task Output_limit_under_sixteen_is_refused_as_the_provider_does()
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Response(more: ",\"max_output_tokens\":15"), status: 400);

        ((string)answer["error"]!["code"]!).Should().Be("integer_below_min_value");
        ((string)answer["error"]!["param"]!).Should().Be("max_output_tokens");
    }

    [Fact]
    public async Task Stream_is_named_numbered_and_ends_with_the_whole_response()
    {
        var stream = await _provider.StreamAsync(Path, Provider.Response(more: ",\"stream\":true"));

        stream.Should().StartWith("event: response.created\ndata: {").And.NotContain("[DONE]");
        var names = stream.Split('\n').Where(line => line.StartsWith("event: ", StringComparison.Ordinal)).Select(line => line[7..]);
        var events = Provider.Events(stream);
        events.Select(item => (string)item["type"]!).Should().Equal(names);
        names.Should().Equal(
        [
            "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
            .. Enumerable.Repeat("response.output_text.delta", 16),
            "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
        ]);
        events.Select(item => (int)item["sequence_number"]!).Should().Equal(Enumerable.Range(0, 24));
        events[0]["response"]!["usage"].Should().BeNull();
        ((long)events[^1]["response"]!["usage"]!["total_tokens"]!).Should().Be(25);
        string.Concat(events.Select(item => (string?)item["delta"])).Should().Be((string)events[20]["text"]!);
    }

    [Fact]
    public async Task Stream_that_is_cut_ends_with_incomplete()
    {
        var stream = await _provider.StreamAsync(Path, Provider.Response("[[sandbox tokens=17]]", ",\"stream\":true,\"max_output_tokens\":16"));

        var last = Provider.Events(stream)[^1];
        ((string)last["type"]!).Should().Be("response.incomplete");
        ((string)last["response"]!["status"]!).Should().Be("incomplete");
    }

    [Fact]
    public async Task Error_in_the_middle_is_an_error_event_and_a_failed_response_without_usage()
    {
        var events = Provider.Events(await _provider.StreamAsync(Path, Provider.Response("[[sandbox error_midstream=true]]", ",\"stream\":true")));
        var plain = await _provider.PostJsonAsync(Path, Provider.Response("[[sandbox error_midstream=true]]"));

        ((string)events[^2]["type"]!).Should().Be("error");
        ((string)events[^1]["type"]!).Should().Be("response.failed");
        ((string)events[^1]["response"]!["error"]!["code"]!).Should().Be("server_error");
        ((string)plain["status"]!).Should().Be("failed");
        plain["usage"].Should().BeNull();
    }

    [Fact]
    public async Task Stored_response_can_be_fetched_streamed_again_and_deleted()
    {
        var created = await _provider.PostJsonAsync(Path, Provider.Response());
        var id = (string)created["id"]!;

        var fetched = await _provider.GetJsonAsync($"{Path}/{id}");
        var again = Provider.Events(await _provider.Http.GetStringAsync($"{Path}/{id}?stream=true&starting_after=21", Provider.Token));
        var deleted = await _provider.DeleteJsonAsync($"{Path}/{id}");

        fetched.ToJsonString().Should().Be(created.ToJsonString());
        again.Select(item => (int)item["sequence_number"]!).Should().Equal(22, 23);
        ((bool)deleted["deleted"]!).Should().BeTrue();
        await _provider.GetJsonAsync($"{Path}/{id}", status: 404);
        await _provider.DeleteJsonAsync($"{Path}/{id}", status: 404);
        await _provider.PostJsonAsync($"{Path}/{id}/cancel", "", status: 404);
        await _provider.GetJsonAsync($"{Path}/{id}/input_items", status: 404);
    }

    [Fact]
    public async Task Response_that_is_not_stored_cannot_be_fetched_or_continued()
    {
        var id = (string)(await _provider.PostJsonAsync(Path, Provider.Response(more: ",\"store\":false")))["id"]!;

        await _provider.GetJsonAsync($"{Path}/{id}", status: 404);
        var next = await _provider.PostJsonAsync(Path, Provider.Response(more: $",\"previous_response_id\":\"{id}\""), status: 400);

        ((string)next["error"]!["code"]!).Should().Be("previous_response_not_found");
    }

    [Fact]
    public async Task Earlier_response_is_charged_again_as_input_and_so_is_what_came_before_it()
    {
        var first = await _provider.PostJsonAsync(Path, Provider.Response());
        var second = await _provider.PostJsonAsync(Path, Provider.Response(more: $",\"previous_response_id\":\"{first["id"]}\""));
        var third = await _provider.PostJsonAsync(Path, Provider.Response(more: $",\"previous_response_id\":\"{second["id"]}\""));
        var counted = await _provider.PostJsonAsync($"{Path}/input_tokens", Provider.Response(more: $",\"previous_response_id\":\"{second["id"]}\""));

        ((long)first["usage"]!["input_tokens"]!).Should().Be(9);
        ((long)second["usage"]!["input_tokens"]!).Should().Be(9 + 25);
        ((long)third["usage"]!["input_tokens"]!).Should().Be(9 + 34 + 16);
        ((long)counted["input_tokens"]!).Should().Be((long)third["usage"]!["input_tokens"]!);
        ((string)counted["object"]!).Should().Be("response.input_tokens");
    }

    [Fact]
    public async Task Background_needs_storage_and_only_background_can_be_cancelled()
    {
        await _provider.PostJsonAsync(Path, Provider.Response(more: ",\"background\":true,\"store\":false"), status: 400);
        var foreground = (string)(await _provider.PostJsonAsync(Path, Provider.Response()))["id"]!;

        await _provider.PostJsonAsync($"{Path}/{foreground}/cancel", "", status: 400);
    }

    [Fact]
    public async Task Input_items_come_back_newest_first_with_ids_and_in_pages()
    {
        const string body = """
            {"model":"m","input":[{"role":"user","content":"one"},{"type":"function_call_output","call_id":"c","output":"two"},
             {"role":"user","content":[{"type":"input_text","text":"three"}]}]}
            """;
        var created = await _provider.PostJsonAsync(Path, body);
        var path = $"{Path}/{created["id"]}/input_items";

        var newest = await _provider.GetJsonAsync($"{path}?limit=2");
        var rest = await _provider.GetJsonAsync($"{path}?after={newest["last_id"]}");
        var oldest = await _provider.GetJsonAsync($"{path}?order=asc");

        ((long)created["usage"]!["input_tokens"]!).Should().Be(SandboxUsage.InputTokens("one", "two", "three"));
        ((bool)newest["has_more"]!).Should().BeTrue();
        ((string)newest["data"]![0]!["content"]![0]!["text"]!).Should().Be("three");
        ((string)newest["data"]![1]!["output"]!).Should().Be("two");
        ((bool)rest["has_more"]!).Should().BeFalse();
        ((string)rest["data"]![0]!["content"]![0]!["text"]!).Should().Be("one");
        oldest["data"]!.AsArray().Should().HaveCount(3);
        await _provider.GetJsonAsync($"{path}?limit=101", status: 400);
    }

    [Fact]
    public async Task Oldest_response_is_forgotten_when_the_store_is_full()
    {
        await using var small = await Provider.StartAsync(new SandboxOptions { MaxStoredResponses = 1 });
        var first = (string)(await small.PostJsonAsync(Path, Provider.Response()))["id"]!;
        var second = (string)(await small.PostJsonAsync(Path, Provider.Response()))["id"]!;

        await small.GetJsonAsync($"{Path}/{first}", status: 404);
        await small.GetJsonAsync($"{Path}/{second}");
    }
}
