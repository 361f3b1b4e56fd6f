using System.Data.Common;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger.Lists;

namespace Spendra.Storage.Reconciliation;

/// <summary>A request that was booked at its bound, that nothing has corrected since and that no open proposal is about.</summary>
/// <param name="ReservationId">The request.</param>
/// <param name="UpstreamRequestId">What its provider calls it: the provider's own text.</param>
/// <param name="Booked">What the ledger holds for it.</param>
public sealed record EstimatedSpend(Guid ReservationId, string UpstreamRequestId, NanoUsd Booked);

/// <summary>Estimates of an account's month.</summary>
/// <param name="Rows">In order of their ids, those that the provider gave an id.</param>
/// <param name="WithoutId">How many of the whole month it gave none: nobody can ask for them.</param>
/// <param name="CorrectedByBill">What was proposed or booked for estimates of the month as a whole, by a comparison.</param>
public sealed record EstimatedPage(IReadOnlyList<EstimatedSpend> Rows, long WithoutId, NanoUsd CorrectedByBill);

/// <summary>Reads what was booked at a bound because no usage was known.</summary>
public static class EstimatedSpends
{
    // Later events are corrections, or the usage that came after all.
    private const string Of = """
        FROM spend_events e
        WHERE e.organization_id = @organizationId AND e.account_id = @accountId AND e.reservation_id >= @first AND e.reservation_id < @last
            AND e.reserved_at >= @from AND e.reserved_at < @to AND e.event_number = 0 AND e.is_estimated = @yes
            AND NOT EXISTS (SELECT 1 FROM spend_events l
                WHERE l.organization_id = e.organization_id AND l.reservation_id = e.reservation_id AND l.event_number > 0)
        """;

    private const string Page = $"""
        SELECT e.reservation_id, e.upstream_request_id, e.cost_nanos {Of}
            AND e.upstream_request_id IS NOT NULL AND e.reservation_id > @after
            AND NOT EXISTS (SELECT 1 FROM adjustments a
                WHERE a.organization_id = e.organization_id AND a.reservation_id = e.reservation_id AND a.decision IS NULL)
        ORDER BY e.reservation_id LIMIT @limit
        """;

    private const string WithoutId = $"SELECT count(*) {Of} AND e.upstream_request_id IS NULL";

    private const string CorrectedByBill = """
        SELECT CAST(coalesce(sum(a.amount_nanos), 0) AS bigint) FROM reconciliation_proposals p
        JOIN adjustments a ON a.organization_id = p.organization_id AND a.adjustment_id = p.adjustment_id
        WHERE p.organization_id = @organizationId AND p.account_id = @accountId AND p.period_starts_at = @from AND p.kind = @kind
            AND a.reservation_id IS NULL AND coalesce(a.decision, 'approved') = 'approved'
        """;

    /// <summary>Estimates after a request, in order.</summary>
    /// <param name="database">Where.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="accountId">Of which account.</param>
    /// <param name="period">Requests that were made in this month.</param>
    /// <param name="after">The last request of the page before; the empty id for the first one.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="cancel">Stops reading.</param>
    public static async Task<EstimatedPage> ReadAsync(
        Database database, Guid organizationId, Guid accountId, AccountingPeriod period, Guid after, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await ReadAsync(connection, transaction, organizationId, accountId, period, after, limit, cancel);
    }

    /// <summary>As the other, under the lock of a change.</summary>
    public static Task<EstimatedPage> ReadAsync(
        GovernanceTransaction transaction, Guid accountId, AccountingPeriod period, Guid after, int limit, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) =>
            ReadAsync(connection, inner, transaction.OrganizationId, accountId, period, after, limit, cancel));

    private static async Task<EstimatedPage> ReadAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, Guid accountId, AccountingPeriod period, Guid after, int limit,
        CancellationToken cancel)
    {
        var parameters = new
        {
            organizationId, accountId, from = period.StartsAt, to = period.EndsAt, first = LedgerWalk.LowerBound(period.StartsAt),
            last = LedgerWalk.UpperBound(period.EndsAt), yes = true, after, limit, kind = DifferenceKinds.NameOf(DifferenceKind.EstimatedSettlement),
        };
        var rows = await connection.QueryAsync<Stored>(Command(Page));
        var withoutId = await connection.ExecuteScalarAsync<long>(Command(WithoutId));
        var byBill = new NanoUsd(await connection.ExecuteScalarAsync<long>(Command(CorrectedByBill)));
        return new EstimatedPage([.. rows.Select(r => new EstimatedSpend(r.ReservationId, r.UpstreamRequestId, new NanoUsd(r.CostNanos)))], withoutId, byBill);

        CommandDefinition Command(string sql) => new(sql, parameters, transaction, cancellationToken: cancel);
    }

    private sealed class Stored
    {
        public Guid ReservationId { get; set; }
        public string UpstreamRequestId { get; set; } = "";
        public long CostNanos { get; set; }
    }
}
