using System.Runtime.InteropServices;

namespace Spendra.Sandbox.Tests;

public sealed class RouteTests : IAsyncLifetime
{
    private Provider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await Provider.StartAsync();

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public void Base_url_is_the_loopback_and_ends_with_the_version() =>
        _provider.Server.BaseUrl.ToString().Should().MatchRegex(@"^http://127\.0\.0\.1:\d+/v1$");

    [Theory]
    [InlineData("GET", "nothing")]
    [InlineData("POST", "chat/completions/")]
    [InlineData("GET", "responses")]
    [InlineData("GET", "responses/")]
    [InlineData("GET", "files/a/b")]
    [InlineData("POST", "responses/compact")]
    [InlineData("PUT", "files/file-1")]
    [InlineData("DELETE", "models/gpt-4o-mini")]
    public async Task Unknown_route_is_a_404_in_the_shape_of_the_provider(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await _provider.Http.SendAsync(request, Provider.Token);

        ((int)answer.StatusCode).Should().Be(404);
        (await answer.Content.ReadAsStringAsync(Provider.Token)).Should().Contain($"Invalid URL ({method} /v1/{path})");
        _provider.Server.Journal.CountOf(SandboxRoute.Unknown).Should().Be(1);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer  ")]
    [InlineData("Basic abc")]
    public async Task Request_without_a_bearer_key_is_a_401(string? authorization)
    {
        _provider.Http.DefaultRequestHeaders.Authorization = null;
        if (authorization is not null)
            _provider.Http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);

        var answer = await _provider.GetJsonAsync("models", status: 401);
        await _provider.PostJsonAsync("chat/completions", Provider.Chat(), status: 401);
        await _provider.UploadAsync([1], status: 401);

        ((string)answer["error"]!["type"]!).Should().Be("invalid_request_error");
    }

    [Theory]
    [InlineData("sk-test", 200)]
    [InlineData("sk-other", 401)]
    public async Task Key_that_is_set_is_the_only_one_accepted(string key, int status)
    {
        await using var strict = await Provider.StartAsync(new SandboxOptions { ApiKey = key });

        await strict.GetJsonAsync("models", status);
    }

    [Fact]
    public async Task Models_are_listed_and_found_by_id()
    {
        await using var own = await Provider.StartAsync(new SandboxOptions { Models = ["a", "vendor/b"] });

        var list = await own.GetJsonAsync("models");
        var one = await own.GetJsonAsync("models/vendor/b");
        var none = await own.GetJsonAsync("models/c", status: 404);

        list["data"]!.AsArray().Select(model => (string)model!["id"]!).Should().Equal("a", "vendor/b");
        ((string)one["object"]!).Should().Be("model");
        ((string)none["error"]!["code"]!).Should().Be("model_not_found");
    }

    [Fact]
    public async Task Embeddings_have_a_vector_for_each_input_and_count_all_text()
    {
        var answer = await _provider.PostJsonAsync("embeddings", """{"model":"e","input":["one","three"],"dimensions":8}""");

        answer["data"]!.AsArray().Should().HaveCount(2);
        ((int)answer["data"]![1]!["index"]!).Should().Be(1);
        answer["data"]![1]!["embedding"]!.AsArray().Sum(part => (double)part! * (double)part!).Should().BeApproximately(1, 1e-5);
        ((long)answer["usage"]!["prompt_tokens"]!).Should().Be(SandboxUsage.EmbeddingTokens("one", "three")).And.Be(2);
        ((long)answer["usage"]!["total_tokens"]!).Should().Be(2);
    }

    [Fact]
    public async Task Embeddings_in_base64_are_the_same_numbers()
    {
        var plain = await _provider.PostJsonAsync("embeddings", """{"model":"e","input":"x"}""");
        var packed = await _provider.PostJsonAsync("embeddings", """{"model":"e","input":"x","encoding_format":"base64"}""");

        var bytes = Convert.FromBase64String((string)packed["data"]![0]!["embedding"]!);
        MemoryMarshal.Cast<byte, float>(bytes).ToArray().Should()
            .Equal(plain["data"]![0]!["embedding"]!.AsArray().Select(part => (float)part!)).And.HaveCount(1536);
    }

    [Theory]
    [InlineData("[1,2,3]", 1, 3)]
    [InlineData("[[1,2],[3]]", 2, 3)]
    public async Task Embeddings_of_token_ids_count_each_id(string input, int vectors, long tokens)
    {
        var answer = await _provider.PostJsonAsync("embeddings", $$"""{"model":"e","input":{{input}},"dimensions":2}""");

        answer["data"]!.AsArray().Should().HaveCount(vectors);
        ((long)answer["usage"]!["prompt_tokens"]!).Should().Be(tokens);
    }

    [Theory]
    [InlineData("""{"model":"e"}""")]
    [InlineData("""{"model":"e","input":[]}""")]
    [InlineData("""{"model":"e","input":5}""")]
    [InlineData("""{"model":"e","input":"x","dimensions":0}""")]
    public async Task Embeddings_without_sensible_input_are_refused(string body) =>
        await _provider.PostJsonAsync("embeddings", body, status: 400);
}
