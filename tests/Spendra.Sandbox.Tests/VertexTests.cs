using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

public sealed class VertexTests : IAsyncLifetime
{
    private const string Gemini = Native.Place + "/google/models/gemini-3.8-flash";
    private const string Claude = Native.Place + "/anthropic/models/claude-sonnet-5-5@20260901";
    private const string CountClaude = Native.Place + "/anthropic/models/count-tokens:rawPredict";
    private const string ClaudeBody =
        """{"anthropic_version":"vertex-2023-10-16","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}""";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync(new SandboxOptions { ApiKey = "sk-test" });

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Theory]
    [InlineData("/v1")]
    [InlineData("/v1beta1")]
    public async Task Gemini_answers_as_on_its_own_api(string version)
    {
        var path = version + Gemini[3..];

        var answer = await _provider.PostJsonAsync(path + ":generateContent", Native.Content());
        var stream = Provider.Events(await _provider.StreamAsync(path + ":streamGenerateContent?alt=sse", Native.Content()));
        var count = await _provider.PostJsonAsync(path + ":countTokens", Native.Content());

        ((string)answer["modelVersion"]!).Should().Be("gemini-3.8-flash");
        answer["createTime"].Should().NotBeNull();
        ((long)answer["usageMetadata"]!["totalTokenCount"]!).Should().Be(25);
        ((long)stream[^1]["usageMetadata"]!["totalTokenCount"]!).Should().Be(25);
        stream.Take(16).Should().OnlyContain(chunk => chunk["usageMetadata"]!.ToJsonString(null) == "{\"trafficType\":\"ON_DEMAND\"}");
        ((long)count["totalTokens"]!).Should().Be(9);
        ((long)count["totalBillableCharacters"]!).Should().Be(5);
        _provider.Server.Journal.ModelCalls.Should().Be(2);
    }

    [Fact]
    public async Task Claude_has_its_model_in_the_path_and_its_version_in_the_body()
    {
        using var answer = await _provider.PostAsync(Claude + ":rawPredict", ClaudeBody);
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Provider.Token))!;

        ((string)body["id"]!).Should().StartWith("msg_vrtx_");
        ((string)body["model"]!).Should().Be("claude-sonnet-5-5-20260901");
        ((long)body["usage"]!["input_tokens"]!).Should().Be(9);
        answer.Headers.GetValues("request-id").Single().Should().StartWith("req_vrtx_");
        answer.Headers.Contains("anthropic-organization-id").Should().BeFalse();
        _provider.Server.Journal.CountOf(SandboxRoute.CreateMessage).Should().Be(1);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"stream\":true")]
    public async Task Claude_streams_as_on_its_own_api(string more)
    {
        var stream = await _provider.StreamAsync(Claude + ":streamRawPredict", ClaudeBody[..^1] + more + "}");

        Native.Names(stream).First().Should().Be("message_start");
        Native.Names(stream).Last().Should().Be("message_stop");
    }

    [Theory]
    [InlineData("""{"max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}""", "anthropic_version: Field required")]
    [InlineData("""{"anthropic_version":"vertex-2023-10-16","model":"m","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}""",
        "model: Extra inputs are not permitted")]
    public async Task Claude_refuses_the_body_of_its_own_api(string body, string message)
    {
        var answer = await _provider.PostJsonAsync(Claude + ":rawPredict", body, status: 400);

        ((string)answer["type"]!).Should().Be("error");
        ((string)answer["error"]!["message"]!).Should().Be(message);
    }

    [Fact]
    public async Task Tokens_of_claude_are_counted_below_a_model_of_that_name()
    {
        var count = await _provider.PostJsonAsync(
            CountClaude, """{"anthropic_version":"vertex-2023-10-16","model":"claude-sonnet-5-5","messages":[{"role":"user","content":"Hello"}]}""");

        ((long)count["input_tokens"]!).Should().Be(9);
        _provider.Server.Journal.ModelCalls.Should().Be(0);
    }

    [Theory]
    [InlineData(401, "UNAUTHENTICATED")]
    [InlineData(429, "RESOURCE_EXHAUSTED")]
    [InlineData(529, "overloaded_error")]
    [InlineData(400, "invalid_request_error")]
    public async Task Front_door_refuses_claude_in_googles_shape_and_the_host_in_anthropics(int status, string name)
    {
        var body = ClaudeBody.Replace("Hello", $"[[sandbox status={status}]]", StringComparison.Ordinal);

        var answer = await _provider.PostJsonAsync(Claude + ":rawPredict", body, status);

        ((string?)answer["error"]!["status"] ?? (string)answer["error"]!["type"]!).Should().Be(name);
    }

    [Theory]
    [InlineData("Authorization", "Bearer sk-test", 200)]
    [InlineData("Authorization", "Bearer sk-other", 401)]
    [InlineData("x-goog-api-key", "sk-test", 401)]
    [InlineData("x-api-key", "sk-test", 401)]
    public async Task Only_a_bearer_token_is_a_key(string header, string value, int status)
    {
        _provider.Http.DefaultRequestHeaders.Authorization = null;
        _provider.Http.DefaultRequestHeaders.TryAddWithoutValidation(header, value);

        await _provider.PostJsonAsync(Gemini + ":generateContent?key=sk-test", Native.Content(), status);
        var answer = await _provider.PostJsonAsync(Claude + ":rawPredict", ClaudeBody, status);

        ((string?)answer["error"]?["status"]).Should().Be(status == 401 ? "UNAUTHENTICATED" : null);
    }

    [Fact]
    public async Task Texts_are_embedded_in_both_ways()
    {
        const string model = Native.Place + "/google/models/gemini-embedding-001";

        var one = await _provider.PostJsonAsync(model + ":embedContent", "{\"content\":{\"parts\":[{\"text\":\"first text\"}]}}");
        var two = await _provider.PostJsonAsync(
            model + ":predict", "{\"instances\":[{\"content\":\"first text\"},{\"content\":\"second\"}],\"parameters\":{\"outputDimensionality\":8}}");

        ((long)one["usageMetadata"]!["promptTokenCount"]!).Should().Be(3);
        var predictions = two["predictions"]!.AsArray();
        predictions.Select(p => (long)p!["embeddings"]!["statistics"]!["token_count"]!).Should().Equal(3, 2);
        predictions[0]!["embeddings"]!["values"]!.AsArray().Should().HaveCount(8);
        ((long)two["metadata"]!["billableCharacterCount"]!).Should().Be(15);
        _provider.Server.Journal.CountOf(SandboxRoute.PredictEmbeddings).Should().Be(1);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"instances\":[]}")]
    [InlineData("{\"instances\":[{\"prompt\":\"x\"}]}")]
    public async Task What_has_no_text_is_not_embedded(string body) =>
        await _provider.PostJsonAsync(Native.Place + "/google/models/m:predict", body, 400);

    [Theory]
    [InlineData("POST", Gemini + ":batchEmbedContents")]
    [InlineData("GET", Gemini + ":generateContent")]
    [InlineData("POST", Claude + ":generateContent")]
    [InlineData("POST", Native.Place + "/meta/models/m:rawPredict")]
    [InlineData("POST", "/v1/projects/acme/publishers/google/models/m:generateContent")]
    [InlineData("POST", "/v1/projects/acme/locations//publishers/google/models/m:generateContent")]
    public async Task Unknown_route_is_a_404_in_the_shape_of_the_provider(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await _provider.Http.SendAsync(request, Provider.Token);

        ((int)answer.StatusCode).Should().Be(404);
        (await answer.Content.ReadAsStringAsync(Provider.Token)).Should().Contain("NOT_FOUND");
        _provider.Server.Journal.CountOf(SandboxRoute.Unknown).Should().Be(1);
    }

    [Fact]
    public async Task Compatible_path_speaks_the_other_dialect()
    {
        var answer = await _provider.PostJsonAsync("/v1/projects/acme/locations/global/endpoints/openapi/chat/completions", Provider.Chat());

        ((string)answer["object"]!).Should().Be("chat.completion");
    }
}
