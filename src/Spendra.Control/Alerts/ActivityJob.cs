using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Alerts;
using Spendra.Storage.Governance;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups;

namespace Spendra.Control.Alerts;

/// <summary>
/// Looks at what rollups tell: hours that spend far more than usual, or are refused far more often, and rollups that are behind.
/// Of several workers one looks at an organization at a time. One that cannot be looked at keeps no other waiting.
/// </summary>
internal sealed partial class ActivityJob(Database database, AlertBook book, TimeProvider time, ILogger<ActivityJob> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
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
        var now = Micros.Now(time);
        var (spend, refusals) = await RollupActivity.ReadAsync(database, organization.OrganizationId, now, cancel);
        var lag = await OutboxPositions.ReadLagAsync(database, RollupIntake.Consumer, cancel, organization.OrganizationId);
        var waited = lag.Since is { } since ? Math.Max(0, now - since) : 0;
        // Timers are not exact: a look that comes a little early is still the next one.
        var changes = await book.SettleActivityAsync(organization.OrganizationId, spend, refusals, waited, Interval * 0.9, cancel);
        foreach (var alert in changes?.Raised ?? []) LogRaised(logger, organization.Slug, alert.Title);
        return changes;
    }

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

    [LoggerMessage(Level = LogLevel.Error, Message = "What rollups tell could not be looked at for alerts; it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
