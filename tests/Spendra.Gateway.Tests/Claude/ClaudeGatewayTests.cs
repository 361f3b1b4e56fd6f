using System.Text;
using System.Text.Json.Nodes;
using Spendra.Sandbox;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>Anthropic's clients in front of a whole gateway and a simulated provider.</summary>
public sealed class ClaudeGatewayTests
{
    public static TheoryData<string, string, string, string, long> Calls() => new()
    {
        // "Hello there": 10 input, 16 output → 10·1000 + 16·2000.
        { "messages", "", "", "10,0,0,16,0", 42_000 },
        { "messages?beta=true", "", "\"stream\":true", "10,0,0,16,0", 42_000 },
        { "providers/anthropic/messages", "", "\"stream\":false", "10,0,0,16,0", 42_000 },
        { "providers/anthropic/v1/messages", "", "\"stream\":true", "10,0,0,16,0", 42_000 },
        // 35·1000 + 40·100 + 25·1250 + 10·2000
        { "messages", "input_tokens=35 cached_tokens=40 cache_write_tokens=25 output_tokens=10 thinking_tokens=7", "", "35,40,25,10,7", 90_250 },
        { "messages", "input_tokens=35 cached_tokens=40 cache_write_tokens=25 output_tokens=10 thinking_tokens=7", "\"stream\":true", "35,40,25,10,7", 90_250 },
        { "messages", "input_tokens=35 output_tokens=10 usage_events=4", "\"stream\":true", "35,0,0,10,0", 55_000 },
        { "messages", "input_tokens=35 output_tokens=10 no_done=true", "\"stream\":true", "35,0,0,10,0", 55_000 },
        { "messages", "input_tokens=35 output_tokens=10 tool_calls=1", "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}}]", "35,0,0,10,0", 55_000 },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_message_costs_its_usage_by_class(string path, string knobs, string more, string classes, long nanos)
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);

        var answer = (await company.PostAsync(path, ClaudeRules.Body(knobs, more))).ShouldBe(200);

