using System.Globalization;
using System.Text;
using Spendra.Gateway.Providers;

namespace Spendra.Gateway.Tests.Claude;

/// <summary>Anthropic's messages at OpenRouter: its own figure is settled, and what may lead to another figure is refused.</summary>
public sealed class RouterMessagesTests
{
    private static string Body(string knobs = "", string more = "") => ClaudeRules.Body(knobs, more, Elsewhere.RouterModel);

    // 10 tokens in and 16 out cost 42,000 nano-USD by the price book; the bound is far above.
    [Theory]
    [InlineData("cost=0.00004241", 42_410, true, null)]
    [InlineData("cost=0.00004243", 42_430, true, "cost_differs")]
    [InlineData("cost=0", 42_000, false, "cost_differs")]
    [InlineData("cost=0.00001 upstream_cost=0.0005", 42_000, false, "cost_differs")]
    [InlineData("byok=true cost=0.0000021 upstream_cost=0.000042", 44_100, true, null)]
    [InlineData("byok=true cost=0.0000021 upstream_cost=-1", 42_000, false, null)]
    [InlineData("cost=-0.1", 42_000, false, null)]
    [InlineData("cost=10001", 42_000, false, null)]
    [InlineData("cost=1e300", 42_000, false, null)]
    // A model that the price book does not know was billed all the same.
    [InlineData("cost=0.00005 model=anthropic/claude-z", 50_000, true, null)]
    public async Task What_openrouter_says_that_a_message_cost_is_what_it_cost(string knobs, long nanos, bool isBilled, string? warning)
    {
        foreach (var stream in new[] { "", "\"stream\":true" })
        {
            await using var company = await Elsewhere.StartAsync();

            var answer = (await company.PostAsync(Elsewhere.RouterMessages, Body(knobs + " input_tokens=10 output_tokens=16", stream))).ShouldBe(200);

            var spent = (await company.SettledAsync()).Events.Single();
            (spent.CostNanos, spent.IsBilled, spent.IsEstimated).Should().Be((nanos, isBilled, false));
            spent.UpstreamRequestId.Should().StartWith("gen-").And.Be(answer.Header("x-generation-id"));
            if (stream.Length > 0) continue;
            if (!knobs.Contains("model=")) answer.Header("x-spendra-warning").Should().Be(warning);
            decimal.Parse(answer.Header("x-spendra-cost-usd")!, CultureInfo.InvariantCulture).Should().Be(nanos / 1_000_000_000m);
        }
    }

    [Theory]
    [InlineData("cost=0.00005 input_tokens=0 output_tokens=0", 50_000, true)]
    // Without a bill a usage of nothing is none.
    [InlineData("cost=-0.1 input_tokens=0 output_tokens=0", null, false)]
    public async Task A_bill_needs_no_usage_beside_it_that_could_be_true(string knobs, int? nanos, bool isBilled)
    {
        foreach (var stream in new[] { "", "\"stream\":true" })
        {
            await using var company = await Elsewhere.StartAsync();

            (await company.PostAsync(Elsewhere.RouterMessages, Body(knobs, stream))).ShouldBe(200);

            var spent = (await company.SettledAsync()).Events.Single();
            (spent.CostNanos, spent.IsBilled, spent.IsEstimated).Should().Be((nanos ?? spent.ReservedNanos, isBilled, nanos is null));
        }
    }

    [Fact]
    public async Task A_message_passes_below_the_price_with_the_accounts_credential()
    {
        await using var company = await Elsewhere.StartAsync();
        var body = Body(more: "\"provider\":{\"max_price\":{\"prompt\":1}},\"models\":[\"anthropic/claude-a\"],\"plugins\":[],\"session_id\":\"s\"");
        using var client = company.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("x-api-key", company.Secret("k1"));
        client.DefaultRequestHeaders.TryAddWithoutValidation("anthropic-beta", "one-2026-01-01");
        client.DefaultRequestHeaders.TryAddWithoutValidation("http-referer", "https://acme.example");

        (await Answer.PostAsync(client, "/v1/providers/openrouter/messages?beta=true", body)).ShouldBe(200);

        var seen = company.Journal.Requests.Single();
        seen.PathAndQuery.Should().Be("/api/v1/messages?beta=true");
        Encoding.UTF8.GetString(seen.Body.Span).Should().Be(body.Replace("{\"prompt\":1}", "{\"completion\":2.0000000005,\"request\":0,\"prompt\":1}", StringComparison.Ordinal));
        seen.Headers["Authorization"].Should().Be("Bearer or-upstream-secret");
        seen.Headers["anthropic-beta"].Should().Be("one-2026-01-01");
        seen.Headers["http-referer"].Should().Be("https://acme.example");
        seen.Headers.Keys.Should().NotContain("x-api-key");
        (await company.SettledAsync()).Events.Single().Route.Should().Be("openrouter.messages");
    }

