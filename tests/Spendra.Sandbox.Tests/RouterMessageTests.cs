namespace Spendra.Sandbox.Tests;

/// <summary>Anthropic's messages on OpenRouter: the same answers, with what they cost.</summary>
public sealed class RouterMessageTests : IAsyncLifetime
{
    private const string Path = "/api/v1/messages";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync(new SandboxOptions { ApiKey = "sk-test" });

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task A_message_says_what_it_cost()
    {
        var answer = await _provider.PostJsonAsync(Path, Native.Message("[[sandbox input_tokens=5 cached_tokens=3 cache_write_tokens=1 output_tokens=16]]"));

        ((string)answer["id"]!).Should().StartWith("gen-");
        var usage = answer["usage"]!;
        // 9 × 150 + 16 × 600 nano-USD.
        usage["cost"]!.ToJsonString().Should().Be("0.00001095");
        ((bool)usage["is_byok"]!).Should().BeFalse();
        usage["cost_details"]!["upstream_inference_cost"].Should().BeNull();
        ((long)usage["cache_read_input_tokens"]!).Should().Be(3);
    }

    [Fact]
    public async Task A_stream_says_it_with_its_last_totals()
    {
        var stream = await _provider.StreamAsync(Path, Native.Streamed("[[sandbox cost=0.42]]"));

        var last = Provider.Events(stream).Last(e => (string)e["type"]! == "message_delta");
        last["usage"]!["cost"]!.ToJsonString().Should().Be("0.42");
    }

    [Fact]
    public async Task Other_hosts_say_nothing_of_cost()
    {
        _provider.Http.DefaultRequestHeaders.Add("anthropic-version", "2023-06-01");

        (await _provider.PostJsonAsync(Native.Messages, Native.Message()))["usage"]!["cost"].Should().BeNull();
    }

    [Fact]
    public async Task An_error_is_in_Anthropics_shape()
    {
        var answer = await _provider.PostJsonAsync(Path, Native.Message("[[sandbox status=402]]"), 402);

        ((string)answer["error"]!["type"]!).Should().Be("billing_error");
    }
}
