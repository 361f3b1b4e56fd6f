namespace Spendra.Sandbox.Tests;

public sealed class ProviderKnobTests : IAsyncLifetime
{
    private const string ChatPath = "chat/completions";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Parts_of_usage_can_be_reported_as_asked_for()
    {
        const string knobs = "audio_tokens=1 image_tokens=2 output_audio_tokens=3 accepted_tokens=4 rejected_tokens=5 total_tokens=-6";

        var usage = (await _provider.PostJsonAsync(ChatPath, Provider.Chat($"[[sandbox {knobs}]]")))["usage"]!;

        ((long)usage["prompt_tokens_details"]!["audio_tokens"]!).Should().Be(1);
        ((long)usage["prompt_tokens_details"]!["image_tokens"]!).Should().Be(2);
        ((long)usage["completion_tokens_details"]!["audio_tokens"]!).Should().Be(3);
        ((long)usage["completion_tokens_details"]!["accepted_prediction_tokens"]!).Should().Be(4);
        ((long)usage["completion_tokens_details"]!["rejected_prediction_tokens"]!).Should().Be(5);
        ((long)usage["total_tokens"]!).Should().Be(-6);
    }

    [Fact]
    public async Task Total_may_contradict_its_parts_on_every_surface()
    {
        var response = await _provider.PostJsonAsync("responses", Provider.Response("[[sandbox total_tokens=7]]"));
        var embedding = await _provider.PostJsonAsync("embeddings", """{"model":"e","input":"[[sandbox total_tokens=7]]","dimensions":2}""");
        var google = await _provider.PostJsonAsync("/v1beta/openai/chat/completions", Provider.Chat("[[sandbox total_tokens=7]]"));

        foreach (var answer in new[] { response, embedding, google })
            ((long)answer["usage"]!["total_tokens"]!).Should().Be(7);
    }

    [Fact]
    public async Task Error_has_the_code_the_type_and_the_delay_that_were_asked_for()
    {
        using var answer = await _provider.PostAsync(
            ChatPath, Provider.Chat("[[sandbox status=429 error_code=project_spend_limit_exceeded error_type=insufficient_quota retry_after=9]]"));

        answer.Headers.RetryAfter!.ToString().Should().Be("9");
        answer.Headers.GetValues("retry-after-ms").Should().Equal("9000");
        (await answer.Content.ReadAsStringAsync(Provider.Token)).Should()
            .Contain("\"type\":\"insufficient_quota\"").And.Contain("\"code\":\"project_spend_limit_exceeded\"");
    }

    [Theory]
    [InlineData("content_filter=both")]
    [InlineData("usage_type=words")]
    [InlineData("cost=cheap")]
    [InlineData("cost=1.")]
    [InlineData("cost=01")]
    [InlineData("error_code=")]
    [InlineData("batch_end=soon")]
    [InlineData("batch_fetches=-1")]
    [InlineData("containers=0")]
    [InlineData("web_searches=1001")]
    [InlineData("byok=perhaps")]
    [InlineData("rpc_error=x")]
    public async Task Knob_that_is_not_understood_is_a_400(string knob)
    {
        var answer = await _provider.PostJsonAsync(ChatPath, Provider.Chat($"[[sandbox {knob}]]"), status: 400);

        ((string)answer["error"]!["code"]!).Should().Be("sandbox_directive");
    }

    [Fact]
    public async Task Filtered_output_is_a_finish_reason_of_openai_too()
    {
        var output = await _provider.PostJsonAsync(ChatPath, Provider.Chat("[[sandbox content_filter=output]]"));
        var prompt = await _provider.PostJsonAsync(ChatPath, Provider.Chat("[[sandbox content_filter=prompt]]"), status: 400);

        ((string)output["choices"]![0]!["finish_reason"]!).Should().Be("content_filter");
        ((string)prompt["error"]!["code"]!).Should().Be("content_filter");
        prompt["error"]!.AsObject().ContainsKey("innererror").Should().BeFalse();
    }

    [Theory]
    [InlineData("/openai/v1/chat/completions")]
    [InlineData("/api/v1/chat/completions")]
    [InlineData("/v1beta/openai/chat/completions")]
    [InlineData("/v1/projects/p/locations/l/endpoints/openapi/chat/completions")]
    public async Task Knobs_of_every_answer_work_for_every_provider(string path)
    {
        const string streamed = ",\"stream\":true,\"stream_options\":{\"include_usage\":true}";

        var none = await _provider.PostJsonAsync(path, Provider.Chat("[[sandbox no_usage=true]]"));
        var open = await _provider.StreamAsync(path, Provider.Chat("[[sandbox no_done=true]]", streamed));
        var cut = await _provider.BrokenAsync(path, Provider.Chat("[[sandbox break_after_bytes=99]]", streamed));
        using var moved = await _provider.PostAsync(path, Provider.Chat("[[sandbox redirect=http://elsewhere/]]"));

        none.AsObject().ContainsKey("usage").Should().BeFalse();
        open.Should().NotContain("[DONE]").And.Contain("\"usage\":{");
        cut.Should().HaveCount(99);
        ((int)moved.StatusCode).Should().Be(307);
    }
}
