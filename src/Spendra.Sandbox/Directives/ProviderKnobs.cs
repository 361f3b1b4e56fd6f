namespace Spendra.Sandbox.Directives;

/// <summary>Knobs of single surfaces: errors in a provider's words, media, server-side tools, batches, tokens, MCP.</summary>
internal sealed partial record Knobs
{
    public Int128? TotalTokens { get; set; }
    public Int128? AudioTokens { get; set; }
    public Int128? ImageTokens { get; set; }
    public Int128? OutputAudioTokens { get; set; }
    public Int128? AcceptedTokens { get; set; }
    public Int128? RejectedTokens { get; set; }

    /// <summary>Length of a transcribed recording, as reported.</summary>
    public Int128? Seconds { get; set; }

    /// <summary>Transcriptions: <c>tokens</c> or <c>duration</c>; otherwise the model decides.</summary>
    public string? UsageType { get; set; }

    public string? ErrorCode { get; set; }
    public string? ErrorType { get; set; }
    public int? RetryAfterSeconds { get; set; }
    public FilteredPart Filtered { get; set; }

    /// <summary>Azure: a verdict on the output comes in chunks of its own, after the words.</summary>
    public bool AsyncFilter { get; set; }

    /// <summary>Comment lines before a stream; <see langword="null"/> as the provider does.</summary>
    public int? Comments { get; set; }

    /// <summary>What a call cost, as a JSON number: OpenRouter's <c>usage.cost</c>, an MCP result's <c>_meta.cost</c>.</summary>
    public string? Cost { get; set; }
    public string? UpstreamCost { get; set; }
    public bool IsByok { get; set; }

    /// <summary>How often a generation is not found yet when it is asked for.</summary>
    public int GenerationMisses { get; set; }

    public int WebSearches { get; set; }
    public int WebOpens { get; set; }
    public int FileSearches { get; set; }
    public int CodeCalls { get; set; }
    public int Containers { get; set; } = 1;
    public int ImageCalls { get; set; }
    public int McpCalls { get; set; }

    public bool IsFlagged { get; set; }

    /// <summary>The fetch of a batch that shows it ended; 0 is its creation.</summary>
    public int BatchFetches { get; set; } = 2;

    /// <summary>Lines that were answered when a batch ends before its time.</summary>
    public int BatchLines { get; set; }
    public BatchEnd BatchEnd { get; set; }

    /// <summary>Life of an issued token; <see langword="null"/> as the options say.</summary>
    public int? ExpiresInSeconds { get; set; }

    public bool AsEvents { get; set; }
    public bool IsToolError { get; set; }
    public int? RpcError { get; set; }
    public int Progress { get; set; }
}
