using Spendra.Core.Metering;

namespace Spendra.Gateway.Dialects.Gemini;

/// <summary>Tokens of one sum that are not text, by what they stand for.</summary>
internal record struct GeminiModalities(long Audio, long Image);

/// <summary>
/// One <c>usageMetadata</c>. What came from the cache is inside the prompt; thoughts stand beside the candidates, and
/// what tools returned beside the prompt. As always in protobuf's JSON, a zero may be left out.
/// <para>The numbers are hostile input: what contradicts itself is no usage. The total is only a hint; it counts when it
/// is all that tells of output.</para>
/// </summary>
internal sealed class GeminiUsage
{
    private long? _prompt;
    private long? _cached;
    private long? _candidates;
    private long? _thoughts;
    private long? _toolUse;
    private long? _total;
    private GeminiModalities _promptParts;
    private GeminiModalities _cachedParts;
    private GeminiModalities _candidateParts;
    private GeminiModalities _toolUseParts;
    private bool _hasCounts;

    /// <summary>Something in it made no sense.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>
    /// It says nothing of what was used, and nothing that makes no sense: until the last chunk of a stream Vertex AI tells
    /// only how it serves the call.
    /// </summary>
    public bool IsSilent => !IsBroken && !_hasCounts;

    /// <summary>How Vertex AI served the call, in its own word.</summary>
    public string? TrafficType { get; set; }

    /// <summary>How the Gemini API served the call, in the words of its requests.</summary>
    public string? ServiceTier { get; set; }

    public void Break() => IsBroken = true;

    /// <summary>Takes one sum.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="count">The number, or null for what is no whole number of tokens.</param>
    public void Take(string name, long? count)
    {
        switch (name)
        {
            case "promptTokenCount": Set(ref _prompt, count); break;
            case "cachedContentTokenCount": Set(ref _cached, count); break;
            case "candidatesTokenCount": Set(ref _candidates, count); break;
            case "thoughtsTokenCount": Set(ref _thoughts, count); break;
            case "toolUsePromptTokenCount": Set(ref _toolUse, count); break;
            case "totalTokenCount": Set(ref _total, count); break;
        }
    }

    /// <summary>Adds one entry of a list of details.</summary>
    public void Add(GeminiPlace list, string? modality, long count)
    {
        switch (list)
        {
            case GeminiPlace.PromptDetails: Add(ref _promptParts, modality, count); break;
            case GeminiPlace.CacheDetails: Add(ref _cachedParts, modality, count); break;
            case GeminiPlace.CandidateDetails: Add(ref _candidateParts, modality, count); break;
            case GeminiPlace.ToolUseDetails: Add(ref _toolUseParts, modality, count); break;
        }
    }

    /// <summary>The usage in classes that do not overlap, or null when it cannot be believed.</summary>
    public Usage? ToUsage(bool hasOutput)
    {
        if (IsBroken || _prompt is not { } prompt) return null;
        var toolUse = _toolUse ?? 0;
        if (hasOutput && _candidates is null && _thoughts is null && _total > prompt + toolUse) return null;
        if (TextOf(prompt, _promptParts) is not { } text || TextOf(_cached ?? 0, _cachedParts) is not { } cachedText
            || TextOf(toolUse, _toolUseParts) is not { } toolText || TextOf(_candidates ?? 0, _candidateParts) is not { } written)
            return null;
        if (cachedText > text || _cachedParts.Audio > _promptParts.Audio || _cachedParts.Image > _promptParts.Image) return null;
        var usage = new Usage
        {
            Input = text - cachedText + toolText,
            CachedInput = cachedText,
            Output = written + (_thoughts ?? 0),
            ReasoningWithinOutput = _thoughts ?? 0,
        };
        usage = usage
            .Plus(UnitClass.AudioInput, _promptParts.Audio - _cachedParts.Audio + _toolUseParts.Audio)
            .Plus(UnitClass.CachedAudioInput, _cachedParts.Audio)
            .Plus(UnitClass.ImageInput, _promptParts.Image - _cachedParts.Image + _toolUseParts.Image)
            .Plus(UnitClass.CachedImageInput, _cachedParts.Image)
            .Plus(UnitClass.AudioOutput, _candidateParts.Audio)
            .Plus(UnitClass.ImageOutput, _candidateParts.Image);
        // No request is without input: who says so has not counted.
        return usage.IsPlausible && usage.TotalInput > 0 ? usage : null;
    }

    /// <summary>
    /// Raises the sums to those of an earlier response of the same stream, where these were more. Google has told fewer
    /// thoughts with the last chunk than before; what was told is not taken back. Of what came from the cache, which is
    /// cheaper, the last word counts.
    /// </summary>
    public void RaiseTo(GeminiUsage earlier)
    {
        _prompt = Greater(_prompt, earlier._prompt);
        _candidates = Greater(_candidates, earlier._candidates);
        _thoughts = Greater(_thoughts, earlier._thoughts);
        _toolUse = Greater(_toolUse, earlier._toolUse);
        _promptParts = Greater(_promptParts, earlier._promptParts);
        _candidateParts = Greater(_candidateParts, earlier._candidateParts);
        _toolUseParts = Greater(_toolUseParts, earlier._toolUseParts);
    }

    private static long? Greater(long? a, long? b) => a is { } one && b is { } other ? Math.Max(one, other) : a ?? b;

    private static GeminiModalities Greater(GeminiModalities a, GeminiModalities b) => new(Math.Max(a.Audio, b.Audio), Math.Max(a.Image, b.Image));

    /// <summary>What is left of a sum for text; null when its parts are more than it.</summary>
    private static long? TextOf(long sum, GeminiModalities parts) => sum - parts.Audio - parts.Image is >= 0 and var text ? text : null;

    private void Set(ref long? field, long? count)
    {
        _hasCounts = true;
        // The same told twice is no contradiction; two numbers are.
        IsBroken |= !IsPlausible(count) || (field is not null && field != count);
        field = count ?? 0;
    }

    private void Add(ref GeminiModalities parts, string? modality, long count)
    {
        _hasCounts = true;
        if (!IsPlausible(count))
        {
            IsBroken = true;
            return;
        }
        switch (modality)
        {
            case null or "TEXT" or "MODALITY_UNSPECIFIED": break;
            case "AUDIO": parts.Audio += count; break;
            // Frames and pages are billed as images.
            case "IMAGE" or "VIDEO" or "DOCUMENT": parts.Image += count; break;
            // A kind that is not known here may have a rate of its own.
            default: IsBroken = true; break;
        }
    }

    private static bool IsPlausible(long? count) => count is >= 0 and <= Usage.MaxUnits;
}
