using System.Net.Sockets;
using System.Text;
using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>A client that hangs up gets nothing for free, and no hold outlives its call.</summary>
public sealed class DisconnectTests
{
    private const string Streamed = "\"max_tokens\":16,\"stream\":true";

    [Theory]
    [InlineData(DatabaseEngine.Sqlite, "chat/completions", "latency_ms=300 input_tokens=10", "\"max_tokens\":16")]
    [InlineData(DatabaseEngine.Postgres, "chat/completions", "latency_ms=300 input_tokens=10", Streamed)]
    [InlineData(DatabaseEngine.Sqlite, "responses", "latency_ms=300 input_tokens=10", "\"max_output_tokens\":16,\"stream\":true")]
    public async Task Leaving_while_the_provider_thinks_pays_what_it_used(DatabaseEngine engine, string path, string knobs, string more)
    {
        await using var company = await Company.StartAsync(engine: engine);
        using var client = company.Client();
        using var leave = new CancellationTokenSource();
        var call = client.PostAsync(path, GatewayHarness.Json(path == "responses" ? Bodies.Response(knobs, more) : Bodies.Chat(knobs, more)), leave.Token);
        await company.Journal.WaitForAsync(1, TestContext.Current.CancellationToken);

        await leave.CancelAsync();

        await FluentActions.Awaiting(() => call).Should().ThrowAsync<OperationCanceledException>();
        (await company.BooksAsync()).Open.Should().ContainSingle();
        var books = await company.SettledAsync();
        books.Settled.Should().Be(42_000);
        books.Events.Single().IsEstimated.Should().BeFalse();
        company.Journal.Abandoned.Should().Be(0);
    }

    [Theory]
    [InlineData("chat/completions")]
    [InlineData("responses")]
    public async Task Leaving_in_the_middle_of_a_stream_pays_the_whole_of_it(string path)
    {
        await using var company = await Company.StartAsync();

        await LeaveMidstreamAsync(company, path, "chunk_ms=15 input_tokens=10");

        var books = await company.SettledAsync();
        books.Settled.Should().Be(42_000);
        books.Events.Single().IsEstimated.Should().BeFalse();
        company.Journal.Abandoned.Should().Be(0);
    }

    [Fact]
    public async Task A_stream_that_outlives_the_patience_for_those_who_left_is_booked_at_the_bound()
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { DetachedSeconds = 1 });
        await using var company = await Company.StartAsync(gateway: gateway);

        await LeaveMidstreamAsync(company, "chat/completions", "chunk_ms=250");

        var books = await company.SettledAsync();
        var spent = books.Events.Single();
        spent.IsEstimated.Should().BeTrue();
        spent.CostNanos.Should().Be(spent.ReservedNanos);
    }

    [Fact]
    public async Task A_stream_that_says_too_much_to_those_who_left_is_booked_at_the_bound()
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { DetachedBytes = 1 });
        await using var company = await Company.StartAsync(gateway: gateway);

        await LeaveMidstreamAsync(company, "chat/completions", "chunk_ms=60");

        (await company.SettledAsync()).Events.Single().IsEstimated.Should().BeTrue();
    }

    [Fact]
    public async Task Leaving_before_the_body_is_whole_holds_nothing()
    {
        await using var company = await Company.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(company.Gateway.BaseUrl.Host, company.Gateway.BaseUrl.Port, TestContext.Current.CancellationToken);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {company.Secret("k1")}\r\ncontent-length: 500\r\n\r\n{{\"model\":"), TestContext.Current.CancellationToken);

        socket.Client.LingerState = new LingerOption(true, 0);
        socket.Close();

        (await company.ChatAsync()).ShouldBe(200);
        company.Journal.Count.Should().Be(1);
        (await company.SettledAsync()).Events.Should().ContainSingle();
    }

    [Fact]
    public async Task A_hundred_clients_that_leave_at_any_time_leave_no_hold_behind()
    {
        await using var company = await Company.StartAsync();
        using var client = company.Client();
        await Parallel.ForAsync(0, 100, new ParallelOptions { MaxDegreeOfParallelism = 20 }, async (i, _) =>
        {
            using var leave = new CancellationTokenSource(TimeSpan.FromMilliseconds(i * 0.7));
            try
            {
                using var response = await client.PostAsync("chat/completions", GatewayHarness.Json(Bodies.Chat("chunk_ms=1 input_tokens=10", Streamed)), leave.Token);
            }
            catch (OperationCanceledException)
            {
                // That is the point.
            }
        });

        var books = await SettledOfAsync(company);
        books.Events.Should().OnlyContain(e => e.CostNanos == 42_000 && !e.IsEstimated);
        books.Released.Should().OnlyContain(r => r.Reason == "the client left before the request was sent");
        books.Events.Count.Should().Be((int)company.Journal.Count);
    }

    // A request that was cut off early may still be on its way to its reservation.
    private static async Task<Books> SettledOfAsync(Company company)
    {
        var books = await company.SettledAsync();
        while (company.Journal.Count > books.Events.Count) books = await company.SettledAsync();
        return books;
    }

    private static async Task LeaveMidstreamAsync(Company company, string path, string knobs)
    {
        using var client = company.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = GatewayHarness.Json(path == "responses" ? Bodies.Response(knobs, "\"max_output_tokens\":16,\"stream\":true") : Bodies.Chat(knobs, Streamed)),
        };
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        (await stream.ReadAsync(new byte[100], TestContext.Current.CancellationToken)).Should().BePositive();
        response.Dispose();
    }
}
