namespace Spendra.Gateway.Requests;

/// <summary>What must differ in the body that goes upstream.</summary>
internal readonly record struct RequestChanges
{
    /// <summary>The output limit to impose, or null to leave the body's own.</summary>
    public long? OutputLimit { get; init; }

    /// <summary>Ask the provider for the usage of a chat stream.</summary>
    public bool IncludeUsage { get; init; }

    /// <summary>The service tier to force, or null to leave the body's own.</summary>
    public string? ServiceTier { get; init; }

    /// <summary>The limit to put on tools that have none, or null when all have one.</summary>
    public int? ToolUses { get; init; }

    public bool IsEmpty => OutputLimit is null && !IncludeUsage && ServiceTier is null && ToolUses is null;
}
