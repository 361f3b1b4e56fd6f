namespace Spendra.Sandbox.Messages;

/// <summary>
/// Usage as Anthropic splits it. What was read from the cache and what was written to it stand beside
/// <see cref="Input"/>, not inside; thinking is inside <see cref="Output"/>.
/// </summary>
internal readonly record struct MessageUsage(
    Int128 Input,
    Int128 CacheRead,
    Int128 CacheWrite5m,
    Int128 CacheWrite1h,
    Int128 Output,
    Int128 Thinking,
    Int128 Searches,
    Int128 Fetches)
{
    public Int128 CacheWrite => CacheWrite5m + CacheWrite1h;

    /// <summary>What a call is charged in the end.</summary>
    public static MessageUsage Of(MessageCall call) =>
        Of(call, (long)SandboxUsage.TokensPerToolResult * (call.Searches + call.Fetches));

    /// <summary>What is known when a stream begins: no tool has run, and one token has been produced.</summary>
    public static MessageUsage AtStartOf(MessageCall call) =>
        Of(call, 0) with { Output = 1, Thinking = 0, Searches = 0, Fetches = 0 };

    private static MessageUsage Of(MessageCall call, long toolTokens)
    {
        var knobs = call.Knobs;
        var (read, written, kept) = (knobs.CachedTokens ?? 0, knobs.CacheWriteTokens ?? 0, knobs.CacheWrite1hTokens ?? 0);
        return new MessageUsage(
            knobs.InputTokens ?? Int128.Max(0, call.InputTokens + toolTokens - read - written - kept),
            read, written, kept,
            knobs.OutputTokens ?? call.Words,
            knobs.ReasoningTokens ?? 0,
            knobs.WebSearchRequests ?? call.Searches,
            call.Fetches);
    }
}
