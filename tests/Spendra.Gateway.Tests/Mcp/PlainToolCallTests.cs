using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>Tools for those who do not speak MCP: one request, one call.</summary>
public sealed class PlainToolCallTests
{
    private static string Body(string knobs = "", string tool = "search", string server = Tools.Server) =>
        $$$"""{"server":"{{{server}}}","tool":"{{{tool}}}","arguments":{"query":"{{{Bodies.Text(knobs)}}}"}}""";

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_call_opens_a_session_of_its_own_and_ends_it(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(Tools.Rules(), engine);

        var answer = (await company.PostAsync("tool-calls", Body())).ShouldBe(200);

        ((string?)answer.Json["status"]).Should().Be("completed");
        ((string?)answer.Json["id"]).Should().Be(answer.Header("x-spendra-request-id"));
        answer.Json["result"]!["content"]!.AsArray().Should().ContainSingle();
        ((string?)answer.Json["cost"]!["reserved_usd"]).Should().Be("0.01");
        ((string?)answer.Json["cost"]!["settled_usd"]).Should().Be("0.01");
        await company.Journal.WaitForAsync(4, TestContext.Current.CancellationToken);
        company.Journal.Requests.Select(r => r.Method).Should().Equal("POST", "POST", "POST", "DELETE");
        company.Journal.Requests.Should().OnlyContain(r => r.Headers["Authorization"] == "Bearer tool-secret");
        var books = await company.SettledAsync();
        books.Events.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Route = "tool_calls", CostNanos = Tools.SearchNanos, IsEstimated = false });
    }

    [Theory]
    [InlineData("is_error=true", "failed", Tools.SearchNanos)]
    [InlineData("sse=true progress=3", "completed", Tools.SearchNanos)]
    [InlineData("rpc_error=-32602", "failed", 0)]
    [InlineData("rpc_error=-32000", "failed", Tools.SearchNanos)]
    public async Task What_the_tool_says_decides_status_and_cost(string knobs, string status, long nanos)
    {
        await using var company = await Company.StartAsync(Tools.Rules());

        var answer = (await company.PostAsync("tool-calls", Body(knobs))).ShouldBe(200);

        ((string?)answer.Json["status"]).Should().Be(status);
        decimal.Parse((string)answer.Json["cost"]!["settled_usd"]!).Should().Be(nanos / 1_000_000_000m);
        (await company.SettledAsync()).Settled.Should().Be(nanos);
    }

    [Theory]
    [InlineData("status=500", 502, Tools.SearchNanos)]
    [InlineData("status=400", 502, 0)]
    [InlineData("status=503", 502, 0)]
    [InlineData("break_after_bytes=30", 502, Tools.SearchNanos)]
    [InlineData("sse=true no_done=true", 502, Tools.SearchNanos)]
    [InlineData("redirect=true", 502, 0)]
    public async Task A_server_in_trouble_is_an_error_and_the_books_are_right(string knobs, int status, long nanos)
    {
        await using var company = await Company.StartAsync(Tools.Rules());

        (await company.PostAsync("tool-calls", Body(knobs))).ShouldBe(status);

        (await company.SettledAsync()).Settled.Should().Be(nanos);
    }

    [Fact]
    public async Task A_session_that_cannot_be_opened_costs_nothing()
    {
        await using var company = await Company.StartAsync(Tools.Rules(), provider: new SandboxOptions { RecordRequests = true, ApiKey = "another" });

        (await company.PostAsync("tool-calls", Body())).ShouldBe(502, "provider_credential_rejected");

        var books = await company.SettledAsync();
        books.Released.Should().ContainSingle();
        books.Settled.Should().Be(0);
    }

    [Fact]
    public async Task A_cap_refuses_with_402_and_no_server_hears_of_it()
    {
        await using var company = await Company.StartAsync(Tools.Rules(cap: "0.009"));

        var answer = (await company.PostAsync("tool-calls", Body())).ShouldBe(402, "budget_exceeded");

        answer.Header("x-should-retry").Should().Be("false");
        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("[finder/translate]", "search", "finder", 403, "tool_not_allowed")]
    [InlineData("[\"*\"]", "send_mail", "finder", 400, "unpriceable_request")]
    [InlineData("[\"*\"]", "search", "nowhere", 404, "not_found")]
    public async Task A_rule_refuses_in_the_words_of_other_routes(string scope, string tool, string server, int status, string code)
    {
        await using var company = await Company.StartAsync(Tools.Rules(scope: scope));

        (await company.PostAsync("tool-calls", Body(tool: tool, server: server))).ShouldBe(status, code);

        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("[]", null)]
    [InlineData("""{"server":"finder","tool":"search","max_cost":"1"}""", null)]
    [InlineData("""{"server":"finder","tool":"search","Tool":"translate"}""", null)]
    [InlineData("""{"tool":"search"}""", "server")]
    [InlineData("""{"server":"../x","tool":"search"}""", "server")]
    [InlineData("""{"server":"finder"}""", "tool")]
    [InlineData("""{"server":"finder","tool":"search","arguments":[]}""", "arguments")]
    public async Task A_body_that_is_not_plain_is_refused(string body, string? parameter)
    {
        await using var company = await Company.StartAsync(Tools.Rules());

        var answer = (await company.PostAsync("tool-calls", body)).ShouldBe(400, "invalid_request");

        ((string?)answer.Json["error"]!["param"]).Should().Be(parameter);
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task One_idempotency_key_is_one_call()
    {
        await using var company = await Company.StartAsync(Tools.Rules());
        using var client = company.Client();
        client.DefaultRequestHeaders.Add("idempotency-key", "a");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Answer.PostAsync(client, "tool-calls", Body())));
        await company.SettledAsync();

        answers.Count(a => a.Status == 200).Should().Be(1);
        (await Answer.PostAsync(client, "tool-calls", Body())).ShouldBe(409, "idempotency_replay_unavailable");
        (await Answer.PostAsync(client, "tool-calls", Body(tool: "translate"))).ShouldBe(422, "idempotency_mismatch");
        company.Journal.ToolCalls.Should().Be(1);
    }
}
