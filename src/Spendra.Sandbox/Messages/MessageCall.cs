using Spendra.Sandbox.Directives;

namespace Spendra.Sandbox.Messages;

/// <summary>What the sandbox needs to know of a messages call.</summary>
internal sealed record MessageCall
{
    public required string Model { get; init; }
    public required Knobs Knobs { get; init; }
    public required long InputTokens { get; init; }
    public bool Stream { get; init; }

    /// <summary>The usage says what the call cost, as on OpenRouter.</summary>
    public bool TellsCost { get; init; }

    public long? MaxTokens { get; init; }
    public string? InferenceGeo { get; init; }
    public string? Speed { get; init; }
    public string? StopSequence { get; init; }

    /// <summary>The first tool that the client runs; <see langword="null"/> when none is offered.</summary>
    public string? ClientTool { get; init; }

    /// <summary>How many searches the request allows: 0 when the tool is not offered.</summary>
    public long MaxSearches { get; init; }

    /// <summary>How many fetches the request allows: 0 when the tool is not offered.</summary>
    public long MaxFetches { get; init; }

    public string ReportedModel => Knobs.Model ?? Model;

    /// <summary>A request names what it may be served with (<c>auto</c>, <c>standard_only</c>), the answer what did.</summary>
    public string ReportedTier => Knobs.ServiceTier ?? "standard";

    public string ReportedGeo => Knobs.Geo ?? InferenceGeo ?? "global";

    public string? ReportedSpeed => Knobs.Speed ?? Speed;

    public int Words => SandboxUsage.TokensOfChoice(MaxTokens, Knobs.Tokens, Knobs.IgnoreLimit);

    public int ToolCalls => ClientTool is null ? 0 : Knobs.ToolCalls;

    public int Searches => Allowed(Knobs.WebSearches, MaxSearches);

    public int Fetches => Allowed(Knobs.WebFetches, MaxFetches);

    public string StopReason => Knobs.StopReason ?? (IsCut ? "max_tokens" : ToolCalls > 0 ? "tool_use" : "end_turn");

    public string? ReportedStopSequence => StopReason == "stop_sequence" ? StopSequence : null;

    private bool IsCut => !Knobs.IgnoreLimit && (Knobs.Tokens ?? SandboxUsage.DefaultOutputTokens) > MaxTokens;

    private int Allowed(int asked, long most) => Knobs.IgnoreLimit ? asked : (int)Math.Min(asked, most);
}
