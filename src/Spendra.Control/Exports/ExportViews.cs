using System.Globalization;
using Spendra.Control.Shell;
using Spendra.Storage;
using Spendra.Storage.Exports;
using Spendra.Storage.Governance;

namespace Spendra.Control.Exports;

/// <summary>An export.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Dataset">What it is of.</param>
/// <param name="Format">What it is written as.</param>
/// <param name="From">The first instant of the span.</param>
/// <param name="To">The first instant behind it.</param>
/// <param name="State"><c>waiting</c> until all of it is written, then <c>complete</c>; <c>failed</c> when it is not tried any more.</param>
/// <param name="Folder">Where it is, below the folder or the prefix of the bucket that the operator configured; null where the command line wrote it.</param>
/// <param name="Rows">Rows that are written.</param>
/// <param name="Parts">Finished files.</param>
/// <param name="Failure">What went wrong the last time; null when nothing did.</param>
/// <param name="ScheduleId">The schedule that asked for it; null for what somebody asked for.</param>
/// <param name="BooksAt">What stood in the books then is in it; null before it begins.</param>
/// <param name="LastEntry">The last journal entry at that time.</param>
/// <param name="LastOutbox">The last row of the outbox at that time.</param>
/// <param name="Seal">Its seal.</param>
/// <param name="RequestedAt">When it was asked for.</param>
/// <param name="RequestedBy">By whom.</param>
/// <param name="EndedAt">When it was complete, or failed.</param>
internal sealed record ExportView(
    Guid Id, string Dataset, string Format, DateTime From, DateTime To, string State, string? Folder, long Rows, IReadOnlyList<ExportPartView>? Parts,
    string? Failure, Guid? ScheduleId, DateTime? BooksAt, long? LastEntry, long? LastOutbox, string? Seal, DateTime RequestedAt, string RequestedBy, DateTime? EndedAt)
{
    public static ExportView Of(ExportRun run, string organization, IReadOnlyList<ExportPart>? parts) => new(
        run.RunId, ExportNames.Of(run.Dataset), ExportNames.Of(run.Format), Utc(run.StartsAt), Utc(run.EndsAt), run.State,
        run.Folder is null ? $"{organization}/{run.RunId}" : null, run.RowCount, parts is null ? null : [.. parts.Select(p => ExportPartView.Of(run, p))],
        run.Failure, run.ScheduleId, run.Snapshot is { } s ? Utc(s.TakenAt) : null, run.Snapshot?.EntrySequence, run.Snapshot?.OutboxSequence,
        run.Snapshot is { LedgerSeal.Length: > 0 } sealedBooks ? Convert.ToHexStringLower(sealedBooks.LedgerSeal) : null, Utc(run.RequestedAt), run.RequestedBy,
        run.EndedAt is { } at ? Utc(at) : null);

    /// <summary>As audit records tell it.</summary>
    public static Description Describe(ExportRun run) => new(
    [
        ("dataset", ExportNames.Of(run.Dataset)), ("format", ExportNames.Of(run.Format)), ("from", InstantText.Of(run.StartsAt)), ("to", InstantText.Of(run.EndsAt)),
        ("schedule", run.ScheduleId?.ToString()),
    ]);

    private static DateTime Utc(long micros) => Micros.ToInstant(micros).UtcDateTime;
}

/// <summary>A finished file of an export.</summary>
/// <param name="File">Its name.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">The hash of its bytes.</param>
internal sealed record ExportPartView(string File, long Rows, long Bytes, string Sha256)
{
    public static ExportPartView Of(ExportRun run, ExportPart part) =>
        new(PartFile.NameOf(run.Dataset, run.Format, part.Number), part.RowCount, part.ByteCount, Convert.ToHexStringLower(part.Sha256));
}

/// <summary>A schedule of exports.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Dataset">What it exports.</param>
/// <param name="Format">As what.</param>
/// <param name="Cron">When, UTC.</param>
/// <param name="Period">The last whole one before is exported each time.</param>
/// <param name="NextAt">The next time; null when there is none any more.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="CreatedBy">By whom.</param>
internal sealed record ScheduleView(Guid Id, string Dataset, string Format, string Cron, string Period, DateTime? NextAt, DateTime CreatedAt, string CreatedBy)
{
    public static ScheduleView Of(ExportSchedule row) => new(row.ScheduleId, ExportNames.Of(row.Dataset), ExportNames.Of(row.Format), row.Cron, row.Period,
        row.NextAt is { } at ? Micros.ToInstant(at).UtcDateTime : null, Micros.ToInstant(row.CreatedAt).UtcDateTime, row.CreatedBy);

    /// <summary>As audit records tell it.</summary>
    public static Description Describe(ExportSchedule row) => new(
    [
        ("dataset", ExportNames.Of(row.Dataset)), ("format", ExportNames.Of(row.Format)), ("cron", row.Cron), ("period", row.Period),
        ("next", row.NextAt is { } at ? InstantText.Of(at) : null), ("version", row.Version.ToString(CultureInfo.InvariantCulture)),
    ]);
}

/// <summary>An export to make.</summary>
public sealed record NewExport
{
    /// <summary>What it is of.</summary>
    [AllowedTexts(ExportNames.SpendEvents, ExportNames.Journal, ExportNames.Rollups, ExportNames.UnitRollups, ExportNames.RefusalRollups, ExportNames.LatencyRollups,
        ExportNames.Audit, ExportNames.Focus)]
    public required string Dataset { get; init; }

    /// <summary>What it is written as.</summary>
    [AllowedTexts(ExportNames.Csv, ExportNames.JsonLines, ExportNames.Parquet)]
    public required string Format { get; init; }

    /// <summary>The first instant: when things were booked or recorded, or when hours and days begin.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The first instant behind the span; not in the future.</summary>
    public required DateTimeOffset To { get; init; }
}

/// <summary>A schedule to make.</summary>
public sealed record NewExportSchedule
{
    /// <summary>What is exported.</summary>
    [AllowedTexts(ExportNames.SpendEvents, ExportNames.Journal, ExportNames.Rollups, ExportNames.UnitRollups, ExportNames.RefusalRollups, ExportNames.LatencyRollups,
        ExportNames.Audit, ExportNames.Focus)]
    public required string Dataset { get; init; }

    /// <summary>As what.</summary>
    [AllowedTexts(ExportNames.Csv, ExportNames.JsonLines, ExportNames.Parquet)]
    public required string Format { get; init; }

    /// <summary>When: a cron expression of five fields, UTC.</summary>
    [Cron]
    public required string Cron { get; init; }

    /// <summary>The last whole period before is exported each time.</summary>
    [AllowedTexts(ScheduleDesk.Hour, ScheduleDesk.Day, ScheduleDesk.Month)]
    public required string Period { get; init; }
}
