using System.Text;
using Spendra.Sandbox;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>Errors in the shape that Anthropic's clients parse, and what each of the provider's own costs.</summary>
public sealed class ClaudeErrorTests
{
    [Theory]
    [InlineData("x-api-key", "sk-ant-other")]
    [InlineData("x-api-key", "spk_live_nonsense")]
    [InlineData("authorization", "Bearer spk_live_nonsense")]
    [InlineData("x-nothing", "x")]
    public async Task A_wrong_key_is_refused_in_Anthropics_shape(string header, string key)
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);
        using var client = company.Anonymous();
        foreach (var path in new[] { "messages", "messages/count_tokens", "providers/anthropic/v1/messages" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = GatewayHarness.Json(ClaudeRules.Body()) };
            request.Headers.TryAddWithoutValidation(header, key);

            ShouldBeError(await Answer.SendAsync(client, request), 401, "authentication_error", "invalid_api_key");
        }
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_budget_that_is_spent_is_a_billing_error_with_its_figures()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Of(new Rules { Cap = "0.0001" }));

        var answer = await company.PostAsync("messages", ClaudeRules.Body());

        ShouldBeError(answer, 402, "billing_error", "budget_exceeded");
        answer.Header("x-should-retry").Should().Be("false");
        ((string)answer.Json["error"]!["spendra"]!["limit_usd"]!).Should().Be("0.0001");
        ((string)answer.Json["request_id"]!).Should().Be(answer.Header("x-spendra-request-id"));
        ((string)answer.Json["error"]!["spendra"]!["request_id"]!).Should().Be(answer.Header("x-spendra-request-id"));
    }

    [Fact]
    public async Task What_is_wrong_with_a_body_is_told_in_Anthropics_shape()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default with { Keys = ["{slug: k1, actor: employee/e1}", "{slug: k2, actor: employee/e1, models: [anthropic/claude-b]}"] });

        var answer = await company.PostAsync("messages", "{\"model\":\"claude-a\",\"messages\":[]}");
        ShouldBeError(answer, 400, "invalid_request_error", "invalid_request");
        ((string)answer.Json["error"]!["param"]!).Should().Be("max_tokens");
        ShouldBeError(await company.PostAsync("messages", ClaudeRules.Body(model: "claude-z")), 400, "invalid_request_error", "unpriceable_request");
        ShouldBeError(await company.PostAsync("messages", ClaudeRules.Body(), "k2"), 403, "permission_error", "model_not_allowed");
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_route_that_is_not_governed_is_refused_in_the_callers_shape()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);
        using var client = company.Client();
        client.DefaultRequestHeaders.TryAddWithoutValidation("anthropic-version", "2023-06-01");

        ShouldBeError(await Answer.PostAsync(client, "messages/batches", "{}"), 404, "not_found_error", "unknown_route");

        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(402)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(413)]
    [InlineData(429)]
    [InlineData(503)]
    [InlineData(529)]
    public async Task What_the_provider_refused_costs_nothing_and_reaches_the_client_as_it_is(int status)
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);

        var answer = await company.PostAsync("messages", ClaudeRules.Body($"status={status}"));

        answer.Status.Should().Be(status);
        ((string)answer.Json["type"]!).Should().Be("error");
        ((string)answer.Json["request_id"]!).Should().StartWith("req_");
        answer.Header("request-id").Should().StartWith("req_");
        var books = await company.SettledAsync();
        books.Events.Should().BeEmpty();
        books.Released.Should().ContainSingle().Which.Reason.Should().Contain($"{status}");
    }

    [Theory]
    [InlineData(500, "")]
    [InlineData(504, "")]
    [InlineData(200, "error_midstream=true")]
    [InlineData(200, "no_usage=true")]
    [InlineData(200, "usage=string")]
    [InlineData(200, "input_tokens=-7")]
    [InlineData(200, "output_tokens=99999999999999999999")]
    [InlineData(200, "garbage=true")]
    [InlineData(200, "service_tier=batch")]
    [InlineData(200, "geo=mars")]
    [InlineData(200, "iterations=message:1:1:claude-z")]
    // A write for an hour that nobody asked for has no rate here.
    [InlineData(200, "cache_write_1h_tokens=5")]
    public async Task What_may_be_billed_and_is_not_known_is_paid_at_the_bound(int status, string knobs)
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default);

        (await company.PostAsync("messages", ClaudeRules.Body(status == 200 ? knobs : $"status={status}", "\"stream\":true"))).Status.Should().Be(status);

        var spent = (await company.SettledAsync()).Events.Should().ContainSingle().Subject;
        spent.IsEstimated.Should().BeTrue();
        spent.CostNanos.Should().Be(spent.ReservedNanos).And.BePositive();
    }

    [Fact]
    public async Task A_status_of_overload_that_is_not_the_providers_own_proves_nothing()
    {
        await using var provider = RawUpstream.Start(() => RawUpstream.Http("HTTP/1.1 529 Site is overloaded\ncontent-type: text/html\nconnection: close", "<html>529</html>"));
        await using var company = await Company.StartAsync(ClaudeRules.Of(new Rules(), provider.BaseUrl));

        (await company.PostAsync("messages", ClaudeRules.Body())).Status.Should().Be(529);

        (await company.SettledAsync()).Events.Should().ContainSingle().Which.IsEstimated.Should().BeTrue();
    }

    [Fact]
    public async Task A_credential_that_the_provider_rejects_is_not_the_clients_fault()
    {
        await using var company = await Company.StartAsync(ClaudeRules.Default, provider: new SandboxOptions { ApiKey = "sk-ant-renewed" });

        ShouldBeError(await company.PostAsync("messages", ClaudeRules.Body()), 502, "api_error", "provider_credential_rejected");

        (await company.SettledAsync()).Events.Should().BeEmpty();
    }

    [Fact]
    public async Task A_stream_cut_at_any_byte_on_its_way_is_paid_by_its_last_totals_or_at_the_bound()
    {
        var stream = ClaudeAnswers.Start("\"input_tokens\":10,\"output_tokens\":1,\"service_tier\":\"standard\"")
            + ClaudeAnswers.Event("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"é\"}")
            + ClaudeAnswers.Delta("\"output_tokens\":16") + ClaudeAnswers.Event("message_stop", "");
        var bytes = Encoding.UTF8.GetBytes(stream);
        var offset = -1;
        await using var provider = RawUpstream.Start(async network =>
        {
            var cut = Interlocked.Increment(ref offset);
            await network.WriteAsync(RawUpstream.Http("HTTP/1.1 200 OK\ncontent-type: text/event-stream\ntransfer-encoding: chunked", $"{bytes.Length:x}\r\n"));
            await network.WriteAsync(bytes.AsMemory(0, cut));
        });
        await using var company = await Company.StartAsync(ClaudeRules.Of(new Rules(), provider.BaseUrl));
        using var client = company.Client();

        await Parallel.ForAsync(0, bytes.Length + 1, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) => await Answer.ShouldBreakOffAsync(client, "messages", ClaudeRules.Body("", "\"stream\":true")));

        var books = await company.SettledAsync();
        books.Events.Should().HaveCount(bytes.Length + 1).And.OnlyContain(e => e.CostNanos == (e.IsEstimated ? e.ReservedNanos : 42_000));
        var end = stream.IndexOf("\"output_tokens\":16}}", StringComparison.Ordinal) + "\"output_tokens\":16}}".Length;
        books.Events.Count(e => !e.IsEstimated).Should().Be(stream.Length - end + 1);
    }

    private static void ShouldBeError(Answer answer, int status, string type, string code)
    {
        answer.ShouldBe(status, code);
        ((string)answer.Json["type"]!).Should().Be("error");
        ((string)answer.Json["error"]!["type"]!).Should().Be(type);
        ((string)answer.Json["error"]!["message"]!).Should().NotBeEmpty();
        answer.Json["request_id"].Should().NotBeNull();
    }
}
