using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>A call of a tool is a call that costs money: permitted, held, made, settled.</summary>
public sealed class ToolCallTests
{
    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_call_is_held_at_its_price_made_and_settled(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(Tools.Rules(), engine);
        using var talk = await ToolTalk.BeginAsync(company);

        var answer = (await talk.CallAsync(id: "\"c-7\"")).ShouldBe(200);

        ((string?)answer.Json["id"]).Should().Be("c-7");
        answer.IsToolError().Should().BeFalse();
        var meta = answer.Json["result"]!["_meta"]!;
        ((string?)meta["spendra/cost_usd"]).Should().Be("0.01");
        ((string?)meta["spendra/request_id"]).Should().Be(answer.Header("x-spendra-request-id"));
        answer.Header("x-spendra-reserved-usd").Should().Be("0.01");
        answer.Header("x-spendra-cost-usd").Should().Be("0.01");
        company.Journal.ToolCalls.Should().Be(1);
        var books = await company.SettledAsync();
        books.Settled.Should().Be(Tools.SearchNanos);
        books.Paid.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Route = "mcp", CostNanos = Tools.SearchNanos, IsEstimated = false, BoundInput = 0L });
    }

    [Fact]
    public async Task A_server_sees_its_own_credential_and_never_the_key()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);
        await talk.CallAsync();
        using var open = await ToolTalk.BeginAsync(company, "/mcp/other");
        await open.CallAsync(tool: "translate");

        var requests = company.Journal.Requests;
        requests.Where(r => r.PathAndQuery == "/mcp/finder").Should().HaveCount(2)
            .And.OnlyContain(r => r.Headers["Authorization"] == "Bearer tool-secret");
        requests.Where(r => r.PathAndQuery == "/mcp/other").Should().HaveCount(2)
            .And.OnlyContain(r => !r.Headers.ContainsKey("Authorization"));
        requests.SelectMany(r => r.Headers.Values).Should().NotContain(v => v.Contains(company.Secret("k1")));
        (await company.SettledAsync()).Settled.Should().Be(Tools.SearchNanos + 20_000_000);
    }

    [Fact]
    public async Task A_message_reaches_the_server_byte_for_byte()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);
        var message = """ { "method" : "tools/call","id":1.50 ,"params":{"arguments":{"query":"ü"},"_meta":{"progressToken":3},"name":"search"}, "jsonrpc":"2.0" } """;

        var answer = await talk.SendAsync(message);

        answer.Text.Should().Contain("\"id\":1.50");
        company.Journal.Requests[^1].Body.ToArray().Should().Equal(System.Text.Encoding.UTF8.GetBytes(message));
    }

    [Fact]
    public async Task A_free_tool_holds_nothing_and_is_recorded()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);

        var answer = await talk.CallAsync(tool: "translate");

        ((string?)answer.Json["result"]!["_meta"]!["spendra/cost_usd"]).Should().Be("0");
        var books = await company.SettledAsync();
        books.Settled.Should().Be(0);
        books.Paid.Should().ContainSingle();
    }

    [Fact]
    public async Task A_failure_of_the_tool_itself_is_paid_for()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);

        (await talk.CallAsync("is_error=true")).IsToolError().Should().BeTrue();

        (await company.SettledAsync()).Settled.Should().Be(Tools.SearchNanos);
    }

    [Fact]
    public async Task An_error_before_the_work_costs_nothing()
    {
        await using var company = await Company.StartAsync(Tools.Rules(more: "defaultToolUsd: \"1\""));
        using var talk = await ToolTalk.BeginAsync(company);

        (await talk.CallAsync(tool: "nothing")).RpcCode().Should().Be(-32602);

        var books = await company.SettledAsync();
        books.Settled.Should().Be(0);
        books.Released.Should().ContainSingle().Which.AmountNanos.Should().Be(1_000_000_000);
    }

    [Theory]
    [InlineData("rpc_error=-32603", 200)]
    [InlineData("rpc_error=-32050", 200)]
    [InlineData("sse=true no_done=true", 200)]
    [InlineData("sse=true rpc_error=-32050", 200)]
    [InlineData("garbage=true", 200)]
    [InlineData("status=500", 500)]
    [InlineData("break_after_bytes=30", 200)]
    public async Task What_may_have_worked_is_booked_at_the_price_as_an_estimate(string knobs, int status)
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);

        (await talk.CallAsync(knobs)).Status.Should().Be(status);

        (await company.SettledAsync()).Paid.Should().ContainSingle()
            .Which.Should().BeEquivalentTo(new { CostNanos = Tools.SearchNanos, IsEstimated = true });
    }

    [Theory]
    [InlineData("status=429", 429)]
    [InlineData("status=400", 400)]
    [InlineData("status=503", 503)]
    public async Task What_the_server_refused_is_given_back(string knobs, int status)
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);

        (await talk.CallAsync(knobs)).Status.Should().Be(status);

        var books = await company.SettledAsync();
        books.Settled.Should().Be(0);
        books.Released.Should().ContainSingle();
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up_and_booked_as_an_estimate()
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { UpstreamTimeoutSeconds = 1, DrainSeconds = 1 });
        await using var company = await Company.StartAsync(Tools.Rules(), gateway: gateway);
        using var talk = await ToolTalk.BeginAsync(company);

        var answer = await talk.CallAsync("hang=true", id: "[7]");

        answer.RpcCode().Should().Be(-32002);
        answer.Reason().Should().Be("upstream_timeout");
        answer.Text.Should().Contain("\"id\":[7]");
        (await company.SettledAsync()).Paid.Should().ContainSingle()
            .Which.Should().BeEquivalentTo(new { CostNanos = Tools.SearchNanos, IsEstimated = true });
    }

    [Fact]
    public async Task An_answer_that_comes_as_events_keeps_its_progress_and_gets_its_cost()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);

        var answer = (await talk.CallAsync("sse=true progress=2")).ShouldBe(200);

        answer.ContentHeaders.ContentType!.MediaType.Should().Be("text/event-stream");
        var events = answer.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        events.Should().HaveCount(3);
        events[0].Should().Contain("notifications/progress");
        events[2].Should().StartWith("event: message\ndata: {").And.Contain("\"spendra/cost_usd\":\"0.01\"");
        (await company.SettledAsync()).Paid.Should().ContainSingle().Which.IsEstimated.Should().BeFalse();
    }

    [Theory]
    [InlineData("cost=0.004", 4_000_000)]
    [InlineData("cost=0.004 usage=string", 4_000_000)]
    [InlineData("cost=0", 0)]
    [InlineData("cost=3", Tools.SearchNanos)]
    [InlineData("cost=-1", Tools.SearchNanos)]
    [InlineData("cost=1e-3", Tools.SearchNanos)]
    [InlineData("", Tools.SearchNanos)]
    public async Task A_trusted_server_tells_its_cost_up_to_the_price(string knobs, long nanos)
    {
        await using var company = await Company.StartAsync(Tools.Rules(more: "trustsCost: true"));
        using var talk = await ToolTalk.BeginAsync(company);

        var answer = await talk.CallAsync(knobs);

        answer.IsToolError().Should().BeFalse();
        var books = await company.SettledAsync();
        books.Settled.Should().Be(nanos);
        decimal.Parse((string)answer.Json["result"]!["_meta"]!["spendra/cost_usd"]!).Should().Be(nanos / 1_000_000_000m);
    }

    [Fact]
    public async Task A_server_that_is_not_trusted_is_paid_its_price()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);

        await talk.CallAsync("cost=0.004");

        (await company.SettledAsync()).Settled.Should().Be(Tools.SearchNanos);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Of_fifty_calls_at_a_cap_for_ten_exactly_ten_reach_the_server(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(Tools.Rules(cap: "0.1"), engine);
        using var talk = await ToolTalk.BeginAsync(company);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => talk.CallAsync("latency_ms=20", id: i.ToString())));

        answers.Count(a => !a.IsToolError()).Should().Be(10);
        answers.Where(a => a.IsToolError()).Select(a => a.Reason()).Should().HaveCount(40).And.OnlyContain(r => r == "budget_held" || r == "budget_exceeded");
        company.Journal.ToolCalls.Should().Be(10);
        (await company.SettledAsync()).Settled.Should().Be(100_000_000);
    }

    [Fact]
    public async Task One_idempotency_key_is_one_call_and_free_messages_take_none()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);
        (await talk.SendAsync(Tools.Call(), "a")).IsToolError().Should().BeFalse();
        await company.SettledAsync();

        var again = await talk.SendAsync(Tools.Call(), "a");
        var other = await talk.SendAsync(Tools.Call(id: "2"), "a");

        again.RpcCode().Should().Be(-32001);
        again.Reason().Should().Be("idempotency_replay_unavailable");
        other.Reason().Should().Be("idempotency_mismatch");
        (await talk.SendAsync(Tools.Message("ping"), "b")).ShouldBe(200);
        (await talk.SendAsync(Tools.Message("ping"), "b")).Json["result"].Should().NotBeNull();
        company.Journal.ToolCalls.Should().Be(1);
    }

    [Fact]
    public async Task A_session_ends_through_the_gateway()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var talk = await ToolTalk.BeginAsync(company);
        (await talk.SendAsync("""{"jsonrpc":"2.0","method":"notifications/initialized"}""")).ShouldBe(202).Bytes.Should().BeEmpty();

        (await talk.EndAsync()).ShouldBe(204);

        (await talk.CallAsync()).Status.Should().Be(404, "the server says that the session is gone, and the client begins another");
        company.Journal.CountOf(SandboxRoute.McpMessage).Should().Be(3);
        (await company.SettledAsync()).Settled.Should().Be(0);
    }
}
