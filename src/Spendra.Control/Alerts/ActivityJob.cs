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
    private readonly TimeProvider _time = time;

    protected override async Task<AlertComparison?> LookAsync(OrganizationName organization, CancellationToken cancel)
    {
        var now = Micros.Now(_time);
        var (spend, refusals) = await RollupActivity.ReadAsync(_database, organization.OrganizationId, now, cancel);
        var lag = await OutboxPositions.ReadLagAsync(_database, RollupIntake.Consumer, cancel, organization.OrganizationId);
        var waited = lag.Since is { } since ? Math.Max(0, now - since) : 0;
        // Timers are not exact: a look that comes a little early is still the next one.
        return await book.SettleActivityAsync(organization.OrganizationId, spend, refusals, waited, Interval * 0.9, cancel);
    }
}
