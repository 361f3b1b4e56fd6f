using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spendra.Core.Audit;
using Spendra.Core.Ledger;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Audit;

/// <summary>What an export says first: whose chain, which part of it and how it ends.</summary>
/// <param name="Type">Always <c>spendra.audit.manifest</c>.</param>
/// <param name="OrganizationId">Whose; part of every record's hash.</param>
/// <param name="Organization">The slug, for readers.</param>
/// <param name="FirstSequence">The first record that follows.</param>
/// <param name="LastSequence">The last one.</param>
/// <param name="Records">How many.</param>
/// <param name="PreviousHash">The hash before the first record; zeros at the beginning of the chain.</param>
/// <param name="HeadHash">The hash of the last record.</param>
/// <param name="ExportedAt">When.</param>
internal sealed record ManifestLine(
    string Type, Guid OrganizationId, string Organization, long FirstSequence, long LastSequence, long Records, string PreviousHash,
    string HeadHash, string ExportedAt);

/// <summary>One record of an export: everything that its hash covers, and nothing else.</summary>
internal sealed record RecordLine(
    string Type, long Sequence, string RecordedAt, string Actor, string Action, string SubjectKind, string Subject, string? Before,
    string? After, string? Reason, string Origin, string PreviousHash, string Hash);

/// <summary>A record as a receiver outside is told it: that of an export, and whose it is.</summary>
internal sealed record ForwardedLine(
    string Type, Guid OrganizationId, string Organization, long Sequence, string RecordedAt, string Actor, string Action, string SubjectKind,
    string Subject, string? Before, string? After, string? Reason, string Origin, string PreviousHash, string Hash);

/// <summary>A signed checkpoint as sinks keep it.</summary>
internal sealed record CheckpointLine(
    string Type, Guid OrganizationId, long Sequence, string Hash, string SignedAt, string PublicKey, string Signature)
{
    /// <summary>The last row of the outbox, where the ledger is sealed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? LedgerSequence { get; init; }

    /// <summary>Its seal.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LedgerSeal { get; init; }
}

/// <summary>Writes and reads the lines of exports and of checkpoint files: one JSON object each.</summary>
internal static class AuditLines
{
    public const string ManifestType = "spendra.audit.manifest";
    public const string RecordType = "spendra.audit.record";
    // The end of the year 9999.
    private const long LastMicros = 253_402_300_799_999_999;

    public const string CheckpointType = "spendra.audit.checkpoint";

    // Names and states in their own letters: nothing embeds these lines in HTML.
    private static readonly AuditJson Readable = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static byte[] Write(Guid organizationId, string slug, AuditSpan span, long nowMicros) => JsonSerializer.SerializeToUtf8Bytes(
        new ManifestLine(ManifestType, organizationId, slug, span.First, span.Last, span.Records, Hex(span.PreviousHash), Hex(span.Hash),
            InstantText.Of(nowMicros)), Readable.ManifestLine);

    public static byte[] Write(AuditRecord record) => JsonSerializer.SerializeToUtf8Bytes(
        new RecordLine(RecordType, record.Sequence, Instant(record.RecordedAt), record.Actor, record.Action, record.SubjectKind,
            record.Subject, record.BeforeState, record.AfterState, record.Reason, record.Origin, Hex(record.PreviousHash), Hex(record.Hash)),
        Readable.RecordLine);

    public static byte[] Write(AuditRecord record, string slug) => JsonSerializer.SerializeToUtf8Bytes(
        new ForwardedLine(RecordType, record.OrganizationId, slug, record.Sequence, Instant(record.RecordedAt), record.Actor, record.Action,
            record.SubjectKind, record.Subject, record.BeforeState, record.AfterState, record.Reason, record.Origin, Hex(record.PreviousHash), Hex(record.Hash)),
        Readable.ForwardedLine);

    public static byte[] Write(AuditCheckpoint checkpoint, CheckpointKey key) => JsonSerializer.SerializeToUtf8Bytes(
        new CheckpointLine(CheckpointType, checkpoint.OrganizationId, checkpoint.Sequence, Hex(checkpoint.Hash),
            InstantText.Of(checkpoint.SignedAt), key.PublicKey, Convert.ToBase64String(key.Sign(checkpoint)))
        {
            LedgerSequence = checkpoint.LedgerSeal.IsNone ? null : checkpoint.LedgerSequence,
            LedgerSeal = checkpoint.LedgerSeal.IsNone ? null : checkpoint.LedgerSeal.ToString(),
        }, Readable.CheckpointLine);

    /// <summary>Null for a line that is none.</summary>
    public static ManifestLine? ReadManifest(string line) =>
        Read(line, AuditJson.Default.ManifestLine) is { Type: ManifestType } read ? read : null;

    /// <summary>Null for a line that is none.</summary>
    public static AuditRecord? ReadRecord(string line, Guid organizationId)
    {
        if (Read(line, AuditJson.Default.RecordLine) is not { Type: RecordType } read || Instant(read.RecordedAt) is not { } recordedAt) return null;
        if (Bytes(read.PreviousHash) is not { } previous || Bytes(read.Hash) is not { } hash) return null;
        return new AuditRecord
        {
            OrganizationId = organizationId,
            Sequence = read.Sequence,
            RecordedAt = recordedAt,
            Actor = read.Actor,
            Action = read.Action,
            SubjectKind = read.SubjectKind,
            Subject = read.Subject,
            BeforeState = read.Before,
            AfterState = read.After,
            Reason = read.Reason,
            Origin = read.Origin,
            PreviousHash = previous,
            Hash = hash,
        };
    }

    /// <summary>Null for a line that is none.</summary>
    public static (AuditCheckpoint Checkpoint, byte[] Signature)? ReadCheckpoint(string line)
    {
        if (Read(line, AuditJson.Default.CheckpointLine) is not { Type: CheckpointType } read || !InstantText.TryParse(read.SignedAt, out var signedAt)) return null;
        var signature = new byte[64];
        if (Bytes(read.Hash) is not { } hash || !Convert.TryFromBase64String(read.Signature, signature, out var length) || length != signature.Length) return null;
        var checkpoint = new AuditCheckpoint(read.OrganizationId, read.Sequence, hash, signedAt);
        if (read.LedgerSeal is null) return read.LedgerSequence is null ? (checkpoint, signature) : null;
        return read.LedgerSequence is { } sequence && Bytes(read.LedgerSeal) is { Length: Seal.Bytes } seal
            ? (checkpoint with { LedgerSequence = sequence, LedgerSeal = Seal.Read(seal) }, signature) : null;
    }

    public static byte[]? Bytes(string hex)
    {
        try
        {
            return Convert.FromHexString(hex);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Null for what is no time at all: somebody may have changed it.</summary>
    public static string? InstantOf(long micros) => micros is >= 0 and <= LastMicros ? InstantText.Of(micros) : null;

    // The number stands there, so that the export goes on to say so.
    private static string Instant(long micros) => InstantOf(micros) ?? micros.ToString(CultureInfo.InvariantCulture);

    private static long? Instant(string text) => InstantText.TryParse(text, out var micros) ? micros
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out micros) ? micros : null;

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    private static T? Read<T>(string line, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(line, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

// Strict: a field that nothing checks must not stand in a line that is shown as verified.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(ManifestLine))]
[JsonSerializable(typeof(RecordLine))]
[JsonSerializable(typeof(ForwardedLine))]
[JsonSerializable(typeof(CheckpointLine))]
internal sealed partial class AuditJson : JsonSerializerContext;
