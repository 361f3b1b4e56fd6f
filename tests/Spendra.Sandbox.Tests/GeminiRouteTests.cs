using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

public sealed class GeminiRouteTests : IAsyncLifetime
{
    private const string Models = "/v1beta/models";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync(new SandboxOptions { ApiKey = "sk-test" });

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Theory]
    [InlineData("x-goog-api-key", "sk-test", "", 200)]
    [InlineData("Authorization", "Bearer sk-test", "", 200)]
    [InlineData(null, "", "?key=sk-test", 200)]
    [InlineData("x-goog-api-key", "sk-other", "", 400)]
    [InlineData(null, "", "?key=sk-other", 400)]
    [InlineData(null, "", "?key=", 403)]
    [InlineData("x-api-key", "sk-test", "", 403)]
    public async Task Key_stands_in_a_header_or_in_the_query(string? header, string value, string query, int status)
    {
        _provider.Http.DefaultRequestHeaders.Authorization = null;
        if (header is not null)
            _provider.Http.DefaultRequestHeaders.TryAddWithoutValidation(header, value);

        var answer = await _provider.PostJsonAsync(Native.Generate + query, Native.Content(), status);
        await _provider.GetJsonAsync(Models + query, status);

        var expected = status switch { 400 => "INVALID_ARGUMENT", 403 => "PERMISSION_DENIED", _ => null };
        ((string?)answer["error"]?["status"]).Should().Be(expected);
    }

    [Theory]
    [InlineData(400, "INVALID_ARGUMENT")]
    [InlineData(401, "UNAUTHENTICATED")]
    [InlineData(402, "RESOURCE_EXHAUSTED")]
    [InlineData(403, "PERMISSION_DENIED")]
    [InlineData(404, "NOT_FOUND")]
    [InlineData(429, "RESOURCE_EXHAUSTED")]
    [InlineData(499, "CANCELLED")]
    [InlineData(500, "INTERNAL")]
    [InlineData(503, "UNAVAILABLE")]
    [InlineData(504, "DEADLINE_EXCEEDED")]
    public async Task Status_has_its_own_name_and_no_header_says_when_to_retry(int status, string name)
    {
        using var answer = await _provider.PostAsync(Native.Stream, Native.Content($"[[sandbox status={status}]]"));

        ((int)answer.StatusCode).Should().Be(status);
        answer.Headers.RetryAfter.Should().BeNull();
        var error = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Provider.Token))!["error"]!;
        ((int)error["code"]!).Should().Be(status);
        ((string)error["status"]!).Should().Be(name);
        ((string?)error["details"]?[0]?["retryDelay"]).Should().Be(status == 429 ? "1s" : null);
    }

    [Fact]
    public async Task Answer_has_no_header_of_another_provider()
    {
        using var answer = await _provider.PostAsync(Native.Generate, Native.Content());

        answer.Headers.Select(header => header.Key).Should().NotContain(["x-request-id", "request-id", "openai-organization"]);
        answer.Headers.Contains("server-timing").Should().BeTrue();
    }

    [Fact]
    public async Task Count_answers_to_knobs()
    {
        var counted = await _provider.PostJsonAsync($"{Models}/m:countTokens", Native.Content());
        var told = await _provider.PostJsonAsync($"{Models}/m:countTokens", Native.Content("[[sandbox input_tokens=77]]"));

        Native.ShouldBe(counted, """{"totalTokens":9,"promptTokensDetails":[{"modality":"TEXT","tokenCount":9}]}""");
        ((long)told["totalTokens"]!).Should().Be(77);
    }

    [Fact]
    public async Task One_text_is_embedded_as_one_vector()
    {
        var answer = await _provider.PostJsonAsync(
            $"{Models}/gemini-embedding-001:embedContent", """{"content":{"parts":[{"text":"Hello"}]},"outputDimensionality":8}""");

        answer["embedding"]!["values"]!.AsArray().Sum(part => (double)part! * (double)part!).Should().BeApproximately(1, 1e-5);
        answer["embedding"]!["values"]!.AsArray().Should().HaveCount(8);
        ((long)answer["usageMetadata"]!["promptTokenCount"]!).Should().Be(SandboxUsage.EmbeddingTokens("Hello"));
    }

    [Fact]
    public async Task Each_text_of_a_batch_is_embedded()
    {
        const string body = """
            {"requests":[{"model":"models/m","content":{"parts":[{"text":"one"}]}},{"model":"models/m","content":{"parts":[{"text":"three"}]}}]}
            """;

        var answer = await _provider.PostJsonAsync($"{Models}/gemini-embedding-001:batchEmbedContents", body);
        await _provider.PostJsonAsync($"{Models}/gemini-embedding-001:batchEmbedContents", "{}", status: 400);
        await _provider.PostJsonAsync($"{Models}/gemini-embedding-001:embedContent", "{}", status: 400);

        answer["embeddings"]!.AsArray().Should().HaveCount(2);
        answer["embeddings"]![1]!["values"]!.AsArray().Should().HaveCount(3072);
        ((long)answer["usageMetadata"]!["promptTokenCount"]!).Should().Be(SandboxUsage.EmbeddingTokens("one", "three"));
    }

    [Fact]
    public async Task Models_are_listed_in_pages_and_found_by_name()
    {
        var first = await _provider.GetJsonAsync($"{Models}?pageSize=3");
        var second = await _provider.GetJsonAsync($"{Models}?pageSize=3&pageToken={first["nextPageToken"]}");
        var one = await _provider.GetJsonAsync($"{Models}/gemini-3.8-flash");
        var none = await _provider.GetJsonAsync($"{Models}/gpt-5-mini", status: 404);
        await _provider.GetJsonAsync($"{Models}?pageToken=x", status: 400);

        first["models"]!.AsArray().Should().HaveCount(3);
        second["models"]!.AsArray().Select(model => (string)model!["name"]!).Should().Equal("models/gemini-embedding-001");
        second.AsObject().ContainsKey("nextPageToken").Should().BeFalse();
        ((long)one["inputTokenLimit"]!).Should().Be(1_048_576);
        one["supportedGenerationMethods"]!.AsArray().Select(item => (string)item!).Should().Equal("generateContent", "countTokens");
        ((string)none["error"]!["status"]!).Should().Be("NOT_FOUND");
    }

    [Theory]
    [InlineData("POST", "/v1beta/models/m:predict")]
    [InlineData("POST", "/v1beta/models/m")]
    [InlineData("GET", "/v1beta/models/m:generateContent")]
    [InlineData("POST", "/v1beta/models/a/b:generateContent")]
    [InlineData("POST", "/v1beta/models/:generateContent")]
    [InlineData("POST", "/v1beta/models")]
    [InlineData("GET", "/v1beta/cachedContents")]
    public async Task Unknown_route_is_a_404_in_the_shape_of_the_provider(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await _provider.Http.SendAsync(request, Provider.Token);

        ((int)answer.StatusCode).Should().Be(404);
        (await answer.Content.ReadAsStringAsync(Provider.Token)).Should().Contain("NOT_FOUND");
        _provider.Server.Journal.CountOf(SandboxRoute.Unknown).Should().Be(1);
    }

    [Fact]
    public async Task Compatible_paths_speak_the_other_dialect()
    {
        var answer = await _provider.PostJsonAsync("/v1beta/openai/chat/completions", Provider.Chat());

        ((string)answer["object"]!).Should().Be("chat.completion");
        _provider.Server.Journal.CountOf(SandboxRoute.ChatCompletions).Should().Be(1);
    }

    [Fact]
    public async Task Contents_and_embeddings_are_model_calls_and_counts_are_not()
    {
        await _provider.PostJsonAsync(Native.Generate, Native.Content());
        await _provider.StreamAsync(Native.Stream, Native.Content());
        await _provider.PostJsonAsync($"{Models}/m:embedContent", """{"content":{"parts":[{"text":"x"}]}}""");
        await _provider.PostJsonAsync($"{Models}/m:countTokens", Native.Content());
        await _provider.GetJsonAsync(Models);

        var journal = _provider.Server.Journal;
        journal.CountOf(SandboxRoute.GenerateContent).Should().Be(1);
        journal.CountOf(SandboxRoute.StreamGenerateContent).Should().Be(1);
        journal.CountOf(SandboxRoute.EmbedContent).Should().Be(1);
        journal.CountOf(SandboxRoute.CountContentTokens).Should().Be(1);
        journal.ModelCalls.Should().Be(3);
    }
}
