using System.Text;
using Spendra.Control.Keys;
using Spendra.Core.Keys;
using Spendra.Gateway.Dialects.Anthropic;
using Spendra.Sandbox;
using Spendra.Storage.Governance;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>Anthropic's models on Vertex AI, for clients that speak to Anthropic and for those that speak to Vertex AI.</summary>
public sealed class VertexClaudeTests
{
    private const string Home = "/v1/projects/p1/locations/l1/publishers/anthropic/models/";

    [Theory]
    [InlineData("/v1/providers/vertexai/messages?beta=true", "", "claude-a:rawPredict")]
    [InlineData("/v1/providers/vertexai/v1/messages?beta=true&key=canary", "\"stream\":true", "claude-a:streamRawPredict")]
    public async Task A_message_is_brought_into_the_form_that_vertex_takes(string path, string more, string verb)
    {
        await using var company = await Elsewhere.StartAsync();
        var body = ClaudeRules.Body(more: more);
        using var client = company.Client();
        client.DefaultRequestHeaders.TryAddWithoutValidation("anthropic-beta", "one-2026-01-01");
        client.DefaultRequestHeaders.TryAddWithoutValidation("anthropic-version", "2023-06-01");
        client.DefaultRequestHeaders.TryAddWithoutValidation("anthropic-workspace-id", "canary");
        client.DefaultRequestHeaders.TryAddWithoutValidation("x-goog-user-project", "canary");

        var answer = (await Answer.PostAsync(client, path, body)).ShouldBe(200);

        var seen = company.Journal.Requests.Single();
        seen.PathAndQuery.Should().Be(Home + verb);
        Encoding.UTF8.GetString(seen.Body.Span).Should().Be(body.Replace("\"model\":\"claude-a\"", "\"anthropic_version\":\"vertex-2023-10-16\""));
        seen.Headers["Authorization"].Should().Be("Bearer ya29.upstream-secret");
        seen.Headers["anthropic-beta"].Should().Be("one-2026-01-01");
        string.Concat(seen.Headers.Values).Should().NotContain("canary");
        seen.Headers.Keys.Should().NotContain("x-api-key");
        answer.Header("request-id").Should().StartWith("req_vrtx_");
        var spent = (await company.SettledAsync()).Events.Single();
        (spent.Provider, spent.Route, spent.UpstreamRequestId).Should().Be(("vertexai", "vertexai.messages", answer.Header("request-id")));
    }

    [Theory]
    [InlineData("claude-a:rawPredict")]
    [InlineData("claude-a:streamRawPredict")]
    [InlineData("claude-old@20260101:rawPredict")]
    public async Task What_a_client_of_vertex_sends_passes_as_it_is(string named)
    {
        await using var company = await Elsewhere.StartAsync();
        foreach (var prefix in new[] { "", "/v1", "/v1beta1", "/v1/projects/other/locations/mars", "/v1beta1/projects/other/locations/mars" })
        {
            var body = Elsewhere.Raw(more: named.Contains("stream") ? "\"stream\":true" : "");

            (await company.PostAsync($"/v1/providers/vertexai{prefix}/publishers/anthropic/models/{named}", body)).ShouldBe(200);

            Encoding.UTF8.GetString(company.Journal.Requests[^1].Body.Span).Should().Be(body);
        }
        company.Journal.Requests.Should().HaveCount(5).And.OnlyContain(r => r.PathAndQuery == Home + named);
        (await company.SettledAsync()).Events.Should().HaveCount(5).And.OnlyContain(e => e.CostNanos == 42_000 && !e.IsEstimated);
    }

