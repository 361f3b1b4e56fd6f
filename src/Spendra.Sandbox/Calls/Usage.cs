namespace Spendra.Sandbox.Calls;

/// <summary>The usage that an answer reports: counted by <see cref="SandboxUsage"/>, then overridden by knobs.</summary>
internal readonly record struct Usage(
    Int128 Input, Int128 Output, Int128 Cached, Int128 CacheWrite, Int128 Reasoning, bool AsStrings)
{
    public Int128 Total => Input + Output;

    public static Usage Of(ModelCall call, long previousTokens)
    {
        var knobs = call.Knobs;
        return new Usage(
            knobs.InputTokens ?? SandboxUsage.InputTokens(call.TextBytes, call.Messages) + previousTokens,
            knobs.OutputTokens ?? (long)call.WordsOfChoice * call.Choices,
            knobs.CachedTokens ?? 0,
            knobs.CacheWriteTokens ?? 0,
            knobs.ReasoningTokens ?? 0,
            knobs.UsageAsStrings);
    }

    public static Usage OfEmbeddings(ModelCall call) => new(
        call.Knobs.InputTokens ?? SandboxUsage.TextTokens(call.TextBytes) + call.TokenIds, 0, 0, 0, 0, call.Knobs.UsageAsStrings);
}
