using System.Text;
using System.Text.Json.Nodes;

namespace Spendra.Sandbox.Tests;

public sealed class McpTests : IAsyncLifetime
{
    private const string Path = "/mcp/finder";
    private const string Session = "Mcp-Session-Id";
    private Provider _provider = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await Provider.StartAsync();
        _provider.Http.DefaultRequestHeaders.Authorization = null;
        _provider.Http.DefaultRequestHeaders.Add("Accept", "application/json, text/event-stream");
    }

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    [Fact]
    public async Task Session_begins_is_used_and_ends()
    {
        using var begun = await _provider.PostAsync(Path, Message("initialize", """{"protocolVersion":"2025-06-18"}"""));
        var session = begun.Headers.GetValues(Session).Should().ContainSingle().Subject;
        var result = JsonNode.Parse(await begun.Content.ReadAsStringAsync(Provider.Token))!["result"]!;
        await _provider.PostJsonAsync(Path, Message("tools/list"), status: 400);
        _provider.Http.DefaultRequestHeaders.Add(Session, session);
        using var noted = await _provider.PostAsync(Path, """{"jsonrpc":"2.0","method":"notifications/initialized"}""");

        ((string)result["protocolVersion"]!).Should().Be("2025-06-18");
        ((string)result["serverInfo"]!["name"]!).Should().Be("finder");
        ((int)noted.StatusCode).Should().Be(202);
        (await noted.Content.ReadAsByteArrayAsync(Provider.Token)).Should().BeEmpty();
        await _provider.PostJsonAsync("/mcp/other", Message("ping"), status: 404);
        (await _provider.PostJsonAsync(Path, Message("ping")))["result"]!.AsObject().Should().BeEmpty();
        using var ended = await _provider.Http.DeleteAsync(Path, Provider.Token);
        ((int)ended.StatusCode).Should().Be(204);
        await _provider.PostJsonAsync(Path, Message("ping"), status: 404);
        await _provider.DeleteJsonAsync(Path, status: 404);
    }

    [Fact]
    public async Task Three_tools_are_listed_with_their_schemas()
    {
        await BeginAsync();

        var tools = (await _provider.PostJsonAsync(Path, Message("tools/list")))["result"]!["tools"]!.AsArray();

        tools.Select(tool => (string)tool!["name"]!).Should().Equal("search", "translate", "send_mail");
        tools.Should().OnlyContain(tool => (string)tool!["inputSchema"]!["type"]! == "object");
        _provider.Server.Journal.ToolCalls.Should().Be(0);
    }

    [Fact]
    public async Task Tool_is_run_counted_and_answered_under_the_id_of_the_request()
    {
        await BeginAsync();

        var answer = await _provider.PostJsonAsync(Path, Call());

        ((string)answer["id"]!).Should().Be("c-1");
        ((bool)answer["result"]!["isError"]!).Should().BeFalse();
        ((string)answer["result"]!["content"]![0]!["type"]!).Should().Be("text");
        answer["result"]!["_meta"].Should().BeNull();
        _provider.Server.Journal.ToolCalls.Should().Be(1);
        _provider.Server.Journal.CountOf(SandboxRoute.McpMessage).Should().Be(2);
        _provider.Server.Journal.ModelCalls.Should().Be(0);
    }

    [Theory]
    [InlineData("cost=0.015", "0.015")]
    [InlineData("cost=-2", "-2")]
    [InlineData("cost=3 usage=string", "\"3\"")]
    public async Task Cost_of_a_call_stands_in_its_meta(string knobs, string expected)
    {
        await BeginAsync();

        var answer = await _provider.PostJsonAsync(Path, Call(knobs));

        answer["result"]!["_meta"]!["cost"]!.ToJsonString().Should().Be(expected);
    }

    [Fact]
    public async Task Tool_may_fail_in_its_result_or_in_the_protocol()
    {
        await BeginAsync();

        var result = await _provider.PostJsonAsync(Path, Call("is_error=true"));
        var error = await _provider.PostJsonAsync(Path, Call("rpc_error=-32050"));
        var unknown = await _provider.PostJsonAsync(Path, Call(tool: "nothing"));
        var method = await _provider.PostJsonAsync(Path, Message("prompts/list"));

        ((bool)result["result"]!["isError"]!).Should().BeTrue();
        ((int)error["error"]!["code"]!).Should().Be(-32050);
        ((int)unknown["error"]!["code"]!).Should().Be(-32602);
        ((int)method["error"]!["code"]!).Should().Be(-32601);
        _provider.Server.Journal.ToolCalls.Should().Be(2, "an unknown tool is not run");
    }

    [Fact]
    public async Task Answer_may_be_a_stream_with_progress_before_it()
    {
        await BeginAsync();

        var stream = await _provider.StreamAsync(Path, Call("sse=true progress=2 cost=1"));
        var open = await _provider.StreamAsync(Path, Call("sse=true progress=1 no_done=true"));

        stream.Should().StartWith("event: message\ndata: {");
        var events = Provider.Events(stream);
        events.Take(2).Should().OnlyContain(item => (string)item["method"]! == "notifications/progress");
        ((string)events[2]["id"]!).Should().Be("c-1");
        events[2]["result"]!["_meta"]!["cost"]!.ToJsonString().Should().Be("1");
        Provider.Events(open).Should().ContainSingle();
    }

    [Fact]
    public async Task Faults_stand_in_for_the_answer()
    {
        await BeginAsync();

        var refused = await _provider.PostJsonAsync(Path, Call("status=503"), status: 503);
        var arrived = await _provider.BrokenAsync(Path, Call("break_after_bytes=9"));
        await _provider.PostJsonAsync(Path, Call("nonsense=1"), status: 400);

        ((string)refused["jsonrpc"]!).Should().Be("2.0");
        refused["error"]!["message"].Should().NotBeNull();
        Encoding.UTF8.GetString(arrived).Should().Be("{\"jsonrpc");
        _provider.Server.Journal.ToolCalls.Should().Be(1, "a call that was refused did not run");
    }

    [Fact]
    public async Task Listening_is_not_allowed()
    {
        using var answer = await _provider.Http.GetAsync(Path, Provider.Token);

        ((int)answer.StatusCode).Should().Be(405);
        answer.Content.Headers.Allow.Should().Contain("POST");
        _provider.Server.Journal.CountOf(SandboxRoute.McpListen).Should().Be(1);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""[{"jsonrpc":"2.0","id":1,"method":"initialize"}]""")]
    [InlineData("""{"id":1,"method":"initialize"}""")]
    [InlineData("""{"jsonrpc":2.0,"id":1,"method":"initialize"}""")]
    [InlineData("{")]
    public async Task Message_that_is_no_single_request_is_refused(string body)
    {
        var answer = await _provider.PostJsonAsync(Path, body, status: 400);

        answer["error"]!["code"].Should().NotBeNull();
    }

    [Fact]
    public async Task Client_must_accept_both_kinds_of_answer_and_speak_a_known_version()
    {
        _provider.Http.DefaultRequestHeaders.Add("MCP-Protocol-Version", "1999-01-01");
        await _provider.PostJsonAsync(Path, Message("initialize"), status: 400);
        _provider.Http.DefaultRequestHeaders.Remove("Accept");
        _provider.Http.DefaultRequestHeaders.Add("Accept", "application/json");
        await _provider.PostJsonAsync(Path, Message("initialize"), status: 406);
    }

    [Fact]
    public async Task Key_is_checked_when_there_is_one()
    {
        await using var strict = await Provider.StartAsync(new SandboxOptions { ApiKey = "sk-test" });
        strict.Http.DefaultRequestHeaders.Add("Accept", "application/json, text/event-stream");
        await strict.PostJsonAsync(Path, Message("initialize"));

        strict.Http.DefaultRequestHeaders.Authorization = null;
        await strict.PostJsonAsync(Path, Message("initialize"), status: 401);
    }

    private static string Message(string method, string parameters = "{}") =>
        $$"""{"jsonrpc":"2.0","id":1,"method":"{{method}}","params":{{parameters}}}""";

    private static string Call(string knobs = "tokens=3", string tool = "search") =>
        $$$$"""{"jsonrpc":"2.0","id":"c-1","method":"tools/call","params":{"name":"{{{{tool}}}}","arguments":{"query":"x [[sandbox {{{{knobs}}}}]]"}}}""";

    private async Task BeginAsync()
    {
        using var begun = await _provider.PostAsync(Path, Message("initialize"));
        _provider.Http.DefaultRequestHeaders.Add(Session, begun.Headers.GetValues(Session).Single());
    }
}
