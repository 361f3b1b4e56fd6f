using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

public sealed class MessageRouteTests : IAsyncLifetime
{
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Native.StartAsync(new SandboxOptions { ApiKey = "sk-test" });

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Theory]
    [InlineData("x-api-key", "sk-test", 200)]
    [InlineData("x-api-key", "sk-other", 401)]
    [InlineData("Authorization", "Bearer sk-test", 200)]
    [InlineData("Authorization", "Bearer sk-other", 401)]
    [InlineData("Authorization", "Basic sk-test", 401)]
    [InlineData("x-goog-api-key", "sk-test", 401)]
    public async Task Key_stands_in_its_own_header_or_is_a_bearer_token(string header, string value, int status)
    {
        _provider.Http.DefaultRequestHeaders.Authorization = null;
        _provider.Http.DefaultRequestHeaders.TryAddWithoutValidation(header, value);

        var answer = await _provider.PostJsonAsync(Native.Messages, Native.Message(), status);
        await _provider.GetJsonAsync("models", status);

        ((string?)answer["error"]?["type"]).Should().Be(status == 401 ? "authentication_error" : null);
    }

    [Fact]
    public async Task Version_is_required()
    {
        _provider.Http.DefaultRequestHeaders.Remove("anthropic-version");

        var answer = await _provider.PostJsonAsync(Native.Messages, Native.Message(), status: 400);
        await _provider.PostJsonAsync(Native.Messages + "/count_tokens", Native.Message(), status: 400);

        ((string)answer["error"]!["message"]!).Should().Be("anthropic-version: header is required");
    }

    [Fact]
    public async Task Every_answer_has_the_headers_of_the_provider_and_none_of_anothers()
    {
        using var answer = await _provider.PostAsync(Native.Messages, Native.Message());

        answer.Headers.GetValues("request-id").Single().Should().StartWith("req_");
        answer.Headers.Contains("anthropic-organization-id").Should().BeTrue();
        foreach (var name in new[] { "requests", "tokens", "input-tokens", "output-tokens" })
        {
            long.Parse(answer.Headers.GetValues($"anthropic-ratelimit-{name}-limit").Single()).Should().BePositive();
            long.Parse(answer.Headers.GetValues($"anthropic-ratelimit-{name}-remaining").Single()).Should().BePositive();
            DateTimeOffset.Parse(answer.Headers.GetValues($"anthropic-ratelimit-{name}-reset").Single()).Should().BeAfter(DateTimeOffset.UnixEpoch);
        }
        answer.Headers.Select(header => header.Key).Should().NotContain(["x-request-id", "openai-organization", "server-timing"]);
    }

    [Theory]
    [InlineData(400, "invalid_request_error", null)]
    [InlineData(401, "authentication_error", null)]
    [InlineData(402, "billing_error", null)]
    [InlineData(403, "permission_error", null)]
    [InlineData(404, "not_found_error", null)]
    [InlineData(409, "conflict_error", null)]
    [InlineData(413, "request_too_large", null)]
    [InlineData(429, "rate_limit_error", "1")]
    [InlineData(500, "api_error", null)]
    [InlineData(504, "timeout_error", null)]
    [InlineData(529, "overloaded_error", null)]
    public async Task Status_has_its_own_error_and_the_id_of_the_request(int status, string type, string? retryAfter)
    {
        using var answer = await _provider.PostAsync(Native.Messages, Native.Streamed($"[[sandbox status={status}]]"));

        ((int)answer.StatusCode).Should().Be(status);
        answer.Headers.RetryAfter?.ToString().Should().Be(retryAfter);
        answer.Headers.Contains("retry-after-ms").Should().BeFalse();
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Provider.Token))!;
        ((string)body["type"]!).Should().Be("error");
        ((string)body["error"]!["type"]!).Should().Be(type);
        ((string)body["error"]!["message"]!).Should().NotBeEmpty();
        ((string)body["request_id"]!).Should().Be(answer.Headers.GetValues("request-id").Single());
    }

    [Fact]
    public async Task Count_takes_a_body_without_a_limit_and_answers_to_knobs()
    {
        const string body = """{"model":"m","messages":[{"role":"user","content":"Hello"}]}""";

        var counted = await _provider.PostJsonAsync(Native.Messages + "/count_tokens", body);
        var told = await _provider.PostJsonAsync(Native.Messages + "/count_tokens", Native.Message("[[sandbox input_tokens=77]]"));
        await _provider.PostJsonAsync(Native.Messages + "/count_tokens", Native.Message("[[sandbox status=529]]"), status: 529);

        ((long)counted["input_tokens"]!).Should().Be(SandboxUsage.InputTokens("Hello"));
        ((long)told["input_tokens"]!).Should().Be(77);
    }

    [Fact]
    public async Task Models_are_listed_in_pages_and_found_by_id()
    {
        var first = await _provider.GetJsonAsync("models?limit=2");
        var second = await _provider.GetJsonAsync($"models?limit=2&after_id={first["last_id"]}");
        var one = await _provider.GetJsonAsync("models/claude-opus-5-5");
        var none = await _provider.GetJsonAsync("models/gpt-5-mini", status: 404);
        await _provider.GetJsonAsync("models?limit=1001", status: 400);

        first["data"]!.AsArray().Select(model => (string)model!["id"]!).Should().Equal("claude-opus-5-5", "claude-sonnet-5-5");
        ((bool)first["has_more"]!).Should().BeTrue();
        ((string)first["first_id"]!).Should().Be("claude-opus-5-5");
        second["data"]!.AsArray().Should().ContainSingle();
        ((bool)second["has_more"]!).Should().BeFalse();
        one.AsObject().Select(member => member.Key).Should().Equal(
            "type", "id", "display_name", "created_at", "lifecycle", "max_input_tokens", "max_tokens", "capabilities");
        ((string)none["error"]!["type"]!).Should().Be("not_found_error");
    }

    [Fact]
    public async Task Without_the_version_the_list_is_the_other_providers()
    {
        _provider.Http.DefaultRequestHeaders.Remove("anthropic-version");

        ((string)(await _provider.GetJsonAsync("models"))["object"]!).Should().Be("list");
    }

    [Theory]
    [InlineData("GET", "/v1/messages")]
    [InlineData("POST", "/v1/messages/batches")]
    public async Task Unknown_route_is_a_404_in_the_shape_of_the_provider(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await _provider.Http.SendAsync(request, Provider.Token);

        ((int)answer.StatusCode).Should().Be(404);
        (await answer.Content.ReadAsStringAsync(Provider.Token)).Should().Contain("not_found_error");
        _provider.Server.Journal.CountOf(SandboxRoute.Unknown).Should().Be(1);
    }

    [Fact]
    public async Task Messages_are_model_calls_and_counts_are_not()
    {
        await _provider.PostJsonAsync(Native.Messages + "?beta=true", Native.Message());
        await _provider.PostJsonAsync(Native.Messages + "/count_tokens", Native.Message());
        await _provider.GetJsonAsync("models");

        var journal = _provider.Server.Journal;
        journal.CountOf(SandboxRoute.CreateMessage).Should().Be(1);
        journal.CountOf(SandboxRoute.CountMessageTokens).Should().Be(1);
        journal.CountOf(SandboxRoute.ListClaudeModels).Should().Be(1);
        journal.ModelCalls.Should().Be(1);
        journal.Answered.Should().Be(3);
    }

    [Fact]
    public async Task Body_over_the_limit_is_too_large()
    {
        await using var small = await Native.StartAsync(new SandboxOptions { MaxJsonBodyBytes = 100 });

        var answer = await small.PostJsonAsync(Native.Messages, Native.Message(new string('x', 200)), status: 413);

        ((string)answer["error"]!["type"]!).Should().Be("request_too_large");
    }
}
