using System.Text.Json;

namespace Spendra.Sandbox.Tests;

public sealed class KnobTests : IAsyncLifetime
{
    private const string ChatPath = "chat/completions";
    private const string WithUsage = ",\"stream\":true,\"stream_options\":{\"include_usage\":true}";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Knobs_come_from_the_last_user_text_only()
    {
        const string body = """
            {"model":"m","messages":[
              {"role":"user","content":"[[sandbox status=500]]"},
              {"role":"assistant","content":"[[sandbox status=500]]"},
              {"role":"user","content":[{"type":"text","text":"now [[sandbox tokens=2]] please"}]},
              {"role":"assistant","content":"[[sandbox status=500]]"}]}
            """;

        var answer = await _provider.PostJsonAsync(ChatPath, body);

        ((long)answer["usage"]!["completion_tokens"]!).Should().Be(2);
    }

    [Fact]
    public async Task Knobs_come_from_metadata_and_the_text_overrides_them()
    {
        var metadata = ",\"metadata\":{\"other\":\"x\",\"sandbox\":\"tokens=3 service_tier=flex\"}";

        var alone = await _provider.PostJsonAsync(ChatPath, Provider.Chat(more: metadata));
        var both = await _provider.PostJsonAsync(ChatPath, Provider.Chat("[[sandbox tokens=7]]", metadata));

        ((long)alone["usage"]!["completion_tokens"]!).Should().Be(3);
        ((long)both["usage"]!["completion_tokens"]!).Should().Be(7);
        ((string)both["service_tier"]!).Should().Be("flex");
    }

    [Fact]
    public async Task Knobs_of_the_server_reach_routes_without_a_body()
    {
        await using var broken = await Provider.StartAsync(new SandboxOptions { Knobs = "status=503" });

        await broken.GetJsonAsync("models", status: 503);
        await broken.PostJsonAsync(ChatPath, Provider.Chat(), status: 503);
    }

