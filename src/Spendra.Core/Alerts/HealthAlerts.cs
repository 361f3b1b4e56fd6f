using System.Collections.Immutable;
using System.Globalization;
using Spendra.Core.Money;

namespace Spendra.Core.Alerts;

/// <summary>What concerns the whole organization and not its spend: prices that grow old, work that is behind, costs nobody knows.</summary>
public static class HealthAlerts
{
    public const string CatalogKey = "stale_catalog";
    public const string OutboxKey = "outbox_lag";
    public const string DoubtKey = "in_doubt_settlements";

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

    private static StandingAlert Whole(AlertKind kind, AlertSeverity severity, string key, string subject, string title, ImmutableArray<AlertFact> facts) =>
        new() { Kind = kind, Severity = severity, Key = key, Subject = subject, Title = title, Facts = facts };
}
