using Spendra.Gateway.Tests.Claude;

namespace Spendra.Gateway.Tests.Others;

/// <summary>
/// The gateway in front of a provider that others wrote does what it does in front of the sandbox: same status, the same
/// answer as a client reads it, the same usage in the ledger, the same cost. Bodies are the same too; both providers take
/// from them what they are to report. Rates are those of <see cref="Rules"/>.
/// <para>Where aimock 1.43 differs from the real providers: its responses have no <c>sequence_number</c>, and ids with a
/// hyphen; Anthropic's <c>message_start</c> tells the final output already, there is no <c>ping</c>, and <c>request-id</c> is missing; Gemini
/// names no model that served, streams events also without <c>alt=sse</c>, and its errors have OpenAI's words in
/// <c>status</c>; embeddings use no tokens, Gemini's tell nothing; tokens cannot be counted; nothing is cached or reasoned.</para>
/// </summary>
public sealed class AimockTests(Aimock providers) : IClassFixture<Aimock>
{
    private const string Usage = "input_tokens=20 output_tokens=8";
    private const string Call = Usage + " tool_calls=1";
    private const string Busy = "status=429";
    private const string ChatTool = "\"max_tokens\":16,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\"}}]";

    private static readonly Booked Usual = new(20, 0, 0, 8, 20 * 1_000 + 8 * 2_000, IsEstimated: false);
    private static readonly Booked Embedded = new(3, 0, 0, 0, 3 * 20, IsEstimated: false);

    // The account is charged 110 per cent of the list.
    private static readonly Booked AtAzure = Usual with { CostNanos = 39_600 };

    private static readonly string[] ChatPaths = ["object", "choices.0.message.role", "~choices.0.message.content", "choices.0.finish_reason", "usage.prompt_tokens", "usage.completion_tokens", "usage.total_tokens"];
    private static readonly string[] ChunkPaths = ["object", "choices.0.delta.role", "~choices.0.delta.content", "choices.0.finish_reason"];
    private static readonly string[] ResponsePaths = ["object", "status", "model", "output.0.type", "output.0.role", "~output.0.content.0.text", "usage.input_tokens", "usage.output_tokens", "usage.total_tokens"];
    private static readonly string[] ResponseEventPaths = ["type", "response.status", "~delta", "response.usage.input_tokens", "response.usage.output_tokens"];
    private static readonly string[] MessagePaths = ["type", "role", "content.0.type", "~content.0.text", "stop_reason", "usage.input_tokens", "usage.output_tokens"];
    private static readonly string[] MessageEventPaths = ["type", "message.role", "content_block.type", "~delta.text", "delta.stop_reason", "message.usage.input_tokens"];
    private static readonly string[] ContentPaths = ["candidates.0.content.role", "~candidates.0.content.parts.0.text", "candidates.0.finishReason", ">usageMetadata.promptTokenCount", ">usageMetadata.candidatesTokenCount"];

