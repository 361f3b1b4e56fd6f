using System.Collections.Immutable;
using System.Globalization;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Core.Alerts;

/// <summary>A budget in a window that is running or ended lately, with the policies that watch it.</summary>
/// <param name="Window">The window.</param>
/// <param name="Limit">What may be spent in it.</param>
/// <param name="Settled">What was spent. What is only held may come back, and raises nothing.</param>
/// <param name="Policies">Soft caps and alerts on the budget; other kinds are ignored.</param>
public sealed record WatchedWindow(BudgetWindow Window, NanoUsd Limit, NanoUsd Settled, ImmutableArray<Policy> Policies);

/// <summary>What soft caps, thresholds and the pace of a budget have to say about its window.</summary>
public static class WindowAlerts
{
    private const long DayMicros = 86_400_000_000;

    // A straight line through the first hours of a month says nothing about its end.
    private const int LeastElapsedTenths = 1;

    // A forecast that is hovering around the limit would be raised and cleared all day.
    private const int HoldPercent = 95;

    // Of a window that never ends it can only be said that its money is about to be gone.
    private const long HorizonMicros = 7 * DayMicros;
    private const long HoldHorizonMicros = 8 * DayMicros;

    /// <param name="watched">The window.</param>
    /// <param name="nowMicros">In the window, or after it: then nothing is forecast.</param>
    /// <param name="known">Keys of the alerts that stand: a forecast goes on standing a little longer than it takes to raise one.</param>
    public static ImmutableArray<StandingAlert> Of(WatchedWindow watched, long nowMicros, ImmutableHashSet<string> known)
    {
        var standing = ImmutableArray.CreateBuilder<StandingAlert>();
        foreach (var policy in watched.Policies)
        {
            if (policy.Kind == PolicyKind.SoftCap && watched.Settled > watched.Limit) standing.Add(SoftCap(watched, policy));
            if (policy.Kind == PolicyKind.Alert) standing.AddRange(Thresholds(watched, policy));
        }
        if (nowMicros < watched.Window.Span.EndsAt && Forecast(watched, nowMicros, known) is { } forecast) standing.Add(forecast);
        return standing.ToImmutable();
    }

    private static StandingAlert SoftCap(WatchedWindow watched, Policy policy) => new()
    {
        Kind = AlertKind.SoftCap,
        Severity = AlertSeverity.Warning,
        Key = $"soft_cap:{policy.PolicyId}:{watched.Window.WindowId}",
        ScopeId = watched.Window.Budget.ScopeId,
        Subject = watched.Window.Budget.Slug,
        Title = $"Budget {watched.Window.Budget.Slug} has spent more than its soft cap {policy.Slug} lets it",
        Facts = [new("policy", policy.Slug), .. Money(watched)],
    };

    /// <summary>Every threshold that is reached stands; only the highest is announced.</summary>
    private static IEnumerable<StandingAlert> Thresholds(WatchedWindow watched, Policy policy)
    {
        var reached = policy.ThresholdPercents.Where(percent => IsReached(watched, percent)).Distinct().ToList();
        foreach (var percent in reached)
        {
            yield return new StandingAlert
            {
                Kind = AlertKind.LimitThreshold,
                Severity = percent >= 100 ? AlertSeverity.Critical : percent >= 80 ? AlertSeverity.Warning : AlertSeverity.Info,
                Key = string.Create(CultureInfo.InvariantCulture, $"limit_threshold:{policy.PolicyId}:{watched.Window.WindowId}:{percent}"),
                ScopeId = watched.Window.Budget.ScopeId,
                Subject = watched.Window.Budget.Slug,
                Title = string.Create(CultureInfo.InvariantCulture, $"Budget {watched.Window.Budget.Slug} has spent {percent} % of its limit"),
                Facts = [new("policy", policy.Slug), new("percent", percent.ToString(CultureInfo.InvariantCulture)), .. Money(watched)],
                OpensNothing = percent < reached.Max(),
            };
        }
    }

    private static bool IsReached(WatchedWindow watched, int percent) =>
        watched.Settled > NanoUsd.Zero && (Int128)watched.Settled.Value * 100 >= (Int128)watched.Limit.Value * percent;

    private static StandingAlert? Forecast(WatchedWindow watched, long nowMicros, ImmutableHashSet<string> known)
    {
        var (window, span) = (watched.Window, watched.Window.Span);
        var key = $"exhaustion_forecast:{window.WindowId}";
        var from = Math.Max(span.StartsAt, window.Budget.CreatedAt);
        if (BudgetPace.Of(span, window.Budget.CreatedAt, watched.Limit, watched.Settled, NanoUsd.Zero, nowMicros) is not { } pace) return null;
        if (watched.Settled <= NanoUsd.Zero || !HasElapsed(span, from, nowMicros)) return null;
        // Nothing is left to forecast: thresholds and caps say the rest.
        var isGone = watched.Settled >= watched.Limit;
        if (!isGone && !WillBeGone(span, pace, watched.Limit, nowMicros, isHeld: known.Contains(key))) return null;
        return new StandingAlert
        {
            Kind = AlertKind.ExhaustionForecast,
            Severity = AlertSeverity.Warning,
            Key = key,
            ScopeId = window.Budget.ScopeId,
            Subject = window.Budget.Slug,
            Title = $"Budget {window.Budget.Slug} will be spent before its window ends",
            Facts = [.. Money(watched), new("perDayUsd", pace.PerDay.ToString()), .. pace.AtEnd is { } atEnd ? [new AlertFact("atEndUsd", atEnd.ToString())] : (AlertFact[])[]],
            OpensNothing = isGone,
        };
    }

    private static bool HasElapsed(WindowSpan span, long from, long nowMicros) => span.EndsAt == WindowSpan.Never
        ? nowMicros - from >= HorizonMicros
        : (Int128)(nowMicros - from) * 10 >= (Int128)(span.EndsAt - from) * LeastElapsedTenths;

    private static bool WillBeGone(WindowSpan span, BudgetPace pace, NanoUsd limit, long nowMicros, bool isHeld)
    {
        if (span.EndsAt == WindowSpan.Never) return pace.ExhaustedAt is { } at && at - nowMicros <= (isHeld ? HoldHorizonMicros : HorizonMicros);
        // More than any amount is more than the limit.
        if (pace.AtEnd is not { } atEnd) return true;
        return isHeld ? (Int128)atEnd.Value * 100 >= (Int128)limit.Value * HoldPercent : atEnd > limit;
    }

    private static AlertFact[] Money(WatchedWindow watched) =>
        [new("budget", watched.Window.Budget.Slug), new("settledUsd", watched.Settled.ToString()), new("limitUsd", watched.Limit.ToString())];
}
