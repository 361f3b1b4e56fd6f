namespace Spendra.Core.Metering;

/// <summary>
/// What is counted and priced. Classes never overlap: a unit is in exactly one of them. Text tokens come first; they
/// have fields of their own in <see cref="Usage"/>. The rest is rare and counted in <see cref="Usage.Others"/>.
/// </summary>
public enum UnitClass
{
    /// <summary>Text tokens that were neither read from nor written to a cache.</summary>
    Input,
    CachedInput,
    /// <summary>Tokens written to a prompt cache for its usual, short time.</summary>
    CacheWrite,
    /// <summary>Text tokens, reasoning included.</summary>
    Output,

    /// <summary>Tokens written to a prompt cache for its long time (Anthropic: one hour; OpenAI: twelve).</summary>
    CacheWriteLong,
    AudioInput,
    CachedAudioInput,
    ImageInput,
    CachedImageInput,
    AudioOutput,
    ImageOutput,

    /// <summary>Images that are priced by the piece.</summary>
    Images,
    /// <summary>Seconds of audio.</summary>
    Seconds,
    /// <summary>Characters of text that is spoken.</summary>
    Characters,
    /// <summary>Searches or queries of the provider's web search.</summary>
    WebSearches,
    /// <summary>Prompts that were grounded by search, however many queries that took.</summary>
    GroundedPrompts,
    MapQueries,
    FileSearches,
    /// <summary>Sessions of a container that runs code, by its gigabytes: one of four is four units.</summary>
    CodeSessions,
    /// <summary>Calls of a tool that has a price of its own.</summary>
    ToolCalls,
    /// <summary>Searches of the preview version of a provider's web search, where that has a price of its own.</summary>
    PreviewSearches,
    /// <summary>
    /// Nano-dollars that another model costs which a tool uses (images that a tool makes), by that model's own price. They
    /// are money already: no price has a rate for them.
    /// </summary>
    ToolCharges,
    /// <summary>Prompts that were grounded by maps, however many queries that took.</summary>
    GroundedMapPrompts,
}

public static class UnitClasses
{
    /// <summary>Every class that is not a field of <see cref="Usage"/>, with the name under which it is stored and shown.</summary>
    public static readonly IReadOnlyList<(UnitClass Class, string Name)> Others =
    [
        (UnitClass.CacheWriteLong, "cache_write_long"),
        (UnitClass.AudioInput, "audio_input"),
        (UnitClass.CachedAudioInput, "cached_audio_input"),
        (UnitClass.ImageInput, "image_input"),
        (UnitClass.CachedImageInput, "cached_image_input"),
        (UnitClass.AudioOutput, "audio_output"),
        (UnitClass.ImageOutput, "image_output"),
        (UnitClass.Images, "images"),
        (UnitClass.Seconds, "seconds"),
        (UnitClass.Characters, "characters"),
        (UnitClass.WebSearches, "web_searches"),
        (UnitClass.GroundedPrompts, "grounded_prompts"),
        (UnitClass.MapQueries, "map_queries"),
        (UnitClass.FileSearches, "file_searches"),
        (UnitClass.CodeSessions, "code_sessions"),
        (UnitClass.ToolCalls, "tool_calls"),
        (UnitClass.PreviewSearches, "preview_searches"),
        (UnitClass.ToolCharges, "tool_charges"),
        (UnitClass.GroundedMapPrompts, "grounded_map_prompts"),
    ];

    /// <summary>Those of <see cref="Others"/> that a price may have a rate for.</summary>
    public static readonly IReadOnlyList<(UnitClass Class, string Name)> Rated = [.. Others.Where(o => o.Class != UnitClass.ToolCharges)];

    /// <summary>The name of one of <see cref="Others"/>.</summary>
    public static string NameOf(UnitClass unit)
    {
        foreach (var (known, name) in Others)
        {
            if (known == unit) return name;
        }
        throw new ArgumentOutOfRangeException(nameof(unit), unit, "has a field of its own");
    }

    /// <summary>The class of a name, or null.</summary>
    public static UnitClass? Find(string name)
    {
        foreach (var (unit, known) in Others)
        {
            if (known == name) return unit;
        }
        return null;
    }

    /// <summary>Input tokens: together they decide the context band.</summary>
    public static bool IsInput(this UnitClass unit) => unit is UnitClass.Input or UnitClass.CachedInput or UnitClass.CacheWrite
        or UnitClass.CacheWriteLong or UnitClass.AudioInput or UnitClass.CachedAudioInput or UnitClass.ImageInput
        or UnitClass.CachedImageInput;

    /// <summary>Tokens: a service tier multiplies their rates. Fees by the piece are the same in every tier.</summary>
    public static bool IsToken(this UnitClass unit) =>
        unit.IsInput() || unit is UnitClass.Output or UnitClass.AudioOutput or UnitClass.ImageOutput;
}
