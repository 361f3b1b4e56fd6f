using System.Collections.Immutable;
using Spendra.Core.Alerts;

namespace Spendra.Storage.Alerts;

/// <summary>An alert. Times are microseconds since the Unix epoch.</summary>
public sealed record AlertRow
{
    public required Guid AlertId { get; init; }

    public required AlertKind Kind { get; init; }

    public required AlertSeverity Severity { get; init; }

    public required Guid? ScopeId { get; init; }

    /// <summary><c>team/search</c>; null for what concerns the whole organization.</summary>
    public string? Scope { get; init; }

    public required string Subject { get; init; }

    public required string Title { get; init; }

    /// <summary>What was known when it was raised.</summary>
    public required ImmutableArray<AlertFact> Facts { get; init; }

    public required AlertState State { get; init; }

    public required long RaisedAt { get; init; }

    public long? AcknowledgedAt { get; init; }

    public string? AcknowledgedBy { get; init; }

    public long? ResolvedAt { get; init; }

    /// <summary>Null when the condition was gone by itself.</summary>
    public string? ResolvedBy { get; init; }

    /// <summary>When the condition was found gone; null as long as it stands, also of an alert that somebody resolved.</summary>
    public long? ClearedAt { get; init; }

    public required long Version { get; init; }
}

/// <summary>What a channel may be shown by: everything but its secret. What its kind has no use for is null.</summary>
public sealed record ChannelSettings
{
    /// <summary>Of the mail server, or of the address that is secret.</summary>
    public string? Host { get; init; }

    public int? Port { get; init; }

    /// <summary><c>starttls</c>, <c>tls</c> or <c>none</c>.</summary>
    public string? Security { get; init; }

    public string? Username { get; init; }

    public string? From { get; init; }

    public IReadOnlyList<string>? To { get; init; }

    /// <summary>PagerDuty: where events are sent.</summary>
    public string? Address { get; init; }
}

/// <summary>A channel with its sealed secret. Prints without it.</summary>
public sealed record ChannelRow(Guid ChannelId, string Slug, ChannelKind Kind, ChannelSettings Settings, byte[] Secret, bool IsArchived, long Version)
{
    public override string ToString() => $"channel {Slug} [redacted]";
}

/// <summary>Who is told of what.</summary>
/// <param name="RuleId">Its id.</param>
/// <param name="Slug">Its name.</param>
/// <param name="Kinds">Null for every kind.</param>
/// <param name="LeastSeverity">Nothing below it.</param>
/// <param name="ScopeId">Alerts of this scope and what is below; null for all.</param>
/// <param name="ChannelIds">Where to.</param>
/// <param name="IsArchived">Nobody is told.</param>
/// <param name="Version">Grows with every change.</param>
public sealed record AlertRuleRow(
    Guid RuleId, string Slug, ImmutableArray<AlertKind>? Kinds, AlertSeverity LeastSeverity, Guid? ScopeId, ImmutableArray<Guid> ChannelIds, bool IsArchived, long Version)
{
    /// <param name="alert">The alert.</param>
    /// <param name="above">The alert's scope and what contains it.</param>
    public bool Matches(StandingAlert alert, IReadOnlySet<Guid> above) => !IsArchived && alert.Severity >= LeastSeverity
        && (Kinds is not { } kinds || kinds.Contains(alert.Kind)) && (ScopeId is not { } scope || above.Contains(scope));
}

public enum DeliveryState
{
    Pending,
    Delivered,
    /// <summary>Given up after the last attempt, or its channel was archived.</summary>
    Dead,
}

/// <summary>A notice and what became of it.</summary>
public sealed record DeliveryRow
{
    public required Guid DeliveryId { get; init; }

    public required Guid AlertId { get; init; }

    public required Guid ChannelId { get; init; }

    /// <summary>The channel's slug.</summary>
    public required string Channel { get; init; }

    /// <summary>The subscription's slug; null where it follows from an earlier notice.</summary>
    public string? Rule { get; init; }

    public required AlertNotice Notice { get; init; }

    public required DeliveryState State { get; init; }

    public required int Attempts { get; init; }

    public required long CreatedAt { get; init; }

    /// <summary>Null when nothing more will be attempted.</summary>
    public long? NextAttemptAt { get; init; }

    public long? EndedAt { get; init; }

    /// <summary>The status of the last answer, where there was one.</summary>
    public int? LastStatus { get; init; }

    public string? LastError { get; init; }

    public required long Version { get; init; }
}
