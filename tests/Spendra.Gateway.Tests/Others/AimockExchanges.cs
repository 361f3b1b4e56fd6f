using Spendra.Gateway.Tests.Claude;

namespace Spendra.Gateway.Tests.Others;

/// <summary>
/// What both providers answer. Bodies are the same; both take from them what they are to report. Rates are those of
/// <see cref="Rules"/>.
/// <para>Where aimock 1.43 differs from the real providers: its responses have no <c>sequence_number</c>, and ids with a
/// hyphen; Anthropic's <c>message_start</c> tells the final output already, there is no <c>ping</c>, and <c>request-id</c>
/// is missing; Gemini names no model that served, streams events also without <c>alt=sse</c>, ends calls of functions for
/// the reason <c>FUNCTION_CALL</c>, and its errors have OpenAI's words in <c>status</c>; embeddings use no tokens, Gemini's
/// tell nothing; OpenRouter tells no cost of responses.</para>
/// <para>What it cannot do, so that only the sandbox stands for it: count tokens; report what was cached or reasoned,
/// but for OpenRouter, and tiers, audio, images among tokens or the provider's own tools; OpenAI's chat at Vertex AI, whose
/// address it does not know; Claude at Vertex AI, and Anthropic's messages at OpenRouter; stop a stream with an error event,
/// without its last event, or inside of one; an array that breaks off.</para>
/// </summary>
internal static class AimockExchanges
{
    private const string Usage = "input_tokens=20 output_tokens=8";
    private const string Call = Usage + " tool_calls=1";
    private const string Billed = Usage + " cost=0.00005";
    private const string Streamed = "\"max_tokens\":16,\"stream\":true";
    private const string ChatTool = "\"max_tokens\":16,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\"}}]";
    private const string ResponseTool = "\"max_output_tokens\":16,\"tools\":[{\"type\":\"function\",\"name\":\"get_weather\",\"parameters\":{\"type\":\"object\"}}]";
    private const string MessageTool = "\"tools\":[{\"name\":\"get_weather\",\"input_schema\":{\"type\":\"object\"}}]";
    private const string ContentTool = ",\"tools\":[{\"functionDeclarations\":[{\"name\":\"get_weather\"}]}]";
    private const string Router = "/v1/providers/openrouter/";
    private const string RouterModel = "maker/m1";
    private const string Vertex = "/v1/providers/vertexai/publishers/google/models/";

    private static readonly Booked Usual = Exchange.Usual;
    private static readonly Booked Embedded = new(3, 0, 0, 0, 3 * 20, IsEstimated: false);

    // The account is charged 110 per cent of the list.
    private static readonly Booked AtAzure = Usual with { CostNanos = 39_600 };

    // As it says itself, whatever the list says.
    private static readonly Booked AtRouter = Usual with { CostNanos = 50_000 };
    private static readonly Booked CachedAtRouter = AtRouter with { Input = 15, Cached = 5 };

    private static readonly string[] ChatPaths = ["object", "choices.0.message.role", "~choices.0.message.content", "choices.0.finish_reason", "usage.prompt_tokens", "usage.completion_tokens", "usage.total_tokens"];
    private static readonly string[] ChunkPaths = ["object", "choices.0.delta.role", "~choices.0.delta.content", "choices.0.finish_reason"];
    private static readonly string[] ResponsePaths = ["object", "status", "model", "output.0.type", "output.0.role", "~output.0.content.0.text", "usage.input_tokens", "usage.output_tokens", "usage.total_tokens"];
    private static readonly string[] ResponseEventPaths = ["type", "response.status", "~delta", "response.usage.input_tokens", "response.usage.output_tokens"];
    private static readonly string[] MessagePaths = ["type", "role", "content.0.type", "~content.0.text", "stop_reason", "usage.input_tokens", "usage.output_tokens"];
    private static readonly string[] MessageEventPaths = ["type", "message.role", "content_block.type", "~delta.text", "delta.stop_reason", "message.usage.input_tokens"];
    private static readonly string[] ContentPaths = ["candidates.0.content.role", "~candidates.0.content.parts.0.text", "candidates.0.finishReason", ">usageMetadata.promptTokenCount", ">usageMetadata.candidatesTokenCount"];
    private static readonly string[] FunctionPaths = ["candidates.0.content.parts.*.functionCall.name", ">usageMetadata.candidatesTokenCount"];

