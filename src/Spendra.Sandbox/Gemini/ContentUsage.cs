using System.Text.Json;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Gemini;

/// <summary>
/// Usage as Google splits it. What came from the cache is inside <see cref="Prompt"/>; thoughts stand beside
/// <see cref="Candidates"/>, and what tools returned beside the prompt.
/// </summary>
internal readonly record struct ContentUsage(Int128 Prompt, Int128 Cached, Int128 Candidates, Int128 Thoughts, Int128 ToolUse)
{
    public Int128 Total => Prompt + Candidates + Thoughts + ToolUse;

    /// <summary>What a call is charged in the end.</summary>
    public static ContentUsage Of(ContentCall call) =>
        After(call, call.Words) with { Candidates = call.Knobs.OutputTokens ?? (long)call.Words * call.Candidates };

    /// <summary>What is known of a stream after so many words of each candidate.</summary>
    public static ContentUsage After(ContentCall call, int words) => new(
        call.Knobs.InputTokens ?? call.InputTokens,
        call.Knobs.CachedTokens ?? 0,
        // A total that grows is never more than it is in the end.
        call.Knobs.OutputTokens is { } end && end >= 0 ? Int128.Min(end, (long)words * call.Candidates) : (long)words * call.Candidates,
        call.Knobs.ReasoningTokens ?? 0,
        call.Knobs.ToolUsePromptTokens ?? 0);

    /// <summary>
    /// Writes the member <c>usageMetadata</c> with the tier that served, which each of Google's doors tells in a member of
    /// its own. As always in protobuf's JSON, a zero is left out.
    /// </summary>
    /// <param name="json">The response.</param>
    /// <param name="call">The call.</param>
    /// <param name="usage">What was used; null where only the tier is told.</param>
    /// <param name="isVertex">Whether it is Vertex AI that answers.</param>
    public static void Write(Utf8JsonWriter json, ContentCall call, ContentUsage? usage, bool isVertex)
    {
        json.WriteStartObject("usageMetadata"u8);
        usage?.WriteCounts(json, call);
        if (isVertex)
            json.WriteString("trafficType"u8, call.TrafficType);
        else
            json.WriteString("serviceTier"u8, call.ServedTier);
        json.WriteEndObject();
    }

    private void WriteCounts(Utf8JsonWriter json, ContentCall call)
    {
        var knobs = call.Knobs;
        Number(json, "promptTokenCount"u8, Prompt, knobs);
        Number(json, "cachedContentTokenCount"u8, Cached, knobs);
        Number(json, "candidatesTokenCount"u8, Candidates, knobs);
        Number(json, "thoughtsTokenCount"u8, Thoughts, knobs);
        Number(json, "toolUsePromptTokenCount"u8, ToolUse, knobs);
        Number(json, "totalTokenCount"u8, Total, knobs);
        WriteDetails(json, "promptTokensDetails"u8, Prompt, knobs.AudioTokens ?? 0, knobs.ImageTokens ?? 0, knobs);
        WriteDetails(json, "cacheTokensDetails"u8, Cached, 0, 0, knobs);
        WriteDetails(json, "candidatesTokensDetails"u8, Candidates, knobs.OutputAudioTokens ?? 0, knobs.OutputImageTokens ?? 0, knobs);
        WriteDetails(json, "toolUsePromptTokensDetails"u8, ToolUse, 0, 0, knobs);
    }

    /// <summary>Parts a sum by modality; what is neither audio nor image is text.</summary>
    public static void WriteDetails(
        Utf8JsonWriter json, ReadOnlySpan<byte> name, Int128 sum, Int128 audio, Int128 images, Knobs knobs)
    {
        if (sum == 0)
            return;
        json.WriteStartArray(name);
        WriteModality(json, "TEXT"u8, sum - audio - images, knobs);
        WriteModality(json, "AUDIO"u8, audio, knobs);
        WriteModality(json, "IMAGE"u8, images, knobs);
        json.WriteEndArray();
    }

    private static void WriteModality(Utf8JsonWriter json, ReadOnlySpan<byte> modality, Int128 count, Knobs knobs)
    {
        if (count == 0)
            return;
        json.WriteStartObject();
        json.WriteString("modality"u8, modality);
        UsageJson.Number(json, "tokenCount"u8, count, knobs.UsageAsStrings);
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, Int128 value, Knobs knobs)
    {
        if (value != 0)
            UsageJson.Number(json, name, value, knobs.UsageAsStrings);
    }
}
