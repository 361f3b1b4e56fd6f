using System.IO.Compression;
using Spendra.Sandbox;
using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>A provider in trouble: what was certainly not done is given back, what may be billed is booked at its bound.</summary>
public sealed class TroubleTests
{
    [Theory]
    [InlineData(400, 400, null, true)]
    [InlineData(401, 502, "provider_credential_rejected", true)]
    [InlineData(402, 402, null, true)]
    [InlineData(403, 403, "forbidden", true)]
    [InlineData(404, 404, "model_not_found", true)]
    [InlineData(408, 408, null, false)]
    [InlineData(409, 409, null, true)]
    [InlineData(429, 429, "rate_limit_exceeded", true)]
    [InlineData(500, 500, null, false)]
    [InlineData(502, 502, null, false)]
    [InlineData(503, 503, "service_unavailable", true)]
    [InlineData(504, 504, null, false)]
    public async Task An_error_status_gives_back_or_books_the_bound(int upstream, int status, string? code, bool isReleased)
    {
        foreach (var stream in new[] { "", ",\"stream\":true" })
        {
            await using var company = await Company.StartAsync();
            var body = Bodies.Chat($"status={upstream}", "\"max_tokens\":16" + stream);

            var answer = (await company.PostAsync("chat/completions", body)).ShouldBe(status);

            if (code is not null) answer.Code.Should().Be(code);
            if (upstream == 429) answer.Header("retry-after-ms").Should().Be("1000");
            var books = await company.SettledAsync();
            if (isReleased)
            {
                books.Events.Should().BeEmpty();
                books.Settled.Should().Be(0);
                books.Released.Should().ContainSingle().Which.Reason.Should().Contain(upstream.ToString());
            }
            else
            {
                ShouldBeEstimated(books, body);
                books.Events.Single().UpstreamStatus.Should().Be(upstream);
            }
        }
    }

    [Fact]
    public async Task A_503_that_is_not_the_providers_own_is_booked_at_the_bound()
    {
        const string page = "<html>upstream overloaded</html>";
        await using var provider = RawUpstream.Start(() => RawUpstream.Http(
            $"HTTP/1.1 503 Service Unavailable\ncontent-type: text/html\nconnection: close\ncontent-length: {page.Length}", page));
        await using var company = await Company.StartAsync(new Rules { BaseUrl = provider.BaseUrl });

        (await company.PostAsync("chat/completions", Bodies.Chat())).ShouldBe(503);

        ShouldBeEstimated(await company.SettledAsync(), Bodies.Chat());
    }

    [Fact]
    public async Task A_provider_that_cannot_be_reached_costs_nothing()
    {
        await using var company = await Company.StartAsync(new Rules { BaseUrl = $"http://127.0.0.1:{Testing.FreePort.Next()}/v1" });

        var answer = (await company.ChatAsync()).ShouldBe(502, "upstream_unreachable");

        answer.Header("x-should-retry").Should().Be("true");
        var books = await company.SettledAsync();
        books.Released.Should().ContainSingle();
        books.Settled.Should().Be(0);
    }

    [Fact]
    public async Task A_failure_of_the_gateway_before_anything_was_sent_costs_nothing()
    {
        await using var company = await Company.StartAsync();
        await using (var connection = await company.Gateway.Database.ConnectAsync(TestContext.Current.CancellationToken))
        {
            await Dapper.SqlMapper.ExecuteAsync(connection,
                "UPDATE provider_accounts SET base_url = 'no address' WHERE organization_id = @id", new { id = company.Id });
        }

        (await company.ChatAsync()).ShouldBe(500, "internal_error");

        var books = await company.SettledAsync();
        books.Released.Should().ContainSingle();
        books.Settled.Should().Be(0);
    }

    [Theory]
    [InlineData("no-such-host.invalid")]
    [InlineData("127.0.0.1")]
    public async Task A_host_without_a_permitted_address_costs_nothing(string host)
    {
        await using var gateway = await GatewayHarness.StartAsync(allowsPrivateUpstreams: false);
        await using var company = await Company.StartAsync(new Rules { BaseUrl = $"http://{host}:9/v1" }, gateway: gateway);

        (await company.ChatAsync()).ShouldBe(502, "upstream_unreachable");

        (await company.SettledAsync()).Released.Should().ContainSingle();
    }

    [Fact]
    public async Task Silence_is_booked_at_the_bound_after_the_time_is_over()
    {
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { UpstreamTimeoutSeconds = 1 });
        await using var company = await Company.StartAsync(gateway: gateway);
        var body = Bodies.Chat("hang=true");

        var answer = (await company.PostAsync("chat/completions", body)).ShouldBe(504, "upstream_timeout");

