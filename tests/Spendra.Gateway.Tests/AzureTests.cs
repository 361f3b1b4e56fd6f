using Spendra.Control.Keys;
using Spendra.Core.Keys;
using Spendra.Sandbox;
using Spendra.Storage.Governance;

namespace Spendra.Gateway.Tests;

/// <summary>Azure: the models behind deployments, both of its APIs, and whose key is sent.</summary>
public sealed class AzureTests
{
    private const string Legacy = "/openai/deployments/chat-prod/chat/completions?api-version=2024-10-21";
    private const string LegacyBody = """{"max_tokens":16,"messages":[{"role":"user","content":"Hello there"}]}""";

    [Theory]
    [InlineData("/openai/v1/chat/completions", "/openai/v1/chat/completions")]
    [InlineData("/v1/providers/azure/chat/completions", "/openai/v1/chat/completions")]
    [InlineData("/v1/providers/azure/openai/v1/chat/completions", "/openai/v1/chat/completions")]
    [InlineData("/openai/v1/chat/completions?api-version=preview", "/openai/v1/chat/completions?api-version=preview")]
    [InlineData("/openai/v1/chat/completions?api-key=canary", "/openai/v1/chat/completions")]
    [InlineData(Legacy, Legacy)]
    [InlineData("/v1/providers/azure" + Legacy, Legacy)]
    public async Task Every_path_leads_to_the_api_that_it_names(string path, string upstream)
    {
        await using var company = await Formats.StartAsync();

        var answer = (await company.PostAsync(path, path.Contains("deployments") ? LegacyBody : Bodies.Chat(model: Formats.Deployment))).ShouldBe(200);

        var sent = company.Journal.Requests.Single();
        sent.PathAndQuery.Should().Be(upstream);
        sent.Headers["api-key"].Should().Be("az-upstream-secret");
        sent.Headers.Should().NotContainKey("Authorization");
        answer.Header("apim-request-id").Should().NotBeNull();
        answer.Header("x-ms-region").Should().Be("Sweden Central");
        answer.Header("x-ratelimit-remaining-tokens").Should().Be("999000");
        var spent = (await company.SettledAsync()).Events.Single();
        (spent.Provider, spent.Model, spent.ServedModel, spent.Route).Should().Be(("azure", "m1", "m1-2025-04-14", "chat.completions"));
        spent.UpstreamRequestId.Should().Be(answer.Header("apim-request-id"));
        spent.TierPercent.Should().Be(110);
    }

    [Fact]
    public async Task A_key_in_azures_own_header_is_taken()
    {
        await using var company = await Formats.StartAsync();
        using var client = company.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("api-key", company.Secret("k1"));

        (await Answer.PostAsync(client, Legacy, LegacyBody)).ShouldBe(200);

        company.Journal.Requests.Single().Headers["api-key"].Should().Be("az-upstream-secret");
        await company.SettledAsync();
    }

    [Theory]
    [InlineData("/openai/v1/chat/completions", "unheard-of")]
    [InlineData("/openai/deployments/unheard-of/chat/completions?api-version=2024-10-21", "unheard-of")]
    // A deployment that happens to be named as a model that has a price is no such model.
    [InlineData("/openai/v1/chat/completions", "m1")]
    [InlineData("/openai/deployments/Chat-Prod/chat/completions?api-version=2024-10-21", "Chat-Prod")]
    public async Task A_deployment_that_no_account_knows_has_no_price(string path, string deployment)
    {
        await using var company = await Formats.StartAsync();

        var answer = (await company.PostAsync(path, Bodies.Chat(model: deployment))).ShouldBe(400, "unpriceable_request");

        answer.Text.Should().Contain($"Deployment '{deployment}'").And.Contain("'deployments'");
        var refusal = (await company.SettledAsync()).Refusals.Single();
        refusal.Model.Should().Be(deployment);
        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("azure/m1", 200, null)]
    [InlineData("azure/chat-prod", 403, "model_not_allowed")]
    [InlineData("m1", 403, "model_not_allowed")]
    [InlineData("openai/m1", 403, "model_not_allowed")]
    public async Task A_key_names_the_model_and_not_the_deployment(string scope, int status, string? code)
    {
        await using var company = await Formats.StartAsync(Formats.Rules() with { Keys = [$"{{slug: k1, actor: employee/e1, models: [{scope}]}}"] });

        (await company.PostAsync(Legacy, LegacyBody)).ShouldBe(status, code);

        await company.SettledAsync();
    }

