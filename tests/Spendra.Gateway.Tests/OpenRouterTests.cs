using System.Globalization;

namespace Spendra.Gateway.Tests;

/// <summary>OpenRouter: its own figure is settled, and what may lead to another figure is refused.</summary>
public sealed class OpenRouterTests
{
    private const string Chat = "/v1/providers/openrouter/chat/completions";

    private static string Body(string knobs = "", string more = "\"max_tokens\":16") => Bodies.Chat(knobs, more, "maker/m1");

    // 10 tokens in and 16 out cost 42,000 nano-USD by the price book; the bound is far above.
    [Theory]
    [InlineData("cost=0.000042", 42_000, true, null)]
    [InlineData("cost=0.0000420001", 42_000, true, null)]
    [InlineData("cost=0.00004241", 42_410, true, null)]
    [InlineData("cost=0.00004243", 42_430, true, "cost_differs")]
    [InlineData("cost=0.00004157", 41_570, true, "cost_differs")]
    // Nothing for something is not believed; usage times price stands in.
    [InlineData("cost=0", 42_000, false, "cost_differs")]
    [InlineData("byok=true cost=0 upstream_cost=0", 42_000, false, "cost_differs")]
    [InlineData("cost=0 upstream_cost=0.0005", 42_000, false, "cost_differs")]
    [InlineData("cost=0.00001 upstream_cost=0.0005", 42_000, false, "cost_differs")]
    // A cheaper host's bill agrees with itself.
    [InlineData("cost=0.00001 upstream_cost=0.00001", 10_000, true, "cost_differs")]
    // Not believed to be less, and to be more it is.
    [InlineData("cost=0.00005 upstream_cost=0.0005", 50_000, true, "cost_differs")]
    [InlineData("cost=4.2E-5", 42_000, true, null)]
    // Rounded once, half to even, after both parts are added up.
    [InlineData("cost=0.0000420005", 42_000, true, null)]
    [InlineData("cost=0.0000420015", 42_002, true, null)]
    // Its own fee is on top of what the model's provider bills, and in no price book.
    [InlineData("byok=true cost=0.0000021 upstream_cost=0.000042", 44_100, true, null)]
    [InlineData("byok=true cost=0.0000000005 upstream_cost=0.0000420005", 42_001, true, null)]
    [InlineData("byok=true cost=0 upstream_cost=0.00005", 50_000, true, "cost_differs")]
    // What nobody bills is not believed; usage times price stands in.
    [InlineData("cost=-0.1", 42_000, false, null)]
    [InlineData("cost=10001", 42_000, false, null)]
    [InlineData("cost=1e300", 42_000, false, null)]
    [InlineData("cost=99999999999999999999999999999999999999", 42_000, false, null)]
    [InlineData("byok=true cost=0.0000021 upstream_cost=-1", 42_000, false, null)]
    public async Task What_openrouter_says_that_a_call_cost_is_what_it_cost(string knobs, long nanos, bool isBilled, string? warning)
    {
        foreach (var stream in new[] { "", ",\"stream\":true" })
        {
            await using var company = await Formats.StartAsync();

            var answer = (await company.PostAsync(Chat, Body(knobs + " input_tokens=10 output_tokens=16", "\"max_tokens\":16" + stream))).ShouldBe(200);

            var spent = (await company.SettledAsync()).Events.Single();
            spent.CostNanos.Should().Be(nanos);
            spent.IsBilled.Should().Be(isBilled);
            spent.IsEstimated.Should().BeFalse();
            if (stream.Length > 0) continue;
            answer.Header("x-spendra-warning").Should().Be(warning);
            decimal.Parse(answer.Header("x-spendra-cost-usd")!, CultureInfo.InvariantCulture).Should().Be(nanos / 1_000_000_000m);
        }
    }

