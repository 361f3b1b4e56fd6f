namespace Spendra.Storage.Exports;

/// <summary>What an export is of.</summary>
public enum ExportDataset
{
    /// <summary>Spend events, as they were booked.</summary>
    SpendEvents,
    /// <summary>Journal entries, a row for each posting.</summary>
    Journal,
    /// <summary>Sums of the ledger by hour and day.</summary>
    Rollups,
    /// <summary>Sums of units beyond text tokens.</summary>
    UnitRollups,
    /// <summary>Refusals by their code.</summary>
    RefusalRollups,
    /// <summary>How long requests took.</summary>
    LatencyRollups,
    /// <summary>The record of every change.</summary>
    Audit,
    /// <summary>Charges in the columns of FOCUS 1.2.</summary>
    Focus,
}

public enum ExportFormat
{
    Csv,
    JsonLines,
    Parquet,
}

/// <summary>The words for datasets and formats: outside, in the database and in the names of files.</summary>
public static class ExportNames
{
    public const string SpendEvents = "spend-events";
    public const string Journal = "journal";
    public const string Rollups = "rollups";
    public const string UnitRollups = "unit-rollups";
    public const string RefusalRollups = "refusal-rollups";
    public const string LatencyRollups = "latency-rollups";
    public const string Audit = "audit";
    public const string Focus = "focus";

    public const string Csv = "csv";
    public const string JsonLines = "jsonl";
    public const string Parquet = "parquet";

    public static string Of(ExportDataset dataset) => dataset switch
    {
        ExportDataset.SpendEvents => SpendEvents,
        ExportDataset.Journal => Journal,
        ExportDataset.Rollups => Rollups,
        ExportDataset.UnitRollups => UnitRollups,
        ExportDataset.RefusalRollups => RefusalRollups,
        ExportDataset.LatencyRollups => LatencyRollups,
        ExportDataset.Audit => Audit,
        ExportDataset.Focus => Focus,
    };

    /// <summary>Also the ending of files.</summary>
    public static string Of(ExportFormat format) => format switch
    {
        ExportFormat.Csv => Csv,
        ExportFormat.JsonLines => JsonLines,
        ExportFormat.Parquet => Parquet,
    };

    public static ExportDataset? FindDataset(string name) => Find<ExportDataset>(name, Of);

    public static ExportFormat? FindFormat(string name) => Find<ExportFormat>(name, Of);

    internal static ExportDataset Dataset(string name) => FindDataset(name) ?? throw new FormatException($"'{name}' is no dataset of exports: a newer program wrote the row");

    internal static ExportFormat Format(string name) => FindFormat(name) ?? throw new FormatException($"'{name}' is no format of exports: a newer program wrote the row");

    private static T? Find<T>(string name, Func<T, string> nameOf) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (nameOf(value) == name) return value;
        }
        return null;
    }
}

/// <summary>What stood in the books when an export began: nothing later is in it.</summary>
/// <param name="TakenAt">When, in microseconds since the Unix epoch.</param>
/// <param name="EntrySequence">The last journal entry.</param>
/// <param name="OutboxSequence">The last row of the outbox.</param>
/// <param name="LedgerSeal">Its seal; empty in books that have none yet.</param>
/// <param name="AuditSequence">The last audit record.</param>
/// <param name="RollupSequence">The last row of the outbox that was counted.</param>
/// <param name="HoursFrom">Sums by the hour begin here: earlier ones were removed; 0 when none were.</param>
public sealed record ExportSnapshot(
    long TakenAt, long EntrySequence, long OutboxSequence, byte[] LedgerSeal, long AuditSequence, long RollupSequence, long HoursFrom);

/// <summary>An export. Times are microseconds since the Unix epoch.</summary>
public sealed record ExportRun
{
    public required Guid OrganizationId { get; init; }

    public required Guid RunId { get; init; }

    public required ExportDataset Dataset { get; init; }

    public required ExportFormat Format { get; init; }

    /// <summary>The first instant of the span.</summary>
    public required long StartsAt { get; init; }

    /// <summary>The first instant behind it.</summary>
    public required long EndsAt { get; init; }

    /// <summary>After so many rows a part ends, with the key that its last row has.</summary>
    public required int RowsPerPart { get; init; }

    public Guid? ScheduleId { get; init; }

    /// <summary>The instant of the schedule that it is for.</summary>
    public long? DueAt { get; init; }

    /// <summary>Where the command line writes it, a folder or <c>s3://bucket/prefix</c>; null: below the configured place, by a worker.</summary>
    public string? Folder { get; init; }

    public long RequestedAt { get; init; }

    public string RequestedBy { get; init; } = "";

    /// <summary>Null until it begins.</summary>
    public ExportSnapshot? Snapshot { get; init; }

    /// <summary>The key behind which the next part begins; null for the beginning.</summary>
    public string? Position { get; init; }

    public int PartCount { get; init; }

    public long RowCount { get; init; }

    /// <summary><c>waiting</c>, <c>complete</c> or <c>failed</c>.</summary>
    public string State { get; init; } = Waiting;

    public int Attempts { get; init; }

    /// <summary>What went wrong the last time, in one line.</summary>
    public string? Failure { get; init; }

    /// <summary>Not tried before.</summary>
    public long RetryAt { get; init; }

    public long? EndedAt { get; init; }

    public const string Waiting = "waiting";
    public const string Complete = "complete";
    public const string Failed = "failed";
}

/// <summary>A finished part of an export.</summary>
/// <param name="Number">From 1 on.</param>
/// <param name="RowCount">Its rows.</param>
/// <param name="ByteCount">Its length.</param>
/// <param name="Sha256">Of its bytes.</param>
/// <param name="Position">The key of its last row; null for a part without rows.</param>
public sealed record ExportPart(int Number, long RowCount, long ByteCount, byte[] Sha256, string? Position);

/// <summary>An export that is asked for again and again. Times are microseconds since the Unix epoch.</summary>
public sealed record ExportSchedule
{
    public required Guid ScheduleId { get; init; }

    public required ExportDataset Dataset { get; init; }

    public required ExportFormat Format { get; init; }

    /// <summary>Five fields, UTC.</summary>
    public required string Cron { get; init; }

    /// <summary><c>hour</c>, <c>day</c> or <c>month</c>: the last whole one before an instant is exported.</summary>
    public required string Period { get; init; }

    /// <summary>Null when it has been ended.</summary>
    public long? NextAt { get; init; }

    public long CreatedAt { get; init; }

    public string CreatedBy { get; init; } = "";

    public long? EndedAt { get; init; }

    public string? EndedBy { get; init; }

    public required long Version { get; init; }
}
