using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Alerts;
using Spendra.Storage.Governance;

namespace Spendra.Control.Alerts;

/// <summary>
/// Looks at the conditions that need no rollups: caps, thresholds and the pace of budgets, the age of prices, bookings in doubt,
/// schedules that fail.
/// </summary>
internal sealed class ConditionJob(
    Database database, AlertBook book, ConditionReader reader, AlertOptions options, TimeProvider time, ILogger<ConditionJob> logger)
    : LookJob(database, options.LookInterval, time, logger)
{
    private const string Look = "conditions";
    private const long DayMicros = 86_400_000_000;

    // What was reserved in the last seconds of a window is settled, or booked in doubt, this long after its end at most.
    private const long LatestBookingMicros = 20 * 60_000_000L;

    private static readonly ImmutableHashSet<AlertKind> Kinds =
    [
        AlertKind.SoftCap, AlertKind.LimitThreshold, AlertKind.ExhaustionForecast, AlertKind.StaleCatalog, AlertKind.InDoubtSettlements,
        AlertKind.BillFetchFailing, AlertKind.ExportFailing,
    ];

    protected override async Task<AlertComparison?> LookAsync(OrganizationName organization, CancellationToken cancel)
    {
        // Timers are not exact: a look that comes a little early is still the next one.
        if (await book.TakeAsync(organization.OrganizationId, Look, options.LookInterval * 0.9, cancel) is not { } look) return null;
        var known = (await book.ReadStandingAsync(organization.OrganizationId, cancel)).Select(k => k.Key).ToImmutableHashSet(StringComparer.Ordinal);
        var facts = await reader.ReadAsync(organization.OrganizationId, look.TakenAt, look.PreviousAt - LatestBookingMicros, look.TakenAt - DayMicros, cancel);
        return await book.SettleAsync(look, Kinds, Decide(facts, options.CatalogStaleDays, look.TakenAt, known), cancel);
    }

    private static ImmutableArray<StandingAlert> Decide(ConditionFacts facts, int staleDays, long nowMicros, ImmutableHashSet<string> known) =>
    [
        .. facts.Windows.SelectMany(window => WindowAlerts.Of(window, nowMicros, known)),
        .. HealthAlerts.StaleCatalog(facts.PricesLookedAt, staleDays, nowMicros) is { } stale ? [stale] : ImmutableArray<StandingAlert>.Empty,
        .. HealthAlerts.InDoubtSettlements(facts.InDoubt, facts.InDoubtCost) is { } doubt ? [doubt] : ImmutableArray<StandingAlert>.Empty,
        .. facts.FailingFetches.Select(HealthAlerts.BillFetchFailing).OfType<StandingAlert>(),
        .. facts.FailingExports.Select(HealthAlerts.ExportFailing),
    ];
}
