namespace Spendra.Sandbox.Directives;

/// <summary>How one answer deviates from a plain one. Every default means "as the real provider would".</summary>
internal sealed partial record Knobs
{
    public static readonly Knobs None = new();

    /// <summary>Wait before the headers; a background response takes this long to complete instead.</summary>
    public int LatencyMs { get; set; }

    /// <summary>Wait between two chunks of a stream.</summary>
    public int ChunkMs { get; set; }

    public int? Tokens { get; set; }
    public bool IgnoreLimit { get; set; }

    /// <summary>Reported usage: any whole number up to 37 digits, so that hostile values can be sent.</summary>
    public Int128? InputTokens { get; set; }
    public Int128? OutputTokens { get; set; }
    public Int128? CachedTokens { get; set; }
    public Int128? CacheWriteTokens { get; set; }
    public Int128? ReasoningTokens { get; set; }

    public bool NoUsage { get; set; }
    public bool UsageAsStrings { get; set; }
    public bool NoDone { get; set; }

    public int? BreakAfterChunks { get; set; }
    public long? BreakAfterBytes { get; set; }
    public int? Status { get; set; }
    public bool Hang { get; set; }
    public bool ErrorMidstream { get; set; }
    public bool Garbage { get; set; }
    public bool Gzip { get; set; }
    public string? Redirect { get; set; }

    /// <summary>The length to which the first text line of a stream is padded, without its line end.</summary>
    public int? LineBytes { get; set; }

    public string? ServiceTier { get; set; }
    public string? Model { get; set; }

    /// <summary>The body leaves as one piece with its length: no break and no compression.</summary>
    public bool HasPlainBody => BreakAfterChunks is null && BreakAfterBytes is null && !Gzip;

    /// <summary>Something stands in for the answer, or delays it.</summary>
    public bool HasFault => LatencyMs > 0 || Hang || Garbage || Status is not null || Redirect is not null
        || Filtered is FilteredPart.Prompt;
}
