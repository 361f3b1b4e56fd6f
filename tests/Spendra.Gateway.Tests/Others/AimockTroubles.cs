using Spendra.Gateway.Tests.Claude;

namespace Spendra.Gateway.Tests.Others;

/// <summary>
/// Refusals, failures and streams that break off. The words of a failure are the provider's own and those of the two differ;
/// its status and what becomes of the money do not.
/// </summary>
internal static class AimockTroubles
{
    private const string Streamed = "\"max_tokens\":16,\"stream\":true";
    private const string Router = "/v1/providers/openrouter/chat/completions";
    private const string RouterModel = "maker/m1";
    private const string Vertex = "/v1/providers/vertexai/publishers/google/models/g1:";
    private const string Gemini = "/v1beta/models/g1:";
    private const string AzureOld = "/openai/deployments/chat-prod/chat/completions?api-version=2024-10-21";
    private const string Azure = "/openai/v1/chat/completions";
    private const string AnthropicChat = "/v1/providers/anthropic/chat/completions";
    private const string GoogleChat = "/v1/providers/google/chat/completions";
    private const string Busy = "status=429";

    // The chunk at which a stream breaks off may be lost, those before it had the time to pass.
    private const string Cut = " chunk_ms=20";

    /// <summary>Where an answer is bought, whole.</summary>
    private static readonly (string Name, string Path, Func<string, string> Body)[] Doors =
    [
        ("chat", "chat/completions", knobs => Bodies.Chat(knobs)),
        ("responses", "responses", knobs => Bodies.Response(knobs)),
        ("messages", "messages", knobs => ClaudeRules.Body(knobs)),
        ("gemini", Gemini + "generateContent", knobs => GeminiBodies.Content(knobs)),
        ("vertex", Vertex + "generateContent", knobs => GeminiBodies.Content(knobs)),
        ("azure deployment", AzureOld, knobs => Bodies.Chat(knobs)),
        ("azure v1", Azure, knobs => Bodies.Chat(knobs, model: Formats.Deployment)),
        ("openrouter", Router, knobs => Bodies.Chat(knobs, model: RouterModel)),
        ("anthropic chat", AnthropicChat, knobs => Bodies.Chat(knobs, model: ClaudeRules.Model)),
        ("google chat", GoogleChat, knobs => Bodies.Chat(knobs, model: "g1")),
    ];

    private static readonly string[] ChunkPaths = ["~choices.0.delta.content", "choices.0.finish_reason", "error.code"];
    private static readonly string[] EventPaths = ["~delta", "response.status", "code"];
    private static readonly string[] MessagePaths = ["~delta.text", "delta.stop_reason", "error.code"];
    private static readonly string[] ContentPaths = ["~candidates.0.content.parts.0.text", "candidates.0.finishReason", "error.details.0.reason"];

    private const string CutChat = "~choices.0.delta.content=text|choices.0.finish_reason=|error.code=upstream_failed|[DONE]=False";
    private const string CutEvents = "~delta=text|response.status=in_progress|code=upstream_failed|[DONE]=False";
    private const string CutMessages = "~delta.text=text|delta.stop_reason=|error.code=upstream_failed|[DONE]=False";
    private const string CutContent = "~candidates.0.content.parts.0.text=text|candidates.0.finishReason=|error.details.0.reason=upstream_failed|[DONE]=False";

