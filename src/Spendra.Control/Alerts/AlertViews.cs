using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Spendra.Control.Shell;
using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Alerts;

namespace Spendra.Control.Alerts;

/// <summary>An alert.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Severity"><c>info</c>, <c>warning</c> or <c>critical</c>.</param>
/// <param name="State"><c>open</c>, <c>acknowledged</c> or <c>resolved</c>.</param>
/// <param name="Scope">Whose it is; absent for what concerns the whole organization.</param>
/// <param name="Subject">What it is about, by its name: a budget's slug.</param>
/// <param name="Title">One sentence.</param>
/// <param name="Facts">What was known when it was raised.</param>
/// <param name="RaisedAt">When.</param>
/// <param name="AcknowledgedAt">When somebody said that they take care.</param>
/// <param name="AcknowledgedBy">Who.</param>
/// <param name="ResolvedAt">When it was over.</param>
/// <param name="ResolvedBy">Who said so; absent when the condition was gone by itself.</param>
/// <param name="IsStanding">Whether the condition held at the last look: it does of an alert that somebody resolved before.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record AlertView(
    Guid Id, string Kind, string Severity, string State, string? Scope, string Subject, string Title, IReadOnlyDictionary<string, string> Facts, DateTime RaisedAt,
    DateTime? AcknowledgedAt, string? AcknowledgedBy, DateTime? ResolvedAt, string? ResolvedBy, bool IsStanding, long Version)
{
    public static AlertView Of(AlertRow row) => new(
        row.AlertId, AlertNames.Of(row.Kind), AlertNames.Of(row.Severity), AlertNames.Of(row.State), row.Scope, row.Subject, row.Title,
        row.Facts.ToDictionary(f => f.Name, f => f.Value), Utc(row.RaisedAt), row.AcknowledgedAt is { } acknowledged ? Utc(acknowledged) : null, row.AcknowledgedBy,
        row.ResolvedAt is { } resolved ? Utc(resolved) : null, row.ResolvedBy, row.ClearedAt is null, row.Version);

    private static DateTime Utc(long micros) => Micros.ToInstant(micros).UtcDateTime;
}

/// <summary>Which alerts.</summary>
public sealed class AlertFilter
{
    [FromQuery(Name = "state"), Description("Only alerts in this state."), AllowedTexts("open", "acknowledged", "resolved")]
    public string? State { get; init; }

    [FromQuery(Name = "kind"), Description("Only alerts of this kind.")]
    [AllowedTexts("soft_cap", "limit_threshold", "exhaustion_forecast", "burn_rate", "unusual_refusals", "stale_catalog", "outbox_lag", "in_doubt_settlements",
        "bill_fetch_failing", "export_failing")]
    public string? Kind { get; init; }

    [FromQuery(Name = "severity"), Description("Only alerts of this severity."), AllowedTexts("info", "warning", "critical")]
    public string? Severity { get; init; }
}

/// <summary>What became of a notice.</summary>
/// <param name="Id">The same for every attempt; receivers know a repetition by it.</param>
/// <param name="Alert">Of which alert.</param>
/// <param name="Transition">What is told: <c>raised</c>, <c>acknowledged</c> or <c>resolved</c>.</param>
/// <param name="Title">Of the alert.</param>
/// <param name="Channel">Where to.</param>
/// <param name="Rule">The subscription that it is sent for; absent where it follows from an earlier notice.</param>
/// <param name="State"><c>pending</c>, <c>delivered</c> or <c>dead</c>.</param>
/// <param name="Attempts">How many were made.</param>
/// <param name="CreatedAt">When it was written.</param>
/// <param name="NextAttemptAt">When it is tried next; absent when it is not.</param>
/// <param name="EndedAt">When it was delivered or given up.</param>
/// <param name="LastStatus">The status of the last answer, where there was one.</param>
/// <param name="LastError">What was wrong at the last attempt.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record DeliveryView(
    Guid Id, Guid Alert, string Transition, string Title, string Channel, string? Rule, string State, int Attempts, DateTime CreatedAt, DateTime? NextAttemptAt,
    DateTime? EndedAt, int? LastStatus, string? LastError, long Version)
{
    public static DeliveryView Of(DeliveryRow row) => new(
        row.DeliveryId, row.AlertId, AlertNames.Of(row.Notice.Transition), row.Notice.Title, row.Channel, row.Rule, row.State.ToString().ToLowerInvariant(),
        row.Attempts, Micros.ToInstant(row.CreatedAt).UtcDateTime, row.NextAttemptAt is { } next ? Micros.ToInstant(next).UtcDateTime : null,
        row.EndedAt is { } ended ? Micros.ToInstant(ended).UtcDateTime : null, row.LastStatus, row.LastError, row.Version);
}

/// <summary>Which notices.</summary>
public sealed class DeliveryFilter
{
    [FromQuery(Name = "state"), Description("Only notices in this state."), AllowedTexts("pending", "delivered", "dead")]
    public string? State { get; init; }

    [FromQuery(Name = "channel"), Description("Only notices through the channel of this slug.")]
    public string? Channel { get; init; }

    [FromQuery(Name = "alert"), Description("Only notices of the alert of this id.")]
    public Guid? Alert { get; init; }
}
