using Spendra.Gateway.Tests.Claude;
using Spendra.Gateway.Tests.Media;

namespace Spendra.Gateway.Tests;

/// <summary>
/// A provider that is never silent for long and never done, in front of every dialect: each answer is cut off before its
/// reservation ends, and booked at its bound.
/// </summary>
public sealed class SlowDripTests
{
    private const string Stream = "\"max_tokens\":16,\"stream\":true";
    private const string Deployed = "/openai/deployments/" + Formats.Deployment;
    private const string Google = "/v1beta/models/g1";
    private const string Vertex = "/v1/providers/vertexai/publishers/google/models/g1";
    private const string Claude = Elsewhere.VertexPlace + "/" + ClaudeRules.Model;

    private const int LeastDrops = 10;

    // A short reservation leaves half of its time to the answer.
    private static readonly GatewayOptions Short = new() { ReservationSeconds = 12 };

    private static readonly MediaCall[] Plain =
    [
        Call("chat/completions", Bodies.Chat()), Call("responses", Bodies.Response()), Call("embeddings", """{"model":"emb","input":"x"}"""),
        Call("/openai/v1/chat/completions", Bodies.Chat(model: Formats.Deployment)), Call("/openai/v1/responses", Bodies.Response(model: Formats.Deployment)),
        Call(Deployed + "/chat/completions", Bodies.Chat(model: Formats.Deployment)),
        Call("/v1/providers/openrouter/chat/completions", Bodies.Chat(model: "maker/m1")), Call(Elsewhere.RouterMessages, ClaudeRules.Body(model: Elsewhere.RouterModel)),
        Call("messages", ClaudeRules.Body()), Call("/v1/providers/anthropic/chat/completions", Bodies.Chat(model: ClaudeRules.Model)),
        Call(Google + ":generateContent", GeminiBodies.Content()),
        Call("/v1beta/models/g-emb:embedContent", GeminiBodies.Embedding()), Call("/v1/providers/google/chat/completions", Bodies.Chat(model: "g1")),
        Call(Vertex + ":generateContent", GeminiBodies.Content()), Call("/v1/providers/vertexai/publishers/google/models/g-emb:predict", GeminiBodies.Prediction("x")),
        Call("/v1/providers/vertexai/chat/completions", Bodies.Chat(model: "google/g1")),
        Call(Elsewhere.VertexMessages, ClaudeRules.Body()), Call(Claude + ":rawPredict", Elsewhere.Raw()),
        MediaCall.Image(), MediaCall.Edit(), MediaCall.Recording("transcriptions"),
        Call(Tools.Path, Tools.Call()), Call("tool-calls", """{"server":"finder","tool":"search"}"""),
    ];

    private static readonly MediaCall[] Streamed =
    [
        Call("chat/completions", Bodies.Chat(more: Stream)), Call("responses", Bodies.Response(more: "\"max_output_tokens\":16,\"stream\":true")),
        Call("/openai/v1/chat/completions", Bodies.Chat(more: Stream, model: Formats.Deployment)), Call(Deployed + "/chat/completions", Bodies.Chat(more: Stream, model: Formats.Deployment)),
        Call("/v1/providers/openrouter/chat/completions", Bodies.Chat(more: Stream, model: "maker/m1")),
        Call(Elsewhere.RouterMessages, ClaudeRules.Body(more: "\"stream\":true", model: Elsewhere.RouterModel)),
        Call("messages", ClaudeRules.Body(more: "\"stream\":true")), Call("/v1/providers/anthropic/chat/completions", Bodies.Chat(more: Stream, model: ClaudeRules.Model)),
        Call(Google + ":streamGenerateContent?alt=sse", GeminiBodies.Content()), Call("/v1/providers/google/chat/completions", Bodies.Chat(more: Stream, model: "g1")),
        Call(Vertex + ":streamGenerateContent?alt=sse", GeminiBodies.Content()), Call("/v1/providers/vertexai/chat/completions", Bodies.Chat(more: Stream, model: "google/g1")),
        Call(Elsewhere.VertexMessages, ClaudeRules.Body(more: "\"stream\":true")), Call(Claude + ":streamRawPredict", Elsewhere.Raw(more: "\"stream\":true")),
        MediaCall.Image(more: "\"stream\":true"), MediaCall.Recording("transcriptions", more: ("stream", "true")),
        MediaCall.Speech(Formats.MediaDeployment, more: "\"stream_format\":\"sse\"").At("/openai/v1/audio/speech"),
        Call(Tools.Path, Tools.Call()),
    ];