    [Theory]
    // The book's 42,000, and a fee of 5 % for the customer's own key.
    [InlineData(100)]
    [InlineData(105)]
    public async Task The_fee_for_a_key_of_the_customers_own_is_held_where_the_account_says_so(int ratePercent)
    {
        var rules = Formats.Rules();
        await using var company = await Formats.StartAsync(rules with
        {
            Accounts = [.. rules.Accounts.Select(a => a.Contains("openrouter", StringComparison.Ordinal) ? a.Replace("credential:", $"ratePercent: {ratePercent}, credential:", StringComparison.Ordinal) : a)],
        });
        var body = Body("byok=true cost=0.0000021 upstream_cost=0.000042 input_tokens=10 output_tokens=16");

        var answer = (await company.PostAsync(Chat, body)).ShouldBe(200);

        answer.Header("x-spendra-warning").Should().BeNull();
        var spent = (await company.SettledAsync()).Events.Single();
        spent.CostNanos.Should().Be(44_100);
        spent.ReservedNanos.Should().Be((Bodies.BoundOf(body) * ratePercent + 99) / 100);
    }

    [Fact]
    public async Task A_bill_above_the_bound_is_paid_explained_and_warned_of()
    {
        await using var company = await Formats.StartAsync(Formats.Rules() with { Cap = "0.001" });

        var body = Body("cost=0.5");
        var answer = (await company.PostAsync(Chat, body)).ShouldBe(200);

        answer.Header("x-spendra-warning").Should().Contain("cost_differs");
        var books = await company.SettledAsync();
        books.Settled.Should().Be(500_000_000);
        books.Excesses.Should().ContainSingle().Which.AmountNanos.Should().Be(500_000_000 - Bodies.BoundOf(body));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData(",\"n\":3", 3)]
    public async Task A_model_that_searches_by_itself_is_held_with_the_fee(string more, int searches)
    {
        var rules = Formats.Rules();
        await using var company = await Formats.StartAsync(rules with
        {
            Keys = ["{slug: k1, actor: employee/e1, tools: [web_search]}"],
            Prices = [.. rules.Prices, $"{{provider: openrouter, model: perplexity/sonar, {Rules.Rates}, unitUsdPerMillion: {{web_searches: \"5000\"}}}}"],
        });
        var body = Bodies.Chat("cost=0.005", "\"max_tokens\":16" + more, "perplexity/sonar");

        (await company.PostAsync(Chat, body)).ShouldBe(200);

        var output = 16 * 2000L;
        (await company.SettledAsync()).Events.Single().ReservedNanos.Should().Be(Bodies.BoundOf(body) + (searches - 1) * output + searches * 5_000_000L);
    }

    [Fact]
    public async Task A_usage_that_cannot_be_believed_takes_the_cost_with_it()
    {
        await using var company = await Formats.StartAsync();

        (await company.PostAsync(Chat, Body("cost=0.000001 input_tokens=-1"))).ShouldBe(200);
        (await company.PostAsync(Chat, Body("cost=0.000001 usage=string"))).ShouldBe(200);

        (await company.SettledAsync()).Events.Should().HaveCount(2).And.OnlyContain(e => e.IsEstimated && e.CostNanos == e.ReservedNanos);
    }

