namespace Spendra.Sandbox.Directives;

/// <summary>Knobs that only the dialects of Anthropic and Google have a place for.</summary>
internal sealed partial record Knobs
{
    /// <summary>Tokens written to a cache that lasts an hour; those for five minutes are <see cref="CacheWriteTokens"/>.</summary>
    public Int128? CacheWrite1hTokens { get; set; }

    /// <summary>Tokens that a tool's results put into a Gemini prompt.</summary>
    public Int128? ToolUsePromptTokens { get; set; }

    public Int128 InputAudioTokens { get; set; }
    public Int128 InputImageTokens { get; set; }
    public Int128 OutputAudioTokens { get; set; }
    public Int128 OutputImageTokens { get; set; }

    /// <summary>How often the provider searches or fetches, as far as the request offers it the tool.</summary>
    public Int128 WebSearches { get; set; }
    public Int128 WebFetches { get; set; }

    /// <summary>How many tools the model asks the client to run, as far as the request offers one.</summary>
    public int ToolCalls { get; set; }

    /// <summary>How often an Anthropic stream tells its running totals; once, at the end, by default.</summary>
    public int UsageEvents { get; set; } = 1;

    public string? StopReason { get; set; }
    public string? Geo { get; set; }
    public string? Speed { get; set; }
    public IReadOnlyList<IterationKnob>? Iterations { get; set; }
}
