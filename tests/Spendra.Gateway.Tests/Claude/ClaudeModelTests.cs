using System.Text.Json.Nodes;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>What is answered from here without a provider.</summary>
public sealed class ClaudeModelTests
{
    [Fact]
    public async Task Models_are_listed_in_the_shape_of_the_client_that_asks()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default with { Keys = ["{slug: k1, actor: employee/e1, models: [m1, anthropic/claude-a, anthropic/claude-b, anthropic/claude-c]}", "{slug: k2, actor: employee/e1, models: [anthropic/claude-b]}"] });

        var list = await GetAsync(company, "models");
        Ids(list).Should().Equal("claude-a", "claude-b", "claude-c");
        ((bool)list["has_more"]!).Should().BeFalse();
        ((string)list["first_id"]!).Should().Be("claude-a");
        ((string)list["last_id"]!).Should().Be("claude-c");
        var first = list["data"]![0]!.AsObject();
        ((string)first["type"]!).Should().Be("model");
        ((string)first["display_name"]!).Should().Be("claude-a");
        ((long)first["max_input_tokens"]!).Should().Be(200_000);
        ((long)first["max_tokens"]!).Should().Be(64_000);
        ((string)first["lifecycle"]!).Should().Be("active");
        first.ContainsKey("capabilities").Should().BeTrue();
        DateTimeOffset.Parse((string)first["created_at"]!).Should().BeBefore(DateTimeOffset.UtcNow);

        Ids(await GetAsync(company, "models", "k2")).Should().Equal("claude-b");
        Ids(await GetAsync(company, "models?limit=1")).Should().Equal("claude-a");
        ((bool)(await GetAsync(company, "models?limit=1"))["has_more"]!).Should().BeTrue();
        Ids(await GetAsync(company, "models?after_id=claude-b")).Should().Equal("claude-c");
        Ids(await GetAsync(company, "models?before_id=claude-b&limit=1000")).Should().Equal("claude-a");
        ((string)(await GetAsync(company, "models/claude-b"))["id"]!).Should().Be("claude-b");
        ((string)(await GetAsync(company, "models/m1", status: 404))["error"]!["type"]!).Should().Be("not_found_error");
        ((string)(await GetAsync(company, "models?limit=0", status: 400))["error"]!["type"]!).Should().Be("invalid_request_error");
        Ids((await company.GetAsync("providers/anthropic/models")).ShouldBe(200).Json).Should().Equal("claude-a", "claude-b", "claude-c");

        // Without the version it is OpenAI's list, where other providers' models have the provider before them.
        (await company.GetAsync("models")).ShouldBe(200).Json["data"]!.AsArray().Select(m => (string)m!["id"]!).Should().Contain(["m1", "anthropic/claude-a"]);
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task Models_are_not_for_strangers()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);
        using var client = company.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("anthropic-version", "2023-06-01");

        var answer = (await Answer.OfAsync(client.GetAsync("models", TestContext.Current.CancellationToken))).ShouldBe(401, "invalid_api_key");

        ((string)answer.Json["error"]!["type"]!).Should().Be("authentication_error");
    }

    [Fact]
    public async Task Whoever_asks_whether_anybody_is_there_is_told_so()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);
        using var client = company.Anonymous();
        using var request = new HttpRequestMessage(HttpMethod.Head, "/");

        var answer = await Answer.SendAsync(client, request);

        answer.Status.Should().Be(200);
        answer.Bytes.Should().BeEmpty();
    }

    private static IEnumerable<string> Ids(JsonNode list) => list["data"]!.AsArray().Select(m => (string)m!["id"]!);

    private static async Task<JsonNode> GetAsync(Company company, string path, string key = "k1", int status = 200)
    {
        using var client = company.Client(key);
        client.DefaultRequestHeaders.TryAddWithoutValidation("anthropic-version", "2023-06-01");
        return (await Answer.OfAsync(client.GetAsync(path, TestContext.Current.CancellationToken))).ShouldBe(status).Json;
    }
}
