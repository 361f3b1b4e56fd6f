using System.ComponentModel;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Spendra.Core.Audit;
using Spendra.Storage;

namespace Spendra.Control.Audit;

/// <summary>An audit record as callers see it.</summary>
/// <param name="Sequence">Its number: 1, 2, 3, … without a gap.</param>
/// <param name="RecordedAt">When.</param>
/// <param name="Actor">Who.</param>
/// <param name="Action">What was done.</param>
/// <param name="SubjectKind">To what kind of thing.</param>
/// <param name="Subject">To which one.</param>
/// <param name="Before">As it was, without secrets.</param>
/// <param name="After">As it is since, without secrets.</param>
/// <param name="Reason">Why, in the actor's words.</param>
/// <param name="Origin">From where.</param>
/// <param name="PreviousHash">The hash of the record before.</param>
/// <param name="Hash">Covers everything here, and with the hash before all records that came before.</param>
internal sealed record AuditRecordView(
    long Sequence, DateTime RecordedAt, string Actor, string Action, string SubjectKind, string Subject, JsonElement? Before, JsonElement? After,
    string? Reason, string Origin, string PreviousHash, string Hash)
{
    public static AuditRecordView Of(AuditRecord record) => new(
        record.Sequence, Micros.ToInstant(record.RecordedAt).UtcDateTime, record.Actor, record.Action, record.SubjectKind, record.Subject,
        State(record.BeforeState), State(record.AfterState), record.Reason, record.Origin, Convert.ToHexStringLower(record.PreviousHash),
        Convert.ToHexStringLower(record.Hash));

    private static JsonElement? State(string? text)
    {
        if (text is null) return null;
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            // Somebody changed it: shown as it is.
            return JsonSerializer.SerializeToElement(text);
        }
    }
}

/// <summary>What a verification of the chain found.</summary>
/// <param name="IsWhole">Every record agrees with the one before, the end with the organization and with the last checkpoint.</param>
/// <param name="Records">How many records were read and agree with each other.</param>
/// <param name="Contradiction">The first thing that is wrong.</param>
/// <param name="CheckpointSequence">The record that the last signed checkpoint names; null when none was made.</param>
/// <param name="CheckpointSignedAt">When.</param>
internal sealed record AuditVerdictView(bool IsWhole, long Records, string? Contradiction, long? CheckpointSequence, DateTime? CheckpointSignedAt);

/// <summary>The key that checkpoints are signed with.</summary>
/// <param name="Algorithm"><c>Ed25519</c>.</param>
/// <param name="PublicKey">In Base64. Keep it outside: it is what makes checkpoints worth something.</param>
internal sealed record AuditKeyView(string Algorithm, string PublicKey);

/// <summary>Which audit records.</summary>
public sealed class AuditFilter
{
    [FromQuery(Name = "actor"), Description("Only of actors whose name contains this text, in any case.")]
    public string? Actor { get; init; }

    [FromQuery(Name = "action"), Description("Only of this action, such as create or revoke.")]
    public string? Action { get; init; }

    [FromQuery(Name = "subjectKind"), Description("Only about this kind of thing, such as budget or team.")]
    public string? SubjectKind { get; init; }

    [FromQuery(Name = "subject"), Description("Only about the thing of this name.")]
    public string? Subject { get; init; }

    [FromQuery(Name = "from"), Description("Only records from this instant on, such as 2026-11-01T00:00:00Z.")]
    public string? From { get; init; }

    [FromQuery(Name = "to"), Description("Only records before this instant.")]
    public string? To { get; init; }
}

/// <summary>Which part of the chain to export.</summary>
public sealed class ExportQuery
{
    [FromQuery(Name = "from"), Description("The number of the first record; the beginning when absent.")]
    public string? From { get; init; }

    [FromQuery(Name = "to"), Description("The number of the last record; the end when absent.")]
    public string? To { get; init; }
}
