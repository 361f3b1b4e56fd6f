namespace Spendra.Gateway.Tests;

/// <summary>What may not be called reaches no server, and the session goes on.</summary>
public sealed class ToolRefusalTests
{
    private const string Cap = "{slug: cap, kind: hard_cap, scope: organization, budget: all";

    public static TheoryData<string, Rules, string, string> Cases() => new()
    {
        { "another tool in the scope", Tools.Rules(scope: "[finder/translate]"), Tools.Call(), "tool_not_allowed" },
        { "another server in the scope", Tools.Rules(scope: "[\"other/*\"]"), Tools.Call(), "tool_not_allowed" },
        { "a server-side tool of that name in the scope", Tools.Rules(scope: "[search]"), Tools.Call(), "tool_not_allowed" },
        { "an empty scope", Tools.Rules(scope: "[]"), Tools.Call(), "tool_not_allowed" },
        { "a handshake without any tool", Tools.Rules(scope: "[\"other/*\"]"), Tools.Message("initialize"), "tool_not_allowed" },
        { "resources without any tool", Tools.Rules(scope: "[]"), Tools.Message("resources/read"), "tool_not_allowed" },
        { "no price", Tools.Rules(), Tools.Call(tool: "send_mail"), "unpriceable_request" },
        { "an allowlist", Tools.Rules() with { Policies = ["{slug: list, kind: allowlist, scope: organization, tools: [finder/translate]}"] }, Tools.Call(), "tool_not_allowed" },
        { "an allowlist without the server", Tools.Rules() with { Policies = ["{slug: list, kind: allowlist, scope: organization, tools: [web_search]}"] }, Tools.Message("ping"), "tool_not_allowed" },
        { "an allowlist of providers", Tools.Rules() with { Policies = ["{slug: list, kind: allowlist, scope: organization, providers: [openai]}"] }, Tools.Call(), "provider_not_allowed" },
        { "a request limit", Tools.Rules() with { Policies = ["{slug: limit, kind: request_limit, scope: organization, maxRequestUsd: \"0.005\"}"] }, Tools.Call(), "request_limit_exceeded" },
        { "a review", Tools.Rules() with { Policies = ["{slug: look, kind: review, scope: organization, aboveUsd: \"0.005\", tools: [\"finder/*\"]}"] }, Tools.Call(), "review_required" },
        { "a cap for models only", Tools.Rules() with { HasCap = false, Policies = [Cap + ", models: [m1]}"] }, Tools.Call(), "no_applicable_budget" },
        { "a cap for another tool", Tools.Rules() with { HasCap = false, Policies = [Cap + ", tools: [finder/translate]}"] }, Tools.Call(), "no_applicable_budget" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_rule_refuses_with_an_error_of_the_protocol(string what, Rules rules, string message, string reason)
    {
        await using var company = await Company.StartAsync(rules);
        using var talk = ToolTalk.Open(company);

        var answer = await talk.SendAsync(message);

        answer.RpcCode().Should().Be(-32001, what);
        answer.Reason().Should().Be(reason);
        ((int)answer.Json["id"]!).Should().Be(1);
        ((string?)answer.Json["error"]!["data"]!["request_id"]).Should().Be(answer.Header("x-spendra-request-id"));
        company.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Refusals.Should().ContainSingle().Which.Code.Should().Be(reason);
    }

    public static TheoryData<string, Rules> Allowances() => new()
    {
        { "the tool itself", Tools.Rules(scope: "[finder/search]") },
        { "its server", Tools.Rules(scope: "[\"finder/*\"]") },
        { "a key for other models", Tools.Rules() with { Keys = ["{slug: k1, actor: employee/e1, models: [m1], tools: [\"finder/*\"]}"] } },
        { "an allowlist of the server", Tools.Rules() with { Policies = ["{slug: list, kind: allowlist, scope: organization, tools: [\"finder/*\"]}"] } },
        { "an allowlist of models", Tools.Rules() with { Policies = ["{slug: list, kind: allowlist, scope: organization, models: [m1]}"] } },
        { "a cap for the tool alone", Tools.Rules() with { HasCap = false, Policies = [Cap + ", tools: [finder/search]}"] } },
        { "a cap for the provider alone", Tools.Rules() with { HasCap = false, Policies = [Cap + ", providers: [mcp]}"] } },
    };

    [Theory]
    [MemberData(nameof(Allowances))]
    public async Task A_rule_that_names_the_tool_admits_handshake_and_call(string what, Rules rules)
    {
        await using var company = await Company.StartAsync(rules);
        using var talk = await ToolTalk.BeginAsync(company);

        (await talk.CallAsync()).IsToolError().Should().BeFalse(what);

        (await company.SettledAsync()).Settled.Should().Be(Tools.SearchNanos);
    }

    [Fact]
    public async Task A_budget_refuses_with_a_result_that_the_model_can_read()
    {
        await using var company = await Company.StartAsync(Tools.Rules(cap: "0.015"));
        using var talk = await ToolTalk.BeginAsync(company);
        await talk.CallAsync();
        await company.SettledAsync();

        var answer = await talk.CallAsync();

        answer.IsToolError().Should().BeTrue();
        answer.Reason().Should().Be("budget_exceeded");
        ((string?)answer.Json["result"]!["content"]![0]!["text"]).Should().StartWith("The tool was not run.").And.Contain("'all'");
        var told = answer.Json["result"]!["_meta"]!["spendra"]!;
        ((string?)told["needed_usd"]).Should().Be("0.01");
        company.Journal.ToolCalls.Should().Be(1);
        (await talk.CallAsync(tool: "translate")).IsToolError().Should().BeFalse("what is free still runs");
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"a\\u0041\\\"b\"")]
    [InlineData("1.50e2")]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("[1, {\"a\":2}]")]
    [InlineData("123456789012345678901234567890")]
    public async Task An_id_of_any_kind_is_echoed_byte_for_byte(string id)
    {
        await using var company = await Company.StartAsync(Tools.Rules(scope: "[]"));
        using var talk = ToolTalk.Open(company);

        var answer = await talk.CallAsync(id: id);

        answer.RpcCode().Should().Be(-32001);
        answer.Text.Should().Contain($"\"id\":{id},");
    }

