using System.Text;

namespace Spendra.Sandbox.Tests;

public sealed class ChatTests : IAsyncLifetime
{
    private const string Path = "chat/completions";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Plain_completion_has_the_wire_shape_and_the_documented_usage()
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Chat("Hello"));

        ((string)answer["id"]!).Should().StartWith("chatcmpl-");
        ((string)answer["object"]!).Should().Be("chat.completion");
        ((string)answer["model"]!).Should().Be("gpt-5.6-luna");
        ((string)answer["service_tier"]!).Should().Be("default");
        ((string)answer["system_fingerprint"]!).Should().NotBeEmpty();
        var choice = answer["choices"]!.AsArray().Should().ContainSingle().Subject!;
        ((string)choice["finish_reason"]!).Should().Be("stop");
        ((string)choice["message"]!["content"]!).Split(' ').Should().HaveCount(16);
        ((long)answer["usage"]!["prompt_tokens"]!).Should().Be(SandboxUsage.InputTokens("Hello")).And.Be(2 + 4 + 3);
        ((long)answer["usage"]!["completion_tokens"]!).Should().Be(SandboxUsage.OutputTokens()).And.Be(16);
        ((long)answer["usage"]!["total_tokens"]!).Should().Be(25);
    }

    [Fact]
    public async Task Every_answer_has_the_headers_of_the_provider()
    {
        using var answer = await _provider.PostAsync(Path, Provider.Chat());

        foreach (var name in new[]
        {
            "x-request-id", "openai-processing-ms", "openai-version", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests",
            "x-ratelimit-reset-requests", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens",
        })
            answer.Headers.Contains(name).Should().BeTrue(name);
        answer.Content.Headers.ContentLength.Should().BePositive();
    }

    [Theory]
    [InlineData("max_tokens")]
    [InlineData("max_completion_tokens")]
    public async Task Output_limit_cuts_the_text_and_is_the_finish_reason(string field)
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Chat(more: $",\"{field}\":5"));

        ((string)answer["choices"]![0]!["finish_reason"]!).Should().Be("length");
        ((string)answer["choices"]![0]!["message"]!["content"]!).Split(' ').Should().HaveCount(5);
        ((long)answer["usage"]!["completion_tokens"]!).Should().Be(SandboxUsage.OutputTokens(limit: 5));
    }

    [Theory]
    [InlineData(",\"max_tokens\":9,\"max_completion_tokens\":4")]
    [InlineData(",\"max_completion_tokens\":4,\"max_tokens\":9")]
    public async Task Newer_name_of_the_limit_wins_in_either_order(string more)
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Chat(more: more));

        ((long)answer["usage"]!["completion_tokens"]!).Should().Be(4);
    }

    [Fact]
    public async Task Limit_that_is_just_reached_is_no_cut()
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Chat(more: ",\"max_tokens\":16"));

        ((string)answer["choices"]![0]!["finish_reason"]!).Should().Be("stop");
    }

    [Fact]
    public async Task First_function_that_is_offered_is_called_in_place_of_a_text()
    {
        const string tools = ",\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}},{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]";

        var plain = await _provider.PostJsonAsync(Path, Provider.Chat("[[sandbox tool_calls=2]]", tools));
        var stream = Provider.Events(await (await _provider.PostAsync(Path, Provider.Chat("[[sandbox tool_calls=2]]", tools + ",\"stream\":true"))).Content.ReadAsStringAsync(Provider.Token));
        var without = await _provider.PostJsonAsync(Path, Provider.Chat("[[sandbox tool_calls=2]]"));

        var message = plain["choices"]![0]!["message"]!;
        message["content"].Should().BeNull();
        message["tool_calls"]!.AsArray().Select(c => (string)c!["function"]!["name"]!).Should().Equal("f", "f");
        ((string)plain["choices"]![0]!["finish_reason"]!).Should().Be("tool_calls");
        // The role, the calls, the finish.
        stream.Should().HaveCount(3);
        stream[1]["choices"]![0]!["delta"]!["tool_calls"]!.AsArray().Should().HaveCount(2);
        without["choices"]![0]!["message"]!.AsObject().ContainsKey("tool_calls").Should().BeFalse();
    }

    [Fact]
    public async Task All_choices_are_billed_and_the_prompt_once()
    {
        var answer = await _provider.PostJsonAsync(Path, Provider.Chat(more: ",\"n\":3"));

        answer["choices"]!.AsArray().Select(choice => (int)choice!["index"]!).Should().Equal(0, 1, 2);
        ((long)answer["usage"]!["completion_tokens"]!).Should().Be(SandboxUsage.OutputTokens(choices: 3)).And.Be(48);
        ((long)answer["usage"]!["prompt_tokens"]!).Should().Be(9);
    }

    [Fact]
    public async Task Text_is_counted_in_unescaped_bytes_over_strings_and_parts()
    {
        const string body = """
            {"messages":[
              {"content":"a\u00e9\n","role":"system"},
              {"role":"user","content":[{"type":"text","text":"€uro"},{"type":"image_url","image_url":{"url":"https://x/y.png"}}]},
              {"role":"tool","tool_call_id":"c","content":"12345"}],"model":"m"}
            """;

        var answer = await _provider.PostJsonAsync(Path, body);

        var expected = SandboxUsage.InputTokens("aé\n", "€uro", "12345");
        ((long)answer["usage"]!["prompt_tokens"]!).Should().Be(expected).And.Be(4 + 12 + 3);
        expected.Should().BeLessThanOrEqualTo(Encoding.UTF8.GetByteCount(body));
    }

    [Fact]
    public async Task Tier_that_was_asked_for_is_served_and_auto_is_default()
    {
        var flex = await _provider.PostJsonAsync(Path, Provider.Chat(more: ",\"service_tier\":\"flex\""));
        var auto = await _provider.PostJsonAsync(Path, Provider.Chat(more: ",\"service_tier\":\"auto\""));

        ((string)flex["service_tier"]!).Should().Be("flex");
        ((string)auto["service_tier"]!).Should().Be("default");
    }

    [Fact]
    public async Task Stream_with_usage_has_null_usage_in_each_chunk_and_one_extra_chunk_without_choices()
    {
        var stream = await _provider.StreamAsync(Path, Provider.Chat(more: ",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));

        stream.Should().StartWith("data: {").And.EndWith("data: [DONE]\n\n");
        var chunks = Provider.Events(stream);
        chunks.Should().HaveCount(1 + 16 + 1 + 1);
        chunks[..^1].Should().OnlyContain(chunk => chunk.AsObject().ContainsKey("usage") && chunk["usage"] == null);
        chunks[^1]["choices"]!.AsArray().Should().BeEmpty();
        ((long)chunks[^1]["usage"]!["total_tokens"]!).Should().Be(25);
        chunks.Select(chunk => (string)chunk["id"]!).Distinct().Should().ContainSingle();
        ((string)chunks[0]["choices"]![0]!["delta"]!["role"]!).Should().Be("assistant");
        ((string)chunks[^2]["choices"]![0]!["finish_reason"]!).Should().Be("stop");
        string.Concat(chunks[..^1].Select(chunk => (string?)chunk["choices"]![0]!["delta"]!["content"])).Split(' ').Should().HaveCount(16);
    }

    [Fact]
    public async Task Stream_without_the_option_never_mentions_usage()
    {
        var stream = await _provider.StreamAsync(Path, Provider.Chat(more: ",\"stream\":true,\"n\":2,\"max_tokens\":3"));

        stream.Should().NotContain("usage");
        var chunks = Provider.Events(stream);
        chunks.Should().HaveCount(2 * (1 + 3 + 1));
        chunks[^2..].Should().OnlyContain(chunk => (string)chunk["choices"]![0]!["finish_reason"]! == "length");
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("[]", null)]
    [InlineData("{\"model\":\"m\",", null)]
    [InlineData("{\"model\":\"m\",\"messages\":[]} x", null)]
    [InlineData("{\"model\":\"\\ud800\",\"messages\":[]}", null)]
    [InlineData("{\"messages\":[]}", null)]
    [InlineData("{\"model\":\"m\"}", "messages")]
    [InlineData("{\"model\":\"m\",\"messages\":\"x\"}", "messages")]
    [InlineData("{\"model\":1,\"messages\":[]}", "model")]
    [InlineData("{\"model\":\"m\",\"messages\":[],\"n\":129}", "n")]
    [InlineData("{\"model\":\"m\",\"messages\":[],\"n\":0}", "n")]
    [InlineData("{\"model\":\"m\",\"messages\":[],\"stream\":1}", "stream")]
    [InlineData("{\"model\":\"m\",\"messages\":[],\"max_tokens\":\"5\"}", "max_tokens")]
    [InlineData("{\"model\":\"m\",\"messages\":[],\"max_tokens\":-1}", "max_tokens")]
    public async Task Body_that_makes_no_sense_is_refused_in_the_shape_of_the_provider(string body, string? param)
    {
        var answer = await _provider.PostJsonAsync(Path, body, status: 400);

        var error = answer["error"]!.AsObject();
        error.Select(member => member.Key).Should().Equal("message", "type", "param", "code");
        ((string)error["type"]!).Should().Be("invalid_request_error");
        ((string?)error["param"]).Should().Be(param);
    }

    [Fact]
    public async Task Large_body_is_read_whole()
    {
        var text = new string('x', 3_000_000);

        var answer = await _provider.PostJsonAsync(Path, Provider.Chat(text));

        ((long)answer["usage"]!["prompt_tokens"]!).Should().Be(SandboxUsage.InputTokens(text));
    }

    [Fact]
    public async Task Body_over_the_limit_is_too_large()
    {
        await using var small = await Provider.StartAsync(new SandboxOptions { MaxJsonBodyBytes = 100 });

        var answer = await small.PostJsonAsync(Path, Provider.Chat(new string('x', 200)), status: 413);

        ((string)answer["error"]!["code"]!).Should().Be("request_too_large");
    }
}
