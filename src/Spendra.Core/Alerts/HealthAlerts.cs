using System.Collections.Immutable;
using System.Globalization;
using Spendra.Core.Money;

namespace Spendra.Core.Alerts;

/// <summary>A schedule whose last attempt failed.</summary>
/// <param name="ScheduleId">Which.</param>
/// <param name="Subject">What it is about, by its name.</param>
/// <param name="Attempts">Attempts that have failed, one after the other.</param>
/// <param name="Failure">What went wrong the last time, in one sentence without anything confidential.</param>
public sealed record FailingSchedule(Guid ScheduleId, string Subject, int Attempts, string Failure);

/// <summary>What concerns the whole organization and not its spend: prices that grow old, work that is behind or fails, costs nobody knows.</summary>
public static class HealthAlerts
{
    public const string CatalogKey = "stale_catalog";
    public const string OutboxKey = "outbox_lag";
    public const string DoubtKey = "in_doubt_settlements";

    /// <summary>A provider that is away for some minutes is nothing to tell anybody.</summary>
    public const int FailingAttempts = 3;

    private const long SecondMicros = 1_000_000;
    private const long DayMicros = 86_400 * SecondMicros;
    private const long LagMicros = 60 * SecondMicros;
    private const long HoldLagMicros = 30 * SecondMicros;

    /// <param name="lookedAt">When prices were last looked for with success, or recorded; null when there are none yet.</param>
    /// <param name="staleDays">From how many days on they are stale; 0 for never.</param>
    /// <param name="nowMicros">Now.</param>
    public static StandingAlert? StaleCatalog(long? lookedAt, int staleDays, long nowMicros)
    {
        if (staleDays == 0 || lookedAt is not { } at || nowMicros - at < staleDays * DayMicros) return null;
        var days = ((nowMicros - at) / DayMicros).ToString(CultureInfo.InvariantCulture);
        return Whole(AlertKind.StaleCatalog, AlertSeverity.Warning, CatalogKey, "prices", $"Nobody has looked for new prices in {days} days", [new("days", days)]);
    }

    /// <param name="lagMicros">How old the oldest announcement is that the worker has not dealt with; zero for none.</param>
    /// <param name="known">Keys of the alerts that stand.</param>
    public static StandingAlert? OutboxLag(long lagMicros, ImmutableHashSet<string> known)
    {
        if (lagMicros < (known.Contains(OutboxKey) ? HoldLagMicros : LagMicros)) return null;
        var seconds = (lagMicros / SecondMicros).ToString(CultureInfo.InvariantCulture);
        return Whole(AlertKind.OutboxLag, AlertSeverity.Critical, OutboxKey, "outbox", $"Rollups and alerts are {seconds} seconds behind the ledger", [new("seconds", seconds)]);
    }

    /// <param name="count">Reservations that were lately booked at their bound and not corrected since.</param>
    /// <param name="cost">What they were booked at, together.</param>
    public static StandingAlert? InDoubtSettlements(long count, NanoUsd cost)
    {
        if (count == 0) return null;
        var text = count.ToString(CultureInfo.InvariantCulture);
        return Whole(AlertKind.InDoubtSettlements, AlertSeverity.Warning, DoubtKey, "ledger",
            $"{text} {(count == 1 ? "request was" : "requests were")} booked at the bound, since nobody knows the cost", [new("requests", text), new("bookedUsd", cost.ToString())]);
    }

    /// <param name="schedule">A schedule of bills whose last attempt failed.</param>
    public static StandingAlert? BillFetchFailing(FailingSchedule schedule) => schedule.Attempts < FailingAttempts ? null
        : Whole(AlertKind.BillFetchFailing, AlertSeverity.Warning, $"bill_fetch_failing:{schedule.ScheduleId}", schedule.Subject,
            $"The bill of {schedule.Subject} cannot be fetched", Facts(schedule));

    /// <param name="schedule">A schedule of exports whose last export failed for good.</param>
    public static StandingAlert ExportFailing(FailingSchedule schedule) =>
        Whole(AlertKind.ExportFailing, AlertSeverity.Warning, $"export_failing:{schedule.ScheduleId}", schedule.Subject,
            $"A scheduled export of {schedule.Subject} failed and is not tried again", Facts(schedule));

    private static ImmutableArray<AlertFact> Facts(FailingSchedule schedule) =>
        [new("schedule", schedule.ScheduleId.ToString()), new("attempts", schedule.Attempts.ToString(CultureInfo.InvariantCulture)), new("failure", schedule.Failure)];

    private static StandingAlert Whole(AlertKind kind, AlertSeverity severity, string key, string subject, string title, ImmutableArray<AlertFact> facts) =>
        new() { Kind = kind, Severity = severity, Key = key, Subject = subject, Title = title, Facts = facts };
}