    [Theory]
    [InlineData("{", 400, -32700)]
    [InlineData("[]", 400, -32600)]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search"}}]""", 400, -32600)]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"ping"}""", 400, -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"search"}}""", 400, -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"search"}}""", 400, -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"METHOD":"tools/call"}""", 400, -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tasks/list"}""", 200, -32601)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/execute"}""", 200, -32601)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":7}""", 200, -32601)]
    [InlineData("""{"jsonrpc":"2.0","id":1}""", 200, -32600)]
    [InlineData("""{"jsonrpc":"2.0","method":"tools/call","params":{"name":"search"}}""", 400, -32600)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call"}""", 200, -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["search"]}""", 200, -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"translate","Name":"search"}}""", 200, -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","task":{}}}""", 200, -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"se\u0000arch"}}""", 200, -32602)]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":5}}""", 200, -32602)]
    public async Task A_message_that_is_not_plain_is_refused(string message, int status, int code)
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = ToolTalk.Open(company);

        var answer = (await talk.SendAsync(message)).ShouldBe(status);

        ((int)answer.Json["error"]!["code"]!).Should().Be(code);
        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("Mcp-Name", "translate", -32020)]
    [InlineData("Mcp-Name", "=?base64?dHJhbnNsYXRl?=", -32020)]
    [InlineData("Mcp-Name", "=?base64?!!?=", -32020)]
    // Begin and end of an encoded value, with one sign for both.
    [InlineData("Mcp-Name", "=?base64?=", -32020)]
    [InlineData("Mcp-Name", "=?base64??=", -32020)]
    [InlineData("Mcp-Method", "=?base64?=", -32020)]
    [InlineData("Mcp-Method", "tools/list", -32020)]
    [InlineData("Mcp-Name", "search", 0)]
    [InlineData("Mcp-Name", "=?base64?c2VhcmNo?=", 0)]
    [InlineData("Mcp-Method", "tools/call", 0)]
    public async Task Headers_that_repeat_the_body_must_agree_with_it(string header, string value, int code)
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);
        talk.Add(header, value);

        var answer = (await talk.CallAsync()).ShouldBe(200);

        ((int?)answer.Json["error"]?["code"] ?? 0).Should().Be(code);
        company.Journal.ToolCalls.Should().Be(code == 0 ? 1 : 0);
        if (code == 0) company.Journal.Requests[^1].Headers[header].Should().Be(value);
    }

    [Fact]
    public async Task A_stranger_is_turned_away_at_the_door()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var client = company.Anonymous();

        var answer = (await Answer.PostAsync(client, Tools.Path, Tools.Call())).ShouldBe(401);

        answer.Reason().Should().Be("invalid_api_key");
        ((string?)answer.Json["jsonrpc"]).Should().Be("2.0");
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_server_that_is_not_registered_is_not_there()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        foreach (var server in new[] { "nowhere", "main", "FINDER", "..%2ffinder" })
        {
            using var talk = ToolTalk.Open(company, $"/mcp/{server}");
            (await talk.CallAsync()).Reason().Should().Be("not_found", server);
        }
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task Listening_for_events_is_not_offered()
    {
        await using var company = await Company.StartAsync(Tools.Rules());

        (await company.GetAsync(Tools.Path)).Status.Should().Be(405);

        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_tool_that_is_taken_out_of_the_declaration_has_no_price_any_more()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);
        (await talk.CallAsync()).IsToolError().Should().BeFalse();

        await company.ApplyAsync(Tools.Rules(tools: "{translate: \"0\"}"));
        (await talk.CallAsync()).Reason().Should().Be("unpriceable_request");
        await company.ApplyAsync(Tools.Rules(tools: "{translate: \"0\"}", more: "defaultToolUsd: \"0.5\""));
        (await talk.CallAsync()).Header("x-spendra-cost-usd").Should().Be("0.5");
        await company.ApplyAsync(Tools.Rules(tools: "{search: \"0.25\"}"));
        (await talk.CallAsync()).Header("x-spendra-cost-usd").Should().Be("0.25");

        (await company.SettledAsync()).Settled.Should().Be(760_000_000);
    }

    [Fact]
    public async Task Too_large_a_message_is_not_read()
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { MaxBodyBytes = 1000, DrainSeconds = 1 });
        await using var company = await Company.StartAsync(Tools.Rules(), gateway: gateway);
        using var talk = ToolTalk.Open(company);

        (await talk.SendAsync(Tools.Call(new string('x', 2000)))).ShouldBe(413).Reason().Should().Be("request_too_large");

        company.Journal.Count.Should().Be(0);
    }
}