    [Theory]
    [InlineData("/v1/providers/vertexai/messages/count_tokens", "vertexai.messages.count_tokens")]
    [InlineData("/v1/providers/vertexai/v1/messages/count_tokens?beta=true", "vertexai.messages.count_tokens")]
    [InlineData(Elsewhere.VertexPlace + "/count-tokens:rawPredict", "vertexai.predict.count_tokens")]
    public async Task Counting_is_free_and_names_its_model_in_the_body(string path, string route)
    {
        await using var company = await Elsewhere.StartAsync(Elsewhere.Default with { Keys = ["{slug: k1, actor: employee/e1, models: [vertexai/anthropic/claude-a]}"] });
        const string body = """{"model":"claude-a","messages":[{"role":"user","content":"Hello there"}]}""";

        var answer = (await company.PostAsync(path, body)).ShouldBe(200);
        (await company.PostAsync(path, body.Replace("claude-a", "claude-z"))).ShouldBe(403, "model_not_allowed");

        ((long)answer.Json["input_tokens"]!).Should().Be(10);
        var seen = company.Journal.Requests.Single();
        (seen.Route, seen.PathAndQuery).Should().Be((SandboxRoute.CountMessageTokens, Home + "count-tokens:rawPredict"));
        Encoding.UTF8.GetString(seen.Body.Span).Should().Be(body);
        var spent = (await company.SettledAsync()).Events.Single();
        (spent.Route, spent.ReservedNanos, spent.CostNanos).Should().Be((route, 0L, 0L));
    }

    [Theory]
    [InlineData("vertexai/anthropic/claude-a", 200)]
    [InlineData("anthropic/claude-a", 403)]
    [InlineData("vertexai/claude-a", 403)]
    public async Task A_key_names_the_provider_and_the_publisher_before_the_model(string scope, int status)
    {
        await using var company = await Elsewhere.StartAsync(Elsewhere.Default with { Keys = [$"{{slug: k1, actor: employee/e1, models: [{scope}]}}"] });

        (await company.PostAsync(Elsewhere.VertexMessages, ClaudeRules.Body())).ShouldBe(status);
        (await company.PostAsync(Elsewhere.VertexPlace + "/claude-a:rawPredict", Elsewhere.Raw())).ShouldBe(status);

        await company.SettledAsync();
    }

    [Theory]
    [InlineData(Elsewhere.VertexMessages, """{"model":"claude-z","max_tokens":1,"messages":[]}""", "unpriceable_request")]
    // Another publisher's model stays another publisher's.
    [InlineData(Elsewhere.VertexMessages, """{"model":"google/g1","max_tokens":1,"messages":[]}""", "unpriceable_request")]
    [InlineData(Elsewhere.VertexMessages, """{"model":"claude-a","max_tokens":1,"messages":[],"speed":"fast"}""", "unpriceable_request")]
    [InlineData(Elsewhere.VertexMessages, """{"max_tokens":1,"messages":[]}""", "invalid_request")]
    [InlineData(Elsewhere.VertexPlace + "/claude-a:rawPredict", """{"model":"claude-a","max_tokens":1,"messages":[]}""", "invalid_request")]
    [InlineData(Elsewhere.VertexPlace + "/claude-a:rawPredict", """{"messages":[]}""", "invalid_request")]
    [InlineData(Elsewhere.VertexPlace + "/claude-a%0a:rawPredict", """{"max_tokens":1,"messages":[]}""", "invalid_request")]
    [InlineData(Elsewhere.VertexPlace + "/g1:rawPredict", """{"max_tokens":1,"messages":[]}""", "unpriceable_request")]
    public async Task A_refusal_is_an_error_in_Anthropics_shape(string path, string body, string code)
    {
        await using var company = await Elsewhere.StartAsync();

        var answer = (await company.PostAsync(path, body)).ShouldBe(400, code);

        ((string)answer.Json["error"]!["type"]!).Should().Be("invalid_request_error");
        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData(403, true)]
    [InlineData(404, true)]
    [InlineData(408, false)]
    [InlineData(503, true)]
    [InlineData(504, false)]
    [InlineData(529, true)]
    public async Task Errors_of_either_host_pass_and_give_back_or_book_the_bound(int status, bool isReleased)
    {
        foreach (var path in new[] { Elsewhere.VertexMessages, Elsewhere.VertexPlace + "/claude-a:streamRawPredict" })
        {
            await using var company = await Elsewhere.StartAsync();
            var body = path == Elsewhere.VertexMessages ? ClaudeRules.Body($"status={status}") : Elsewhere.Raw($"status={status}", "\"stream\":true");

            (await company.PostAsync(path, body)).ShouldBe(status);

            var books = await company.SettledAsync();
            books.Released.Should().HaveCount(isReleased ? 1 : 0);
            books.Events.Should().HaveCount(isReleased ? 0 : 1).And.OnlyContain(e => e.IsEstimated);
        }
    }

