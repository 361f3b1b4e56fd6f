using System.Collections.Immutable;

namespace Spendra.Core.Alerts;

/// <summary>One thing that is known about an alert: <c>limitUsd</c>, <c>"250"</c>. Amounts are exact decimal text in USD.</summary>
public sealed record AlertFact(string Name, string Value);

/// <summary>A condition that holds at the moment it was looked at.</summary>
public sealed record StandingAlert
{
    public required AlertKind Kind { get; init; }

    public required AlertSeverity Severity { get; init; }

    /// <summary>The same for the same condition, whoever looks and however often: at most one alert of a key is standing.</summary>
    public required string Key { get; init; }

    /// <summary>Whose it is; null for what concerns the whole organization.</summary>
    public Guid? ScopeId { get; init; }

    /// <summary>What it is about, by its name: a budget's slug.</summary>
    public required string Subject { get; init; }

    /// <summary>One sentence without a full stop.</summary>
    public required string Title { get; init; }

    public ImmutableArray<AlertFact> Facts { get; init; } = [];

    /// <summary>
    /// True for what another alert says already: an alert that stands goes on standing, and none is raised. Otherwise a budget
    /// that jumps over three thresholds at once would be announced three times.
    /// </summary>
    public bool OpensNothing { get; init; }
}

/// <summary>What those who are told of an alert hear. It is written once, so that a repeated attempt says the same.</summary>
/// <param name="AlertId">Which alert: the same for all that is told of it.</param>
/// <param name="Transition">What happened to it.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Organization">The organization's slug.</param>
/// <param name="Scope">Whose it is: <c>team/search</c>; null for the whole organization.</param>
/// <param name="Subject">What it is about, by its name.</param>
/// <param name="Title">One sentence.</param>
/// <param name="Facts">What is known.</param>
/// <param name="RaisedAt">When it was raised; microseconds since the Unix epoch.</param>
/// <param name="At">When this happened.</param>
/// <param name="By">Who acknowledged or resolved it; null when the condition is gone.</param>
public sealed record AlertNotice(
    Guid AlertId, AlertTransition Transition, AlertKind Kind, AlertSeverity Severity, string Organization, string? Scope, string Subject, string Title,
    ImmutableArray<AlertFact> Facts, long RaisedAt, long At, string? By);
