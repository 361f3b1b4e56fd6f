using System.Text;
using System.Text.Json.Nodes;
using Spendra.Sandbox;

namespace Spendra.Gateway.Tests;

/// <summary>What crosses the gateway, byte for byte, in both directions.</summary>
public sealed class PassageTests
{
    private static string Sent(Company company) => Encoding.UTF8.GetString(company.Journal.Requests[^1].Body.Span);

    [Fact]
    public async Task A_body_that_needs_no_change_reaches_the_provider_byte_for_byte()
    {
        await using var company = await Company.StartAsync();

        const string body = "{ \"temperature\":1.50e0,\t\"model\" : \"m1\", \"x_unknown\":{\"a\":[1,2,{\"b\":null}],\"a\":\"twice\"},\n"
            + "\"max_tokens\":16 ,\"service_tier\":\"default\",\"messages\":[{\"role\":\"user\",\"content\":\"gr\\u00fc\\u00DF dich – 🦊\",\"max_tokens\":-4}] } ";
        (await company.PostAsync("chat/completions", body)).ShouldBe(200);

        Sent(company).Should().Be(body);
        await company.SettledAsync();
    }

    [Theory]
    [InlineData("", ",\"stream_options\":{\"include_usage\":true}}", "}")]
    [InlineData("\"stream_options\":null,", "\"stream_options\":{\"include_usage\":true},", "\"stream_options\":null,")]
    [InlineData("\"stream_options\":{},", "\"stream_options\":{\"include_usage\":true},", "\"stream_options\":{},")]
    [InlineData("\"stream_options\":{ \"include_usage\": false },", "\"stream_options\":{ \"include_usage\": true },", "\"stream_options\":{ \"include_usage\": false },")]
    [InlineData("\"stream_options\":{\"include_usage\":null,\"x\":[1]},", "\"stream_options\":{\"include_usage\":true,\"x\":[1]},", "\"stream_options\":{\"include_usage\":null,\"x\":[1]},")]
    [InlineData("\"stream_options\":{ \"include_obfuscation\":false},", "\"stream_options\":{\"include_usage\":true, \"include_obfuscation\":false},", "\"stream_options\":{ \"include_obfuscation\":false},")]
    [InlineData("\"stream_options\":{\"include\\u005fusage\":false},", "\"stream_options\":{\"include\\u005fusage\":true},", "\"stream_options\":{\"include\\u005fusage\":false},")]
    public async Task The_usage_of_a_stream_is_asked_for_and_kept_from_a_client_that_did_not_ask(string options, string inserted, string replaced)
    {
        await using var company = await Company.StartAsync();

        var body = Bodies.Chat(more: $"\"max_tokens\":16,\"service_tier\":\"default\",{options}\"stream\":true");
        var answer = (await company.PostAsync("chat/completions", body)).ShouldBe(200);

        var at = body.LastIndexOf(replaced, StringComparison.Ordinal);
        Sent(company).Should().Be(body[..at] + inserted + body[(at + replaced.Length)..]);
        answer.Text.Should().NotContain("\"choices\":[]").And.EndWith("data: [DONE]\n\n");
        answer.Text.Split("\n\n").Should().HaveCount(16 + 2 + 1 + 1);
        (await company.SettledAsync()).Events.Single().CostNanos.Should().Be(42_000);
    }

