using System.Text;
using System.Text.Json.Nodes;
using Spendra.Control.Keys;
using Spendra.Core.Keys;
using Spendra.Storage.Governance;

namespace Spendra.Gateway.Tests.Gemini;

/// <summary>Google's dialect through a whole gateway: <c>g1</c> costs 1,000, 100 and 2,000 nano-USD a token.</summary>
public sealed class GeminiGatewayTests
{
    private const string Google = "/v1beta/models/g1";
    private const string Vertex = "/v1/providers/vertexai/v1beta1/projects/other/locations/mars/publishers/google/models/g1";
    private const string Used = "input_tokens=100 cached_tokens=40 output_tokens=9 thinking_tokens=7";

    public static TheoryData<string, string, string, long> Calls() => new()
    {
        // "Hello there": ⌈11/4⌉ + 4 + 3 = 10 input, 16 output.
        { Google + ":generateContent", GeminiBodies.Content(), "10,0,16,0", 42_000 },
        { Google + ":streamGenerateContent?alt=sse", GeminiBodies.Content(), "10,0,16,0", 42_000 },
        { Google + ":streamGenerateContent", GeminiBodies.Content(), "10,0,16,0", 42_000 },
        { "/v1/providers/google/models/g1:generateContent", GeminiBodies.Content(), "10,0,16,0", 42_000 },
        { "/v1/providers/google/v1beta/models/g1:generateContent", GeminiBodies.Content(), "10,0,16,0", 42_000 },
        // 60·1,000 + 40·100 + (9 + 7)·2,000
        { Google + ":generateContent", GeminiBodies.Content(Used), "60,40,16,7", 96_000 },
        { Google + ":streamGenerateContent?alt=sse", GeminiBodies.Content(Used), "60,40,16,7", 96_000 },
        { Google + ":streamGenerateContent", GeminiBodies.Content(Used), "60,40,16,7", 96_000 },
        // 30 more that a tool put into the prompt.
        { Google + ":generateContent", GeminiBodies.Content(Used + " tool_use_prompt_tokens=30"), "90,40,16,7", 126_000 },
        { Google + ":generateContent", GeminiBodies.Content("service_tier=flex " + Used, more: ",\"serviceTier\":\"flex\""), "60,40,16,7", 48_000 },
        { Google + ":generateContent", GeminiBodies.Content(config: "\"maxOutputTokens\":16,\"candidateCount\":2"), "10,0,32,0", 74_000 },
        { Google + ":countTokens", GeminiBodies.Content(), "0,0,0,0", 0 },
        // ⌈10/4⌉ and ⌈16/4⌉ tokens at 20 nano-USD.
        { "/v1beta/models/g-emb:embedContent", GeminiBodies.Embedding(), "3,0,0,0", 60 },
        { "/v1beta/models/g-emb:batchEmbedContents", GeminiBodies.EmbeddingBatch("g-emb"), "4,0,0,0", 80 },
        { "/v1/providers/google/chat/completions", Bodies.Chat(model: "g1"), "10,0,16,0", 42_000 },
        { "/v1/providers/google/chat/completions", Bodies.Chat(model: "models/g1"), "10,0,16,0", 42_000 },
        { "/v1/providers/google/chat/completions", Bodies.Chat(more: "\"max_tokens\":16,\"stream\":true", model: "g1"), "10,0,16,0", 42_000 },
        { "/v1/providers/google/embeddings", """{"model":"g-emb","input":["first text","second"]}""", "4,0,0,0", 80 },
        { Vertex + ":generateContent", GeminiBodies.Content(), "10,0,16,0", 42_000 },
        { Vertex + ":streamGenerateContent?alt=sse", GeminiBodies.Content(Used), "60,40,16,7", 96_000 },
        { Vertex + ":streamGenerateContent", GeminiBodies.Content(Used), "60,40,16,7", 96_000 },
        { Vertex + ":countTokens", GeminiBodies.Content(), "0,0,0,0", 0 },
        { "/v1/providers/vertexai/publishers/google/models/g1:generateContent", GeminiBodies.Content(), "10,0,16,0", 42_000 },
        { "/v1/providers/vertexai/v1/publishers/google/models/g1:generateContent", GeminiBodies.Content(), "10,0,16,0", 42_000 },
        { "/v1/providers/vertexai/chat/completions", Bodies.Chat(model: "google/g1"), "10,0,16,0", 42_000 },
        { "/v1/providers/vertexai/chat/completions", Bodies.Chat(more: "\"max_tokens\":16,\"stream\":true", model: "google/g1"), "10,0,16,0", 42_000 },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_costs_its_usage_by_class(string path, string body, string usage, long nanos)
    {
        await using var company = await Company.StartAsync(GeminiBodies.Rules);

        var answer = (await company.PostAsync(path, body)).ShouldBe(200);

        var books = await company.SettledAsync();
        var spent = books.Events.Should().ContainSingle().Subject;
        $"{spent.InputUnits},{spent.CachedInputUnits},{spent.OutputUnits},{spent.ReasoningUnits}".Should().Be(usage);
        spent.CostNanos.Should().Be(nanos);
        spent.IsEstimated.Should().BeFalse();
        spent.CostNanos.Should().BeLessThanOrEqualTo(spent.ReservedNanos);
        books.Settled.Should().Be(nanos);
        if (answer.Header("x-spendra-cost-usd") is { } cost) decimal.Parse(cost).Should().Be(nanos / 1_000_000_000m);
    }

    [Fact]
    public async Task Each_door_gets_its_own_credential_at_the_accounts_own_address()
    {
        await using var company = await Company.StartAsync(GeminiBodies.Rules);
        using var client = company.Client();
        client.DefaultRequestHeaders.TryAddWithoutValidation("x-goog-user-project", "canary");
        client.DefaultRequestHeaders.TryAddWithoutValidation("x-vertex-ai-llm-shared-request-type", "canary");
        client.DefaultRequestHeaders.TryAddWithoutValidation("x-goog-api-client", "google-genai-sdk/1");

        foreach (var path in new[] { Google + ":streamGenerateContent?alt=sse&key=canary&fields=canary", Vertex + ":generateContent" })
            (await Answer.PostAsync(client, path, GeminiBodies.Content())).ShouldBe(200);
        (await Answer.PostAsync(client, "/v1/providers/google/chat/completions", Bodies.Chat(model: "g1"))).ShouldBe(200);
        (await Answer.PostAsync(client, "/v1/providers/vertexai/chat/completions", Bodies.Chat(model: "google/g1"))).ShouldBe(200);

        company.Journal.Requests.Select(r => r.PathAndQuery).Should().Equal(
            "/v1beta/models/g1:streamGenerateContent?alt=sse", "/v1/projects/p1/locations/l1/publishers/google/models/g1:generateContent",
            "/v1beta/openai/chat/completions", "/v1/projects/p1/locations/l1/endpoints/openapi/chat/completions");
        company.Journal.Requests.Select(r => r.Headers.GetValueOrDefault("x-goog-api-key")).Should().Equal("AIza-upstream-secret", null, null, null);
        company.Journal.Requests.Select(r => r.Headers.GetValueOrDefault("Authorization")).Should().Equal(
            null, "Bearer ya29.upstream-secret", "Bearer AIza-upstream-secret", "Bearer ya29.upstream-secret");
        company.Journal.Requests.Should().OnlyContain(r => r.Headers["Accept-Encoding"] == "identity" && !string.Concat(r.Headers.Values).Contains("canary"));
        company.Journal.Requests[0].Headers["x-goog-api-client"].Should().Be("google-genai-sdk/1");
    }

    [Fact]
    public async Task A_key_in_the_query_is_taken_and_goes_no_further()
    {
        await using var company = await Company.StartAsync(GeminiBodies.Rules);
        using var client = company.Anonymous();

        (await Answer.PostAsync(client, $"{Google}:generateContent?key={company.Secret("k1")}", GeminiBodies.Content())).ShouldBe(200);
        (await Answer.PostAsync(client, $"{Google}:generateContent?key=spk_live_x", GeminiBodies.Content())).ShouldBe(401, "invalid_api_key");
        // A header comes before the query.
        using var wrong = company.Anonymous();
        wrong.DefaultRequestHeaders.TryAddWithoutValidation("x-goog-api-key", "spk_live_x");
        (await Answer.PostAsync(wrong, $"{Google}:generateContent?key={company.Secret("k1")}", GeminiBodies.Content())).ShouldBe(401, "invalid_api_key");

        var sent = company.Journal.Requests.Single();
        (sent.PathAndQuery + string.Concat(sent.Headers.Values)).Should().NotContain(company.Secret("k1"));
        await company.SettledAsync();
    }

    [Theory]
    [InlineData(Google + ":generateContent", "{", 400, "INVALID_ARGUMENT", "invalid_request")]
    [InlineData(Google + ":generateContent", "{\"contents\":[],\"cachedContent\":\"cachedContents/1\"}", 400, "INVALID_ARGUMENT", "unpriceable_request")]
    [InlineData(Google + ":countTokens", "{\"contents\":[],\"cachedContent\":\"cachedContents/1\"}", 400, "INVALID_ARGUMENT", "unpriceable_request")]
    [InlineData("/v1beta/models/g2:generateContent", "{\"contents\":[]}", 400, "INVALID_ARGUMENT", "unpriceable_request")]
    [InlineData(Google + ":generateContent", "{\"contents\":[],\"serviceTier\":\"scale\"}", 400, "INVALID_ARGUMENT", "unpriceable_request")]
    [InlineData(Google + ":generateContent", "{\"contents\":[],\"tools\":[{\"googleSearch\":{}}]}", 403, "PERMISSION_DENIED", "tool_not_allowed")]
    [InlineData(Vertex + ":generateContent", "{\"contents\":[],\"tools\":[{\"fileSearch\":{}}]}", 403, "PERMISSION_DENIED", "tool_not_allowed")]
    [InlineData(Google + ":predict", "{}", 404, "NOT_FOUND", "unknown_route")]
    [InlineData("/v1beta/cachedContents", "{}", 404, "NOT_FOUND", "unknown_route")]
    public async Task A_refusal_is_an_error_in_Googles_shape(string path, string body, int status, string name, string code)
    {
        await using var company = await Company.StartAsync(GeminiBodies.Rules);

        var error = (await company.PostAsync(path, body)).ShouldBe(status, code).Json["error"]!;

        ((int)error["code"]!, (string)error["status"]!).Should().Be((status, name));
        ((string)error["message"]!).Should().NotBeEmpty();
        ((string)error["details"]![0]!["@type"]!).Should().Be("type.googleapis.com/google.rpc.ErrorInfo");
        ((string)error["spendra"]!["request_id"]!).Should().NotBeEmpty();
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task A_budget_that_is_used_up_tells_its_figures_and_is_not_tried_again()
    {
        await using var company = await Company.StartAsync(GeminiBodies.Rules with { Cap = "0.00001" });

        var answer = (await company.PostAsync(Google + ":generateContent", GeminiBodies.Content())).ShouldBe(402, "budget_exceeded");

        ((string)answer.Json["error"]!["status"]!).Should().Be("RESOURCE_EXHAUSTED");
        ((string)answer.Json["error"]!["spendra"]!["budget"]!).Should().Be("all");
        answer.Header("x-should-retry").Should().Be("false");
        using var stranger = company.Anonymous();
        var unknown = (await Answer.PostAsync(stranger, Google + ":generateContent", GeminiBodies.Content())).ShouldBe(401, "invalid_api_key");
        ((string)unknown.Json["error"]!["status"]!).Should().Be("UNAUTHENTICATED");
    }

    [Fact]
    public async Task What_holds_the_rest_of_a_budget_is_waited_for()
    {
        // One call is held at some 0.3 mUSD: two fit, three do not.
        await using var company = await Company.StartAsync(GeminiBodies.Rules with { Cap = "0.0005" });
        var first = company.PostAsync(Google + ":generateContent", GeminiBodies.Content("hang=true"));
        await company.Journal.WaitForAsync(1, TestContext.Current.CancellationToken);

        var answer = (await company.PostAsync(Google + ":generateContent", GeminiBodies.Content("hang=true"))).ShouldBe(429, "budget_held");

        ((string)answer.Json["error"]!["details"]![1]!["retryDelay"]!).Should().Be("1s");
        await company.Provider.DisposeAsync();
        await first;
    }

    [Theory]
    [InlineData("usage=string")]
    [InlineData("no_usage=true")]
    [InlineData("input_tokens=-5")]
    [InlineData("output_tokens=1000000001")]
    [InlineData("output_tokens=99999999999999999999999999")]
    [InlineData("cached_tokens=100000")]
    [InlineData("service_tier=unheard-of")]
    public async Task What_cannot_be_believed_is_booked_at_the_bound(string knobs)
    {
        foreach (var path in new[] { Google + ":generateContent", Google + ":streamGenerateContent?alt=sse", Google + ":streamGenerateContent", Vertex + ":generateContent" })
        {
            await using var company = await Company.StartAsync(GeminiBodies.Rules);

            (await company.PostAsync(path, GeminiBodies.Content(knobs))).ShouldBe(200);

            var spent = (await company.SettledAsync()).Events.Single();
            (spent.IsEstimated, spent.CostNanos).Should().Be((true, spent.ReservedNanos));
        }
    }

    [Theory]
    [InlineData("no_done=true")]
    [InlineData("error_midstream=true")]
    public async Task A_stream_without_an_end_is_booked_at_the_bound(string knobs)
    {
        foreach (var path in new[] { Google + ":streamGenerateContent?alt=sse", Google + ":streamGenerateContent" })
        {
            await using var company = await Company.StartAsync(GeminiBodies.Rules);

            (await company.PostAsync(path, GeminiBodies.Content(knobs))).ShouldBe(200);

            var spent = (await company.SettledAsync()).Events.Single();
            (spent.IsEstimated, spent.CostNanos).Should().Be((true, spent.ReservedNanos));
        }
    }

    [Theory]
    [InlineData(400, true)]
    [InlineData(402, true)]
    [InlineData(404, true)]
    [InlineData(408, false)]
    [InlineData(429, true)]
    // Cancelled, by whomever: what was done until then may be billed.
    [InlineData(499, false)]
    [InlineData(500, false)]
    [InlineData(503, true)]
    [InlineData(504, false)]
    public async Task An_error_of_Googles_passes_and_gives_back_or_books_the_bound(int status, bool isReleased)
    {
        foreach (var path in new[] { Google + ":generateContent", Google + ":streamGenerateContent", Vertex + ":streamGenerateContent?alt=sse" })
        {
            await using var company = await Company.StartAsync(GeminiBodies.Rules);

            var answer = (await company.PostAsync(path, GeminiBodies.Content($"status={status}"))).ShouldBe(status);

            var error = (answer.Json is JsonArray list ? list[0]! : answer.Json)["error"]!;
            ((int)error["code"]!).Should().Be(status);
            var books = await company.SettledAsync();
            books.Released.Should().HaveCount(isReleased ? 1 : 0);
            books.Events.Where(e => e.IsEstimated).Should().HaveCount(isReleased ? 0 : 1);
        }
    }

    [Fact]
    public async Task A_limit_is_clamped_or_injected_and_the_rest_of_the_body_is_the_clients()
    {
        await using var company = await Company.StartAsync(GeminiBodies.Rules with { Policies = ["{slug: limit, kind: request_limit, scope: organization, maxOutputTokens: 8}"] });

        var clamped = (await company.PostAsync(Google + ":generateContent", GeminiBodies.Content(config: "\"temperature\":1.0,\"max_output_tokens\":16"))).ShouldBe(200);
        var injected = (await company.PostAsync(Google + ":generateContent", """{ "contents":[{"parts":[{"text":"Hi"}]}] }""")).ShouldBe(200);

        clamped.Header("x-spendra-max-output-tokens").Should().Be("8");
        injected.Header("x-spendra-max-output-tokens").Should().Be("8");
        company.Journal.Requests.Select(r => Encoding.UTF8.GetString(r.Body.Span)).Should().Equal(
            GeminiBodies.Content(config: "\"temperature\":1.0,\"max_output_tokens\":8"),
            """{ "contents":[{"parts":[{"text":"Hi"}]}] ,"generationConfig":{"maxOutputTokens":8}}""");
        (await company.SettledAsync()).Events.Should().OnlyContain(e => e.OutputUnits == 8);
    }

    [Fact]
    public async Task Tools_that_only_cost_tokens_are_held_by_the_context_window_and_those_with_fees_need_a_rate()
    {
        await using var company = await Company.StartAsync(GeminiBodies.Rules with { Keys = ["{slug: k1, actor: employee/e1, tools: [url_context, code_execution, web_search, file_search]}"] });

        (await company.PostAsync(Google + ":generateContent", GeminiBodies.Content(more: ",\"tools\":[{\"urlContext\":{}},{\"codeExecution\":{}}]"))).ShouldBe(200);
        (await company.PostAsync(Google + ":generateContent", GeminiBodies.Content(more: ",\"tools\":[{\"googleSearch\":{}}]"))).ShouldBe(400, "unpriceable_request");
        (await company.PostAsync(Google + ":generateContent", GeminiBodies.Content(more: ",\"tools\":[{\"fileSearch\":{}}]"))).ShouldBe(400, "unpriceable_request");
        (await company.PostAsync(Google + ":generateContent", GeminiBodies.Content(more: ",\"tools\":[{\"googleMaps\":{}}]"))).ShouldBe(403, "tool_not_allowed");

        var spent = (await company.SettledAsync()).Events.Single();
        (spent.BoundInput, spent.ReservedNanos, spent.CostNanos).Should().Be((1_000, 1_000 * 1250 + 16 * 2000, 42_000));
    }

    [Theory]
    [InlineData("\"extra_body\":{\"google\":{\"cached_content\":\"cachedContents/1\"}}")]
    [InlineData("\"google\":{\"tools\":[{\"google_search\":{}}]}")]
    [InlineData("\"extra_body\":[1]")]
    public async Task What_is_said_beyond_OpenAIs_format_must_be_bounded(string more)
    {
        await using var company = await Company.StartAsync(GeminiBodies.Rules);

        (await company.PostAsync("/v1/providers/google/chat/completions", Bodies.Chat(more: "\"max_tokens\":16," + more, model: "g1"))).ShouldBe(400, "unpriceable_request");
        (await company.PostAsync("/v1/providers/google/chat/completions", Bodies.Chat(
            more: "\"max_tokens\":16,\"extra_body\":{\"google\":{\"thinking_config\":{\"include_thoughts\":true}}}", model: "g1"))).ShouldBe(200);

        await company.SettledAsync();
    }

    [Fact]
    public async Task Models_are_listed_as_Google_lists_them_and_only_those_that_the_key_may_use()
    {
        await using var company = await Company.StartAsync(GeminiBodies.Rules with
        {
            Keys = ["{slug: k1, actor: employee/e1, models: [google/g1, google/g-emb]}", "{slug: k2, actor: employee/e1, models: [google/g1]}"],
        });

        var all = (await company.GetAsync("/v1beta/models")).ShouldBe(200).Json["models"]!.AsArray();
        var some = (await company.GetAsync("/v1beta/models", "k2")).ShouldBe(200).Json["models"]!.AsArray();

        all.Select(m => (string)m!["name"]!).Should().Equal("models/g-emb", "models/g1");
        some.Select(m => (string)m!["name"]!).Should().Equal("models/g1");
        ((int)some[0]!["inputTokenLimit"]!, (int)some[0]!["outputTokenLimit"]!).Should().Be((1000, 100));
        ((string)(await company.GetAsync("/v1beta/models/g1")).ShouldBe(200).Json["name"]!).Should().Be("models/g1");
        (await company.GetAsync("/v1beta/models/g-emb", "k2")).ShouldBe(404, "model_not_found");
        (await company.PostAsync("/v1beta/models/g-emb:embedContent", GeminiBodies.Embedding(), "k2")).ShouldBe(403, "model_not_allowed");
        company.Journal.Count.Should().Be(0);
    }

    [Fact]
    public async Task Test_keys_reach_the_sandbox_at_both_doors()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await using var company = await Company.StartAsync(GeminiBodies.Rules, gateway: gateway);
        var issued = await KeyIssuer.CreateAsync(gateway.Database, gateway.MasterKey, company.Slug,
            new KeyRequest { Slug = "t1", Mode = KeyMode.Test, Actor = "employee/e1" }, new ChangeAuthor("test", "test", null), TestContext.Current.CancellationToken);
        company.Remember("t1", issued.Value!.Secret);

        foreach (var path in new[] { Google + ":generateContent", Vertex + ":generateContent" })
            (await company.PostAsync(path, GeminiBodies.Content(), "t1")).ShouldBe(200);

        gateway.Sandbox.Journal.Requests.Select(r => r.PathAndQuery).Should().Equal(
            "/v1beta/models/g1:generateContent", "/v1/projects/sandbox/locations/global/publishers/google/models/g1:generateContent");
        company.Journal.Count.Should().Be(0);
        (await company.SettledAsync()).Settled.Should().Be(0);
    }

    [Theory]
    [InlineData(WireShape.Events)]
    [InlineData(WireShape.Array)]
    public async Task A_stream_cut_at_any_byte_is_paid_by_its_usage_or_at_the_bound(WireShape shape)
    {
        var text = GeminiExchange.Answer(shape, "\"promptTokenCount\":10,\"candidatesTokenCount\":16,\"totalTokenCount\":26", model: "g1");
        var bytes = Encoding.UTF8.GetBytes(text);
        var offset = -1;
        await using var provider = RawUpstream.Start(async network =>
        {
            var cut = Interlocked.Increment(ref offset);
            var type = shape == WireShape.Events ? "text/event-stream" : "application/json";
            await network.WriteAsync(RawUpstream.Http($"HTTP/1.1 200 OK\ncontent-type: {type}\ntransfer-encoding: chunked", $"{bytes.Length:x}\r\n"));
            await network.WriteAsync(bytes.AsMemory(0, cut));
        });
        var root = provider.BaseUrl[..^"/v1".Length];
        await using var company = await Company.StartAsync(GeminiBodies.Rules with { Accounts = [$"{{slug: g, provider: google, baseUrl: \"{root}/v1beta\", credential: {{value: x}}}}"] });
        using var client = company.Client();
        var path = Google + ":streamGenerateContent" + (shape == WireShape.Events ? "?alt=sse" : "");

        await Parallel.ForAsync(0, bytes.Length + 1, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) => await Answer.ShouldBreakOffAsync(client, path, GeminiBodies.Content()));

        provider.Requests.Should().Be(bytes.Length + 1);
        var books = await company.SettledAsync();
        books.Events.Should().HaveCount(bytes.Length + 1);
        books.Events.Should().OnlyContain(e => e.CostNanos == (e.IsEstimated ? e.ReservedNanos : 42_000));
        // Known from the brace on that ends the last response.
        books.Events.Count(e => !e.IsEstimated).Should().Be(bytes.Length - bytes.AsSpan().LastIndexOf((byte)'}'));
    }
}
