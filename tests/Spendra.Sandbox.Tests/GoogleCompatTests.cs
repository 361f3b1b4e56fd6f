namespace Spendra.Sandbox.Tests;

public sealed class GoogleCompatTests : IAsyncLifetime
{
    private const string Gemini = "/v1beta/openai/chat/completions";
    private const string Vertex = "/v1/projects/p/locations/global/endpoints/openapi/chat/completions";
    private const string WithUsage = ",\"stream\":true,\"stream_options\":{\"include_usage\":true}";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Theory]
    [InlineData(Gemini)]
    [InlineData(Vertex)]
    [InlineData("/v1beta1/projects/p/locations/eu/endpoints/openapi/chat/completions")]
    public async Task Thoughts_are_in_the_total_but_not_in_the_completion(string path)
    {
        const string knob = "[[sandbox reasoning_tokens=40 input_tokens=10]]";

        var plain = await _provider.PostJsonAsync(path, Provider.Chat(knob));
        var chunks = Provider.Events(await _provider.StreamAsync(path, Provider.Chat(knob, WithUsage)));

        foreach (var usage in new[] { plain["usage"]!, chunks[^1]["usage"]! })
        {
            ((long)usage["prompt_tokens"]!).Should().Be(10);
            ((long)usage["completion_tokens"]!).Should().Be(16);
            ((long)usage["total_tokens"]!).Should().Be(10 + 16 + 40);
        }
    }

    [Theory]
    [InlineData(Gemini)]
    [InlineData(Vertex)]
    public async Task Every_chunk_of_a_stream_tells_the_usage_so_far(string path)
    {
        var chunks = Provider.Events(await _provider.StreamAsync(path, Provider.Chat("[[sandbox tokens=3 input_tokens=10]]", WithUsage)));

        chunks.Select(c => (long)c["usage"]!["completion_tokens"]!).Should().Equal(0, 1, 2, 3, 3, 3);
        chunks.Select(c => (long)c["usage"]!["total_tokens"]!).Should().Equal(10, 11, 12, 13, 13, 13);
    }

    [Fact]
    public async Task Vertex_says_more_of_its_usage_than_the_gemini_api()
    {
        const string knob = "[[sandbox cached_tokens=5 reasoning_tokens=2]]";

        var gemini = await _provider.PostJsonAsync(Gemini, Provider.Chat(knob));
        var vertex = await _provider.PostJsonAsync(Vertex, Provider.Chat(knob));

        gemini["usage"]!.AsObject().Select(member => member.Key).Should().Equal("prompt_tokens", "completion_tokens", "total_tokens");
        ((long)vertex["usage"]!["prompt_tokens_details"]!["cached_tokens"]!).Should().Be(5);
        ((long)vertex["usage"]!["completion_tokens_details"]!["reasoning_tokens"]!).Should().Be(2);
        ((string)vertex["usage"]!["extra_properties"]!["google"]!["traffic_type"]!).Should().Be("ON_DEMAND");
    }

    [Theory]
    [InlineData(Gemini, 400, "INVALID_ARGUMENT")]
    [InlineData(Gemini, 402, "RESOURCE_EXHAUSTED")]
    [InlineData(Gemini, 429, "RESOURCE_EXHAUSTED")]
    [InlineData(Vertex, 403, "PERMISSION_DENIED")]
    [InlineData(Vertex, 503, "UNAVAILABLE")]
    public async Task Errors_are_an_array_of_one_with_googles_status(string path, int status, string name)
    {
        var answer = await _provider.PostJsonAsync(path, Provider.Chat($"[[sandbox status={status}]]"), status);

        var error = answer.AsArray().Should().ContainSingle().Subject!["error"]!;
        ((int)error["code"]!).Should().Be(status);
        ((string)error["status"]!).Should().Be(name);
        (error["details"] is null).Should().Be(status is not (429 or 503));
    }

    [Fact]
    public async Task Error_in_the_middle_of_a_stream_is_googles_too()
    {
        var stream = await _provider.StreamAsync(Gemini, Provider.Chat("[[sandbox error_midstream=true]]", WithUsage));

        ((string)Provider.Events(stream)[^1]["error"]!["status"]!).Should().Be("INTERNAL");
        stream.Should().NotContain("[DONE]");
    }

    [Fact]
    public async Task Gemini_has_embeddings_and_models_and_nothing_more()
    {
        await _provider.PostJsonAsync("/v1beta/openai/embeddings", """{"model":"e","input":"x","dimensions":2}""");
        await _provider.GetJsonAsync("/v1beta/openai/models");

        await _provider.PostJsonAsync("/v1beta/openai/responses", Provider.Response(), status: 404);
    }

    [Theory]
    [InlineData("/v1/projects/p/locations/global/endpoints/openapi/embeddings")]
    [InlineData("/v1/projects/locations/global/endpoints/openapi/chat/completions")]
    [InlineData("/v1/projects/p/locations/a/b/endpoints/openapi/chat/completions")]
    public async Task Path_that_is_not_quite_vertex_is_unknown(string path)
    {
        using var answer = await _provider.PostAsync(path, Provider.Chat());

        ((int)answer.StatusCode).Should().Be(404);
        _provider.Server.Journal.CountOf(SandboxRoute.Unknown).Should().Be(1);
        _provider.Server.Journal.ModelCalls.Should().Be(0);
    }

    [Fact]
    public async Task Answers_have_none_of_openais_headers()
    {
        using var answer = await _provider.PostAsync(Gemini, Provider.Chat());

        answer.Headers.Contains("x-request-id").Should().BeFalse();
        answer.Headers.Contains("openai-organization").Should().BeFalse();
    }
}