    [Theory]
    [InlineData("\"plugins\":[{\"id\":\"web\"}]", "plugins")]
    [InlineData("\"models\":[\"anthropic/claude-a\",\"maker/m1\"]", "models")]
    [InlineData("\"route\":\"sort\"", "route")]
    [InlineData("\"preset\":\"mine\"", "preset")]
    [InlineData("\"fallbacks\":[{\"model\":\"maker/m1\"}]", "fallback")]
    [InlineData("\"tools\":[{\"type\":\"openrouter:web_search\"}]", "openrouter:web_search")]
    [InlineData("\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", "no rate")]
    [InlineData("\"speed\":\"fast\"", "fast")]
    [InlineData("\"service_tier\":\"priority\"", "tier")]
    [InlineData("\"context_management\":{\"edits\":[{\"type\":\"compact_20260112\"}]}", "pass")]
    public async Task What_may_raise_the_cost_is_refused(string member, string why)
    {
        await using var company = await Elsewhere.StartAsync(Elsewhere.Default with { Keys = ["{slug: k1, actor: employee/e1, tools: [\"*\"]}"] });

        var answer = await company.PostAsync(Elsewhere.RouterMessages, Body(more: member));

        answer.Status.Should().BeOneOf(400, 403);
        answer.Code.Should().BeOneOf("unpriceable_request", "tool_not_allowed");
        if (answer.Status == 400) answer.Text.Should().Contain(why);
        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("""{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AA=="}}""", 400)]
    [InlineData("""{"source":{"type":"url","url":"https://x/y.pdf"},"type":"document"}""", 400)]
    [InlineData("""{"type":"tool_result","tool_use_id":"t","content":[{"type":"document","source":{"type":"url","url":"https://x"}}]}""", 400)]
    [InlineData("""{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}""", 200)]
    [InlineData("""{"type":"search_result","source":"https://x","title":"t","content":[{"type":"text","text":"x"}]}""", 200)]
    [InlineData("""{"type":"tool_use","id":"t","name":"f","input":{"type":"document","source":{"type":"url"}}}""", 200)]
    public async Task Files_are_refused_and_an_image_is_bounded_by_the_context_window(string block, int status)
    {
        await using var company = await Elsewhere.StartAsync();

        (await company.PostAsync(Elsewhere.RouterMessages, $$"""{"model":"anthropic/claude-a","max_tokens":16,"messages":[{"role":"user","content":[{{block}}]}]}""")).ShouldBe(status);

        var events = (await company.SettledAsync()).Events;
        // Any maker's model may be asked, so that Anthropic's ceiling for an image proves nothing.
        if (block.Contains("image")) events.Single().BoundInput.Should().Be(200_000);
        else if (status == 200) events.Single().BoundInput.Should().BeLessThan(1_000);
        company.Journal.Count.Should().Be(status == 200 ? 1 : 0);
    }

    // What is counted at the start is an estimate, and may have been more than was billed.
    [Theory]
    [InlineData(",\"cost\":0.00005", 50_000L)]
    [InlineData("", null)]
    public void Totals_that_fall_are_believed_beside_a_bill_alone(string atEnd, long? nanos)
    {
        var call = ClaudeCall.Read(Body(more: "\"stream\":true"), route: ProviderList.Routes.Single(r => r.Name == "openrouter.messages"));
        var stream = ClaudeAnswers.Stream("\"input_tokens\":10,\"output_tokens\":1", "\"input_tokens\":9,\"output_tokens\":16" + atEnd);

        var reading = ClaudeCall.Meter(call, "text/event-stream", Encoding.UTF8.GetBytes(stream));

        (reading.BilledCost?.Value, reading.Usage is null).Should().Be((nanos, nanos is null));
    }

    [Theory]
    [InlineData("", ",\"cost\":0.00005,\"is_byok\":false", 50_000L)]
    // Before the end it is what was used so far.
    [InlineData(",\"cost\":0.0000001,\"is_byok\":false", "", null)]
    [InlineData(",\"cost\":0.0000001", ",\"cost\":null", null)]
    [InlineData("", ",\"cost\":{\"usd\":1}", null)]
    [InlineData("", ",\"cost\":[1]", null)]
    [InlineData("", ",\"cost\":1,\"cost\":2", null)]
    [InlineData("", ",\"cost\":\"1\"", null)]
    [InlineData("", ",\"cost\":0.1,\"is_byok\":true", null)]
    [InlineData("", ",\"cost\":0.1,\"is_byok\":true,\"cost_details\":{\"upstream_inference_cost\":0.2}", 300_000_000L)]
    public void A_bill_counts_with_the_last_totals_alone(string atStart, string atEnd, long? nanos)
    {
        var call = ClaudeCall.Read(Body(more: "\"stream\":true"), route: ProviderList.Routes.Single(r => r.Name == "openrouter.messages"));
        var stream = ClaudeAnswers.Stream("\"input_tokens\":10,\"output_tokens\":1" + atStart, "\"output_tokens\":16" + atEnd);
        var body = ClaudeAnswers.Message("\"input_tokens\":10,\"output_tokens\":16" + atEnd);

        foreach (var (mediaType, text) in new[] { ("text/event-stream", stream), ("application/json", body) })
        {
            var reading = ClaudeCall.Meter(call, mediaType, Encoding.UTF8.GetBytes(text));
            (reading.BilledCost?.Value, reading.Usage?.Output).Should().Be((nanos, 16L), mediaType);
        }
    }

    [Fact]
    public async Task An_error_in_the_middle_of_a_stream_leaves_the_cost_unknown()
    {
        await using var company = await Elsewhere.StartAsync();

        (await company.PostAsync(Elsewhere.RouterMessages, Body("error_midstream=true cost=0.000001", "\"stream\":true"))).ShouldBe(200);

        var spent = (await company.SettledAsync()).Events.Single();
        (spent.IsEstimated, spent.IsBilled, spent.CostNanos).Should().Be((true, false, spent.ReservedNanos));
    }
}