    private static readonly Exchange[] Table =
    [
        new("chat", "chat/completions", Bodies.Chat(Usage), ChatPaths,
            "object=chat.completion|choices.0.message.role=assistant|~choices.0.message.content=text|choices.0.finish_reason=stop|usage.prompt_tokens=20|usage.completion_tokens=8|usage.total_tokens=28"),
        new("chat stream", "chat/completions", Bodies.Chat(Usage, "\"max_tokens\":16,\"stream\":true"), [.. ChunkPaths, "usage.prompt_tokens"],
            "object=chat.completion.chunk|choices.0.delta.role=assistant|~choices.0.delta.content=text|choices.0.finish_reason=stop|usage.prompt_tokens=|[DONE]=True"),
        new("chat stream with usage", "chat/completions", Bodies.Chat(Usage, "\"max_tokens\":16,\"stream\":true,\"stream_options\":{\"include_usage\":true}"), [.. ChunkPaths, "usage.prompt_tokens"],
            "object=chat.completion.chunk|choices.0.delta.role=assistant|~choices.0.delta.content=text|choices.0.finish_reason=stop|usage.prompt_tokens=20|[DONE]=True"),
        new("chat tools", "chat/completions", Bodies.Chat(Call, ChatTool), ["choices.0.finish_reason", "choices.0.message.tool_calls.0.function.name", "usage.completion_tokens"],
            "choices.0.finish_reason=tool_calls|choices.0.message.tool_calls.0.function.name=get_weather|usage.completion_tokens=8"),
        new("chat tools stream", "chat/completions", Bodies.Chat(Call, ChatTool + ",\"stream\":true"), ["choices.0.finish_reason", "choices.0.delta.tool_calls.0.function.name"],
            "choices.0.finish_reason=tool_calls|choices.0.delta.tool_calls.0.function.name=get_weather|[DONE]=True"),
        new("azure deployment", "/openai/deployments/chat-prod/chat/completions?api-version=2024-10-21", Bodies.Chat(Usage), ["object", "choices.0.finish_reason", "usage.total_tokens"],
            "object=chat.completion|choices.0.finish_reason=stop|usage.total_tokens=28") { Here = AtAzure, There = AtAzure },
        new("responses", "responses", Bodies.Response(Usage), ResponsePaths,
            "object=response|status=completed|model=m1|output.0.type=message|output.0.role=assistant|~output.0.content.0.text=text|usage.input_tokens=20|usage.output_tokens=8|usage.total_tokens=28"),
        new("responses stream", "responses", Bodies.Response(Usage, "\"max_output_tokens\":16,\"stream\":true"), ResponseEventPaths,
            "type=response.created,response.in_progress,response.output_item.added,response.content_part.added,response.output_text.delta,response.output_text.done,response.content_part.done,response.output_item.done,response.completed"
            + "|response.status=in_progress,completed|~delta=text|response.usage.input_tokens=20|response.usage.output_tokens=8|[DONE]=False"),
        new("embeddings", "embeddings", """{"model":"emb","input":"A sentence."}""", ["object", "data.0.object", "~data.0.embedding.0"],
            "object=list|data.0.object=embedding|~data.0.embedding.0=text")
        {
            // Nothing was read, it says: the bound, every byte and 64 tokens more.
            Here = Embedded, There = new Booked(101, 0, 0, 0, 101 * 20, IsEstimated: true),
        },
        new("messages", "messages", ClaudeRules.Body(Usage), MessagePaths,
            "type=message|role=assistant|content.0.type=text|~content.0.text=text|stop_reason=end_turn|usage.input_tokens=20|usage.output_tokens=8"),
        new("messages stream", "messages", ClaudeRules.Body(Usage, "\"stream\":true"), MessageEventPaths,
            "type=message_start,content_block_start,content_block_delta,content_block_stop,message_delta,message_stop"
            + "|message.role=assistant|content_block.type=text|~delta.text=text|delta.stop_reason=end_turn|message.usage.input_tokens=20|[DONE]=False"),
        new("messages tools", "messages", ClaudeRules.Body(Call, "\"tools\":[{\"name\":\"get_weather\",\"input_schema\":{\"type\":\"object\"}}]"), ["content.*.name", "stop_reason", "usage.output_tokens"],
            "content.*.name=get_weather|stop_reason=tool_use|usage.output_tokens=8"),
        new("gemini", "/v1beta/models/g1:generateContent", GeminiBodies.Content(Usage), ContentPaths,
            "candidates.0.content.role=model|~candidates.0.content.parts.0.text=text|candidates.0.finishReason=STOP|>usageMetadata.promptTokenCount=20|>usageMetadata.candidatesTokenCount=8"),
        new("gemini stream", "/v1beta/models/g1:streamGenerateContent?alt=sse", GeminiBodies.Content(Usage), ContentPaths,
            "candidates.0.content.role=model|~candidates.0.content.parts.0.text=text|candidates.0.finishReason=STOP|>usageMetadata.promptTokenCount=20|>usageMetadata.candidatesTokenCount=8|[DONE]=False"),
        new("vertex", "/v1/providers/vertexai/publishers/google/models/g1:generateContent", GeminiBodies.Content(Usage), ContentPaths,
            "candidates.0.content.role=model|~candidates.0.content.parts.0.text=text|candidates.0.finishReason=STOP|>usageMetadata.promptTokenCount=20|>usageMetadata.candidatesTokenCount=8"),
        new("gemini embedding", "/v1beta/models/g-emb:embedContent", GeminiBodies.Embedding(), ["~embedding.values.0"], "~embedding.values.0=text")
        {
            // No usage at all: the bound, every byte and 64 tokens more.
            Here = Embedded, There = new Booked(109, 0, 0, 0, 109 * 20, IsEstimated: true),
        },
        new("chat refused", "chat/completions", Bodies.Chat(Busy), ["error.code", "~error.message"], "error.code=rate_limit_exceeded|~error.message=text") { Status = 429 },
        new("responses refused", "responses", Bodies.Response(Busy, "\"max_output_tokens\":16,\"stream\":true"), ["error.code", "~error.message"], "error.code=rate_limit_exceeded|~error.message=text") { Status = 429 },
        new("messages refused", "messages", ClaudeRules.Body(Busy), ["type", "error.type", "~error.message"], "type=error|error.type=rate_limit_error|~error.message=text") { Status = 429 },
        new("gemini refused", "/v1beta/models/g1:generateContent", GeminiBodies.Content(Busy), ["error.code", "~error.message"], "error.code=429|~error.message=text")
        {
            // Google tells the time in the body.
            Status = 429, RetryAfterHere = null,
        },
    ];

