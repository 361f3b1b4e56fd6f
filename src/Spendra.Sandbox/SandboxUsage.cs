using System.Text;

namespace Spendra.Sandbox;

/// <summary>
/// The rule by which the sandbox counts tokens, so that a test can predict what a call costs.
/// <para>Input = ⌈UTF-8 bytes of all text / 4⌉ + 4 for each message + 3. Text is every string <c>content</c>, every
/// <c>text</c> of a content part, string tool outputs and, in the Responses API, <c>instructions</c> (itself one
/// message). Images, files and tool definitions count nothing. It never exceeds the bytes of the JSON body.</para>
/// <para>A response with <c>previous_response_id</c> adds that response's reported total (input + output), not below
/// zero. That part is outside the body.</para>
/// <para>Output of each choice = 16 words, or the knob <c>tokens</c>, cut at the output limit; one token is one word.
/// With <c>ignore_limit</c> it is <c>tokens</c>, or without that knob the larger of 16 and twice the limit.</para>
/// <para>Anthropic's messages and Gemini's contents follow the same rule. Text is <c>system</c>, every string content,
/// every <c>text</c> of a block or a part, results of tools and <c>systemInstruction</c>; the system prompt is one
/// message. Anthropic takes what is read from or written to the cache out of the input, and adds
/// <see cref="TokensPerToolResult"/> for each search or fetch that it made.</para>
/// <para>Embeddings: ⌈UTF-8 bytes / 4⌉ over all inputs, plus one for each token id.</para>
/// <para>OpenRouter says what a call cost: input tokens × <see cref="OpenRouterInputNanos"/> + output tokens ×
/// <see cref="OpenRouterOutputNanos"/>, for every model.</para>
/// </summary>
public static class SandboxUsage
{
    /// <summary>Words in a choice when nothing else is asked.</summary>
    public const int DefaultOutputTokens = 16;

    /// <summary>The most words one choice may have, whatever the knobs say.</summary>
    public const int MaxOutputTokens = 1_000_000;

    public const int BytesPerToken = 4;
    public const int TokensPerMessage = 4;
    public const int TokensPerRequest = 3;

    /// <summary>Input tokens that the result of one of Anthropic's own tools adds.</summary>
    public const int TokensPerToolResult = 250;

    /// <summary>OpenRouter's price of an input token, in 10^-9 USD.</summary>
    public const long OpenRouterInputNanos = 150;

    /// <summary>OpenRouter's price of an output token, in 10^-9 USD.</summary>
    public const long OpenRouterOutputNanos = 600;

    /// <summary>Input tokens of a chat completion or a response.</summary>
    public static long InputTokens(long textBytes, int messages)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(textBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(messages);
        return TextTokens(textBytes) + (long)TokensPerMessage * messages + TokensPerRequest;
    }

    /// <summary>Input tokens of messages with these texts, one text for each message.</summary>
    public static long InputTokens(params ReadOnlySpan<string> messageTexts) =>
        InputTokens(Utf8Bytes(messageTexts), messageTexts.Length);

    /// <summary>Tokens that an embeddings call reports for these inputs.</summary>
    public static long EmbeddingTokens(params ReadOnlySpan<string> inputs) => TextTokens(Utf8Bytes(inputs));

    /// <summary>Output tokens of all choices together.</summary>
    /// <param name="limit">The request's output limit; <see langword="null"/> when it has none.</param>
    /// <param name="tokens">The knob <c>tokens</c>; <see langword="null"/> when it is not set.</param>
    /// <param name="choices">The request's <c>n</c>.</param>
    /// <param name="ignoreLimit">The knob <c>ignore_limit</c>.</param>
    public static long OutputTokens(long? limit = null, int? tokens = null, int choices = 1, bool ignoreLimit = false) =>
        (long)TokensOfChoice(limit, tokens, ignoreLimit) * choices;

    internal static long TextTokens(long textBytes) => (textBytes + BytesPerToken - 1) / BytesPerToken;

    internal static int TokensOfChoice(long? limit, int? tokens, bool ignoreLimit)
    {
        if (!ignoreLimit)
            return (int)Math.Min(limit ?? long.MaxValue, tokens ?? DefaultOutputTokens);
        return tokens ?? (int)Math.Clamp(2 * Math.Min(limit ?? 0, MaxOutputTokens), DefaultOutputTokens, MaxOutputTokens);
    }

    private static long Utf8Bytes(ReadOnlySpan<string> texts)
    {
        long bytes = 0;
        foreach (var text in texts)
            bytes += Encoding.UTF8.GetByteCount(text);
        return bytes;
    }
}
