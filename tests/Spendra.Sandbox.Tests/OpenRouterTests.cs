using System.Text;

namespace Spendra.Sandbox.Tests;

public sealed class OpenRouterTests : IAsyncLifetime
{
    private const string Path = "/api/v1/chat/completions";
    private const string Streamed = ",\"stream\":true";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Completion_says_who_served_it_and_what_it_cost()
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Chat());

        ((string)answer["id"]!).Should().StartWith("gen-");
        ((string)answer["provider"]!).Should().NotBeEmpty();
        var usage = answer["usage"]!;
        // 9 × 150 + 16 × 600 nano-USD.
        usage["cost"]!.ToJsonString().Should().Be("0.00001095");
        ((bool)usage["is_byok"]!).Should().BeFalse();
        usage["cost_details"]!["upstream_inference_cost"].Should().BeNull();
        usage["cost_details"]!["upstream_inference_prompt_cost"]!.ToJsonString().Should().Be("0.00000135");
        usage["cost_details"]!["upstream_inference_completions_cost"]!.ToJsonString().Should().Be("0.0000096");
        ((long)usage["total_tokens"]!).Should().Be(25);
    }

    [Fact]
    public async Task With_an_own_key_only_the_fee_is_charged()
    {
        var usage = (await _provider.PostJsonAsync(Path, Provider.Chat("[[sandbox byok=true input_tokens=1000 output_tokens=1000]]")))["usage"]!;

        ((bool)usage["is_byok"]!).Should().BeTrue();
        usage["cost_details"]!["upstream_inference_cost"]!.ToJsonString().Should().Be("0.00075");
        usage["cost"]!.ToJsonString().Should().Be("0.0000375");
    }

    [Theory]
    [InlineData("0.42")]
    [InlineData("-1")]
    [InlineData("1e30")]
    [InlineData("0.0000000000000000001")]
    public async Task Cost_may_be_any_number(string cost)
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Chat($"[[sandbox cost={cost} upstream_cost=3]]"));

        answer["usage"]!["cost"]!.ToJsonString().Should().Be(cost);
        answer["usage"]!["cost_details"]!["upstream_inference_cost"]!.ToJsonString().Should().Be("3");
    }

    [Fact]
    public async Task Absurd_usage_has_a_cost_all_the_same()
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Chat("[[sandbox input_tokens=10000000000000000000000000000000000000]]"));

        answer["usage"]!["cost"]!.ToJsonString().Should().StartWith("150000");
    }

    [Fact]
    public async Task Usage_as_strings_makes_the_cost_a_string_too()
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Chat("[[sandbox usage=string cost=1.5]]"));

        ((string)answer["usage"]!["cost"]!).Should().Be("1.5");
    }

    [Fact]
    public async Task Stream_begins_with_a_comment_and_ends_with_usage_that_nobody_asked_for()
    {
        var stream = await _provider.StreamAsync(Path, Provider.Chat(more: Streamed));

        stream.Should().StartWith(": OPENROUTER PROCESSING\n\ndata: {").And.EndWith("data: [DONE]\n\n");
        var chunks = Provider.Events(stream[stream.IndexOf("data: ", StringComparison.Ordinal)..]);
        chunks[..^1].Should().OnlyContain(chunk => !chunk.AsObject().ContainsKey("usage"));
        chunks[^1]["choices"]!.AsArray().Should().BeEmpty();
        chunks[^1]["usage"]!["cost"]!.ToJsonString().Should().Be("0.00001095");
        ((string)chunks[^2]["choices"]![0]!["native_finish_reason"]!).Should().Be("stop");
    }

    [Theory]
    [InlineData(Path, 0, ": OPENROUTER")]
    [InlineData(Path, 3, ": OPENROUTER")]
    [InlineData("chat/completions", 2, ": keep-alive")]
    public async Task Comments_are_as_many_as_asked_for(string path, int count, string comment)
    {
        var stream = await _provider.StreamAsync(path, Provider.Chat($"[[sandbox comments={count}]]", Streamed));

        stream.Split('\n').Count(line => line.StartsWith(comment, StringComparison.Ordinal)).Should().Be(count);
    }

    [Fact]
    public async Task Error_in_the_middle_is_a_chunk_with_its_own_finish_reason()
    {
        var stream = await _provider.StreamAsync(Path, Provider.Chat("[[sandbox error_midstream=true comments=0]]", Streamed));

        var last = Provider.Events(stream)[^1];
        ((int)last["error"]!["code"]!).Should().Be(502);
        ((string)last["choices"]![0]!["finish_reason"]!).Should().Be("error");
        ((string)last["id"]!).Should().StartWith("gen-");
        stream.Should().NotContain("[DONE]");
    }

    [Theory]
    [InlineData(400)]
    [InlineData(402)]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Errors_have_the_status_as_a_number(int status)
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Chat($"[[sandbox status={status}]]"), status);

        answer["error"]!.AsObject().Select(member => member.Key).Should().Equal("code", "message", "metadata");
        ((int)answer["error"]!["code"]!).Should().Be(status);
    }

    [Fact]
    public async Task Budget_of_its_own_is_a_402_that_says_when_to_come_again()
    {
        using var answer = await _provider.PostAsync(
            Path, Provider.Chat("[[sandbox status=402 error_code=openrouter_in_flight_budget retry_after=3]]"));

        ((int)answer.StatusCode).Should().Be(402);
        answer.Headers.RetryAfter!.ToString().Should().Be("3");
        (await answer.Content.ReadAsStringAsync(Provider.Token)).Should().Contain("\"limit_source\":\"openrouter_in_flight_budget\"");
    }

    [Fact]
    public async Task Generation_of_a_call_is_found_by_the_id_in_the_head()
    {
        using var answer = await _provider.PostAsync(Path, Provider.Chat("[[sandbox reasoning_tokens=4]]"));
        var id = answer.Headers.GetValues("X-Generation-Id").Should().ContainSingle().Subject;

        var data = (await _provider.GetJsonAsync($"/api/v1/generation?id={id}"))["data"]!;

        (await answer.Content.ReadAsStringAsync(Provider.Token)).Should().Contain(id);
        data["total_cost"]!.ToJsonString().Should().Be(data["usage"]!.ToJsonString());
        ((long)data["native_tokens_completion"]!).Should().Be(16);
        ((long)data["native_tokens_reasoning"]!).Should().Be(4);
        ((bool)data["cancelled"]!).Should().BeFalse();
        await _provider.GetJsonAsync("/api/v1/generation?id=gen-none", status: 404);
    }

    [Fact]
    public async Task Generation_of_a_broken_stream_is_cancelled_and_has_its_cost()
    {
        var arrived = await _provider.BrokenAsync(Path, Provider.Chat("[[sandbox break_after=5 generation_misses=2 cost=0.5]]", Streamed));
        var text = Encoding.UTF8.GetString(arrived);
        var id = (string)Provider.Events(text[text.IndexOf("data: ", StringComparison.Ordinal)..])[0]["id"]!;

        await _provider.GetJsonAsync($"/api/v1/generation?id={id}", status: 404);
        await _provider.GetJsonAsync($"/api/v1/generation?id={id}", status: 404);
        var data = (await _provider.GetJsonAsync($"/api/v1/generation?id={id}"))["data"]!;

        ((bool)data["cancelled"]!).Should().BeTrue();
        data["total_cost"]!.ToJsonString().Should().Be("0.5");
    }

    [Fact]
    public async Task Responses_and_embeddings_say_their_cost_too()
    {
        var response = await _provider.PostJsonAsync("/api/v1/responses", Provider.Response());
        var stream = Provider.Events(await _provider.StreamAsync("/api/v1/responses", Provider.Response(more: Streamed)));
        var embedding = await _provider.PostJsonAsync("/api/v1/embeddings", """{"model":"e","input":"12345678","dimensions":2}""");

        response["usage"]!["cost"]!.ToJsonString().Should().Be("0.00001095");
        stream[^1]["response"]!["usage"]!["cost"]!.ToJsonString().Should().Be("0.00001095");
        embedding["usage"]!["cost"]!.ToJsonString().Should().Be("0.0000003");
    }

    [Fact]
    public async Task Models_are_listed_with_prices_as_decimal_texts()
    {
        var list = await _provider.GetJsonAsync("/api/v1/models");

        ((string)list["data"]![0]!["pricing"]!["prompt"]!).Should().Be("0.00000015");
        ((string)list["data"]![0]!["pricing"]!["completion"]!).Should().Be("0.0000006");
    }

    [Theory]
    [InlineData("POST", "/api/v1/messages/count_tokens")]
    [InlineData("POST", "/api/v1/files")]
    [InlineData("GET", "/api/v1/responses/resp_1")]
    public async Task Routes_that_it_does_not_have_are_a_404_in_its_own_shape(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await _provider.Http.SendAsync(request, Provider.Token);

        ((int)answer.StatusCode).Should().Be(404);
        (await answer.Content.ReadAsStringAsync(Provider.Token)).Should().StartWith("{\"error\":{\"code\":404");
    }

    [Fact]
    public async Task Key_is_checked()
    {
        await using var strict = await Provider.StartAsync(new SandboxOptions { ApiKey = "sk-other" });

        var answer = await strict.PostJsonAsync(Path, Provider.Chat(), status: 401);

        ((int)answer["error"]!["code"]!).Should().Be(401);
    }
}
