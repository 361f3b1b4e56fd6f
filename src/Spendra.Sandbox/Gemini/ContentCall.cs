using Spendra.Sandbox.Directives;

namespace Spendra.Sandbox.Gemini;

/// <summary>What the sandbox needs to know of a call that generates content, counts it or embeds it.</summary>
internal sealed record ContentCall
{
    public required string Model { get; init; }
    public required Knobs Knobs { get; init; }
    public required long InputTokens { get; init; }
    public long TextBytes { get; init; }
    public long? MaxOutputTokens { get; init; }
    public int Candidates { get; init; } = 1;
    public string? ServiceTier { get; init; }
    public bool IncludesThoughts { get; init; }

    /// <summary>The first function that is declared; <see langword="null"/> when none is.</summary>
    public string? Function { get; init; }

    public bool OffersSearch { get; init; }

    /// <summary>Texts to embed; each gets a vector.</summary>
    public int Inputs { get; init; }

    public int? Dimensions { get; init; }

    /// <summary>Texts of a prediction, each with its bytes and its characters without white space.</summary>
    public IReadOnlyList<(long Bytes, long Characters)> Instances { get; init; } = [];

    public string ReportedModel => Knobs.Model ?? Model;

    /// <summary>Which tier served, in the words of Vertex AI.</summary>
    public string TrafficType => (Knobs.ServiceTier ?? ServiceTier)?.ToUpperInvariant() switch
    {
        "FLEX" or "SERVICE_TIER_FLEX" => "ON_DEMAND_FLEX",
        "PRIORITY" or "SERVICE_TIER_PRIORITY" => "ON_DEMAND_PRIORITY",
        null or "STANDARD" or "SERVICE_TIER_STANDARD" or "SERVICE_TIER_UNSPECIFIED" => "ON_DEMAND",
        var named => named,
    };

    /// <summary>Which tier served, in the words of the Gemini API.</summary>
    public string ServedTier => TrafficType switch
    {
        "ON_DEMAND_FLEX" => "flex",
        "ON_DEMAND_PRIORITY" => "priority",
        "ON_DEMAND" => "standard",
        var named => named.ToLowerInvariant(),
    };

    /// <summary>Words of each candidate. Thoughts take their part of the limit first.</summary>
    public int Words => SandboxUsage.TokensOfChoice(Knobs.IgnoreLimit ? MaxOutputTokens : WordLimit, Knobs.Tokens, Knobs.IgnoreLimit);

    public int FunctionCalls => Function is null ? 0 : Knobs.ToolCalls;

    public int Searches => OffersSearch || Knobs.IgnoreLimit ? Knobs.WebSearches : 0;

    public string FinishReason => Knobs.StopReason ?? (IsCut ? "MAX_TOKENS" : "STOP");

    private long? WordLimit => MaxOutputTokens - (long)Int128.Clamp(Knobs.ReasoningTokens ?? 0, 0, MaxOutputTokens ?? 0);

    private bool IsCut => !Knobs.IgnoreLimit && (Knobs.Tokens ?? SandboxUsage.DefaultOutputTokens) > WordLimit;
}
