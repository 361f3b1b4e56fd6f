using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Spendra.Control.Ledger;
using Spendra.Control.Shell;
using Spendra.Core.Rollups;
using Spendra.Storage.Rollups.Reports;

namespace Spendra.Control.Reports;

/// <summary>Which sums. Bind with <c>[AsParameters]</c>.</summary>
public sealed class ReportFilter
{
    internal const int MostHours = 31 * 24;
    internal const int MostDays = 731;

    private const int DefaultDays = 30;
    private const int DefaultHours = 24;

    [FromQuery(Name = "from"), Description("The first instant: a full hour, or with span 'day' midnight in UTC. Thirty days before 'to' when absent, or a day with span 'hour'.")]
    public string? From { get; init; }

    [FromQuery(Name = "to"), Description("The first instant behind. When absent, the end of the hour or day that is running.")]
    public string? To { get; init; }

    [FromQuery(Name = "span"), Description("A row for each hour, for each day (both in UTC), or for the whole time; by days when absent."), AllowedTexts("hour", "day", "whole")]
    public string? Span { get; init; }

    [FromQuery(Name = "by"), Description("What rows are of; all together when absent. Keys and scopes are those below the scope that is asked for.")]
    [AllowedTexts("none", "provider", "account", "model", "environment", "key", "branch", "team", "project", "employee", "agent", "subagent")]
    public string? By { get; init; }

    [FromQuery(Name = "scope"), Description("Whose, such as team/search. When absent the organization, or the one scope that your role holds.")]
    public string? Scope { get; init; }

    [FromQuery(Name = "key"), Description("Whose: the slug of a key, in place of a scope.")]
    public string? Key { get; init; }

    [FromQuery(Name = "provider"), Description("Only of this provider.")]
    public string? Provider { get; init; }

    [FromQuery(Name = "account"), Description("Only of the provider account of this slug.")]
    public string? Account { get; init; }

    [FromQuery(Name = "model"), Description("Only of this model, by its exact id.")]
    public string? Model { get; init; }

    [FromQuery(Name = "environment"), Description("Only of keys with this label.")]
    public string? Environment { get; init; }

    /// <summary>Reads the query, or says what is wrong with it.</summary>
    internal Outcome<ReportQuery> Read(ReportTable table, int limit, ReportKey? after, long nowMicros)
    {
        if (Scope is not null && Key is not null) return Problem.Field("key", "stands in place of 'scope': name one of them");
        var span = SpanOf(Span);
        var step = RollupSpans.LengthOf(span == ReportSpan.Day ? RollupSpan.Day : RollupSpan.Hour);
        var (to, wrongTo) = Boundary("to", To, step, nowMicros - nowMicros % step + step);
        if (wrongTo is not null) return wrongTo;
        var days = RollupSpans.LengthOf(RollupSpan.Day) * DefaultDays;
        var (from, wrongFrom) = Boundary("from", From, step, Math.Max(0, to - (span == ReportSpan.Hour ? step * DefaultHours : days)));
        if (wrongFrom is not null) return wrongFrom;
        if (from >= to) return Problem.Field("from", "is not before 'to'");
        var query = new ReportQuery(table, GroupOf(By), span, from, to, limit)
        {
            Scope = Scope, Key = Key, Provider = Provider, Account = Account, Model = Model, Environment = Environment, After = after,
        };
        var (most, unit) = query.Read == RollupSpan.Day ? (MostDays, "days") : (MostHours, "hours");
        return (to - from) / RollupSpans.LengthOf(query.Read) <= most ? Outcome<ReportQuery>.Done(query)
            : Problem.Field("from", $"is more than {most} {unit} before 'to': ask for less, or for whole days");
    }

    internal static ReportSpan SpanOf(string? word) => word switch { "hour" => ReportSpan.Hour, "whole" => ReportSpan.Whole, _ => ReportSpan.Day };

    private static ReportGroup GroupOf(string? word) => word is null ? ReportGroup.None : Enum.Parse<ReportGroup>(word, ignoreCase: true);

    private static (long Micros, Problem? Problem) Boundary(string name, string? text, long step, long otherwise)
    {
        var (micros, problem) = LedgerWords.Instant(name, text);
        if (problem is not null) return (0, problem);
        if (micros is not { } at) return (otherwise, null);
        return at >= 0 && at % step == 0 ? (at, null) : (0, Problem.Field(name, step == RollupSpans.LengthOf(RollupSpan.Day)
            ? "is not midnight in UTC, such as 2026-11-01T00:00:00Z" : "is not a full hour, such as 2026-11-01T09:00:00Z"));
    }
}

/// <summary>Which latencies: of the whole time, by what all requests have. Bind with <c>[AsParameters]</c>.</summary>
public sealed class LatencyFilter
{
    [FromQuery(Name = "from"), Description("The first instant, a full hour. Thirty days before 'to' when absent.")]
    public string? From { get; init; }

    [FromQuery(Name = "to"), Description("The first instant behind. When absent, the end of the hour that is running.")]
    public string? To { get; init; }

    [FromQuery(Name = "by"), Description("What rows are of; all together when absent."), AllowedTexts("none", "provider", "account", "model", "environment")]
    public string? By { get; init; }

    [FromQuery(Name = "provider"), Description("Only of this provider.")]
    public string? Provider { get; init; }

    [FromQuery(Name = "account"), Description("Only of the provider account of this slug.")]
    public string? Account { get; init; }

    [FromQuery(Name = "model"), Description("Only of this model, by its exact id.")]
    public string? Model { get; init; }

    [FromQuery(Name = "environment"), Description("Only of keys with this label.")]
    public string? Environment { get; init; }

    internal ReportFilter ToReport() => new()
    {
        From = From, To = To, Span = "whole", By = By, Provider = Provider, Account = Account, Model = Model, Environment = Environment,
    };
}