    [Fact]
    public async Task A_client_that_asks_for_usage_gets_the_providers_stream_unchanged()
    {
        const string chunks = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"usage \\\"usage\\\"\"}}],\"usage\":null}\r\n\r\n"
            + ": comment\n\ndata: {\"choices\":[],\"prompt_filter_results\":[]}\n\n"
            + "data: {\"id\":\"c\",\"model\":\"m1-2026-01-31\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":16}}\n\ndata: [DONE]\n\n";
        await using var provider = RawUpstream.Start(() => RawUpstream.Http("HTTP/1.1 200 OK\ncontent-type: text/event-stream\nconnection: close", chunks));
        await using var company = await Company.StartAsync(new Rules { BaseUrl = provider.BaseUrl });

        var asked = await company.ChatAsync(more: "\"max_tokens\":16,\"stream\":true,\"stream_options\":{\"include_usage\":true}");
        var unasked = await company.ChatAsync(more: "\"max_tokens\":16,\"stream\":true");

        asked.Text.Should().Be(chunks);
        var hidden = chunks.Split("data: ")[3];
        unasked.Text.Should().Be(chunks.Replace("data: " + hidden, "", StringComparison.Ordinal));
        (await company.SettledAsync()).Events.Should().HaveCount(2).And.OnlyContain(e => e.CostNanos == 42_000 && e.ServedModel == "m1-2026-01-31");
    }

    [Fact]
    public async Task The_same_stream_comes_from_gateway_and_provider_to_a_client_that_asked_for_usage()
    {
        await using var company = await Company.StartAsync();
        const string more = "\"max_tokens\":16,\"stream\":true,\"stream_options\":{\"include_usage\":true}";

        var through = await company.ChatAsync(more: more);
        using var direct = new HttpClient();
        direct.DefaultRequestHeaders.Authorization = new("Bearer", "x");
        var straight = await Answer.PostAsync(direct, company.Provider.BaseUrl + "/chat/completions", Bodies.Chat(more: more));

        Masked(through.Text).Should().Be(Masked(straight.Text));
        through.ContentHeaders.ContentType!.ToString().Should().Be(straight.ContentHeaders.ContentType!.ToString());

        static string Masked(string stream) => System.Text.RegularExpressions.Regex.Replace(stream, "chatcmpl-[0-9a-f]{32}|\"created\":\\d+", "_");
    }

    [Fact]
    public async Task Credentials_cookies_accounts_and_hop_headers_of_the_client_never_reach_the_provider()
    {
        await using var company = await Company.StartAsync();
        using var client = company.Client();
        string[] secret = ["x-api-key", "api-key", "x-goog-api-key", "cookie", "openai-organization", "openai-project", "proxy-authorization",
            "x-forwarded-for", "forwarded", "via", "traceparent", "baggage", "te", "trailer", "keep-alive", "idempotency-key", "x-spendra-debug", "origin", "referer"];
        foreach (var name in secret) client.DefaultRequestHeaders.TryAddWithoutValidation(name, $"canary-{name}");
        client.DefaultRequestHeaders.TryAddWithoutValidation("x-stainless-lang", "js");
        client.DefaultRequestHeaders.TryAddWithoutValidation("openai-beta", "assistants=v2");
        client.DefaultRequestHeaders.TryAddWithoutValidation("x-client-request-id", "mine-1");

        var answer = await Answer.PostAsync(client, "chat/completions?key=canary-query&api_key=canary-query", Bodies.Chat());

        answer.ShouldBe(200);
        var sent = company.Journal.Requests.Single();
        sent.PathAndQuery.Should().Be("/v1/chat/completions");
        string.Join('\n', sent.Headers.Select(h => $"{h.Key}: {h.Value}")).Should().NotContain("canary").And.NotContain(company.Secret("k1"));
        sent.Headers["Authorization"].Should().Be("Bearer sk-upstream-secret");
        sent.Headers["x-stainless-lang"].Should().Be("js");
        sent.Headers["openai-beta"].Should().Be("assistants=v2");
        sent.Headers["x-client-request-id"].Should().Be("mine-1");
        sent.Headers["Accept-Encoding"].Should().Be("identity");
        sent.Headers.Keys.Should().NotContain(name => secret.Contains(name.ToLowerInvariant()));
    }

    [Fact]
    public async Task The_providers_account_and_cookies_never_reach_the_client()
    {
        const string body = """{"id":"c","usage":{"prompt_tokens":1,"completion_tokens":1}}""";
        await using var provider = RawUpstream.Start(() => RawUpstream.Http(
            "HTTP/1.1 200 OK\ncontent-type: application/json\nset-cookie: canary=1\nopenai-organization: canary-org\nopenai-project: canary\n"
            + "server: canary\nx-amz-canary: canary\nx-request-id: req_77\nx-ratelimit-remaining-tokens: 5\nopenai-processing-ms: 9\n"
            + $"connection: close\ncontent-length: {body.Length}", body));
        await using var company = await Company.StartAsync(new Rules { BaseUrl = provider.BaseUrl });

        var answer = await company.ChatAsync();

        answer.Text.Should().Be(body);
        answer.Headers.ToString().Should().NotContain("canary");
        answer.Header("x-request-id").Should().Be("req_77");
        answer.Header("x-ratelimit-remaining-tokens").Should().Be("5");
        answer.Header("openai-processing-ms").Should().Be("9");
        (await company.SettledAsync()).Events.Single().UpstreamRequestId.Should().Be("req_77");
    }

    [Fact]
    public async Task A_header_that_is_not_ASCII_harms_neither_the_call_nor_the_ledger()
    {
        const string body = """{"id":"c","usage":{"prompt_tokens":10,"completion_tokens":16}}""";
        await using var provider = RawUpstream.Start(() => RawUpstream.Http(
            $"HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-disposition: attachment; filename=\"\u00e9.txt\"\nconnection: close\ncontent-length: {body.Length}", body));
        await using var company = await Company.StartAsync(new Rules { BaseUrl = provider.BaseUrl });
        using var handler = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 };
        using var client = new HttpClient(handler) { BaseAddress = company.Gateway.BaseUrl };
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer " + company.Secret("k1"));
        client.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", "café/1.0");

        var answer = await Answer.PostAsync(client, "chat/completions", Bodies.Chat());

        answer.ShouldBe(200);
        answer.Text.Should().Be(body);
        (await company.SettledAsync()).Events.Single().CostNanos.Should().Be(42_000);
    }

    [Theory]
    [InlineData("m1", "\"max_tokens\":16", true)]
    [InlineData("m-tiers", "\"max_tokens\":16", true)]
    [InlineData("m-tiers", "\"service_tier\":\"auto\",\"max_tokens\":16", true)]
    [InlineData("m-tiers", "\"service_tier\":null,\"max_tokens\":16", true)]
    [InlineData("m-tiers", "\"service_tier\":\"default\",\"max_tokens\":16", false)]
    [InlineData("m-tiers", "\"service_tier\":\"flex\",\"max_tokens\":16", false)]
    public async Task The_default_tier_is_forced_where_the_provider_could_choose_a_dearer_one(string model, string more, bool isForced)
    {
        await using var company = await Company.StartAsync();

        var body = Bodies.Chat(more: more, model: model);
        (await company.PostAsync("chat/completions", body)).ShouldBe(200);

        var expected = JsonNode.Parse(body)!;
        if (isForced) expected["service_tier"] = "default";
        JsonNode.DeepEquals(JsonNode.Parse(Sent(company)), expected).Should().BeTrue(Sent(company));
        company.Journal.CountOf(SandboxRoute.ChatCompletions).Should().Be(1);
    }
}
