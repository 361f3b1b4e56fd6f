using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Alerts;
using Spendra.Storage.Governance;

namespace Spendra.Control.Alerts;

/// <summary>
/// Looks at the conditions that need no rollups: caps, thresholds and the pace of budgets, the age of prices, bookings in doubt.
/// Of several workers one looks at an organization at a time. One that cannot be looked at keeps no other waiting.
/// </summary>
internal sealed partial class ConditionJob(
    Database database, AlertBook book, ConditionReader reader, AlertOptions options, TimeProvider time, ILogger<ConditionJob> logger) : BackgroundService
{
    private const string Look = "conditions";
    private const long DayMicros = 86_400_000_000;

    private static readonly ImmutableHashSet<AlertKind> Kinds =
        [AlertKind.SoftCap, AlertKind.LimitThreshold, AlertKind.ExhaustionForecast, AlertKind.StaleCatalog, AlertKind.InDoubtSettlements];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.LookInterval, time);
        try
        {
            do await LookAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    /// <summary>One look at every organization whose last look is long enough ago.</summary>
    internal async Task LookAsync(CancellationToken cancel)
    {
        foreach (var organization in await SafelyAsync(() => new GovernanceReader(database).ListOrganizationsAsync(cancel), cancel) ?? [])
            await SafelyAsync(() => LookAsync(organization, cancel), cancel);
    }

    private async Task<AlertComparison?> LookAsync(OrganizationName organization, CancellationToken cancel)
    {
        // Timers are not exact: a look that comes a little early is still the next one.
        if (await book.TakeAsync(organization.OrganizationId, Look, options.LookInterval * 0.9, cancel) is not { } look) return null;
        var known = (await book.ReadStandingAsync(organization.OrganizationId, cancel)).Select(k => k.Key).ToImmutableHashSet(StringComparer.Ordinal);
        var facts = await reader.ReadAsync(organization.OrganizationId, look.TakenAt, look.TakenAt - DayMicros, cancel);
        var changes = await book.SettleAsync(look, Kinds, Decide(facts, options.CatalogStaleDays, look.TakenAt, known), cancel);
        foreach (var alert in changes.Raised) LogRaised(logger, organization.Slug, alert.Title);
        return changes;
    }

    private static ImmutableArray<StandingAlert> Decide(ConditionFacts facts, int staleDays, long nowMicros, ImmutableHashSet<string> known) =>
    [
        .. facts.Windows.SelectMany(window => WindowAlerts.Of(window, nowMicros, known)),
        .. HealthAlerts.StaleCatalog(facts.PricesLookedAt, staleDays, nowMicros) is { } stale ? [stale] : ImmutableArray<StandingAlert>.Empty,
        .. HealthAlerts.InDoubtSettlements(facts.InDoubt, facts.InDoubtCost) is { } doubt ? [doubt] : ImmutableArray<StandingAlert>.Empty,
    ];

    private async Task<T?> SafelyAsync<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(logger, e);
            return default;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Alert of {Organization}: {Title}")]
    private static partial void LogRaised(ILogger logger, string organization, string title);

    [LoggerMessage(Level = LogLevel.Error, Message = "Conditions for alerts could not be looked at; it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
