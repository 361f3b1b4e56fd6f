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
/// </summary>
internal sealed class ActivityJob(Database database, AlertBook book, TimeProvider time, ILogger<ActivityJob> logger)
    : LookJob(database, Interval, time, logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Database _database = database;

    protected override async Task<AlertComparison?> LookAsync(OrganizationName organization, CancellationToken cancel)
    {
        // Timers are not exact: a look that comes a little early is still the next one. Who does not look reads nothing.
        if (await book.TakeActivityAsync(organization.OrganizationId, Interval * 0.9, cancel) is not { } look) return null;
        var (spend, refusals) = await RollupActivity.ReadAsync(_database, organization.OrganizationId, look.TakenAt, cancel);
        var lag = await OutboxPositions.ReadLagAsync(_database, RollupIntake.Consumer, cancel, organization.OrganizationId);
        var waited = lag.Since is { } since ? Math.Max(0, look.TakenAt - since) : 0;
        return await book.SettleActivityAsync(look, spend, refusals, waited, cancel);
    }
}
