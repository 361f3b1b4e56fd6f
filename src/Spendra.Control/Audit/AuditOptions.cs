namespace Spendra.Control.Audit;

/// <summary>Where signed checkpoints of the audit chains go, and how often. Without a sink none are made.</summary>
public sealed record AuditOptions
{
    /// <summary>A file that lines are appended to, best on another machine's disk or one that only grows.</summary>
    public string? CheckpointFile { get; init; }

    /// <summary>An http or https address that each checkpoint is posted to.</summary>
    public string? CheckpointWebhook { get; init; }

    /// <summary>A chain that grew is signed at the latest after so long.</summary>
    public int CheckpointSeconds { get; init; } = 60;

    /// <summary>And sooner when it grew by so many records.</summary>
    public int CheckpointRecords { get; init; } = 100;

    public bool HasSink => CheckpointFile is not null || CheckpointWebhook is not null;
}