        answer.Header("x-should-retry").Should().Be("false");
        ShouldBeEstimated(await company.SettledAsync(), body);
    }

    [Fact]
    public async Task A_provider_that_swallows_connections_costs_nothing()
    {
        // Accepts on the level of TCP and never answers the TLS handshake.
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        await using var gateway = await GatewayHarness.StartAsync(options: new GatewayOptions { UpstreamConnectSeconds = 1 });
        await using var company = await Company.StartAsync(new Rules { BaseUrl = $"https://{listener.LocalEndpoint}/v1" }, gateway: gateway);

        (await company.ChatAsync()).ShouldBe(502, "upstream_unreachable");

        var books = await company.SettledAsync();
        books.Released.Should().ContainSingle();
        books.Settled.Should().Be(0);
    }

    public static TheoryData<string> UnknownUsages() =>
    [
        "no_usage=true", "usage=string", "input_tokens=-1", "output_tokens=-5", "input_tokens=1000000000000", "output_tokens=1000000000000",
        "output_tokens=10000000000000000000000000", "input_tokens=10 cached_tokens=11", "input_tokens=10 cached_tokens=6 cache_write_tokens=6",
        "cached_tokens=-1", "input_tokens=10 cache_write_tokens=9223372036854775807", "garbage=true", "gzip=true",
        // No request is read for nothing, and reasoning is a part of what came out.
        "input_tokens=0", "input_tokens=0 output_tokens=0", "output_tokens=5 reasoning_tokens=6", "input_tokens=10 output_tokens=16 total_tokens=27",
    ];

    [Theory]
    [MemberData(nameof(UnknownUsages))]
    public async Task A_usage_that_cannot_be_believed_is_booked_at_the_bound(string knobs)
    {
        await using var company = await Company.StartAsync();
        foreach (var (path, body) in new[]
        {
            ("chat/completions", Bodies.Chat(knobs)), ("chat/completions", Bodies.Chat(knobs, "\"max_tokens\":16,\"stream\":true")),
            ("responses", Bodies.Response(knobs)), ("responses", Bodies.Response(knobs, "\"max_output_tokens\":16,\"stream\":true")),
        })
        {
            (await company.PostAsync(path, body)).ShouldBe(200);
            var books = await company.SettledAsync();
            var spent = books.Events[^1];
            spent.IsEstimated.Should().BeTrue($"{path} {body}");
            spent.CostNanos.Should().Be(Bodies.BoundOf(body)).And.Be(spent.ReservedNanos);
        }
    }

    [Fact]
    public async Task A_compressed_answer_passes_as_it_is()
    {
        await using var company = await Company.StartAsync();

        var answer = await company.ChatAsync("gzip=true");

        answer.ContentHeaders.ContentEncoding.Should().Equal("gzip");
        await using var unpacked = new GZipStream(new MemoryStream(answer.Bytes), CompressionMode.Decompress);
        using var reader = new StreamReader(unpacked);
        (await reader.ReadToEndAsync(TestContext.Current.CancellationToken)).Should().Contain("chat.completion");
        answer.Header("x-spendra-warning").Should().Be("usage_unknown");
        await company.SettledAsync();
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var elsewhere = await SandboxServer.StartAsync(new SandboxOptions(), TestContext.Current.CancellationToken);
        await using var company = await Company.StartAsync();

        (await company.ChatAsync($"redirect={elsewhere.BaseUrl}/chat/completions")).ShouldBe(502, "upstream_redirect");

        elsewhere.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Released.Should().ContainSingle();
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_bill_above_its_bound_is_paid_and_explained(DatabaseEngine engine)
    {
        var body = Bodies.Chat("ignore_limit=true tokens=500 input_tokens=10");
        var bound = Bodies.BoundOf(body);
        const long bill = 10 * 1000 + 500 * 2000;
        await using var company = await Company.StartAsync(new Rules { Cap = (bound / 1_000_000_000m).ToString(System.Globalization.CultureInfo.InvariantCulture) }, engine);

        (await company.PostAsync("chat/completions", body)).ShouldBe(200);

        var books = await company.SettledAsync();
        books.Settled.Should().Be(bill);
        books.Windows.Single().LimitNanos.Should().Be(bound);
        books.Excesses.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Kind = 0, AmountNanos = bill - bound });
        (await company.ChatAsync()).ShouldBe(402, "budget_exceeded");
        await company.SettledAsync();
    }

    internal static void ShouldBeEstimated(Books books, string body)
    {
        var spent = books.Events.Should().ContainSingle().Subject;
        spent.IsEstimated.Should().BeTrue();
        spent.CostNanos.Should().Be(Bodies.BoundOf(body));
        books.Released.Should().BeEmpty();
    }
}