    [Theory]
    [InlineData("token=3")]
    [InlineData("tokens=-1")]
    [InlineData("tokens=1000001")]
    [InlineData("tokens")]
    [InlineData("usage=float")]
    [InlineData("status=200")]
    [InlineData("input_tokens=-170141183460469231731687303715884105728")]
    [InlineData("hang=maybe")]
    [InlineData("redirect=http://a^b")]
    public async Task Knob_that_is_not_understood_is_a_400_rather_than_ignored(string knob)
    {
        var answer = await _provider.PostJsonAsync(ChatPath, Provider.Chat($"[[sandbox {knob}]]"), status: 400);

        ((string)answer["error"]!["code"]!).Should().Be("sandbox_directive");
        var start = async () => await SandboxServer.StartAsync(new SandboxOptions { Knobs = knob }, Provider.Token);
        await start.Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task Tokens_are_still_cut_by_the_limit_unless_it_is_ignored()
    {
        var cut = await _provider.PostJsonAsync(ChatPath, Provider.Chat("[[sandbox tokens=50]]", ",\"max_tokens\":20"));
        var overrun = await _provider.PostJsonAsync(ChatPath, Provider.Chat("[[sandbox tokens=50 ignore_limit=true]]", ",\"max_tokens\":20"));
        var doubled = await _provider.PostJsonAsync(ChatPath, Provider.Chat("[[sandbox ignore_limit=true]]", ",\"max_tokens\":20"));

        ((long)cut["usage"]!["completion_tokens"]!).Should().Be(20);
        ((string)cut["choices"]![0]!["finish_reason"]!).Should().Be("length");
        ((long)overrun["usage"]!["completion_tokens"]!).Should().Be(50);
        ((long)doubled["usage"]!["completion_tokens"]!).Should().Be(SandboxUsage.OutputTokens(limit: 20, ignoreLimit: true)).And.Be(40);
    }

    [Theory]
    [InlineData("-5")]
    [InlineData("9223372036854775808")]
    [InlineData("10000000000000000000000000000000000000")]
    public async Task Reported_usage_may_be_absurd(string value)
    {
        var knobs = $"[[sandbox input_tokens={value} output_tokens=1 cached_tokens={value} cache_write_tokens=2 reasoning_tokens={value}]]";

        var answer = await _provider.PostJsonAsync(ChatPath, Provider.Chat(knobs));

        var usage = answer["usage"]!;
        usage["prompt_tokens"]!.ToJsonString().Should().Be(value);
        usage["total_tokens"]!.ToJsonString().Should().Be((Int128.Parse(value) + 1).ToString());
        usage["prompt_tokens_details"]!["cached_tokens"]!.ToJsonString().Should().Be(value);
        usage["prompt_tokens_details"]!["cache_write_tokens"]!.ToJsonString().Should().Be("2");
        usage["completion_tokens_details"]!["reasoning_tokens"]!.ToJsonString().Should().Be(value);
    }

    [Fact]
    public async Task Usage_as_strings_is_malformed_on_every_surface()
    {
        var chat = await _provider.PostJsonAsync(ChatPath, Provider.Chat("[[sandbox usage=string]]"));
        var response = await _provider.PostJsonAsync("responses", Provider.Response("[[sandbox usage=string]]"));

        chat["usage"]!["total_tokens"]!.GetValueKind().Should().Be(JsonValueKind.String);
        response["usage"]!["output_tokens"]!.GetValueKind().Should().Be(JsonValueKind.String);
    }

    [Fact]
    public async Task No_usage_leaves_it_out_even_when_the_stream_was_to_include_it()
    {
        var plain = await _provider.PostJsonAsync(ChatPath, Provider.Chat("[[sandbox no_usage=true]]"));
        var stream = await _provider.StreamAsync(ChatPath, Provider.Chat("[[sandbox no_usage=true]]", WithUsage));
        var response = await _provider.PostJsonAsync("responses", Provider.Response("[[sandbox no_usage=true]]"));

        plain.AsObject().ContainsKey("usage").Should().BeFalse();
        stream.Should().NotContain("usage").And.EndWith("data: [DONE]\n\n");
        response["usage"].Should().BeNull();
    }

    [Fact]
    public async Task No_done_ends_the_stream_tidily_without_its_mark()
    {
        var chat = await _provider.StreamAsync(ChatPath, Provider.Chat("[[sandbox no_done=true]]", WithUsage));
        var response = await _provider.StreamAsync("responses", Provider.Response("[[sandbox no_done=true]]", ",\"stream\":true"));

        chat.Should().NotContain("[DONE]").And.Contain("\"usage\":{");
        ((string)Provider.Events(response)[^1]["type"]!).Should().Be("response.output_item.done");
    }

    [Theory]
    [InlineData(ChatPath, 1_000)]
    [InlineData(ChatPath, 200_001)]
    [InlineData("responses", 4_096)]
    public async Task Line_bytes_pads_one_line_to_exactly_that_length(string path, int length)
    {
        var knob = $"[[sandbox line_bytes={length}]]";
        var body = path == ChatPath ? Provider.Chat(knob, WithUsage) : Provider.Response(knob, ",\"stream\":true");

        var stream = await _provider.StreamAsync(path, body);

        stream.Split('\n').Should().ContainSingle(line => line.Length == length);
        Provider.Events(stream).Should().NotBeEmpty();
    }

    [Fact]
    public async Task Model_and_tier_may_be_others_than_asked_for()
    {
        const string knob = "[[sandbox model=gpt-5-mini-2025-08-07 service_tier=priority]]";

        var answer = await _provider.PostJsonAsync(ChatPath, Provider.Chat(knob));
        var stream = Provider.Events(await _provider.StreamAsync(ChatPath, Provider.Chat(knob, WithUsage)));

        ((string)answer["model"]!).Should().Be("gpt-5-mini-2025-08-07");
        ((string)answer["service_tier"]!).Should().Be("priority");
        stream.Should().OnlyContain(chunk => (string)chunk["model"]! == "gpt-5-mini-2025-08-07" && (string)chunk["service_tier"]! == "priority");
    }
}