    [Fact]
    public async Task The_account_that_has_the_deployment_serves_it()
    {
        var rules = Formats.Rules();
        rules = rules with
        {
            Accounts = [.. rules.Accounts, "{slug: azure-eu, provider: azure, baseUrl: \"{root}/openai\", credential: {value: az-eu-secret}, deployments: {eu-prod: m1}}"],
        };
        await using var company = await Company.StartAsync(rules, provider: new SandboxOptions { RecordRequests = true });

        (await company.PostAsync("/openai/v1/chat/completions", Bodies.Chat(model: "eu-prod"))).ShouldBe(200);
        (await company.PostAsync("/openai/v1/chat/completions", Bodies.Chat(model: Formats.Deployment))).ShouldBe(200);

        company.Journal.Requests.Select(r => r.Headers["api-key"]).Should().Equal("az-eu-secret", "az-upstream-secret");
        await company.SettledAsync();
    }

    [Fact]
    public async Task The_model_in_the_body_means_nothing_where_the_path_has_the_deployment()
    {
        await using var company = await Formats.StartAsync();

        (await company.PostAsync(Legacy, Bodies.Chat(model: "m-tiers"))).ShouldBe(200);

        (await company.SettledAsync()).Events.Single().Model.Should().Be("m1");
    }

    [Fact]
    public async Task The_older_api_is_asked_for_usage_and_for_no_tier()
    {
        await using var company = await Formats.StartAsync();

        (await company.PostAsync(Legacy, """{"max_tokens":16,"stream":true,"messages":[]}""")).ShouldBe(200);

        System.Text.Encoding.UTF8.GetString(company.Journal.Requests.Single().Body.Span).Should().Be(
            """{"max_tokens":16,"stream":true,"messages":[],"stream_options":{"include_usage":true}}""");
        await company.SettledAsync();
    }

    [Theory]
    // The older versions know no tiers, and refuse members that they do not know.
    [InlineData("2024-10-21", "", "")]
    [InlineData("2025-04-01-preview", "", "")]
    // Later ones do, and a deployment may have a dearer one of its own.
    [InlineData("2025-10-01-preview", "", ",\"service_tier\":\"default\"")]
    [InlineData("2025-12-01-preview", "", ",\"service_tier\":\"default\"")]
    [InlineData("2026-01-01", "\"service_tier\":null,", null)]
    [InlineData("2026-01-01", "\"service_tier\":\"auto\",", null)]
    [InlineData("2024-10-21", "\"service_tier\":\"auto\",", null)]
    [InlineData("latest", "", ",\"service_tier\":\"default\"")]
    [InlineData("2024-10-21&api-version=2025-12-01-preview", "", ",\"service_tier\":\"default\"")]
    public async Task The_older_api_names_the_default_tier_where_a_deployment_may_have_another(string version, string tier, string? added)
    {
        await using var company = await Formats.StartAsync();
        foreach (var (path, body) in new[]
        {
            ("/openai/deployments/chat-prod/chat/completions", $$"""{"max_tokens":16,{{tier}}"messages":[{"role":"user","content":"Hi"}]}"""),
            ("/openai/responses", $$"""{"model":"chat-prod","max_output_tokens":16,{{tier}}"input":"Hi"}"""),
        })
        {
            (await company.PostAsync($"{path}?api-version={version}", body)).ShouldBe(200);

            System.Text.Encoding.UTF8.GetString(company.Journal.Requests[^1].Body.Span).Should().Be(
                added is null ? body.Replace(tier, "\"service_tier\":\"default\",", StringComparison.Ordinal) : body[..^1] + added + "}");
        }
        (await company.SettledAsync()).Events.Should().OnlyContain(e => e.TierPercent == 110);
    }