    [Theory]
    [InlineData("""{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", true)]
    [InlineData("""{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}""", true)]
    [InlineData("""{"message":"error"}""", false)]
    [InlineData("<html>error</html>", false)]
    public void Both_hosts_errors_are_known(string body, bool isError) =>
        VertexClaudeDialect.Instance.IsError(Encoding.UTF8.GetBytes(body)).Should().Be(isError);

    [Theory]
    [InlineData("""{"model":"m","a":1}""", """{"anthropic_version":"vertex-2023-10-16","a":1}""")]
    [InlineData("""{ "a" : {"model":"x"} , "mod\u0065l" : "m" }""", """{ "a" : {"model":"x"} , "anthropic_version":"vertex-2023-10-16" }""")]
    [InlineData("""{"model":"m", "anthropic_version":"v"}""", """{"anthropic_version":"v"}""")]
    [InlineData("""{"anthropic_version":"v" , "model":"m" }""", """{"anthropic_version":"v" }""")]
    [InlineData("""{"a":[{"model":"x"}],"model":"m","anthropic_version":"v","b":2}""", """{"a":[{"model":"x"}],"anthropic_version":"v","b":2}""")]
    public void A_body_loses_its_model_and_nothing_else(string body, string expected) =>
        Encoding.UTF8.GetString(VertexClaudeBody.WithoutModel(Encoding.UTF8.GetBytes(body)).Span).Should().Be(expected);

    [Fact]
    public async Task Test_keys_reach_the_sandbox_and_spend_nothing()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await using var company = await Company.StartAsync(Elsewhere.Default, gateway: gateway);
        var issued = await KeyIssuer.CreateAsync(gateway.Database, gateway.MasterKey, company.Slug,
            new KeyRequest { Slug = "t1", Mode = KeyMode.Test, Actor = "employee/e1" }, new ChangeAuthor("test", "test", null), TestContext.Current.CancellationToken);
        company.Remember("t1", issued.Value!.Secret);

        (await company.PostAsync(Elsewhere.VertexMessages, ClaudeRules.Body(), "t1")).ShouldBe(200);
        (await company.PostAsync(Elsewhere.RouterMessages, ClaudeRules.Body(model: Elsewhere.RouterModel), "t1")).ShouldBe(200);

        gateway.Sandbox.Journal.Requests.Select(r => r.PathAndQuery).Should().Equal(
            "/v1/projects/sandbox/locations/global/publishers/anthropic/models/claude-a:rawPredict", "/api/v1/messages");
        company.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Settled.Should().Be(0);
    }

    [Fact]
    public async Task A_snapshot_is_the_same_in_every_spelling_and_another_snapshot_is_not()
    {
        await using var company = await Elsewhere.StartAsync();
        const string path = Elsewhere.VertexPlace + "/claude-old@20260101:rawPredict";

        (await company.PostAsync(path, Elsewhere.Raw("input_tokens=10 model=claude-old-20260101"))).ShouldBe(200);
        (await company.PostAsync(path, Elsewhere.Raw("input_tokens=10 model=claude-old-20260202"))).ShouldBe(200);
        // Another model of the publisher, by its exact id.
        (await company.PostAsync(path, Elsewhere.Raw("input_tokens=10 model=claude-a"))).ShouldBe(200);

        var events = (await company.SettledAsync()).Events;
        events.Should().HaveCount(3).And.OnlyContain(e => e.CostNanos == (e.IsEstimated ? e.ReservedNanos : 42_000));
        events.Single(e => e.IsEstimated).ServedModel.Should().Be("claude-old-20260202");
        events.Single(e => e.ServedPriceId is not null).ServedModel.Should().Be("claude-a");
    }
}
