namespace Spendra.Sandbox.Calls;

/// <summary>The usage that an answer reports: counted by <see cref="SandboxUsage"/>, then overridden by knobs.</summary>
internal readonly record struct Usage(
    Int128 Input, Int128 Output, Int128 Cached, Int128 CacheWrite, Int128 Reasoning, bool AsStrings)
{
    /// <summary>A total that is reported although it is not the sum.</summary>
    public Int128? GivenTotal { get; init; }

    /// <summary>Parts of the input.</summary>
    public Int128 AudioInput { get; init; }
    public Int128 ImageInput { get; init; }

    /// <summary>Parts of the output.</summary>
    public Int128 AudioOutput { get; init; }
    public Int128 AcceptedPrediction { get; init; }
    public Int128 RejectedPrediction { get; init; }

    public Int128 Total => GivenTotal ?? Input + Output;

    public static Usage Of(ModelCall call, long previousTokens)
    {
        var knobs = call.Knobs;
        return new Usage(
            knobs.InputTokens ?? SandboxUsage.InputTokens(call.TextBytes, call.Messages) + previousTokens,
            knobs.OutputTokens ?? (long)call.WordsOfChoice * call.Choices,
            knobs.CachedTokens ?? 0,
            knobs.CacheWriteTokens ?? 0,
            knobs.ReasoningTokens ?? 0,
            knobs.UsageAsStrings)
        {
            GivenTotal = knobs.TotalTokens,
            AudioInput = knobs.AudioTokens ?? 0,
            ImageInput = knobs.ImageTokens ?? 0,
            AudioOutput = knobs.OutputAudioTokens ?? 0,
            AcceptedPrediction = knobs.AcceptedTokens ?? 0,
            RejectedPrediction = knobs.RejectedTokens ?? 0,
        };
    }

    public static Usage OfEmbeddings(ModelCall call) => new(
        call.Knobs.InputTokens ?? SandboxUsage.TextTokens(call.TextBytes) + call.TokenIds, 0, 0, 0, 0, call.Knobs.UsageAsStrings)
    {
        GivenTotal = call.Knobs.TotalTokens,
    };
}