    private static readonly Exchange[] Refused =
    [
        new("chat refused", "chat/completions", Bodies.Chat(Busy), ["error.code", "~error.message"], "error.code=rate_limit_exceeded|~error.message=text") { Status = 429, Fate = Fate.Released },
        new("responses refused", "responses", Bodies.Response(Busy, "\"max_output_tokens\":16,\"stream\":true"), ["error.code", "~error.message"], "error.code=rate_limit_exceeded|~error.message=text") { Status = 429, Fate = Fate.Released },
        new("messages refused", "messages", ClaudeRules.Body(Busy), ["type", "error.type", "~error.message"], "type=error|error.type=rate_limit_error|~error.message=text") { Status = 429, Fate = Fate.Released },
        new("openrouter refused", Router, Bodies.Chat(Busy, model: RouterModel), ["error.code", "~error.message"], "error.code=429|~error.message=text") { Status = 429, Fate = Fate.Released },
        new("azure refused", AzureOld, Bodies.Chat(Busy), ["~error.message"], "~error.message=text") { Status = 429, Fate = Fate.Released },
        // Google tells the time in the body.
        new("gemini refused", Gemini + "generateContent", GeminiBodies.Content(Busy), ["error.code", "~error.message"], "error.code=429|~error.message=text") { Status = 429, Fate = Fate.Released, RetryAfterHere = null },
        new("vertex refused", Vertex + "generateContent", GeminiBodies.Content(Busy), ["error.code", "~error.message"], "error.code=429|~error.message=text") { Status = 429, Fate = Fate.Released, RetryAfterHere = null },
        new("messages overloaded", "messages", ClaudeRules.Body("status=529"), ["type", "~error.message"], "type=error|~error.message=text") { Status = 529, Fate = Fate.Released },
        new("gemini stream as an array 503", Gemini + "streamGenerateContent", GeminiBodies.Content("status=503"), ["~error.message"], "~error.message=text") { Status = 503, Fate = Fate.Released },
        new("chat stream that fails", "chat/completions", Bodies.Chat("status=500", Streamed), ["~error.message"], "~error.message=text") { Status = 500, Fate = Fate.Bound },
    ];

    private static readonly Exchange[] BrokenOff =
    [
        new("chat cut", "chat/completions", Bodies.Chat("break_after=3" + Cut, Streamed), ChunkPaths, CutChat) { Fate = Fate.Bound, IsWhole = false },
        new("azure deployment cut", AzureOld, Bodies.Chat("break_after=3" + Cut, Streamed), ChunkPaths, CutChat) { Fate = Fate.Bound, IsWhole = false },
        new("azure v1 cut", Azure, Bodies.Chat("break_after=3" + Cut, Streamed, Formats.Deployment), ChunkPaths, CutChat) { Fate = Fate.Bound, IsWhole = false },
        new("openrouter cut", Router, Bodies.Chat("break_after=4" + Cut, Streamed, RouterModel), ChunkPaths, CutChat) { Fate = Fate.Bound, IsWhole = false },
        new("anthropic chat cut", AnthropicChat, Bodies.Chat("break_after=3" + Cut, Streamed, ClaudeRules.Model), ChunkPaths, CutChat) { Fate = Fate.Bound, IsWhole = false },
        new("google chat cut", GoogleChat, Bodies.Chat("break_after=3" + Cut, Streamed, "g1"), ChunkPaths, CutChat) { Fate = Fate.Bound, IsWhole = false },
        new("responses cut", "responses", Bodies.Response("break_after=6" + Cut, "\"max_output_tokens\":16,\"stream\":true"), EventPaths, CutEvents) { Fate = Fate.Bound, IsWhole = false },
        new("messages cut", "messages", ClaudeRules.Body("break_after=5" + Cut, "\"stream\":true"), MessagePaths, CutMessages) { Fate = Fate.Bound },
        new("gemini cut", Gemini + "streamGenerateContent?alt=sse", GeminiBodies.Content("break_after=3" + Cut), ContentPaths, CutContent) { Fate = Fate.Bound },
        new("vertex cut", Vertex + "streamGenerateContent?alt=sse", GeminiBodies.Content("break_after=3" + Cut), ContentPaths, CutContent) { Fate = Fate.Bound },
    ];

    public static Exchange[] Table { get; } = [.. Refused, .. Doors.SelectMany(Failures), .. BrokenOff];

    /// <summary>
    /// A 500 may have worked before it failed, a 503 in the provider's own shape has not; who hangs up without a word, or
    /// says something that nobody can read, may bill all of it.
    /// </summary>
    private static IEnumerable<Exchange> Failures((string Name, string Path, Func<string, string> Body) door) =>
    [
        new(door.Name + " 500", door.Path, door.Body("status=500"), ["~error.message"], "~error.message=text") { Status = 500, Fate = Fate.Bound },
        new(door.Name + " 503", door.Path, door.Body("status=503"), ["~error.message"], "~error.message=text") { Status = 503, Fate = Fate.Released },
        new(door.Name + " hung up", door.Path, door.Body("break_after=0"), ["~error.message"], "~error.message=text") { Status = 502, Fate = Fate.Bound },
        new(door.Name + " garbage", door.Path, door.Body("garbage=true"), [], "") { Fate = Fate.Bound },
    ];
}
