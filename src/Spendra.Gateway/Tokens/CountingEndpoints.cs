namespace Spendra.Gateway.Tokens;

/// <summary>The providers' counting endpoints. Each is free and has a rate limit of its own.</summary>
internal static class CountingEndpoints
{
    /// <summary>Also counts images, files and the earlier response (openai-openapi, <c>TokenCountsBody</c>).</summary>
    public static readonly CountingEndpoint OpenAiResponses = new()
    {
        Name = "responses.input_tokens",
        Suffix = "/input_tokens",
        Members =
        [
            "model", "input", "instructions", "previous_response_id", "tools", "tool_choice", "reasoning", "text", "truncation",
            "parallel_tool_calls",
        ],
        Result = "input_tokens",
    };

    /// <summary>Also counts images, documents and the instructions for tools (anthropic-sdk, <c>MessageCountTokensParams</c>).</summary>
    public static readonly CountingEndpoint AnthropicMessages = new()
    {
        Name = "messages.count_tokens",
        Suffix = "/count_tokens",
        Members = ["model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "output_format"],
        Result = "input_tokens",
    };

    /// <summary>
    /// A whole request is counted with its instructions and tools only inside this member. Images have been counted lower
    /// than they were billed (discuss.ai.google.dev, topic 70143), so that they are held at their ceiling beside the count,
    /// and what has no ceiling at the window.
    /// </summary>
    public static readonly CountingEndpoint GeminiContents = new()
    {
        Name = "google.count",
        Suffix = ":countTokens",
        Members =
        [
            "contents", "systemInstruction", "system_instruction", "tools", "toolConfig", "tool_config", "generationConfig",
            "generation_config",
        ],
        Result = "totalTokens",
        CountsFiles = false,
        Wrapper = "generateContentRequest",
    };

    /// <summary>Vertex AI takes the members as they stand.</summary>
    public static readonly CountingEndpoint VertexContents = GeminiContents with
    {
        Name = "vertexai.count",
        Members = ["contents", "systemInstruction", "system_instruction", "tools", "generationConfig", "generation_config"],
        Wrapper = null,
    };
}
