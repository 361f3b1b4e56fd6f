using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Spendra.Hosting;
using Spendra.Sandbox;
using Spendra.Storage;
using Spendra.Tests.EndToEnd;

namespace Spendra.Tests.Telemetry;

/// <summary>What a server tells a collector: real protobuf, taken by a real port. What other servers of this process trace is told too.</summary>
[Collection(nameof(EndToEnd.Secrets.Watch))]
public sealed class TelemetryTests
{
    private const string ClientsTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string ClientsParent = $"00-{ClientsTrace}-00f067aa0ba902b7-01";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http")]
    [InlineData("grpc")]
    public async Task A_governed_request_is_one_trace_with_its_steps_and_its_id(string protocol)
    {
        await using var sink = await OtlpSink.StartAsync(isGrpc: protocol == "grpc");
        await using var site = await SiteOfAsync(sink, ratio: "1");
        site.Variables["SPENDRA__TELEMETRY__OTLPPROTOCOL"] = protocol;
        site.Variables["SPENDRA__TELEMETRY__OTLPHEADERS"] = "authorization=Bearer%20the-collectors-token";
        site.Variables["SPENDRA__TELEMETRY__SERVICENAME"] = "spendra-eu";
        await using var host = await HostedSite.StartAsync(site, static _ => { });

        var (status, id) = await ChatAsync(host.Url, site.Keys["ada"]);
        await site.WaitUntilNothingIsReservedAsync();
        await host.StopAsync();
        await host.DisposeAsync();

        status.Should().Be(200);
        var request = sink.RequestOf(id);
        request.Name.Should().Be("chat.completions");
        request.ParentId.Should().BeEmpty("a client's trace is no parent");
        request.TraceId.Should().NotBe(ClientsTrace);
        request.Links.Should().Equal(ClientsTrace);
        request.Attributes.Should().Contain(
        [
            new("spendra.request_id", id!), new("spendra.provider", "openai"), new("spendra.route", "chat.completions"), new("spendra.outcome", "answered"),
            new("http.response.status_code", "200"), new("gen_ai.request.model", Acme.Model),
        ]);
        var admission = Step("admission");
        admission.ParentId.Should().Be(request.SpanId);
        Step("reservation").Should().Match<Span>(s => s.ParentId == admission.SpanId && s.Attributes["spendra.outcome"] == "admitted");
        Step("upstream").Should().Match<Span>(s => s.ParentId == request.SpanId && s.Attributes["http.response.status_code"] == "200");
        Step("settlement").Should().Match<Span>(s => s.ParentId == request.SpanId && s.Attributes["spendra.settlement"] == "measured" && s.Attributes["spendra.outcome"] == "ended");
        sink.Metrics.Should().Contain(["spendra.gateway.requests", "spendra.ledger.reservation.duration", "spendra.outbox.lag", "http.server.request.duration"]);
        sink.Tokens.Should().OnlyContain(token => token == "Bearer the-collectors-token");
        sink.Resources.Should().OnlyContain(r => r["service.name"] == "spendra-eu" && r["service.version"].Length > 0);
        site.Sandbox.Journal.Requests.Should().OnlyContain(r => !r.Headers.ContainsKey("traceparent") && !r.Headers.ContainsKey("tracestate") && !r.Headers.ContainsKey("baggage"));

        Span Step(string name) => sink.Spans.Should().ContainSingle(s => s.Name == name && s.TraceId == request.TraceId).Subject;
    }

    [Fact]
    public async Task A_client_cannot_ask_for_its_request_to_be_traced()
    {
        await using var sink = await OtlpSink.StartAsync(isGrpc: false);
        await using var site = await SiteOfAsync(sink, ratio: "0");
        await using var host = await HostedSite.StartAsync(site, static _ => { });

        var (status, id) = await ChatAsync(host.Url, site.Keys["ada"]);
        status.Should().Be(200);
        await host.StopAsync();
        await host.DisposeAsync();

        sink.Metrics.Should().NotBeEmpty("something was told");
        sink.Spans.Should().NotContain(s => s.Attributes.ContainsValue(id!));
    }

