using System.Text;

namespace Spendra.Gateway.Tests;

/// <summary>
/// Answers of no well-behaved server of tools, to calls with and without MCP: each call ends, and the money is right.
/// </summary>
public sealed class HostileToolServerTests
{
    private const string Refusal = """{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"busy"}}""";
    private const string Plain = $$$"""{"server":"{{{Tools.Server}}}","tool":"search","arguments":{}}""";

    private const string Silence = "silence";

    private static readonly GatewayOptions Impatient = new() { StreamIdleSeconds = 2, ReservationSeconds = 6 };

    /// <summary>How a server fills a 503, and what the tool costs then: nothing when the refusal is the server's own.</summary>
    private static readonly Dictionary<string, (Func<BodyWriter, Task> Fill, long Nanos)> Fillings = new()
    {
        ["whole"] = (w => w.WriteAsync(Refusal), 0),
        ["whole, and then nothing"] = (w => w.StallAsync(Refusal), 0),
        ["nothing"] = (w => w.StallAsync(""), Tools.SearchNanos),
        ["half"] = (w => w.StallAsync(Refusal[..30]), Tools.SearchNanos),
        ["cut"] = (w => w.CutAsync(Refusal[..30]), Tools.SearchNanos),
        ["cut before it begins"] = (w => w.CutAsync(""), Tools.SearchNanos),
        ["a drip without end"] = (w => w.DripAsync(" "), Tools.SearchNanos),
        ["more than is read"] = (w => w.WriteAsync(new string(' ', 10 * 1024 * 1024) + Refusal), Tools.SearchNanos),
        ["a packed bomb"] = (w => w.WritePackedAsync(50 * 1024 * 1024), Tools.SearchNanos),
    };

    /// <summary>How a server fills what should be the answer: the call may have been made, and is paid.</summary>
    private static readonly Dictionary<string, (string Type, Func<BodyWriter, Task> Fill)> Answers = new()
    {
        ["a drip without end"] = ("application/json", w => w.DripAsync(" ")),
        ["a drip of comments"] = ("text/event-stream", w => w.DripAsync(":")),
        ["a drip of events"] = ("text/event-stream", w => w.DripAsync("data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n")),
        [Silence] = ("text/event-stream", w => w.StallAsync("data: ")),
        ["a packed bomb"] = ("application/json", w => w.WritePackedAsync(50 * 1024 * 1024)),
        ["a line that is too long"] = ("text/event-stream", w => w.WriteAsync("data: " + new string('x', 17 * 1024 * 1024))),
        ["a body that is too long"] = ("application/json", w => w.WriteAsync("{\"result\":\"" + new string('x', 17 * 1024 * 1024))),
        ["cut"] = ("text/event-stream", w => w.CutAsync("data: {\"jsonrpc\":\"2.0\",\"id\":2,\"res")),
        ["cut as a body"] = ("application/json", w => w.CutAsync("{\"jsonrpc\":\"2.0\",\"id\":2,\"res")),
    };

    public static TheoryData<string> OfRefusals => [.. Fillings.Keys];

    public static TheoryData<string> OfAnswers => [.. Answers.Keys];

    [Theory]
    [MemberData(nameof(OfRefusals))]
    public async Task A_refusal_ends_however_it_is_filled(string what)
    {
        var (fill, nanos) = Fillings[what];
        foreach (var path in new[] { "tool-calls", Tools.Path })
        {
            await using var server = ToolServer.Start(network => BodyWriter.AnswerAsync(network, "503 Service Unavailable", "application/json", fill));
            await using var gateway = await GatewayHarness.StartAsync(options: Impatient);
            await using var company = await Company.StartAsync(ToolServer.Rules(server), gateway: gateway);

            var answer = await company.PostAsync(path, path == Tools.Path ? Tools.Call() : Plain);

            answer.Status.Should().Be(path == Tools.Path ? 503 : 502, path);
            var books = await company.SettledAsync();
            books.Settled.Should().Be(nanos, path);
            books.Paid.Should().HaveCount(nanos > 0 ? 1 : 0).And.OnlyContain(e => e.IsEstimated);
            books.Released.Should().HaveCount(nanos > 0 ? 0 : 1);
        }
    }

    [Theory]
    [InlineData("302 Found", "upstream_redirect", 0)]
    [InlineData("400 Bad Request", "upstream_failed", 0)]
    [InlineData("401 Unauthorized", "provider_credential_rejected", 0)]
    [InlineData("500 Internal Server Error", "upstream_failed", Tools.SearchNanos)]
    public async Task A_status_that_says_all_is_not_waited_on(string status, string code, long nanos)
    {
        await using var server = ToolServer.Start(network => BodyWriter.AnswerAsync(
            network, status + "\nlocation: http://127.0.0.1:1/elsewhere", "application/json", w => w.StallAsync("")));
        await using var company = await Company.StartAsync(ToolServer.Rules(server));

        (await company.PostAsync("tool-calls", Plain)).ShouldBe(502, code);

        (await company.SettledAsync()).Settled.Should().Be(nanos);
    }

