using System.Data.Common;
using Dapper;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Money;

namespace Spendra.Storage.Governance;

/// <summary>
/// Carries changed budgets and new hard caps to the windows that exist already, in the transaction that makes the
/// change: windows that have not ended get the new limit, and what then stands above a hard cap gets a row that
/// says so.
/// </summary>
internal static class CapChanges
{
    // The windows of every budget that this transaction wrote, or that a policy of this transaction points at. The
    // transaction's own epoch names both.
    private const string Touched = """
        SELECT w.window_id, w.budget_id, w.starts_at, w.ends_at, w.limit_nanos, w.reserved_nanos, w.settled_nanos,
            b.amount_nanos, CASE WHEN EXISTS (SELECT 1 FROM policies p
                WHERE p.organization_id = w.organization_id AND p.budget_id = w.budget_id AND p.kind = 'hard_cap'
                AND p.archived_at IS NULL) THEN 1 ELSE 0 END AS is_hard
        FROM windows w
        JOIN budgets b ON b.organization_id = w.organization_id AND b.budget_id = w.budget_id
        WHERE w.organization_id = @OrganizationId AND (b.changed_epoch = @Epoch OR EXISTS (SELECT 1 FROM policies c
            WHERE c.organization_id = w.organization_id AND c.budget_id = w.budget_id AND c.changed_epoch = @Epoch))
        ORDER BY w.window_id
        """;

    private const string SetLimit =
        "UPDATE windows SET limit_nanos = @limit WHERE organization_id = @OrganizationId AND window_id = @WindowId";

    private const string Explained = """
        SELECT CAST(coalesce(sum(amount_nanos), 0) AS bigint) FROM window_excesses
        WHERE organization_id = @OrganizationId AND window_id = @WindowId
        """;

    private const string Explain = """
        INSERT INTO window_excesses (organization_id, window_id, cause_id, event_number, kind, amount_nanos, recorded_at)
        VALUES (@OrganizationId, @WindowId, @cause, 0, @kind, @amount, @NowMicros)
        """;

    public static async Task ApplyAsync(
        Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, CancellationToken cancel)
    {
        var touched = await connection.QueryAsync<StoredWindow>(Command(Touched + database.ForUpdate, stamp));
        foreach (var stored in touched)
        {
            var window = stored.ToWindow(stamp.OrganizationId);
            if (window.Span.EndsAt > stamp.NowMicros && window.Limit.Value != stored.AmountNanos)
            {
                window = window with { Limit = new NanoUsd(stored.AmountNanos) };
                await connection.ExecuteAsync(Command(SetLimit,
                    new { limit = window.Limit.Value, stamp.OrganizationId, window.WindowId }));
            }
            if (stored.IsHard == 0 || !window.Remaining.IsNegative) continue;
            var explained = await connection.ExecuteScalarAsync<long>(
                Command(Explained, new { stamp.OrganizationId, window.WindowId }));
            if (CapCut.Unexplained(window, new NanoUsd(explained)) is not { } amount) continue;
            await connection.ExecuteAsync(Command(Explain, new
            {
                stamp.OrganizationId, window.WindowId, cause = Guid.CreateVersion7(), kind = (int)ExcessKind.CapCut,
                amount = amount.Value, stamp.NowMicros,
            }));
        }

        CommandDefinition Command(string sql, object parameters) => new(sql, parameters, transaction, cancellationToken: cancel);
    }

    private sealed class StoredWindow
    {
        public Guid WindowId { get; set; }
        public Guid BudgetId { get; set; }
        public long StartsAt { get; set; }
        public long EndsAt { get; set; }
        public long LimitNanos { get; set; }
        public long ReservedNanos { get; set; }
        public long SettledNanos { get; set; }
        public long AmountNanos { get; set; }
        public int IsHard { get; set; }

        public WindowRow ToWindow(Guid organizationId) => new()
        {
            OrganizationId = organizationId,
            WindowId = WindowId,
            BudgetId = BudgetId,
            Span = new WindowSpan(StartsAt, EndsAt),
            Limit = new NanoUsd(LimitNanos),
            Reserved = new NanoUsd(ReservedNanos),
            Settled = new NanoUsd(SettledNanos),
        };
    }
}
