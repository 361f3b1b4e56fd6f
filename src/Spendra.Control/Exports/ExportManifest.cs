using System.Text.Json;
using System.Text.Json.Serialization;
using Spendra.Storage;
using Spendra.Storage.Exports;

namespace Spendra.Control.Exports;

/// <summary>What an export holds, as <c>manifest.json</c> tells it: it comes last, so that a folder without one is not whole.</summary>
internal sealed record ExportManifest
{
    public const string FileName = "manifest.json";

    public required int SchemaVersion { get; init; }
    public required Guid Id { get; init; }
    public required string Organization { get; init; }
    public required string Dataset { get; init; }
    public required string Format { get; init; }
    public required string From { get; init; }
    public required string To { get; init; }
    public required ManifestBooks Books { get; init; }
    public required IReadOnlyList<ManifestColumn> Columns { get; init; }
    public required long Rows { get; init; }
    public required IReadOnlyList<ManifestPart> Parts { get; init; }

    public static ExportManifest Of(ExportRun run, string organization, IReadOnlyList<ExportPart> parts) => new()
    {
        SchemaVersion = ExportTables.SchemaVersion,
        Id = run.RunId,
        Organization = organization,
        Dataset = ExportNames.Of(run.Dataset),
        Format = ExportNames.Of(run.Format),
        From = InstantText.Of(run.StartsAt),
        To = InstantText.Of(run.EndsAt),
        Books = ManifestBooks.Of(run.Snapshot!),
        Columns = [.. ExportTables.ColumnsOf(run.Dataset).Select(c => ManifestColumn.Of(c, run.Format))],
        Rows = parts.Sum(p => p.RowCount),
        Parts = [.. parts.Select(p => new ManifestPart(
            PartFile.NameOf(run.Dataset, run.Format, p.Number), p.RowCount, p.ByteCount, Convert.ToHexStringLower(p.Sha256)))],
    };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ManifestJson.Default.ExportManifest);
}

/// <summary>What stood in the books when the export began.</summary>
/// <param name="TakenAt">When.</param>
/// <param name="Entry">The last journal entry.</param>
/// <param name="Outbox">The last row of the outbox.</param>
/// <param name="Seal">Its seal, which covers all before it; null in books without seals.</param>
/// <param name="Audit">The last audit record.</param>
/// <param name="Counted">The last row of the outbox that sums count.</param>
/// <param name="HoursFrom">Sums by the hour begin here: earlier ones were removed, and their days are whole; null when none were.</param>
internal sealed record ManifestBooks(string TakenAt, long Entry, long Outbox, string? Seal, long Audit, long Counted, string? HoursFrom)
{
    public static ManifestBooks Of(ExportSnapshot s) => new(InstantText.Of(s.TakenAt), s.EntrySequence, s.OutboxSequence,
        s.LedgerSeal.Length == 0 ? null : Convert.ToHexStringLower(s.LedgerSeal), s.AuditSequence, s.RollupSequence,
        s.HoursFrom == 0 ? null : InstantText.Of(s.HoursFrom));
}

internal sealed record ManifestColumn(string Name, string Type)
{
    public static ManifestColumn Of(ExportColumn column, ExportFormat format) => new(
        format == ExportFormat.Parquet ? column.ParquetName : column.TextName,
        column.Kind switch
        {
            CellKind.Text => "text",
            CellKind.Number => "integer",
            CellKind.Money => format == ExportFormat.Parquet ? "nano-usd" : "usd",
            CellKind.Amount => "usd",
            CellKind.Quantity => "decimal",
            CellKind.Instant or CellKind.Second => "instant",
            CellKind.Flag => "boolean",
        });
}

internal sealed record ManifestPart(string File, long Rows, long Bytes, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ExportManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