    [Fact]
    public async Task A_refusal_without_end_does_not_outlive_its_client_for_long()
    {
        await using var server = ToolServer.Start(network => BodyWriter.AnswerAsync(network, "503 Service Unavailable", "application/json", w => w.StallAsync("")));
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { DetachedSeconds = 1 });
        await using var company = await Company.StartAsync(ToolServer.Rules(server), gateway: gateway);
        using var client = company.Client();
        using var gone = new CancellationTokenSource();
        var calling = client.PostAsync("tool-calls", GatewayHarness.Json(Plain), gone.Token);
        while (server.Requests < ToolServer.OfOneCall) await Task.Delay(5, TestContext.Current.CancellationToken);

        await gone.CancelAsync();

        await FluentActions.Awaiting(() => calling).Should().ThrowAsync<OperationCanceledException>();
        (await company.SettledAsync()).Settled.Should().Be(Tools.SearchNanos);
    }

    [Theory]
    [MemberData(nameof(OfAnswers))]
    public async Task An_answer_that_is_none_is_booked_at_the_price(string what)
    {
        var (type, fill) = Answers[what];
        await using var server = ToolServer.Start(network => BodyWriter.AnswerAsync(network, "200 OK", type, fill));
        await using var gateway = await GatewayHarness.StartAsync(options: Impatient);
        await using var company = await Company.StartAsync(ToolServer.Rules(server), gateway: gateway);

        ShouldTell(await company.PostAsync("tool-calls", Plain), what);

        var spent = (await company.SettledAsync()).Paid.Should().ContainSingle().Subject;
        (spent.CostNanos, spent.IsEstimated).Should().Be((Tools.SearchNanos, true));
    }

    [Theory]
    [MemberData(nameof(OfAnswers))]
    public async Task A_session_that_is_not_opened_costs_nothing(string what)
    {
        var (type, fill) = Answers[what];
        await using var server = RawUpstream.Start(network => BodyWriter.AnswerAsync(network, "200 OK", type, fill));
        await using var gateway = await GatewayHarness.StartAsync(options: Impatient);
        await using var company = await Company.StartAsync(ToolServer.Rules(server), gateway: gateway);

        ShouldTell(await company.PostAsync("tool-calls", Plain), what);

        var books = await company.SettledAsync();
        books.Released.Should().ContainSingle();
        books.Settled.Should().Be(0);
        server.Requests.Should().Be(1);
    }

    /// <summary>Whose fault it is: the server's, or that it took too long.</summary>
    private static void ShouldTell(Answer answer, string what)
    {
        if (what == Silence || what.StartsWith("a drip", StringComparison.Ordinal)) answer.ShouldBe(504, "upstream_timeout");
        else answer.ShouldBe(502, "upstream_failed");
    }
}

/// <summary>A server of tools at the level of bytes, that keeps no session: what opens one is answered, the call by the test.</summary>
internal static class ToolServer
{
    /// <summary>The requests of a call that came without MCP, up to the call itself.</summary>
    public const int OfOneCall = 3;

    private static readonly byte[] Opened = Json("""{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}""");

    private static readonly byte[] Noted = RawUpstream.Http("HTTP/1.1 202 Accepted\nconnection: close\ncontent-length: 0");

    /// <summary>Answers the third request, or the first when it does not open a session.</summary>
    public static RawUpstream Start(Func<Stream, Task> answer) => Start((_, network) => answer(network));

    /// <inheritdoc cref="Start(Func{Stream, Task})"/>
    public static RawUpstream Start(Func<string, Stream, Task> answer) => RawUpstream.Start(async (request, network) =>
    {
        if (request.Contains("\"initialize\"", StringComparison.Ordinal)) await network.WriteAsync(Opened);
        else if (request.Contains("notifications/initialized", StringComparison.Ordinal)) await network.WriteAsync(Noted);
        else await answer(request, network);
    });

    public static Rules Rules(RawUpstream server) => Tools.Rules() with
    {
        Accounts = [$"{{slug: {Tools.Server}, provider: mcp, baseUrl: \"{server.BaseUrl}\", tools: {{search: \"0.01\"}}}}"],
    };

    private static byte[] Json(string body) => RawUpstream.Http(
        $"HTTP/1.1 200 OK\ncontent-type: application/json\nconnection: close\ncontent-length: {Encoding.UTF8.GetByteCount(body)}", body);
}
