using Spendra.Core.Rollups;

namespace Spendra.Storage.Rollups.Reports;

/// <summary>What a report adds up.</summary>
public enum ReportTable
{
    Usage,
    Units,
    Refusals,
}

/// <summary>What a report's rows are of: all together, a part of each series, keys, or scopes of one kind below the one that is asked for.</summary>
public enum ReportGroup
{
    None,
    Provider,
    Account,
    Model,
    Environment,
    Key,
    Branch,
    Team,
    Project,
    Employee,
    Agent,
    Subagent,
}

/// <summary>How often a report adds up anew: every hour, every day (both in UTC), or once for the whole time.</summary>
public enum ReportSpan
{
    Hour = RollupSpan.Hour,
    Day = RollupSpan.Day,
    Whole,
}

/// <summary>Which sums. Times are microseconds since the Unix epoch and begin spans: hours, or days where only days are read.</summary>
/// <param name="Table">Of what.</param>
/// <param name="Group">By what.</param>
/// <param name="Span">By how much time.</param>
/// <param name="From">The first instant.</param>
/// <param name="To">The first instant behind.</param>
/// <param name="Limit">Rows at most.</param>
public sealed record ReportQuery(ReportTable Table, ReportGroup Group, ReportSpan Span, long From, long To, int Limit)
{
    /// <summary>Whose: <c>team/search</c>. Null for the organization, or for the one scope that the member holds.</summary>
    public string? Scope { get; init; }

    /// <summary>Whose: a key's slug, in place of a scope.</summary>
    public string? Key { get; init; }

    public string? Provider { get; init; }

    /// <summary>The provider account's slug.</summary>
    public string? Account { get; init; }

    public string? Model { get; init; }

    public string? Environment { get; init; }

    /// <summary>The last row before the page; null for the first page.</summary>
    public ReportKey? After { get; init; }

    /// <summary>Only parts of what each subject used are asked for.</summary>
    public bool ChoosesSeries => Provider is not null || Account is not null || Model is not null || Environment is not null;

    /// <summary>Which rows are read: whole days where the time is made of them, as they are fewer.</summary>
    public RollupSpan Read => Span switch
    {
        ReportSpan.Hour => RollupSpan.Hour,
        ReportSpan.Day => RollupSpan.Day,
        ReportSpan.Whole => IsDay(From) && IsDay(To) ? RollupSpan.Day : RollupSpan.Hour,
    };

    private static bool IsDay(long at) => RollupSpans.StartOf(RollupSpan.Day, at) == at;
}

/// <summary>Where a row stands in its report.</summary>
/// <param name="Order">The beginning of its span; of the whole time the first of its sums, the largest first.</param>
/// <param name="Group">What it is of.</param>
/// <param name="Detail">The class of unit or the code of refusal; empty otherwise.</param>
public readonly record struct ReportKey(long Order, string Group, string Detail);

/// <summary>One row.</summary>
/// <param name="StartsAt">When its span begins.</param>
/// <param name="Group">What it is of: a name, or empty where there is none.</param>
/// <param name="Detail">As in <see cref="ReportKey"/>.</param>
/// <param name="Sums">In the order of <see cref="ReportSql.UsageSums"/>, or one.</param>
public sealed record ReportRow(long StartsAt, string Group, string Detail, IReadOnlyList<long> Sums);

/// <summary>How current the sums are.</summary>
/// <param name="WaitingSince">When the oldest event was written that is not counted yet; null when all are.</param>
/// <param name="IsRebuilding">The sums are being made anew: some are missing.</param>
/// <param name="HoursFrom">The first instant whose hours are kept: before it there are days only.</param>
public readonly record struct ReportState(long? WaitingSince, bool IsRebuilding, long HoursFrom);

/// <summary>A page of a report.</summary>
/// <param name="Rows">One more than the limit when there are more.</param>
/// <param name="State">How current they are.</param>
public sealed record ReportPage(IReadOnlyList<ReportRow> Rows, ReportState State);
