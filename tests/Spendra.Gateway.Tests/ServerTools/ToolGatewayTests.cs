using System.Text.Json.Nodes;

namespace Spendra.Gateway.Tests.ServerTools;

/// <summary>Tools that the provider runs, through a whole gateway: permitted, limited, held, settled, explained.</summary>
public sealed class ToolGatewayTests
{
    private const string Web = "\"tools\":[{\"type\":\"web_search\"}]";
    private const string Units = "unitUsdPerMillion: {web_searches: \"10000\", preview_searches: \"25000\", file_searches: \"2500\", code_sessions: \"30000\"}";

    /// <summary>A key that may use every tool, and a model that has a price for each.</summary>
    internal static Rules Rules(string tools = "[\"*\"]", string account = "") => new()
    {
        Cap = "1000",
        Keys = [$"{{slug: k1, actor: employee/e1, tools: {tools}}}"],
        HasAccount = false,
        Accounts = [$"{{slug: main, provider: openai, baseUrl: \"{{provider}}\", credential: {{value: sk-upstream-secret}}{account}}}"],
        Prices =
        [
            $"{{provider: openai, model: m1, {Gateway.Tests.Rules.Rates}, contextWindow: 1000, {Units}}}",
            $"{{provider: openai, model: m-search-api, {Gateway.Tests.Rules.Rates}, contextWindow: 1000, {Units}}}",
        ],
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Searches_are_limited_upstream_held_and_settled(bool isStream)
    {
        await using var company = await Company.StartAsync(Rules("[web_search]"));

        (await company.PostAsync("responses", Bodies.Response("web_searches=9 web_opens=1 input_tokens=10", $"\"max_output_tokens\":16,{Web}{(isStream ? ",\"stream\":true" : "")}"))).ShouldBe(200);

        ((int)Sent(company)["max_tool_calls"]!).Should().Be(5);
        var spent = (await company.SettledAsync()).Events.Should().ContainSingle().Subject;
        // Six passes over 1000 tokens at the cache-write rate, 16 of output, five searches
        spent.ReservedNanos.Should().Be(6_000 * 1_250 + 16 * 2_000 + 5 * 10_000_000L);
        // 10·1000 + 16·2000 + 5·10,000,000: nine were asked for, and the limit held
        spent.CostNanos.Should().Be(42_000 + 50_000_000);
    }

    [Fact]
    public async Task A_provider_that_passes_the_limit_is_paid_and_the_excess_is_explained()
    {
        await using var company = await Company.StartAsync(Rules());

        (await company.PostAsync("responses", Bodies.Response("web_searches=9 ignore_limit=true input_tokens=10 tokens=16", $"\"max_output_tokens\":16,{Web}"))).ShouldBe(200);

        var books = await company.SettledAsync();
        books.Events.Single().CostNanos.Should().Be(42_000 + 90_000_000);
        books.Excesses.Should().ContainSingle();
    }

    [Theory]
    [InlineData("web_search", "web_searches=1", 42_000 + 10_000_000)]
    [InlineData("web_search_preview", "web_searches=1", 42_000 + 25_000_000)]
    public async Task A_background_response_is_settled_with_its_fees_when_it_is_fetched(string type, string calls, long nanos)
    {
        await using var company = await Company.StartAsync(Rules());
        var started = await company.PostAsync("responses", Bodies.Response($"{calls} input_tokens=10 latency_ms=1", $"\"max_output_tokens\":16,\"background\":true,\"tools\":[{{\"type\":\"{type}\"}}]"));
        started.ShouldBe(200);

        Answer fetched;
        do fetched = await company.GetAsync($"responses/{(string)started.Json["id"]!}");
        while ((string?)fetched.Json["status"] is "queued" or "in_progress");

        (await company.SettledAsync()).Paid.Single().CostNanos.Should().Be(nanos);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_model_that_searches_by_itself_needs_the_permission_and_is_charged_for_a_search(bool isStream)
    {
        await using var company = await Company.StartAsync(Rules("[web_search]"));
        (await company.PostAsync("chat/completions", Bodies.Chat("input_tokens=10", $"\"max_tokens\":16{(isStream ? ",\"stream\":true" : "")}", "m-search-api"))).ShouldBe(200);
        (await company.SettledAsync()).Events.Single().CostNanos.Should().Be(42_000 + 10_000_000);

        await using var other = await Company.StartAsync(Rules("[file_search]"));
        (await other.PostAsync("chat/completions", Bodies.Chat(model: "m-search-api"))).ShouldBe(403, "tool_not_allowed");
        other.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task Only_stores_that_the_account_lists_are_searched()
    {
        await using var company = await Company.StartAsync(Rules(account: ", vectorStores: [vs_ours]"));

        (await company.PostAsync("responses", Bodies.Response("file_searches=1 input_tokens=10", Files("\"vs_ours\"")))).ShouldBe(200);
        var refused = (await company.PostAsync("responses", Bodies.Response(more: Files("\"vs_ours\",\"vs_theirs\"")))).ShouldBe(403, "tool_not_allowed");

        refused.Text.Should().Contain("vs_theirs").And.Contain("vectorStores");
        company.Journal.Count.Should().Be(1);
        (await company.SettledAsync()).Events.Single().CostNanos.Should().Be(42_000 + 2_500_000);

        static string Files(string stores) => $"\"max_output_tokens\":16,\"tools\":[{{\"type\":\"file_search\",\"vector_store_ids\":[{stores}]}}]";
    }

    [Fact]
    public async Task A_file_in_a_container_must_be_the_callers()
    {
        await using var company = await Company.StartAsync(Rules());

        (await company.PostAsync("responses", Bodies.Response(more: "\"tools\":[{\"type\":\"code_interpreter\",\"container\":{\"type\":\"auto\",\"file_ids\":[\"file-theirs\"]}}]"))).ShouldBe(404);

        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("\"max_tool_calls\":0")]
    [InlineData("\"max_tool_calls\":1.5")]
    [InlineData("\"max_tool_calls\":\"3\"")]
    [InlineData("\"max_tool_calls\":3,\"max_tool_calls\":300")]
    [InlineData("\"tools\":[{\"type\":\"file_search\",\"vector_store_ids\":\"vs_1\"}]")]
    [InlineData("\"tools\":[{\"type\":\"file_search\",\"vector_store_ids\":[\"vs_1\"],\"vector_store_ids\":[\"vs_2\"]}]")]
    [InlineData("\"tools\":[{\"type\":\"code_interpreter\",\"container\":{\"type\":\"auto\"},\"container\":\"cntr_1\"}]")]
    [InlineData("\"tools\":[{\"type\":\"namespace\",\"tools\":[{}]}]")]
    public async Task A_limit_or_a_tool_that_makes_no_sense_is_a_bad_body(string more)
    {
        await using var company = await Company.StartAsync(Rules());

        (await company.PostAsync("responses", Bodies.Response(more: more))).ShouldBe(400, "invalid_request");

        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task Azure_has_no_fees_in_the_price_book_until_somebody_declares_them()
    {
        var rules = Formats.Rules() with { Keys = ["{slug: k1, actor: employee/e1, tools: [\"*\"]}"] };
        await using var company = await Formats.StartAsync(rules);
        var body = Bodies.Response("web_searches=1 input_tokens=10", $"\"max_output_tokens\":16,{Web}", Formats.Deployment);
        (await company.PostAsync("/openai/v1/responses", body)).ShouldBe(400, "unpriceable_request");

        await company.ApplyAsync(rules with
        {
            Prices = [.. rules.Prices.Select(p => p.Contains("provider: azure, model: m1,", StringComparison.Ordinal) ? p.Replace("}", $", contextWindow: 1000, {Units}}}") : p)],
        });

        (await company.PostAsync("/openai/v1/responses", body)).ShouldBe(200);
        // Tokens at 110 per cent; fees are the same everywhere
        (await company.SettledAsync()).Events.Single().CostNanos.Should().Be(46_200 + 10_000_000);
    }

    internal static JsonNode Sent(Company company) => JsonNode.Parse(company.Journal.Requests[^1].Body.Span)!;
}