    [Theory]
    [InlineData("/openai/v1/chat/completions", "data_sources")]
    [InlineData(Legacy, "data_sources")]
    [InlineData(Legacy, "dataSources")]
    public async Task Documents_that_azure_would_search_are_refused(string path, string member)
    {
        await using var company = await Formats.StartAsync();

        (await company.PostAsync(path, Bodies.Chat(more: $"\"max_tokens\":16,\"{member}\":[{{\"type\":\"azure_search\",\"parameters\":{{\"index_name\":\"theirs\"}}}}]", model: Formats.Deployment)))
            .ShouldBe(400, "unpriceable_request");

        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"user":"x"}""")]
    public async Task A_body_without_anything_to_say_is_refused(string body)
    {
        await using var company = await Formats.StartAsync();

        (await company.PostAsync(Legacy, body)).ShouldBe(400, "invalid_request");

        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_name_in_the_path_stays_one_part_of_it()
    {
        var rules = Formats.Rules();
        rules = rules with { Accounts = [rules.Accounts[1].Replace("chat-prod: m1", "\"a b?c#d\": m1", StringComparison.Ordinal)] };
        await using var company = await Company.StartAsync(rules, provider: new SandboxOptions { RecordRequests = true });

        (await company.PostAsync("/openai/deployments/a%20b%3Fc%23d/chat/completions?api-version=1", LegacyBody)).ShouldBe(200);

        company.Journal.Requests.Single().PathAndQuery.Should().Be("/openai/deployments/a%20b%3Fc%23d/chat/completions?api-version=1");
        await company.SettledAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("async_filter=true")]
    [InlineData("content_filter=output")]
    public async Task What_the_content_filter_says_passes_and_is_not_taken_for_usage(string knobs)
    {
        await using var company = await Formats.StartAsync();

        var asked = await company.PostAsync(Legacy, Streamed(",\"stream_options\":{\"include_usage\":true}"));
        var plain = await company.PostAsync(Legacy, Streamed(""));

        foreach (var answer in new[] { asked, plain })
        {
            answer.ShouldBe(200).Text.Should().Contain("\"prompt_filter_results\"").And.EndWith("data: [DONE]\n\n");
            Verdicts(answer).Should().Be(Verdicts(asked));
        }
        asked.Text.Should().Contain("\"prompt_tokens\"");
        plain.Text.Should().NotContain("\"prompt_tokens\"");
        (await company.SettledAsync()).Events.Should().HaveCount(2).And.OnlyContain(e => !e.IsEstimated && e.CostNanos == 46_200);

        string Streamed(string more) =>
            $$"""{"max_tokens":16,"stream":true{{more}},"messages":[{"role":"user","content":"{{Bodies.Text(knobs + " input_tokens=10")}}"}]}""";
        static int Verdicts(Answer answer) => answer.Text.Split("content_filter_results").Length;
    }

    [Theory]
    [InlineData("status=429", 429, "429")]
    [InlineData("content_filter=prompt", 400, "content_filter")]
    [InlineData("status=404 error_code=DeploymentNotFound", 404, "DeploymentNotFound")]
    public async Task What_azure_refuses_costs_nothing_and_is_told_as_it_said(string knobs, int status, string code)
    {
        await using var company = await Formats.StartAsync();

        var answer = await company.PostAsync("/openai/v1/chat/completions", Bodies.Chat(knobs, model: Formats.Deployment));

        answer.ShouldBe(status, code);
        if (status == 429) answer.Header("retry-after-ms").Should().Be("1000");
        var books = await company.SettledAsync();
        books.Settled.Should().Be(0);
        books.Released.Should().ContainSingle();
    }

    [Fact]
    public async Task A_response_of_one_provider_is_not_found_at_another()
    {
        await using var company = await Formats.StartAsync();
        var atAzure = (string)(await company.PostAsync("/openai/v1/responses", Bodies.Response(model: Formats.Deployment))).ShouldBe(200).Json["id"]!;
        var atOpenAi = (string)(await company.PostAsync("responses", Bodies.Response())).ShouldBe(200).Json["id"]!;
        var before = company.Journal.Count;

        (await company.GetAsync($"/v1/responses/{atAzure}")).ShouldBe(404, "not_found");
        (await company.GetAsync($"/openai/v1/responses/{atOpenAi}")).ShouldBe(404, "not_found");
        (await company.PostAsync("responses", Bodies.Response(more: $"\"previous_response_id\":\"{atAzure}\""))).ShouldBe(404, "not_found");
        company.Journal.Count.Should().Be(before);

        (await company.GetAsync($"/openai/v1/responses/{atAzure}")).ShouldBe(200);
        await company.SettledAsync();
    }

    [Fact]
    public async Task Test_keys_reach_the_sandbox_by_the_same_paths_and_spend_nothing()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await using var company = await Company.StartAsync(Formats.Rules(), provider: Formats.Provider, gateway: gateway);
        const string slug = "t1";
        var issued = await KeyIssuer.CreateAsync(gateway.Database, gateway.MasterKey, company.Slug,
            new KeyRequest { Slug = slug, Mode = KeyMode.Test, Actor = "employee/e1" }, new ChangeAuthor("test", "test", null), TestContext.Current.CancellationToken);
        company.Remember(slug, issued.Value!.Secret);

        (await company.PostAsync(Legacy, LegacyBody, slug)).ShouldBe(200);
        (await company.PostAsync("/openai/v1/chat/completions", Bodies.Chat(model: "unheard-of"), slug)).ShouldBe(400, "unpriceable_request");

        company.Journal.Count.Should().Be(0);
        gateway.Sandbox.Journal.CountOf(SandboxProvider.Azure).Should().Be(1);
        (await company.SettledAsync()).Settled.Should().Be(0);
    }

    [Fact]
    public async Task The_same_words_to_another_deployment_are_another_request()
    {
        await using var company = await Formats.StartAsync();
        using var client = company.Client();
        client.DefaultRequestHeaders.Add("idempotency-key", "once");

        (await Answer.PostAsync(client, Legacy, LegacyBody)).ShouldBe(200);
        await company.SettledAsync();

        (await Answer.PostAsync(client, Legacy, LegacyBody)).ShouldBe(409, "idempotency_replay_unavailable");
        (await Answer.PostAsync(client, Legacy.Replace("chat-prod", "tiers-prod"), LegacyBody)).ShouldBe(422, "idempotency_mismatch");
    }

    // 10·1,000 + 16·2,000 = 42,000 at the listed rate; flex is half of it and priority twice as much.
    [Theory]
    [InlineData(105, "flex", 53, 5_250, 22_050)]
    [InlineData(133, "flex", 67, 6_650, 27_930)]
    [InlineData(105, "priority", 210, null, 88_200)]
    [InlineData(110, "flex", 55, null, 23_100)]
    [InlineData(105, "default", 105, null, 44_100)]
    public async Task A_tier_that_served_is_paid_at_the_accounts_rates_whole_or_not(int ratePercent, string served, int percent, int? hundredths, long nanos)
    {
        await using var company = await Formats.StartAsync(Formats.Rules(ratePercent: ratePercent));

        var answer = (await company.PostAsync("/openai/v1/chat/completions",
            Bodies.Chat($"input_tokens=10 output_tokens=16 service_tier={served}", "\"max_tokens\":16,\"service_tier\":\"default\"", Formats.TieredDeployment))).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        (spent.CostNanos, spent.TierPercent, spent.IsEstimated, spent.ServedTier).Should().Be((nanos, percent, false, served));
        spent.OtherUnits.Should().Be(hundredths is null ? null : $"{{\"tier_hundredths\":{hundredths}}}");
        answer.Header("x-spendra-cost-usd").Should().Be(new Core.Money.NanoUsd(nanos).ToString());
        var explained = await new Storage.Ledger.RequestQueries(company.Gateway.Database).ExplainAsync(company.Id, spent.ReservationId, TestContext.Current.CancellationToken);
        explained!.Price!.TierPercent.Should().Be(hundredths / 100m ?? percent);
    }
}
