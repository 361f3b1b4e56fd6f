using System.Collections.Immutable;
using Dapper;
using Spendra.Core.Alerts;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Alerts;

/// <summary>What conditions are judged by, as of one moment.</summary>
/// <param name="Windows">Budgets in force in the windows that are running, and in those that ended lately.</param>
/// <param name="PricesLookedAt">When prices were last looked for with success, or recorded; null when there are none.</param>
/// <param name="InDoubt">Reservations that were lately booked at their bound and not corrected since.</param>
/// <param name="InDoubtCost">What they were booked at.</param>
/// <param name="FailingFetches">Schedules of bills whose last attempt failed.</param>
/// <param name="FailingExports">Schedules of exports whose last export failed for good.</param>
public sealed record ConditionFacts(
    ImmutableArray<WatchedWindow> Windows, long? PricesLookedAt, long InDoubt, NanoUsd InDoubtCost, ImmutableArray<FailingSchedule> FailingFetches,
    ImmutableArray<FailingSchedule> FailingExports);

/// <summary>Reads what alerts are raised for that needs no rollups.</summary>
public sealed class ConditionReader(Database database)
{
    private const string Windows = """
        SELECT window_id, budget_id, starts_at, ends_at, limit_nanos, reserved_nanos, settled_nanos FROM windows
        WHERE organization_id = @organizationId AND starts_at <= @now AND ends_at > @endedSince
        """;

    private const string PricesLookedAt = """
        SELECT max(at) FROM (
            SELECT max(ended_at) AS at FROM price_sync_runs WHERE organization_id = @organizationId AND outcome <> 'failed'
            UNION ALL
            SELECT max(recorded_at) AS at FROM prices WHERE organization_id = @organizationId) looks
        """;

    // Event 0 of an expired reservation is what it was booked at; a later event is what was found out.
    private const string InDoubt = """
        SELECT count(*) AS requests, CAST(coalesce(sum(e.cost_nanos), 0) AS bigint) AS cost FROM spend_events e
        WHERE e.organization_id = @organizationId AND e.kind = 1 AND e.occurred_at >= @doubtSince AND NOT EXISTS (
            SELECT 1 FROM spend_events l WHERE l.organization_id = e.organization_id AND l.reservation_id = e.reservation_id AND l.event_number > 0)
        """;

    private const string FailingFetches = """
        SELECT s.schedule_id, a.slug AS subject, s.attempts, s.failure FROM bill_schedules s
        LEFT JOIN provider_accounts a ON a.organization_id = s.organization_id AND a.account_id = s.account_id
        WHERE s.organization_id = @organizationId AND s.next_at IS NOT NULL AND s.failure IS NOT NULL
        """;

    // One that waits says nothing yet: the one before it stands until then.
    private const string FailingExports = """
        SELECT s.schedule_id, s.dataset AS subject, r.attempts, r.failure FROM export_schedules s
        JOIN export_runs r ON r.organization_id = s.organization_id AND r.schedule_id = s.schedule_id AND r.due_at = (
            SELECT max(l.due_at) FROM export_runs l
            WHERE l.organization_id = s.organization_id AND l.schedule_id = s.schedule_id AND l.ended_at IS NOT NULL)
        WHERE s.organization_id = @organizationId AND s.next_at IS NOT NULL AND r.state = 'failed'
        """;

    /// <param name="organizationId">Whose.</param>
    /// <param name="nowMicros">Now.</param>
    /// <param name="endedSinceMicros">Windows that ended after this are of interest still.</param>
    /// <param name="doubtSinceMicros">From when on bookings in doubt are of interest.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<ConditionFacts> ReadAsync(Guid organizationId, long nowMicros, long endedSinceMicros, long doubtSinceMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var parameters = new { organizationId, now = nowMicros, since = -1L, endedSince = Math.Min(endedSinceMicros, nowMicros), doubtSince = doubtSinceMicros };
        var budgets = (await connection.QueryAsync<StoredBudget>(Command(GovernanceQueries.ChangedBudgets))).Select(b => b.ToBudget()).ToDictionary(b => b.BudgetId);
        var policies = (await connection.QueryAsync<StoredPolicy>(Command(GovernanceQueries.ChangedPolicies)))
            .Select(p => p.ToPolicy()).Where(p => p.Kind is PolicyKind.SoftCap or PolicyKind.Alert).ToLookup(p => p.BudgetId);
        var windows = (await connection.QueryAsync<StoredWindowRow>(Command(Windows))).Select(w => w.ToRow(organizationId));
        var lookedAt = await connection.ExecuteScalarAsync<long?>(Command(PricesLookedAt));
        var doubt = await connection.QuerySingleAsync<StoredDoubt>(Command(InDoubt));
        return new ConditionFacts([.. windows.Select(w => Watch(w, budgets, policies, nowMicros)).OfType<WatchedWindow>()],
            lookedAt, doubt.Requests, new NanoUsd(doubt.Cost), await FailingAsync(FailingFetches), await FailingAsync(FailingExports));

        async Task<ImmutableArray<FailingSchedule>> FailingAsync(string sql) =>
            [.. (await connection.QueryAsync<StoredFailure>(Command(sql))).Select(f => new FailingSchedule(f.ScheduleId, f.Subject ?? "unknown", f.Attempts, f.Failure ?? ""))];

        CommandDefinition Command(string sql) => new(sql, parameters, transaction, cancellationToken: cancel);
    }

    /// <summary>Null for a window that its budget does not have any more, as after a change of its calendar, or that has no budget in force.</summary>
    private static WatchedWindow? Watch(WindowRow row, Dictionary<Guid, Budget> budgets, ILookup<Guid?, Policy> policies, long nowMicros)
    {
        var end = row.Span.EndsAt;
        var at = Math.Min(nowMicros, end - 1);
        if (!budgets.TryGetValue(row.BudgetId, out var budget) || budget.WindowAt(at) is not { } window || window.WindowId != row.WindowId) return null;
        // An increase whose time is over covers nothing, though the window may still have it. What the budget became since a window
        // ended is nothing to that window.
        var limit = end <= nowMicros ? row.Limit : NanoUsd.Min(row.Limit, budget.AmountAt(nowMicros));
        return new WatchedWindow(window, limit, row.Settled, [.. policies[budget.BudgetId].OrderBy(p => p.Slug, StringComparer.Ordinal)]);
    }

    private sealed class StoredFailure
    {
        public Guid ScheduleId { get; set; }
        public string? Subject { get; set; }
        public int Attempts { get; set; }
        public string? Failure { get; set; }
    }

    private sealed class StoredDoubt
    {
        public long Requests { get; set; }
        public long Cost { get; set; }
    }
}
