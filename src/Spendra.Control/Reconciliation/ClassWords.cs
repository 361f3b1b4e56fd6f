using Spendra.Core.Metering;
using Spendra.Core.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>
/// What bills mean when they name a class in words of their own: <c>cached input</c>, <c>gpt-5.4 Outp glbl Tokens</c>,
/// <c>cache_read_input_tokens</c>.
/// </summary>
internal static class ClassWords
{
    private static readonly char[] Separators = [' ', '-', '_', '.', ',', '(', ')', '/', ':'];

    /// <summary>The class that a text is mapped to, names or describes; null when it does none of these.</summary>
    public static UnitClass? Find(string text, BillMapping mapping)
    {
        if (mapping.Classes?.GetValueOrDefault(text) is { } named) return BilledClasses.Find(named);
        if (BilledClasses.Find(text) is { } exact) return exact;
        var words = text.ToLowerInvariant().Split(Separators, StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        var isImage = words.Overlaps(["image", "images", "img"]);
        var isAudio = words.Contains("audio");
        if (words.Contains("search") && words.Overlaps(["web", "grounding"])) return UnitClass.WebSearches;
        if (words.Overlaps(["output", "outp", "opt", "completion"])) return isImage ? UnitClass.ImageOutput : isAudio ? UnitClass.AudioOutput : UnitClass.Output;
        if (words.Overlaps(["cache", "cached", "cchd", "caching"]))
        {
            if (words.Overlaps(["write", "writes", "creation", "wrt"]))
                return words.Overlaps(["1h", "hour"]) ? UnitClass.CacheWriteLong : UnitClass.CacheWrite;
            return isImage ? UnitClass.CachedImageInput : isAudio ? UnitClass.CachedAudioInput : UnitClass.CachedInput;
        }
        if (words.Overlaps(["input", "inp", "prompt"])) return isImage ? UnitClass.ImageInput : isAudio ? UnitClass.AudioInput : UnitClass.Input;
        return null;
    }

    /// <summary>How many units one of a bill's has; null when its word for them is unknown.</summary>
    public static long? MultiplierOf(string? unit) => unit?.Trim().ToLowerInvariant() switch
    {
        null or "" or "1" or "count" or "tokens" or "token" or "units" or "requests" => 1,
        "1k" or "1k tokens" or "thousand tokens" => 1_000,
        "1m" or "1m tokens" or "million tokens" => 1_000_000,
        _ => null,
    };
}