    [Fact]
    public async Task A_body_that_drips_without_end_is_cut_off_and_booked_at_the_bound() => await DripAsync(Plain, "application/json", " ", async (company, call) =>
        (await call.SendAsync(company)).Code.Should().Be("upstream_failed", call.Path));

    [Fact]
    public async Task A_stream_that_drips_without_end_is_cut_off_and_booked_at_the_bound() => await DripAsync(Streamed, "text/event-stream", ":\n\n", async (company, call) =>
        (await call.BeginAsync(company)).ShouldBe(200, what: call.Path).Text.Should().Contain("\"upstream_timeout\"", call.Path));

    [Fact]
    public async Task A_stream_that_is_one_array_and_drips_without_end_is_cut_off_and_booked_at_the_bound() =>
        await DripAsync([Call(Google + ":streamGenerateContent", GeminiBodies.Content())], "application/json", " ", async (company, call) =>
            await FluentActions.Awaiting(() => call.SendAsync(company)).Should().ThrowAsync<HttpRequestException>());

    [Fact]
    public async Task Sound_that_drips_without_end_is_cut_off_and_booked_at_the_bound() =>
        await DripAsync([MediaCall.Speech(Formats.MediaDeployment).At("/openai/v1/audio/speech")], "audio/mpeg", "x", async (company, call) =>
            await FluentActions.Awaiting(() => call.SendAsync(company)).Should().ThrowAsync<HttpRequestException>());

    [Fact]
    public async Task A_stream_that_drips_without_end_after_a_call_without_MCP_is_cut_off_and_booked_at_the_price() =>
        await DripAsync([Call("tool-calls", """{"server":"finder","tool":"search"}""")], "text/event-stream", ":\n\n", async (company, call) =>
            (await call.SendAsync(company)).ShouldBe(502, "upstream_failed"));

    [Fact]
    public async Task A_stream_that_drips_byte_by_byte_is_cut_off_and_booked_at_the_bound() => await DripAsync(Streamed, "text/event-stream", ":", async (company, call) =>
        await FluentActions.Awaiting(() => call.SendAsync(company)).Should().ThrowAsync<HttpRequestException>(call.Path));

    private static async Task DripAsync(MediaCall[] calls, string type, string drop, Func<Company, MediaCall, Task> sendAsync)
    {
        var drops = 0;
        await using var provider = ToolServer.Start(network => BodyWriter.AnswerAsync(network, "200 OK", type, w => w.DripAsync(drop, () => Interlocked.Increment(ref drops))));
        await using var gateway = await GatewayHarness.StartAsync(options: Short);
        await using var company = await Company.StartAsync(RulesFor(provider), gateway: gateway);

        await Task.WhenAll(calls.Select(call => sendAsync(company, call)));

        var books = await company.SettledAsync();
        books.Paid.Should().HaveCount(calls.Length).And.OnlyContain(e => e.IsEstimated && e.CostNanos == e.ReservedNanos && e.CostNanos > 0);
        // All of them had begun, and none was cut off for anything else than its time.
        drops.Should().BeGreaterThan(LeastDrops * calls.Length);
    }

    /// <summary>Every account leads to the one provider.</summary>
    private static Rules RulesFor(RawUpstream provider)
    {
        var root = provider.BaseUrl[..^"/v1".Length];
        var rules = Elsewhere.Of(GeminiBodies.Of(ClaudeRules.Of(Formats.Rules())));
        return rules with
        {
            BaseUrl = provider.BaseUrl,
            Accounts =
            [
                .. rules.Accounts.Select(a => a.Replace("{root}", root).Replace("{provider}", provider.BaseUrl)),
                $"{{slug: {Tools.Server}, provider: mcp, baseUrl: \"{provider.BaseUrl}\", tools: {{search: \"0.01\"}}}}",
            ],
            Keys = ["{slug: k1, actor: employee/e1, tools: [\"*\"]}"],
        };
    }

    private static MediaCall Call(string path, string json) => new(path) { Json = json };
}