    private const string ChatSeen = "object=chat.completion|choices.0.message.role=assistant|~choices.0.message.content=text|choices.0.finish_reason=stop|usage.prompt_tokens=20|usage.completion_tokens=8|usage.total_tokens=28";
    private const string ChunksSeen = "object=chat.completion.chunk|choices.0.delta.role=assistant|~choices.0.delta.content=text|choices.0.finish_reason=stop";
    private const string ContentSeen = "candidates.0.content.role=model|~candidates.0.content.parts.0.text=text|candidates.0.finishReason=STOP|>usageMetadata.promptTokenCount=20|>usageMetadata.candidatesTokenCount=8";
    private const string EventsSeen =
        "type=response.created,response.in_progress,response.output_item.added,response.content_part.added,response.output_text.delta,response.output_text.done,response.content_part.done,response.output_item.done,response.completed"
        + "|response.status=in_progress,completed|~delta=text|response.usage.input_tokens=20|response.usage.output_tokens=8|[DONE]=False";

    public static Exchange[] Table { get; } =
    [
        new("chat", "chat/completions", Bodies.Chat(Usage), ChatPaths,
            ChatSeen),
        new("chat stream", "chat/completions", Bodies.Chat(Usage, Streamed), [.. ChunkPaths, "usage.prompt_tokens"],
            ChunksSeen + "|usage.prompt_tokens=|[DONE]=True"),
        new("chat stream with usage", "chat/completions", Bodies.Chat(Usage, "\"max_tokens\":16,\"stream\":true,\"stream_options\":{\"include_usage\":true}"), [.. ChunkPaths, "usage.prompt_tokens"],
            ChunksSeen + "|usage.prompt_tokens=20|[DONE]=True"),
        new("chat tools", "chat/completions", Bodies.Chat(Call, ChatTool), ["choices.0.finish_reason", "choices.0.message.tool_calls.0.function.name", "usage.completion_tokens"],
            "choices.0.finish_reason=tool_calls|choices.0.message.tool_calls.0.function.name=get_weather|usage.completion_tokens=8"),
        new("chat tools stream", "chat/completions", Bodies.Chat(Call, ChatTool + ",\"stream\":true"), ["choices.0.finish_reason", "choices.0.delta.tool_calls.0.function.name"],
            "choices.0.finish_reason=tool_calls|choices.0.delta.tool_calls.0.function.name=get_weather|[DONE]=True"),
        new("azure deployment", "/openai/deployments/chat-prod/chat/completions?api-version=2024-10-21", Bodies.Chat(Usage), ["object", "choices.0.finish_reason", "usage.total_tokens"],
            "object=chat.completion|choices.0.finish_reason=stop|usage.total_tokens=28") { Here = AtAzure, There = AtAzure },
        new("responses", "responses", Bodies.Response(Usage), ResponsePaths,
            "object=response|status=completed|model=m1|output.0.type=message|output.0.role=assistant|~output.0.content.0.text=text|usage.input_tokens=20|usage.output_tokens=8|usage.total_tokens=28"),
        new("responses stream", "responses", Bodies.Response(Usage, "\"max_output_tokens\":16,\"stream\":true"), ResponseEventPaths,
            EventsSeen),
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
            ContentSeen),
        new("gemini stream", "/v1beta/models/g1:streamGenerateContent?alt=sse", GeminiBodies.Content(Usage), ContentPaths,
            ContentSeen + "|[DONE]=False"),
        new("vertex", "/v1/providers/vertexai/publishers/google/models/g1:generateContent", GeminiBodies.Content(Usage), ContentPaths,
            ContentSeen),
        new("gemini embedding", "/v1beta/models/g-emb:embedContent", GeminiBodies.Embedding(), ["~embedding.values.0"], "~embedding.values.0=text")
        {
            // No usage at all: the bound, every byte and 64 tokens more.
            Here = Embedded, There = new Booked(109, 0, 0, 0, 109 * 20, IsEstimated: true),
        },
        new("vertex stream", Vertex + "g1:streamGenerateContent?alt=sse", GeminiBodies.Content(Usage), ContentPaths, ContentSeen + "|[DONE]=False"),
        new("gemini stream as an array", "/v1beta/models/g1:streamGenerateContent", GeminiBodies.Content(Usage), ContentPaths, ContentSeen) { SeenThere = ContentSeen + "|[DONE]=False" },
        new("vertex stream as an array", Vertex + "g1:streamGenerateContent", GeminiBodies.Content(Usage), ContentPaths, ContentSeen) { SeenThere = ContentSeen + "|[DONE]=False" },
        new("gemini tools", "/v1beta/models/g1:generateContent", GeminiBodies.Content(Call, more: ContentTool), FunctionPaths,
            "candidates.0.content.parts.*.functionCall.name=get_weather|>usageMetadata.candidatesTokenCount=8"),
        new("gemini tools stream", "/v1beta/models/g1:streamGenerateContent?alt=sse", GeminiBodies.Content(Call, more: ContentTool), FunctionPaths,
            "candidates.0.content.parts.*.functionCall.name=get_weather|>usageMetadata.candidatesTokenCount=8|[DONE]=False"),
        new("responses tools", "responses", Bodies.Response(Call, ResponseTool), ["status", "output.*.type", "output.*.name", "usage.output_tokens"],
            "status=completed|output.*.type=function_call|output.*.name=get_weather|usage.output_tokens=8"),
        new("responses tools stream", "responses", Bodies.Response(Call, ResponseTool + ",\"stream\":true"), ["type", "item.type", "item.name", "response.usage.output_tokens"],
            "type=response.created,response.in_progress,response.output_item.added,response.function_call_arguments.delta,response.function_call_arguments.done,response.output_item.done,response.completed"
            + "|item.type=function_call|item.name=get_weather|response.usage.output_tokens=8|[DONE]=False"),
        new("messages tools stream", "messages", ClaudeRules.Body(Call, "\"stream\":true," + MessageTool), ["content_block.name", "delta.stop_reason"],
            "content_block.name=get_weather|delta.stop_reason=tool_use|[DONE]=False"),
        new("azure deployment stream", "/openai/deployments/chat-prod/chat/completions?api-version=2024-10-21", Bodies.Chat(Usage, Streamed), ChunkPaths, ChunksSeen + "|[DONE]=True") { Here = AtAzure, There = AtAzure },
        new("azure v1", "/openai/v1/chat/completions", Bodies.Chat(Usage, model: Formats.Deployment), ChatPaths, ChatSeen) { Here = AtAzure, There = AtAzure },
        new("azure v1 stream", "/openai/v1/chat/completions", Bodies.Chat(Usage, Streamed, Formats.Deployment), ChunkPaths, ChunksSeen + "|[DONE]=True") { Here = AtAzure, There = AtAzure },
        new("azure v1 responses stream", "/openai/v1/responses", Bodies.Response(Usage, "\"max_output_tokens\":16,\"stream\":true", Formats.Deployment), ResponseEventPaths, EventsSeen) { Here = AtAzure, There = AtAzure },
        new("openrouter", Router + "chat/completions", Bodies.Chat(Billed, model: RouterModel), [.. ChatPaths, "usage.cost"], ChatSeen + "|usage.cost=0.00005") { Here = AtRouter, There = AtRouter },
        new("openrouter stream", Router + "chat/completions", Bodies.Chat(Billed, Streamed, RouterModel), [.. ChunkPaths, "usage.prompt_tokens", "usage.cost"],
            ChunksSeen + "|usage.prompt_tokens=20|usage.cost=0.00005|[DONE]=True") { Here = AtRouter, There = AtRouter },
        new("openrouter cached", Router + "chat/completions", Bodies.Chat(Billed + " cached_tokens=5 reasoning_tokens=3", model: RouterModel),
            ["usage.prompt_tokens_details.cached_tokens", "usage.completion_tokens_details.reasoning_tokens"],
            "usage.prompt_tokens_details.cached_tokens=5|usage.completion_tokens_details.reasoning_tokens=3") { Here = CachedAtRouter, There = CachedAtRouter },
        new("openrouter tools", Router + "chat/completions", Bodies.Chat(Billed + " tool_calls=1", ChatTool, RouterModel), ["choices.0.finish_reason", "choices.0.message.tool_calls.0.function.name"],
            "choices.0.finish_reason=tool_calls|choices.0.message.tool_calls.0.function.name=get_weather") { Here = AtRouter, There = AtRouter },
        new("openrouter responses", Router + "responses", Bodies.Response(Billed, model: RouterModel), ["status", "usage.input_tokens", "usage.output_tokens"],
            "status=completed|usage.input_tokens=20|usage.output_tokens=8") { Here = AtRouter },
        new("anthropic chat", "/v1/providers/anthropic/chat/completions", Bodies.Chat(Usage, model: ClaudeRules.Model), ChatPaths, ChatSeen),
        new("anthropic chat stream", "/v1/providers/anthropic/chat/completions", Bodies.Chat(Usage, Streamed, ClaudeRules.Model), ChunkPaths, ChunksSeen + "|[DONE]=True"),
        new("google chat", "/v1/providers/google/chat/completions", Bodies.Chat(Usage, model: "g1"), ChatPaths, ChatSeen),
        new("google chat stream", "/v1/providers/google/chat/completions", Bodies.Chat(Usage, Streamed, "g1"), ChunkPaths, ChunksSeen + "|[DONE]=True"),
    ];
}