    public static TheoryData<string> Names() => [.. Table.Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_gateway_does_the_same_in_front_of_either(string name)
    {
        var exchange = Table.Single(e => e.Name == name);

        var there = await RunAsync(providers.There, exchange);
        var here = await RunAsync(providers.Here, exchange);

        there.Seen.Should().Equal(exchange.Seen.Split('|'), "aimock");
        here.Seen.Should().Equal(there.Seen, "the sandbox");
        (there.Status, here.Status).Should().Be((exchange.Status, exchange.Status));
        if (exchange.Status != 200)
        {
            // Refused before any work: nothing was spent, and clients may come again when the provider said so.
            (there.Booked, here.Booked).Should().Be((null, null));
            (there.RetryAfter, here.RetryAfter).Should().Be(("1", exchange.RetryAfterHere));
            return;
        }
        there.Booked.Should().Be(exchange.There);
        here.Booked.Should().Be(exchange.Here);
        if (exchange.Here == exchange.There) here.CostHeader.Should().Be(there.CostHeader);
    }

    private static async Task<Outcome> RunAsync(Company company, Exchange exchange)
    {
        var answer = await company.PostAsync(exchange.Path, exchange.Body);
        var books = await company.SettledAsync();
        var request = Guid.Parse(answer.Header("x-spendra-request-id")!);
        var booked = books.Events.Where(e => e.ReservationId == request).ToList();
        booked.Count.Should().Be(answer.Status == 200 ? 1 : 0, answer.Text);
        return new Outcome(
            answer.Status, [.. ClientView.Of(answer, exchange.Paths)], answer.Header("x-spendra-cost-usd"), answer.Header("retry-after"),
            booked is [var e] ? new Booked(e.InputUnits, e.CachedInputUnits, e.CacheWriteUnits, e.OutputUnits, e.CostNanos, e.IsEstimated) : null);
    }

    /// <param name="Name">Of the case.</param>
    /// <param name="Path">Below the gateway's <c>/v1/</c>, or from its root.</param>
    /// <param name="Body">What is sent to both.</param>
    /// <param name="Paths">What a client reads; see <see cref="ClientView"/>.</param>
    /// <param name="Seen">What it must find there.</param>
    private sealed record Exchange(string Name, string Path, string Body, string[] Paths, string Seen)
    {
        public int Status { get; init; } = 200;

        /// <summary>What the ledger must have of it at aimock, if it was served.</summary>
        public Booked There { get; init; } = Usual;

        /// <summary>The same at the sandbox.</summary>
        public Booked Here { get; init; } = Usual;

        public string? RetryAfterHere { get; init; } = "1";
    }

    private sealed record Outcome(int Status, IReadOnlyList<string> Seen, string? CostHeader, string? RetryAfter, Booked? Booked);

    private sealed record Booked(long Input, long Cached, long Written, long Output, long CostNanos, bool IsEstimated);
}