    [Fact]
    public async Task Providers_are_told_the_trace_only_where_that_is_set_on()
    {
        await using var sink = await OtlpSink.StartAsync(isGrpc: false);
        await using var site = await SiteOfAsync(sink, ratio: "1");
        site.Variables["SPENDRA__TELEMETRY__SENDTRACECONTEXT"] = "true";
        await using var host = await HostedSite.StartAsync(site, static _ => { });

        var (_, id) = await ChatAsync(host.Url, site.Keys["ada"]);
        await host.StopAsync();
        await host.DisposeAsync();

        var upstream = sink.Spans.Single(s => s.Name == "upstream" && s.TraceId == sink.RequestOf(id).TraceId);
        site.Sandbox.Journal.Requests.Single().Headers["traceparent"].Should().Be($"00-{upstream.TraceId}-{upstream.SpanId}-01");
    }

    [Fact]
    public async Task Lines_about_a_request_carry_its_id_and_its_trace()
    {
        await using var sink = await OtlpSink.StartAsync(isGrpc: false);
        await using var site = await SiteOfAsync(sink, ratio: "1");
        site.Variables["SPENDRA__LOG__JSON"] = "true";
        await SpoilCredentialAsync(site);
        var served = await site.ServeAsync();

        var (status, id) = await ChatAsync(served.Url, site.Keys["ada"]);
        await served.ShouldStopAsync();

        status.Should().Be(503);
        var line = sink.Logs.Should().ContainSingle(l => l.Text.Contains("cannot be opened")).Subject;
        line.Attributes["RequestId"].Should().Be(id);
        line.TraceId.Should().Be(sink.Spans.Single(s => s.Name == "chat.completions").TraceId);
        var printed = served.Process.Lines.Where(l => l.Contains("cannot be opened")).Should().ContainSingle().Subject;
        var json = JsonDocument.Parse(printed).RootElement;
        json.GetProperty("State").GetProperty("RequestId").GetString().Should().Be(id);
        json.GetProperty("Scopes").EnumerateArray().Should().Contain(s => s.GetProperty("Message").GetString() == $"request {id}");
        printed.Should().NotContain("RequestPath");
    }

    [Fact]
    public async Task Nothing_is_told_and_there_are_no_metrics_unless_set_on()
    {
        await using var site = await Site.CreateAsync();
        await using var host = await HostedSite.StartAsync(site, static _ => { });
        using var http = new HttpClient();

        (await http.GetAsync(new Uri(host.Url, "/metrics"), Cancel)).StatusCode.Should().Be(HttpStatusCode.NotFound);
        host.Endpoints.Should().NotContain(e => e.Metadata.GetMetadata<TokenMark>() != null);
    }

    /// <summary>So that each request makes one line of the log.</summary>
    private static async Task SpoilCredentialAsync(Site site)
    {
        await using var database = Database.Open(site.Target);
        await using var connection = await database.ConnectAsync(Cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = "UPDATE provider_accounts SET credential = zeroblob(64)";
        (await command.ExecuteNonQueryAsync(Cancel)).Should().Be(1);
    }

    private static async Task<Site> SiteOfAsync(OtlpSink sink, string ratio)
    {
        var site = await Site.CreateAsync(sandbox: new SandboxOptions { RecordRequests = true });
        await site.ApplyAsync(Acme.Declaration("1"));
        site.Variables["SPENDRA__TELEMETRY__OTLPENDPOINT"] = sink.Address;
        site.Variables["SPENDRA__TELEMETRY__TRACESAMPLERATIO"] = ratio;
        return site;
    }

    private static async Task<(int Status, string? RequestId)> ChatAsync(Uri url, string key)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, "/v1/chat/completions"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Headers.Add("traceparent", ClientsParent);
        request.Headers.Add("tracestate", "vendor=secret-state");
        request.Headers.Add("baggage", "user=secret-baggage");
        request.Content = new StringContent(Acme.Chat(), Encoding.UTF8, "application/json");
        using var response = await http.SendAsync(request, Cancel);
        return ((int)response.StatusCode, response.Headers.TryGetValues("x-spendra-request-id", out var ids) ? ids.Single() : null);
    }
}
