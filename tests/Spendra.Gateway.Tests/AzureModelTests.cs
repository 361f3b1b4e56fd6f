using Spendra.Sandbox;

namespace Spendra.Gateway.Tests;

/// <summary>Azure: its models are the names of deployments, counting is free, and both of its APIs keep responses.</summary>
public sealed class AzureModelTests
{
    [Theory]
    [InlineData("/openai/v1/models")]
    [InlineData("/v1/providers/azure/openai/v1/models")]
    [InlineData("/v1/providers/azure/models")]
    [InlineData("/openai/models?api-version=2024-10-21")]
    public async Task Models_are_the_deployments_that_a_key_may_use(string path)
    {
        await using var company = await Formats.StartAsync(Formats.Rules() with
        {
            Keys = ["{slug: k1, actor: employee/e1}", "{slug: k2, actor: employee/e1, models: [azure/m1, azure/emb]}"],
        });
        var one = path.Split('?')[0] + "/" + Formats.Deployment;

        var all = (await company.GetAsync(path)).ShouldBe(200).Json;
        var some = (await company.GetAsync(path, "k2")).ShouldBe(200).Json;

        ((string)all["object"]!).Should().Be("list");
        all["data"]!.AsArray().Select(m => (string)m!["id"]!).Should().Equal("chat-prod", "emb-prod", "long-prod", "media-prod", "tiers-prod");
        some["data"]!.AsArray().Select(m => (string)m!["id"]!).Should().Equal("chat-prod", "emb-prod");
        var model = (await company.GetAsync(one)).ShouldBe(200).Json;
        ((string)model["id"]!, (string)model["object"]!, (string)model["owned_by"]!).Should().Be(("chat-prod", "model", "azure"));
        (await company.GetAsync(one.Replace("chat-prod", "long-prod"), "k2")).ShouldBe(404, "model_not_found");
        (await company.GetAsync(one.Replace("chat-prod", "m1"))).ShouldBe(404, "model_not_found");
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task Of_two_accounts_with_a_deployment_of_one_name_the_one_that_serves_is_listed()
    {
        var rules = Formats.Rules();
        await using var company = await Formats.StartAsync(rules with
        {
            Accounts = [.. rules.Accounts, "{slug: other, provider: azure, baseUrl: \"{root}/openai\", credential: {value: x}, deployments: {chat-prod: unpriced, more-prod: m1}}"],
        });

        var all = (await company.GetAsync("/openai/v1/models")).ShouldBe(200).Json["data"]!.AsArray().Select(m => (string)m!["id"]!).ToList();

        all.Should().Contain("more-prod");
        var isServed = (await company.PostAsync("/openai/v1/chat/completions", Bodies.Chat(model: "chat-prod"))).Status == 200;
        all.Contains("chat-prod").Should().Be(isServed);
        await company.SettledAsync();
    }

    [Theory]
    [InlineData("/openai/v1/responses/input_tokens")]
    [InlineData("/v1/providers/azure/responses/input_tokens")]
    public async Task Counting_the_tokens_of_a_response_is_free(string path)
    {
        await using var company = await Formats.StartAsync(Formats.Rules() with { Keys = ["{slug: k1, actor: employee/e1, models: [azure/m1]}"] });

        var answer = (await company.PostAsync(path, Bodies.Response(more: "", model: Formats.Deployment))).ShouldBe(200);
        (await company.PostAsync(path, Bodies.Response(more: "", model: Formats.LongDeployment))).ShouldBe(403, "model_not_allowed");
        (await company.PostAsync(path, Bodies.Response(more: "", model: "unheard-of"))).ShouldBe(400, "unpriceable_request");

        ((long)answer.Json["input_tokens"]!).Should().Be(10);
        var seen = company.Journal.Requests.Single();
        (seen.Route, seen.PathAndQuery).Should().Be((SandboxRoute.CountInputTokens, "/openai/v1/responses/input_tokens"));
        var spent = (await company.SettledAsync()).Events.Single();
        (spent.Route, spent.Model, spent.ReservedNanos, spent.CostNanos).Should().Be(("responses.input_tokens", "m1", 0L, 0L));
    }

    [Theory]
    [InlineData("/openai/responses")]
    [InlineData("/v1/providers/azure/openai/responses")]
    public async Task The_older_api_keeps_responses_too(string path)
    {
        await using var company = await Formats.StartAsync();
        const string version = "?api-version=2025-03-01-preview";
        // 10·1000 + 16·2000 at 110 per cent
        var body = Bodies.Response(model: Formats.Deployment);

        var made = (await company.PostAsync(path + version, body)).ShouldBe(200);
        var one = $"{path}/{(string)made.Json["id"]!}";
        (await company.GetAsync(one + version)).ShouldBe(200);
        (await company.GetAsync($"{one}/input_items{version}")).ShouldBe(200);
        (await company.DeleteAsync(one + version)).ShouldBe(200);
        (await company.GetAsync(one + version)).ShouldBe(404, "not_found");

        // Nothing is put into it: the older API refuses members that it does not know.
        System.Text.Encoding.UTF8.GetString(company.Journal.Requests[0].Body.Span).Should().Be(body);
        company.Journal.Requests[0].PathAndQuery.Should().Be("/openai/responses" + version);
        (await company.SettledAsync()).Settled.Should().Be(46_200);
    }
}
