using System.Data.Common;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Ledger;

/// <summary>
/// The ledger as a governance transaction reads it, to book a correction together with its approval: the organization is
/// locked already, as the lane locks it, and windows follow in id order. What the lane decides is decided by the same code.
/// </summary>
public static class LedgerBooks
{
    private const string Counters = """
        SELECT organization_id, governance_epoch AS epoch, entry_sequence, outbox_sequence, ledger_seal FROM organizations
        WHERE organization_id = @organizationId
        """;

    private const string Windows = """
        SELECT window_id, budget_id, starts_at, ends_at, limit_nanos, reserved_nanos, settled_nanos FROM windows
        WHERE organization_id = @OrganizationId AND window_id
        """;

    private const string InOrder = " ORDER BY window_id";

    private const string IsOpen = "SELECT count(*) FROM open_reservations WHERE organization_id = @organizationId AND reservation_id = @id";

    private const string IsReleased = "SELECT count(*) FROM released_reservations WHERE organization_id = @organizationId AND reservation_id = @id";

    public static Task<AdjustmentRow?> FindAdjustmentAsync(GovernanceTransaction transaction, Guid adjustmentId, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) =>
            AdjustmentReader.FindAsync(connection, inner, transaction.OrganizationId, adjustmentId, cancel));

    /// <summary>The counters that new entries go on from.</summary>
    public static Task<Core.Ledger.OrganizationRow> LoadCountersAsync(GovernanceTransaction transaction, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) => CountersAsync(connection, inner, transaction.OrganizationId, cancel));

    /// <summary>A reservation with everything that an ending command looks at, its windows locked. Neither open, spent nor released when unknown.</summary>
    public static Task<LedgerState> LoadAsync(
        GovernanceTransaction transaction, Database database, Guid reservationId, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) =>
            LoadAsync(connection, inner, database, transaction.OrganizationId, reservationId, cancel));

    private static async Task<LedgerState> LoadAsync(
        DbConnection connection, DbTransaction inner, Database database, Guid organizationId, Guid reservationId, CancellationToken cancel)
    {
        var state = new LedgerState();
        var key = new RowKey(organizationId, reservationId);
        state.Organizations[organizationId] = await CountersAsync(connection, inner, organizationId, cancel);
        var events = (await connection.QueryAsync<StoredEvent>(Command(RequestSql.Events, new { organizationId, id = reservationId }))).AsList();
        if (events.Count == 0)
        {
            if (await connection.ExecuteScalarAsync<long>(Command(IsReleased, new { organizationId, id = reservationId })) > 0) state.Released.Add(key);
            if (await connection.ExecuteScalarAsync<long>(Command(IsOpen, new { organizationId, id = reservationId })) > 0) state.StillOpen.Add(key);
            return state;
        }
        var first = events[0].ToReservation(organizationId);
        state.Spent[key] = new SpentReservation(first, (SpendKind)events[0].Kind, new NanoUsd(events.Sum(e => e.CostNanos)),
            events[^1].EventNumber, events[0].EntrySequence) { HasLate = events.Exists(e => e.Kind == (int)SpendKind.Late) };
        if (first.WindowIds.IsEmpty) return state;
        var windows = await connection.QueryAsync<StoredWindowRow>(Command(
            Windows + database.AmongIds + InOrder + database.ForUpdate, database.Listing(organizationId, first.WindowIds)));
        foreach (var window in windows) state.Windows[new RowKey(organizationId, window.WindowId)] = window.ToRow(organizationId);
        return state;

        CommandDefinition Command(string sql, object parameters) => new(sql, parameters, inner, cancellationToken: cancel);
    }

    private static async Task<Core.Ledger.OrganizationRow> CountersAsync(
        DbConnection connection, DbTransaction inner, Guid organizationId, CancellationToken cancel) =>
        (await connection.QuerySingleAsync<StoredCounters>(new CommandDefinition(
            Counters, new { organizationId }, inner, cancellationToken: cancel))).ToRow();
}
