using System.Net.Sockets;
using System.Text;
using Dapper;

namespace Spendra.Gateway.Tests;

/// <summary>A client that does not read, or a database that does not write, holds nobody else up for ever.</summary>
public sealed class SlowPartiesTests
{
    [Fact]
    public async Task A_client_that_does_not_read_is_given_up_and_its_call_settled()
    {
        // Far more than the sockets and the server hold on their way to a client that takes nothing.
        const int events = 200;
        var filler = Encoding.ASCII.GetBytes($": {new string('x', 64 * 1024)}\n\n");
        const string usage = "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":16,\"total_tokens\":26}}\n\ndata: [DONE]\n\n";
        await using var provider = RawUpstream.Start(async network =>
        {
            await network.WriteAsync(RawUpstream.Http($"HTTP/1.1 200 OK\ncontent-type: text/event-stream\ncontent-length: {filler.Length * events + usage.Length}\nconnection: close"));
            for (var i = 0; i < events; i++) await network.WriteAsync(filler);
            await network.WriteAsync(Encoding.ASCII.GetBytes(usage));
        });
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { StreamIdleSeconds = 1 });
        await using var company = await Company.StartAsync(new Rules { BaseUrl = provider.BaseUrl }, gateway: gateway);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(gateway.BaseUrl.Host, gateway.BaseUrl.Port, TestContext.Current.CancellationToken);
        var body = Bodies.Chat(more: "\"max_tokens\":16,\"stream\":true");

        await client.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {company.Secret("k1")}\r\ncontent-length: {body.Length}\r\n\r\n{body}"), TestContext.Current.CancellationToken);
        while (provider.Requests == 0) await Task.Delay(5, TestContext.Current.CancellationToken);

        var books = await company.SettledAsync();
        books.Events.Should().ContainSingle().Which.Should().BeEquivalentTo(new { CostNanos = 42_000L, IsEstimated = false });
    }

    [Fact]
    public async Task An_object_that_cannot_be_recorded_yet_does_not_hold_back_the_answer_to_the_call_that_made_it()
    {
        const string made = """{"id":"resp_1","status":"completed","model":"m1","usage":{"input_tokens":10,"output_tokens":16,"total_tokens":26}}""";
        var isLocked = new TaskCompletionSource();
        await using var provider = RawUpstream.Start(async network =>
        {
            await isLocked.Task;
            await network.WriteAsync(RawUpstream.Http($"HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-length: {made.Length}\nconnection: close", made));
        });
        await using var gateway = await GatewayHarness.StartAsync();
        await using var company = await Company.StartAsync(new Rules { BaseUrl = provider.BaseUrl }, gateway: gateway);
        var call = company.PostAsync("responses", Bodies.Response());
        while (provider.Requests == 0) await Task.Delay(5, TestContext.Current.CancellationToken);
        await using (var other = await gateway.Database.ConnectAsync(TestContext.Current.CancellationToken))
        await using (await gateway.Database.BeginWriteAsync(other, TestContext.Current.CancellationToken))
        {
            isLocked.SetResult();

            (await call.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken)).ShouldBe(200);
        }

        (await company.SettledAsync()).Settled.Should().Be(42_000);
        while (await CountObjectsAsync(gateway) == 0) await Task.Delay(20, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task While_the_ledger_cannot_be_written_nothing_is_sent()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await using var company = await Company.StartAsync(gateway: gateway);
        (await company.ChatAsync()).ShouldBe(200);
        await company.SettledAsync();
        await using var connection = await gateway.Database.ConnectAsync(TestContext.Current.CancellationToken);

        await connection.ExecuteAsync("ALTER TABLE windows RENAME TO elsewhere");
        var refused = (await company.ChatAsync()).ShouldBe(503, "ledger_unavailable");
        await connection.ExecuteAsync("ALTER TABLE elsewhere RENAME TO windows");

        refused.Header("x-should-retry").Should().Be("true");
        company.Journal.Count.Should().Be(1);
        (await company.ChatAsync()).ShouldBe(200);
        (await company.SettledAsync()).Settled.Should().Be((await company.BooksAsync()).Events.Sum(e => e.CostNanos));
    }

    private static async Task<long> CountObjectsAsync(GatewayHarness gateway)
    {
        await using var connection = await gateway.Database.ConnectAsync(TestContext.Current.CancellationToken);
        return await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM provider_objects");
    }
}