        var books = await company.SettledAsync();
        var spent = books.Events.Should().ContainSingle().Subject;
        $"{spent.InputUnits},{spent.CachedInputUnits},{spent.CacheWriteUnits},{spent.OutputUnits},{spent.ReasoningUnits}".Should().Be(classes);
        spent.CostNanos.Should().Be(nanos);
        spent.IsEstimated.Should().BeFalse();
        spent.Route.Should().Be("messages");
        spent.ServedTier.Should().Be("standard");
        spent.UpstreamRequestId.Should().StartWith("req_").And.Be(answer.Header("request-id"));
        answer.Header("x-spendra-request-id").Should().Be(spent.ReservationId.ToString());
    }

    [Fact]
    public async Task Speed_and_place_multiply_the_cost()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);

        (await company.PostAsync("messages", ClaudeRules.Body("", "\"speed\":\"fast\",\"inference_geo\":\"us\"", "claude-b"))).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        spent.ServedTier.Should().Be("fast+us");
        spent.TierPercent.Should().Be(220);
        spent.CostNanos.Should().Be(42_000 * 220 / 100);
    }

    [Theory]
    // 35·1000 + 40·2000 + 25·1250 + 10·2000
    [InlineData("input_tokens=35 cache_write_1h_tokens=40 cache_write_tokens=25 output_tokens=10", "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}", 166_250)]
    // 35·1000 + 10·2000 and two searches of 10,000,000 each, of three that the tool may make.
    [InlineData("input_tokens=35 output_tokens=10 web_searches=2", "\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":3}]", 20_055_000)]
    public async Task Caches_for_an_hour_and_searches_are_settled_at_rates_of_their_own(string knobs, string more, long nanos)
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default with { Keys = ["{slug: k1, actor: employee/e1, tools: [web_search]}"] });
        foreach (var stream in new[] { "false", "true" })
            (await company.PostAsync("messages", ClaudeRules.Body(knobs, $"{more},\"stream\":{stream}", "claude-c"))).ShouldBe(200);

        (await company.SettledAsync()).Events.Should().HaveCount(2).And.OnlyContain(e => e.CostNanos == nanos && !e.IsEstimated && e.ReservedNanos >= nanos);
    }

    [Fact]
    public async Task Everything_that_governance_does_not_touch_reaches_the_provider()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);
        const string body = """{ "model":"claude-a","max_tokens" : 16,"system":[{"type":"text","text":"Ünï\u0020 ", "cache_control":{"type":"ephemeral"}}],"unknown":{"a":[1.50,null]},"messages":[{"role":"user","content":"Hi"}] }""";
        using var client = company.Anonymous();
        using var request = new HttpRequestMessage(HttpMethod.Post, "messages?beta=true&key=secret&x=1") { Content = GatewayHarness.Json(body) };
        request.Headers.TryAddWithoutValidation("x-api-key", company.Secret("k1"));
        request.Headers.TryAddWithoutValidation("anthropic-beta", "one-2026-01-01,two-2026-01-01");
        request.Headers.TryAddWithoutValidation("anthropic-new-thing", "yes");
        request.Headers.TryAddWithoutValidation("anthropic-workspace-id", "wrkspc_1");
        request.Headers.TryAddWithoutValidation("x-stainless-lang", "js");

        var answer = (await Answer.SendAsync(client, request)).ShouldBe(200);

        var seen = company.Journal.Requests.Single();
        Encoding.UTF8.GetString(seen.Body.Span).Should().Be(body.Replace("] }", "] ,\"service_tier\":\"standard_only\"}"));
        seen.PathAndQuery.Should().Be("/v1/messages?beta=true");
        var headers = seen.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value);
        headers["x-api-key"].Should().Be("sk-ant-secret");
        headers["anthropic-version"].Should().Be("2023-06-01");
        headers["anthropic-beta"].Should().Be("one-2026-01-01,two-2026-01-01");
        headers["anthropic-new-thing"].Should().Be("yes");
        headers["x-stainless-lang"].Should().Be("js");
        headers.Should().NotContainKeys("authorization", "anthropic-workspace-id");
        answer.Header("anthropic-ratelimit-requests-limit").Should().Be("4000");
        answer.Header("anthropic-organization-id").Should().BeNull();
        answer.Header("x-spendra-reserved-usd").Should().NotBeNull();
    }

    [Fact]
    public async Task A_version_that_the_client_names_stands_and_a_clamp_changes_the_limit_alone()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default with { Policies = ["{slug: short, kind: request_limit, scope: organization, maxOutputTokens: 5}"] });
        using var client = company.Client();
        client.DefaultRequestHeaders.TryAddWithoutValidation("anthropic-version", "2099-01-01");

        var body = ClaudeRules.Body("", "\"service_tier\":\"standard_only\"");
        var answer = (await Answer.PostAsync(client, "messages", body)).ShouldBe(200);

        var seen = company.Journal.Requests.Single();
        Encoding.UTF8.GetString(seen.Body.Span).Should().Be(body.Replace("\"max_tokens\":16", "\"max_tokens\":5"));
        seen.Headers.Single(h => h.Key.Equals("anthropic-version", StringComparison.OrdinalIgnoreCase)).Value.Should().Be("2099-01-01");
        answer.Header("x-spendra-max-output-tokens").Should().Be("5");
        (await company.SettledAsync()).Events.Single().OutputUnits.Should().Be(5);
    }

    [Fact]
    public async Task Counting_is_free_and_forwarded()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);

        var answer = (await company.PostAsync("messages/count_tokens", """{"model":"claude-a","messages":[{"role":"user","content":"Hello there"}],"tools":[{"name":"f","input_schema":{}}]}""")).ShouldBe(200);

        ((long)answer.Json["input_tokens"]!).Should().Be(10);
        var spent = (await company.SettledAsync()).Events.Single();
        spent.Route.Should().Be("messages.count_tokens");
        spent.ReservedNanos.Should().Be(0);
        spent.CostNanos.Should().Be(0);
        company.Journal.Requests.Single().Route.Should().Be(SandboxRoute.CountMessageTokens);
    }

    [Fact]
    public async Task An_answer_that_is_not_streamed_tells_its_cost()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);

        var answer = await company.PostAsync("messages", ClaudeRules.Body());

        decimal.Parse(answer.Header("x-spendra-cost-usd")!).Should().Be(0.000042m);
        JsonNode.Parse(answer.Bytes)!["type"]!.GetValue<string>().Should().Be("message");
    }

    [Fact]
    public async Task A_search_needs_the_tool_in_the_keys_scope_and_a_price()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default with { Keys = ["{slug: k1, actor: employee/e1}", "{slug: k2, actor: employee/e1, tools: [web_search, web_fetch, code_execution]}"] });
        const string search = "\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":1}]";
        const string fetch = "\"tools\":[{\"type\":\"web_fetch_20250910\",\"name\":\"web_fetch\"}]";

        (await company.PostAsync("messages", ClaudeRules.Body("", search))).ShouldBe(403, "tool_not_allowed");
        (await company.PostAsync("messages", ClaudeRules.Body("", search), "k2")).ShouldBe(400, "unpriceable_request");
        (await company.PostAsync("messages", ClaudeRules.Body("", "\"tools\":[{\"type\":\"code_execution_20250825\",\"name\":\"c\"}]"), "k2")).ShouldBe(400, "unpriceable_request");
        company.Journal.Count.Should().Be(0);
        (await company.PostAsync("messages", ClaudeRules.Body("web_fetches=9", fetch), "k2")).ShouldBe(200);

        // The sandbox obeys the limit that was put in: five fetches.
        Encoding.UTF8.GetString(company.Journal.Requests.Single().Body.Span).Should().Contain("{\"max_uses\":5,\"type\":\"web_fetch_20250910\"");
        var spent = (await company.SettledAsync()).Events.Single();
        spent.BoundInput.Should().Be(200_000 * 6);
        spent.InputUnits.Should().BeGreaterThan(5 * SandboxUsage.TokensPerToolResult);
        spent.IsEstimated.Should().BeFalse();
    }

    [Fact]
    public async Task Files_that_live_at_another_provider_do_not_exist_here()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);
        var file = (string)(await Uploads.SendAsync(company, "a.txt", "text")).ShouldBe(200).Json["id"]!;
        await company.SettledAsync();
        var before = company.Journal.Count;

        foreach (var id in new[] { file, "file_unknown" })
        {
            var answer = await company.PostAsync("messages", $$$"""{"model":"claude-a","max_tokens":1,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"{{{id}}}"}}]}]}""");
            answer.ShouldBe(404, "not_found");
            ((string)answer.Json["error"]!["type"]!).Should().Be("not_found_error");
        }
        company.Journal.Count.Should().Be(before);
    }

    [Fact]
    public async Task The_dialect_of_OpenAI_reaches_Anthropics_models_too()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);

        (await company.PostAsync("providers/anthropic/chat/completions", Bodies.Chat(model: "claude-a"))).ShouldBe(200);
        (await company.PostAsync("providers/anthropic/chat/completions", Bodies.Chat(model: "claude-a", more: "\"max_tokens\":16,\"stream\":true"))).ShouldBe(200);
        (await company.PostAsync("providers/anthropic/chat/completions", Bodies.Chat(model: "claude-a", more: "\"n\":2"))).ShouldBe(400, "invalid_request");

        company.Journal.Requests.Should().HaveCount(2).And.OnlyContain(r => r.PathAndQuery == "/v1/chat/completions");
        company.Journal.Requests[0].Headers.Single(h => h.Key.Equals("authorization", StringComparison.OrdinalIgnoreCase)).Value.Should().Be("Bearer sk-ant-secret");
        (await company.SettledAsync()).Events.Should().HaveCount(2).And.OnlyContain(e => e.CostNanos == 42_000);
    }
}
