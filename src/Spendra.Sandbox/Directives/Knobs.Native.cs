namespace Spendra.Sandbox.Directives;

/// <summary>Knobs that only the dialects of Anthropic and Google have a place for.</summary>
internal sealed partial record Knobs
{
    /// <summary>Tokens written to a cache that lasts an hour; those for five minutes are <see cref="CacheWriteTokens"/>.</summary>
    public Int128? CacheWrite1hTokens { get; set; }

    /// <summary>Tokens that a tool's results put into a Gemini prompt.</summary>
    public Int128? ToolUsePromptTokens { get; set; }

    /// <summary>The images among a Gemini answer's candidates.</summary>
    public Int128? OutputImageTokens { get; set; }

    /// <summary>How often the provider fetches, as far as the request offers it the tool.</summary>
    public int WebFetches { get; set; }

    /// <summary>How many searches Anthropic reports, whatever it did.</summary>
    public Int128? WebSearchRequests { get; set; }

    /// <summary>How many tools the model asks the client to run, as far as the request offers one.</summary>
    public int ToolCalls { get; set; }

    /// <summary>How often an Anthropic stream tells its running totals; once, at the end, by default.</summary>
    public int UsageEvents { get; set; } = 1;

    public string? StopReason { get; set; }
    public string? Geo { get; set; }
    public string? Speed { get; set; }
    public IReadOnlyList<IterationKnob>? Iterations { get; set; }
}
