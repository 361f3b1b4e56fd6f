using Spendra.Sandbox;

namespace Spendra.Gateway.Tests;

/// <summary>Azure accounts that sign in as an application of Microsoft Entra.</summary>
public sealed class EntraTests
{
    private const string Path = "/openai/v1/chat/completions";

    private static SandboxOptions OnlyTokens { get; } = new()
    {
        RecordRequests = true,
        Deployments = Formats.Provider.Deployments,
        OnlyIssuedTokens = true,
    };

    private static Rules Rules(string scope = "https://cognitiveservices.azure.com/.default", string authority = "{root}") => Formats.Rules(
        $$"""value: '{"tenant_id":"t-1","client_id":"c-1","client_secret":"entra-secret","scope":"{{scope}}","authority":"{{authority}}"}'""");

    [Fact]
    public async Task One_token_serves_many_requests_at_once()
    {
        await using var company = await Company.StartAsync(Rules("https://ai.azure.com/.default [[sandbox latency_ms=200]]"), provider: OnlyTokens);
        using var client = company.Client();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Answer.PostAsync(client, Path, Bodies.Chat(model: Formats.Deployment))));

        answers.Should().OnlyContain(a => a.Status == 200);
        var asked = company.Journal.Requests.Single(r => r.Route == SandboxRoute.EntraToken);
        asked.PathAndQuery.Should().Be("/t-1/oauth2/v2.0/token");
        System.Text.Encoding.UTF8.GetString(asked.Body.Span).Should().StartWith("grant_type=client_credentials&client_id=c-1&client_secret=entra-secret&scope=https%3A%2F%2Fai.azure.com%2F.default");
        var calls = company.Journal.Requests.Where(r => r.Route == SandboxRoute.ChatCompletions).ToList();
        calls.Should().HaveCount(20).And.OnlyContain(r => r.Headers["Authorization"].StartsWith("Bearer eyJ0eXAi.") && !r.Headers.ContainsKey("api-key"));
        (await company.SettledAsync()).Events.Should().HaveCount(20).And.OnlyContain(e => e.CostNanos == 46_200);
    }

    [Fact]
    public async Task A_token_is_renewed_before_it_expires()
    {
        // A lifetime of one second is renewed after 0.8; the sandbox does not take a token that has expired.
        await using var company = await Company.StartAsync(Rules("https://ai.azure.com/.default [[sandbox expires_in=1]]"), provider: OnlyTokens);

        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(2.5))
            (await company.PostAsync(Path, Bodies.Chat(model: Formats.Deployment))).ShouldBe(200);

        company.Journal.CountOf(SandboxRoute.EntraToken).Should().BeInRange(3, 4);
        await company.SettledAsync();
    }

    [Theory]
    [InlineData("not-a-scope")]
    [InlineData("https://ai.azure.com/.default [[sandbox status=500]]")]
    [InlineData("https://ai.azure.com/.default [[sandbox garbage=true]]")]
    [InlineData("https://ai.azure.com/.default [[sandbox break_after_bytes=10]]")]
    [InlineData("https://ai.azure.com/.default [[sandbox redirect=https://example.com/]]")]
    [InlineData("https://ai.azure.com/.default [[sandbox expires_in=0]]")]
    public async Task Without_a_token_nothing_is_sent_or_spent(string scope)
    {
        await using var company = await Company.StartAsync(Rules(scope), provider: OnlyTokens);

        var answer = (await company.PostAsync(Path, Bodies.Chat(model: Formats.Deployment))).ShouldBe(503, "provider_unavailable");

        answer.Header("x-should-retry").Should().Be("true");
        answer.Text.Should().NotContain("entra-secret");
        company.Journal.CountOf(SandboxRoute.ChatCompletions).Should().Be(0);
        var books = await company.SettledAsync();
        books.Settled.Should().Be(0);
        books.Released.Should().ContainSingle();
    }

    [Fact]
    public async Task A_failure_is_not_kept()
    {
        await using var company = await Company.StartAsync(Rules("not-a-scope"), provider: OnlyTokens);
        (await company.PostAsync(Path, Bodies.Chat(model: Formats.Deployment))).ShouldBe(503);
        (await company.PostAsync(Path, Bodies.Chat(model: Formats.Deployment))).ShouldBe(503);
        company.Journal.CountOf(SandboxRoute.EntraToken).Should().Be(2);

        await company.ApplyAsync(Rules());

        (await company.PostAsync(Path, Bodies.Chat(model: Formats.Deployment))).ShouldBe(200);
        await company.SettledAsync();
    }

    [Theory]
    [InlineData("{\"tenant_id\":\"t\",\"client_id\":\"c\"}")]
    [InlineData("{\"tenant_id\":\"\",\"client_id\":\"c\",\"client_secret\":\"s\"}")]
    [InlineData("{\"tenant_id\":1,\"client_id\":\"c\",\"client_secret\":\"s\"}")]
    [InlineData("{\"tenant_id\":\"t\",\"client_id\":\"c\",\"client_secret\":\"s\",\"authority\":\"ftp://x\"}")]
    // In clear to another machine.
    [InlineData("{\"tenant_id\":\"t\",\"client_id\":\"c\",\"client_secret\":\"s\",\"authority\":\"http://example.com\"}")]
    [InlineData("{not json")]
    public async Task A_credential_that_is_no_application_is_not_sent_anywhere(string credential)
    {
        await using var company = await Formats.StartAsync(Formats.Rules($"value: '{credential}'"));

        (await company.PostAsync(Path, Bodies.Chat(model: Formats.Deployment))).ShouldBe(503, "provider_unavailable");

        company.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Released.Should().ContainSingle();
    }

    [Fact]
    public async Task A_sign_in_that_cannot_be_reached_costs_nothing()
    {
        await using var company = await Formats.StartAsync(Rules(authority: $"http://127.0.0.1:{Testing.FreePort.Next()}"));

        (await company.PostAsync(Path, Bodies.Chat(model: Formats.Deployment))).ShouldBe(503, "provider_unavailable");

        (await company.SettledAsync()).Settled.Should().Be(0);
    }
}
