using Spendra.Storage;

namespace Spendra.Gateway.Tests;

/// <summary>Refusals come before any provider traffic, hold nothing, and can be explained from a row.</summary>
public sealed class RefusalTests
{
    private static readonly string Image = Bodies.Chat().Replace("\"Hello there\"", """[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]""");
    private static readonly string Audio = Bodies.Chat().Replace("\"Hello there\"", """[{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]""");

    public static TheoryData<string, Rules, string, string, int, string> Cases() => new()
    {
        { "model outside the key", new Rules { Keys = ["{slug: k1, actor: employee/e1, models: [m-max]}"] }, "chat/completions", Bodies.Chat(), 403, "model_not_allowed" },
        { "no model in the key", new Rules { Keys = ["{slug: k1, actor: employee/e1, models: []}"] }, "responses", Bodies.Response(), 403, "model_not_allowed" },
        { "provider outside the key", new Rules { Keys = ["{slug: k1, actor: employee/e1, providers: [anthropic]}"] }, "embeddings", """{"model":"emb","input":"x"}""", 403, "provider_not_allowed" },
        { "allowlist", new Rules { Policies = ["{slug: list, kind: allowlist, scope: organization, models: [m-max]}"] }, "chat/completions", Bodies.Chat(), 403, "model_not_allowed" },
        { "allowlist of the actor", new Rules { Policies = ["{slug: list, kind: allowlist, scope: employee/e1, providers: [other]}"] }, "chat/completions", Bodies.Chat(), 403, "provider_not_allowed" },
        { "request limit", new Rules { Policies = ["{slug: limit, kind: request_limit, scope: organization, maxRequestUsd: \"0.0001\"}"] }, "chat/completions", Bodies.Chat(), 403, "request_limit_exceeded" },
        { "request limit of the key", new Rules { Keys = ["{slug: k1, actor: employee/e1, maxRequestUsd: \"0.0001\"}"] }, "chat/completions", Bodies.Chat(), 403, "request_limit_exceeded" },
        { "review", new Rules { Policies = ["{slug: look, kind: review, scope: organization, aboveUsd: \"0.0001\"}"] }, "chat/completions", Bodies.Chat(), 403, "review_required" },
        { "no cap", new Rules { HasCap = false }, "chat/completions", Bodies.Chat(), 403, "no_applicable_budget" },
        { "cap of another model", new Rules { HasCap = false, Policies = ["{slug: cap2, kind: hard_cap, budget: all, models: [m-max]}"] }, "chat/completions", Bodies.Chat(), 403, "no_applicable_budget" },
        { "soft cap only", new Rules { HasCap = false, Policies = ["{slug: soft, kind: soft_cap, budget: all}"] }, "chat/completions", Bodies.Chat(), 403, "no_applicable_budget" },
        { "unknown model", new Rules(), "chat/completions", Bodies.Chat(model: "m1-2026-01-01"), 400, "unpriceable_request" },
        { "model in another case", new Rules(), "chat/completions", Bodies.Chat(model: "M1"), 400, "unpriceable_request" },
        { "model by the piece", new Rules { Prices = ["{provider: openai, model: m1, inputUsdPerMillion: \"0\", outputUsdPerMillion: \"0\", unitUsdPerMillion: {seconds: \"100\"}}"] }, "chat/completions", Bodies.Chat(), 400, "unpriceable_request" },
        { "audio in", new Rules(), "chat/completions", Audio, 400, "unpriceable_request" },
        { "audio out", new Rules(), "chat/completions", Bodies.Chat(more: "\"modalities\":[\"text\",\"audio\"]"), 400, "unpriceable_request" },
        { "server tool", new Rules { Keys = ["{slug: k1, actor: employee/e1, tools: [\"*\"]}"] }, "responses", Bodies.Response(more: "\"tools\":[{\"type\":\"web_search\"}]"), 400, "unpriceable_request" },
        { "server tool outside the key", new Rules(), "responses", Bodies.Response(more: "\"tools\":[{\"type\":\"code_interpreter\"}]"), 403, "tool_not_allowed" },
        { "web search in chat", new Rules(), "chat/completions", Bodies.Chat(more: "\"web_search_options\":{}"), 403, "tool_not_allowed" },
        { "image without a window", new Rules(), "chat/completions", Image, 400, "unpriceable_request" },
        { "conversation", new Rules(), "responses", Bodies.Response(more: "\"conversation\":\"conv_1\""), 400, "unpriceable_request" },
        { "conversation that is only counted", new Rules(), "responses/input_tokens", Bodies.Response(more: "\"conversation\":\"conv_1\""), 400, "unpriceable_request" },
        { "compaction at the provider", new Rules(), "responses", Bodies.Response(more: "\"context_management\":[{\"type\":\"compaction\"}]"), 400, "unpriceable_request" },
        { "stored prompt", new Rules(), "responses", Bodies.Response(more: "\"prompt\":{\"id\":\"pmpt_1\"}"), 400, "unpriceable_request" },
        { "referenced item", new Rules(), "responses", """{"model":"m-window","input":[{"type":"item_reference","id":"msg_1"}]}""", 400, "unpriceable_request" },
        { "referenced item without a type", new Rules(), "responses", """{"model":"m-window","input":[{"id":"msg_1"}]}""", 400, "unpriceable_request" },
        { "referenced item with a null type", new Rules(), "responses", """{"model":"m-window","input":[{"type":null,"id":"msg_1"}]}""", 400, "unpriceable_request" },
        { "a cache that is kept for longer", new Rules(), "responses", Bodies.Response(more: "\"prompt_cache_options\":{\"ttl\":\"12h\"}"), 400, "unpriceable_request" },
        { "unknown tier", new Rules(), "chat/completions", Bodies.Chat(more: "\"service_tier\":\"ultrafast\"", model: "m-tiers"), 400, "unpriceable_request" },
        { "tier of a model without tiers", new Rules(), "chat/completions", Bodies.Chat(more: "\"service_tier\":\"flex\""), 400, "unpriceable_request" },
        { "no account", new Rules { HasAccount = false }, "chat/completions", Bodies.Chat(), 503, "provider_unavailable" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_refused_request_reaches_nobody_and_holds_nothing(string what, Rules rules, string path, string body, int status, string code)
    {
        await using var company = await Company.StartAsync(rules);

        var answer = (await company.PostAsync(path, body)).ShouldBe(status, code);

        answer.Header("x-should-retry").Should().Be("false", what);
        answer.Headers.RetryAfter.Should().BeNull();
        company.Journal.Count.Should().Be(0);
        var books = await company.SettledAsync();
        books.Events.Should().BeEmpty();
        books.Released.Should().BeEmpty();
        books.Reserved.Should().Be(0);
        var refused = books.Refusals.Should().ContainSingle().Subject;
        refused.Code.Should().Be(code);
        refused.RequestId.Should().Be(Guid.Parse(answer.Header("x-spendra-request-id")!));
        refused.Route.Should().Be(path.Replace('/', '.'));
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task A_cap_that_cannot_cover_the_request_is_told_with_its_figures(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(new Rules { Cap = "0.00025" }, engine);
        (await company.ChatAsync()).ShouldBe(200);
        await company.SettledAsync();

        var answer = (await company.ChatAsync()).ShouldBe(402, "budget_exceeded");

        answer.Header("x-should-retry").Should().Be("false");
        var told = answer.Json["error"]!["spendra"]!;
        ((string?)told["policy"]).Should().Be("cap");
        ((string?)told["budget"]).Should().Be("all");
        decimal.Parse((string)told["limit_usd"]!).Should().Be(0.00025m);
        decimal.Parse((string)told["settled_usd"]!).Should().Be(0.000042m);
        decimal.Parse((string)told["reserved_usd"]!).Should().Be(0m);
        told["window_ends_at"].Should().NotBeNull();
        var refused = (await company.SettledAsync()).Refusals.Single();
        refused.Should().BeEquivalentTo(new { Code = "budget_exceeded", LimitNanos = 250_000L, SettledNanos = 42_000L, ReservedNanos = 0L });
        refused.NeededNanos.Should().BeGreaterThan(208_000);
        company.Journal.Count.Should().Be(1);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task What_is_only_held_by_others_may_be_tried_again(DatabaseEngine engine)
    {
        await using var company = await Company.StartAsync(new Rules { Cap = "0.0004" }, engine);
        var running = company.ChatAsync("latency_ms=400");
        await company.Journal.WaitForAsync(1, TestContext.Current.CancellationToken);

        var answer = (await company.ChatAsync()).ShouldBe(429, "budget_held");

        answer.Header("x-should-retry").Should().Be("true");
        answer.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
        (await running).ShouldBe(200);
        await company.SettledAsync();
        (await company.ChatAsync()).ShouldBe(200);
        var books = await company.SettledAsync();
        books.Refusals.Should().ContainSingle().Which.Code.Should().Be("budget_held");
        books.Events.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_credential_that_is_not_in_the_environment_closes_the_account_and_holds_nothing()
    {
        await using var company = await Company.StartAsync(new Rules { Credential = "env: SPENDRA_TEST_NO_SUCH_VARIABLE" });

        (await company.ChatAsync()).ShouldBe(503, "provider_unavailable");

        var books = await company.SettledAsync();
        books.Settled.Should().Be(0);
        books.Released.Should().ContainSingle();
        company.Journal.Count.Should().Be(0);
    }

    [Theory]
    [InlineData("\"modalities\":[\"text\",\"audio\"]", "Hello", "audio/speech")]
    [InlineData("\"store\":false", """[{"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]""", "audio/transcriptions")]
    public async Task Sound_in_a_chat_is_refused_for_what_is_true_of_every_model(string more, string content, string where)
    {
        await using var company = await Company.StartAsync();
        var text = content.StartsWith('[') ? content : $"\"{content}\"";

        // The catalog has rates for its sound.
        var answer = await company.PostAsync("chat/completions", Bodies.Chat(more: $"\"max_tokens\":16,{more}", model: "gpt-audio-1.5").Replace("\"Hello there\"", text));

        answer.ShouldBe(400, "unpriceable_request").Text.Should().Contain(where).And.NotContain("not in the price book");
    }
}
