using System.Collections.Immutable;
using System.Globalization;
using Spendra.Core.Money;

namespace Spendra.Core.Alerts;

/// <summary>Hour by hour, what a scope spent or how often it was refused. Hours without anything are there as zero.</summary>
/// <param name="ScopeId">Whose; null for the whole organization.</param>
/// <param name="Subject">Its name, such as <c>team/search</c>.</param>
/// <param name="Past">The hours that are usual: a week of them is best, since it knows nights and weekends.</param>
/// <param name="Hour">The hour to judge. One that is running may be judged: both numbers only grow.</param>
/// <param name="HourStartsAt">When it began, in microseconds since the Unix epoch.</param>
public sealed record HourlyActivity(Guid? ScopeId, string Subject, ImmutableArray<long> Past, long Hour, long HourStartsAt);

/// <summary>What hours have to say that are far above the usual. Fed from rollups.</summary>
public static class ActivityAlerts
{
    // Ten times nothing is nothing to be woken for.
    private static readonly NanoUsd LeastBurn = NanoUsd.FromUsd(1);
    private const long LeastRefusals = 20;

    /// <param name="spend">Settled nano-USD per hour.</param>
    /// <param name="known">Keys of the alerts that stand.</param>
    public static StandingAlert? BurnRate(HourlyActivity spend, ImmutableHashSet<string> known)
    {
        var key = $"burn_rate:{spend.ScopeId}";
        if (Anomaly.Of(spend.Past, LeastBurn.Value) is not { } level || !level.IsPassedBy(spend.Hour, known.Contains(key))) return null;
        return Standing(AlertKind.BurnRate, key, spend, $"{spend.Subject} spends far more in an hour than usual",
            [new("hourUsd", new NanoUsd(spend.Hour).ToString()), new("usualUsd", new NanoUsd(level.Median).ToString()), new("ceilingUsd", new NanoUsd(level.Ceiling).ToString())]);
    }

    /// <param name="refusals">Refused requests per hour.</param>
    /// <param name="known">Keys of the alerts that stand.</param>
    public static StandingAlert? UnusualRefusals(HourlyActivity refusals, ImmutableHashSet<string> known)
    {
        var key = $"unusual_refusals:{refusals.ScopeId}";
        if (Anomaly.Of(refusals.Past, LeastRefusals) is not { } level || !level.IsPassedBy(refusals.Hour, known.Contains(key))) return null;
        return Standing(AlertKind.UnusualRefusals, key, refusals, $"Far more requests of {refusals.Subject} are refused than usual",
            [new("refusals", Text(refusals.Hour)), new("usual", Text(level.Median)), new("ceiling", Text(level.Ceiling))]);
    }

    private static StandingAlert Standing(AlertKind kind, string key, HourlyActivity activity, string title, ImmutableArray<AlertFact> facts) => new()
    {
        Kind = kind, Severity = AlertSeverity.Warning, Key = key, ScopeId = activity.ScopeId, Subject = activity.Subject, Title = title, Facts = facts,
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
