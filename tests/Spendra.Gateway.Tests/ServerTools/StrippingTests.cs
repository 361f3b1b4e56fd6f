using Spendra.Gateway.Tests.Claude;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Tests.ServerTools;

/// <summary>A policy that leaves denied tools out of requests, through a whole gateway.</summary>
public sealed class StrippingTests
{
    private const string Header = "x-spendra-stripped-tools";
    private const string Strip = "{slug: no-search, kind: allowlist, scope: organization, tools: [code_interpreter, maps], onDenied: strip}";

    private static Rules Rules(params string[] policies)
    {
        var rules = ToolGatewayTests.Rules("[code_interpreter]") with { Policies = policies };
        return GeminiBodies.Of(ClaudeRules.Of(rules));
    }

    /// <summary>Path, body with a web search and something else, what reaches the provider of both.</summary>
    public static TheoryData<string, string, string> Requests() => new()
    {
        { "responses", Bodies.Response(more: """ "max_output_tokens":16,"tools":[{"type":"web_search"},{"type":"function","name":"f"}] """), """[{"type":"function","name":"f"}]""" },
        { "responses", Bodies.Response(more: """ "max_output_tokens":16,"tools":[{"type":"image_generation"}],"tool_choice":"auto" """), "null" },
        { "responses", Bodies.Response(more: """ "max_output_tokens":16,"stream":true,"tools":[{"type":"web_search_preview"},{"type":"custom","name":"c"}] """), """[{"type":"custom","name":"c"}]""" },
        { "responses/input_tokens", Bodies.Response(more: """ "tools":[{"type":"web_search"}] """), "null" },
        { "chat/completions", Bodies.Chat(more: """ "max_tokens":16,"web_search_options":{},"tools":[{"type":"function","function":{"name":"f"}}] """), """[{"type":"function","function":{"name":"f"}}]""" },
        { "/v1/messages", ClaudeRules.Body(more: """ "tools":[{"type":"web_search_20250305","name":"web_search"},{"name":"f","input_schema":{"type":"object"}}] """), """[{"name":"f","input_schema":{"type":"object"}}]""" },
        { "/v1/messages", ClaudeRules.Body(more: """ "tools":[{"type":"code_execution_20250825","name":"code_execution"}] """), "null" },
        { "/v1beta/models/g1:generateContent", GeminiBodies.Content(more: ""","tools":[{"googleSearch":{}},{"functionDeclarations":[{"name":"f"}]}]"""), """[{"functionDeclarations":[{"name":"f"}]}]""" },
        { "/v1beta/models/g1:streamGenerateContent?alt=sse", GeminiBodies.Content(more: ""","tools":[{"google_search":{}}]"""), "null" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task A_denied_tool_is_left_out_and_the_answer_says_so(string path, string body, string left)
    {
        await using var company = await Company.StartAsync(Rules(Strip));

        var answer = (await company.PostAsync(path, body)).ShouldBe(200);

        answer.Header(Header).Should().BeOneOf("web_search", "image_generation", "code_execution");
        var sent = ToolGatewayTests.Sent(company);
        (sent["tools"]?.ToJsonString() ?? "null").Should().Be(left);
        sent["web_search_options"].Should().BeNull();
        sent["tool_choice"].Should().BeNull();
        var books = await company.SettledAsync();
        books.Refusals.Should().BeEmpty();
        books.Events.Should().ContainSingle().Which.CostNanos.Should().BeLessThan(1_000_000, "no fee is held or paid for what was left out");
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Without_such_a_policy_it_is_refused(string path, string body, string left)
    {
        left.Should().NotBeEmpty();
        await using var company = await Company.StartAsync(Rules(Strip.Replace("strip", "refuse", StringComparison.Ordinal)));

        (await company.PostAsync(path, body)).ShouldBe(403, "tool_not_allowed");

        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task The_requests_id_explains_what_was_left_out_and_by_whom(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(Rules(Strip), engine);
        var answer = await company.PostAsync("responses", Bodies.Response(more: """ "tools":[{"type":"web_search"},{"type":"mcp"}] """));
        await company.SettledAsync();

        var explained = await new RequestQueries(company.Gateway.Database).ExplainAsync(
            company.Id, Guid.Parse(answer.Header("x-spendra-request-id")!), TestContext.Current.CancellationToken);

        explained!.Outcome.Should().Be("settled");
        explained.StrippedTools.Should().Equal(new ExplainedStripping("mcp", "no-search"), new ExplainedStripping("web_search", "no-search"));
        answer.Header(Header).Should().Be("web_search, mcp");
    }

    [Theory]
    [InlineData("responses", """ "tools":[{"type":"web_search"}],"tool_choice":{"type":"web_search"} """, "'web_search'")]
    [InlineData("responses", """ "tools":[{"type":"web_search"}],"tool_choice":"required" """, "none is left")]
    // A tool that cannot be left out is refused as ever
    [InlineData("responses", """ "tools":[{"type":"namespace","name":"n","tools":[{"type":"web_search"}]}] """, "scope of this key")]
    public async Task What_would_be_left_must_make_sense(string path, string more, string why)
    {
        await using var company = await Company.StartAsync(Rules(Strip));

        (await company.PostAsync(path, Bodies.Response(more: more))).ShouldBe(403, "tool_not_allowed").Text.Should().Contain(why);

        company.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Refusals.Should().ContainSingle();
    }

    [Fact]
    public async Task A_model_that_searches_by_itself_cannot_be_kept_from_it()
    {
        await using var company = await Company.StartAsync(Rules(Strip));

        (await company.PostAsync("chat/completions", Bodies.Chat(model: "m-search-api"))).ShouldBe(403, "tool_not_allowed");

        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task What_may_be_used_stays_and_is_held_without_what_was_left_out()
    {
        await using var company = await Company.StartAsync(Rules(Strip));

        (await company.PostAsync("responses", Bodies.Response("input_tokens=10 code_calls=1",
            """ "max_output_tokens":16,"tools":[{"type":"code_interpreter","container":{"type":"auto"}},{"type":"file_search","vector_store_ids":["vs_theirs"]}] """))).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        spent.ReservedNanos.Should().Be(6_000 * 1_250 + 16 * 2_000 + 5 * 30_000_000L);
        spent.CostNanos.Should().Be(42_000 + 30_000_000);
        ((int)ToolGatewayTests.Sent(company)["max_tool_calls"]!).Should().Be(5);
    }

    [Theory]
    [InlineData("tools: [web_search], onDenied: strip", 200, true)]
    [InlineData("tools: [code_interpreter]", 403, false)]
    [InlineData("tools: [], onDenied: strip", 200, false)]
    public async Task When_the_rules_change_the_next_request_is_what_the_client_wrote(string allows, int status, bool isWhole)
    {
        await using var company = await Company.StartAsync(Rules(Strip));
        var body = Bodies.Response(more: """ "max_output_tokens":16,"tools":[{"type":"web_search"}] """);
        (await company.PostAsync("responses", body)).ShouldBe(200);
        await company.SettledAsync();
        await company.ApplyAsync(Rules($"{{slug: no-search, kind: allowlist, scope: organization, {allows}}}") with { Keys = ["{slug: k1, actor: employee/e1, tools: [web_search]}"] });

        var answer = (await company.PostAsync("responses", body)).ShouldBe(status);

        answer.Header(Header).Should().Be(status == 200 && !isWhole ? "web_search" : null);
        company.Journal.Count.Should().Be(status == 200 ? 2 : 1);
        if (status == 200) (ToolGatewayTests.Sent(company)["tools"] is not null).Should().Be(isWhole);
    }

    [Fact]
    public async Task A_repetition_is_told_by_what_the_client_wrote()
    {
        await using var company = await Company.StartAsync(Rules(Strip));
        const string with = """ "max_output_tokens":16,"tools":[{"type":"web_search"}] """;
        (await SendAsync(with)).ShouldBe(200);
        await company.SettledAsync();

        (await SendAsync(with)).ShouldBe(409, "idempotency_replay_unavailable");
        (await SendAsync("\"max_output_tokens\":16")).ShouldBe(422);

        async Task<Answer> SendAsync(string more)
        {
            using var client = company.Client();
            client.DefaultRequestHeaders.Add("idempotency-key", "once");
            return await Answer.PostAsync(client, "responses", Bodies.Response(more: more));
        }
    }
}