    [Theory]
    [InlineData("\"plugins\":[{\"id\":\"web\"}]", "plugins")]
    [InlineData("\"plug\\u0069ns\":[{\"id\":\"web\"}]", "plugins")]
    [InlineData("\"plugins\":\"web\"", "plugins")]
    [InlineData("\"models\":[\"maker/m1\",\"maker/m-long\"]", "models")]
    [InlineData("\"models\":{\"0\":\"maker/m1\"}", "models")]
    [InlineData("\"models\":\"maker/m-long\"", "models")]
    [InlineData("\"route\":\"sort\"", "route")]
    [InlineData("\"preset\":\"mine\"", "preset")]
    [InlineData("\"web_search_options\":{}", "web_search")]
    [InlineData("\"tools\":[{\"type\":\"openrouter:web_search\"}]", "openrouter:web_search")]
    [InlineData("\"modalities\":[\"image\",\"text\"]", "no rate")]
    [InlineData("\"modalities\":[\"audio\"]", "audio")]
    [InlineData("\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}", "no rate")]
    [InlineData("\"cache_control\":{\"ttl\":\"5m\",\"ttl\":\"1h\"}", "no rate")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"},\"cache_c\\u006fntrol\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]", "no rate")]
    [InlineData("\"service_tier\":\"priority\"", "tier")]
    public async Task What_may_raise_the_cost_is_refused(string member, string why)
    {
        await using var company = await Formats.StartAsync(Formats.Rules() with { Keys = ["{slug: k1, actor: employee/e1, tools: [\"*\"]}"] });

        var answer = await company.PostAsync(Chat, Body(more: "\"max_tokens\":16," + member));

        answer.Status.Should().BeOneOf(400, 403);
        answer.Code.Should().BeOneOf("unpriceable_request", "tool_not_allowed");
        if (answer.Status == 400) answer.Text.Should().Contain(why);
        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\",\"file_data\":\"data:application/pdf;base64,AA==\"}}", "file")]
    [InlineData("{\"type\":\"video_url\",\"video_url\":{\"url\":\"https://x/y.mp4\"}}", "video")]
    [InlineData("{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}", "no rate")]
    public async Task Content_with_fees_or_rates_of_its_own_is_refused(string part, string why)
    {
        await using var company = await Formats.StartAsync();

        var answer = await company.PostAsync(Chat, $$"""{"model":"maker/m1","max_tokens":16,"messages":[{"role":"user","content":[{{part}}]}]}""");

        answer.ShouldBe(400, "unpriceable_request").Text.Should().Contain(why);
        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("\"plugins\":[]")]
    [InlineData("\"plugins\":null,\"models\":null,\"route\":null,\"preset\":null,\"modalities\":null")]
    [InlineData("\"models\":[\"maker/m1\"],\"route\":\"fallback\"")]
    [InlineData("\"usage\":{\"include\":true},\"transforms\":[]")]
    // What is called like the time of a cache and is none.
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"set_record\",\"parameters\":{\"type\":\"object\",\"properties\":{\"ttl\":{\"type\":\"integer\"},\"cache_control\":{\"properties\":{\"ttl\":{\"type\":\"string\"}}}}}}}]")]
    [InlineData("\"metadata\":{\"ttl\":\"x\"},\"prompt_cache_options\":{\"ttl\":\"30m\"}")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"r\",\"schema\":{\"properties\":{\"ttl\":{\"const\":\"1h\"}}}}}")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"properties\":{\"file_data\":{\"type\":\"string\"}}}}}]")]
    [InlineData("\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"5m\"}")]
    [InlineData("\"reasoning\":{\"effort\":\"low\"},\"session_id\":\"s\"")]
    public async Task What_cannot_raise_the_cost_passes_as_it_is_below_the_price(string member)
    {
        await using var company = await Formats.StartAsync();
        var body = Body(more: "\"max_tokens\":16," + member);

        (await company.PostAsync(Chat, body)).ShouldBe(200);

        var sent = company.Journal.Requests.Single();
        System.Text.Encoding.UTF8.GetString(sent.Body.Span).Should().Be($"{{\"provider\":{{{OpenRouterCeilingTests.Ceiling}}},{body[1..]}");
        sent.Headers["Authorization"].Should().Be("Bearer or-upstream-secret");
        sent.PathAndQuery.Should().Be("/api/v1/chat/completions");
        await company.SettledAsync();
    }

    [Theory]
    [InlineData("maker/m1:online")]
    [InlineData("maker/m1:nitro")]
    [InlineData("maker/m1:floor")]
    [InlineData("maker/m1@preset/x")]
    [InlineData("openrouter/auto")]
    [InlineData("m1")]
    public async Task A_model_is_served_only_by_the_exact_id_that_has_a_price(string model)
    {
        await using var company = await Formats.StartAsync();

        (await company.PostAsync(Chat, Bodies.Chat(model: model))).ShouldBe(400, "unpriceable_request");

        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_variant_with_a_price_of_its_own_is_served()
    {
        var rules = Formats.Rules();
        rules = rules with { Prices = [.. rules.Prices, $"{{provider: openrouter, model: \"maker/m1:nitro\", {Rules.Rates}}}"] };
        await using var company = await Formats.StartAsync(rules);

        (await company.PostAsync(Chat, Bodies.Chat("cost=0.00006", model: "maker/m1:nitro"))).ShouldBe(200);

        (await company.SettledAsync()).Settled.Should().Be(60_000);
    }

    [Theory]
    [InlineData("openrouter/maker/m1", 200)]
    [InlineData("maker/m1", 403)]
    [InlineData("openai/m1", 403)]
    public async Task A_key_names_the_provider_before_the_model(string scope, int status)
    {
        await using var company = await Formats.StartAsync(Formats.Rules() with { Keys = [$"{{slug: k1, actor: employee/e1, models: [{scope}]}}"] });

        (await company.PostAsync(Chat, Body())).ShouldBe(status);

        await company.SettledAsync();
    }

    [Fact]
    public async Task A_stream_passes_unchanged_since_its_usage_is_always_there()
    {
        await using var company = await Formats.StartAsync();

        var answer = (await company.PostAsync(Chat, Body(more: "\"max_tokens\":16,\"stream\":true"))).ShouldBe(200);

        answer.Text.Should().StartWith(": OPENROUTER PROCESSING").And.Contain("\"cost\":");
        var spent = (await company.SettledAsync()).Events.Single();
        spent.UpstreamRequestId.Should().StartWith("gen-").And.Be(answer.Header("x-generation-id"));
    }

    [Fact]
    public async Task An_error_in_the_middle_of_a_stream_leaves_the_cost_unknown()
    {
        await using var company = await Formats.StartAsync();
        var body = Body("error_midstream=true", "\"max_tokens\":16,\"stream\":true");

        var answer = (await company.PostAsync(Chat, body)).ShouldBe(200);

        answer.Text.Should().Contain("\"finish_reason\":\"error\"");
        var spent = (await company.SettledAsync()).Events.Single();
        spent.IsEstimated.Should().BeTrue();
        spent.CostNanos.Should().Be(Bodies.BoundOf(body));
    }

    [Theory]
    [InlineData(402, true)]
    [InlineData(403, true)]
    // No host that takes so little.
    [InlineData(404, true)]
    [InlineData(408, false)]
    [InlineData(429, true)]
    [InlineData(502, false)]
    [InlineData(503, true)]
    public async Task Errors_are_told_as_openrouter_said_them(int status, bool isReleased)
    {
        await using var company = await Formats.StartAsync();

        var answer = (await company.PostAsync(Chat, Body($"status={status}"))).ShouldBe(status);

        ((int)answer.Json["error"]!["code"]!).Should().Be(status);
        var books = await company.SettledAsync();
        books.Released.Should().HaveCount(isReleased ? 1 : 0);
        books.Events.Should().HaveCount(isReleased ? 0 : 1).And.OnlyContain(e => e.IsEstimated);
    }

    [Theory]
    [InlineData("\"previous_response_id\":\"resp_1\"", 404, "not_found")]
    [InlineData("\"background\":true", 400, "unpriceable_request")]
    [InlineData("\"store\":false", 200, null)]
    [InlineData("\"background\":false", 200, null)]
    public async Task Responses_are_not_kept_and_so_not_referred_to(string member, int status, string? code)
    {
        await using var company = await Formats.StartAsync();

        (await company.PostAsync("/v1/providers/openrouter/responses", Bodies.Response(more: "\"max_output_tokens\":16," + member, model: "maker/m1"))).ShouldBe(status, code);

        await company.SettledAsync();
    }

    [Theory]
    [InlineData("chat/completions", "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":{\"type\":\"text\"}}}", 512)]
    [InlineData("chat/completions", "\"response_format\":{\"type\":\"json_object\"}", 512)]
    [InlineData("chat/completions", "\"response_f\\u006frmat\":\"json\"", 512)]
    [InlineData("chat/completions", "\"response_format\":{\"type\":\"text\"}", 0)]
    [InlineData("chat/completions", "\"response_format\":null,\"text\":\"x\"", 0)]
    [InlineData("responses", "\"text\":{\"verbosity\":\"low\",\"format\":{\"type\":\"json_schema\",\"name\":\"x\",\"schema\":{}}}", 512)]
    [InlineData("responses", "\"text\":{\"format\":{\"type\":\"text\"},\"verbosity\":{\"format\":{\"type\":\"json_object\"}}}", 0)]
    [InlineData("responses", "\"text\":{\"verbosity\":\"low\"}", 0)]
    public async Task A_format_of_the_answer_is_described_to_the_model_and_held(string route, string member, int tokens)
    {
        await using var company = await Formats.StartAsync();
        var body = route == "responses" ? Bodies.Response(more: "\"max_output_tokens\":16," + member, model: "maker/m1") : Body(more: "\"max_tokens\":16," + member);

        (await company.PostAsync($"/v1/providers/openrouter/{route}", body)).ShouldBe(200);

        (await company.SettledAsync()).Events.Single().ReservedNanos.Should().Be(Bodies.BoundOf(body) + tokens * 1250);
    }
}
