using Dapper;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Ledger;

/// <summary>How an organization's money stands now. Reads only.</summary>
public sealed class LedgerQueries(Database database)
{
    private const string ScopesOfBudgets = """
        SELECT DISTINCT s.scope_id, s.kind, s.slug, s.name, s.parent_id FROM scopes s
        JOIN budgets b ON b.organization_id = s.organization_id AND b.scope_id = s.scope_id
        WHERE s.organization_id = @organizationId AND b.archived_at IS NULL
        """;

    private const string CurrentWindows = """
        SELECT window_id, budget_id, starts_at, ends_at, limit_nanos, reserved_nanos, settled_nanos FROM windows
        WHERE organization_id = @organizationId AND starts_at <= @now AND ends_at > @now
        """;

    private const string OpenReservations = """
        SELECT o.reservation_id, k.slug AS key_slug, s.kind AS actor_kind, s.slug AS actor_slug, o.route, o.model,
            o.amount_nanos, o.reserved_at, o.expires_at
        FROM open_reservations o
        LEFT JOIN scoped_keys k ON k.organization_id = o.organization_id AND k.key_id = o.key_id
        LEFT JOIN scopes s ON s.organization_id = k.organization_id AND s.scope_id = k.actor_id
        WHERE o.organization_id = @organizationId
        ORDER BY o.reserved_at, o.reservation_id
        """;

    /// <summary>Every budget in force by slug, as of one moment.</summary>
    public async Task<IReadOnlyList<BudgetWithWindows>> ListBudgetsAsync(Guid organizationId, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, cancel);
        var parameters = new { organizationId, now = nowMicros, since = -1L };
        var budgets = await connection.QueryAsync<StoredBudget>(Command(GovernanceQueries.ChangedBudgets));
        var scopes = (await connection.QueryAsync<StoredScope>(Command(ScopesOfBudgets)))
            .ToDictionary(s => s.ScopeId, s => s.ToScope().Reference);
        var windows = (await connection.QueryAsync<StoredWindowRow>(Command(CurrentWindows)))
            .Select(w => w.ToRow(organizationId)).ToLookup(w => w.BudgetId);
        return
        [
            .. from stored in budgets
               let budget = stored.ToBudget()
               orderby budget.Slug
               select new BudgetWithWindows(budget, scopes[budget.ScopeId], [.. windows[budget.BudgetId]]),
        ];

        CommandDefinition Command(string sql) => new(sql, parameters, transaction, cancellationToken: cancel);
    }

    /// <summary>Oldest first.</summary>
    public async Task<IReadOnlyList<OpenReservation>> ListOpenAsync(Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredOpen>(
            new CommandDefinition(OpenReservations, new { organizationId }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToReservation())];
    }

    private sealed class StoredOpen
    {
        public Guid ReservationId { get; set; }
        public string? KeySlug { get; set; }
        public string? ActorKind { get; set; }
        public string? ActorSlug { get; set; }
        public string Route { get; set; } = "";
        public string Model { get; set; } = "";
        public long AmountNanos { get; set; }
        public long ReservedAt { get; set; }
        public long ExpiresAt { get; set; }

        public OpenReservation ToReservation() => new(
            ReservationId, KeySlug ?? "unknown", ActorKind is null ? "unknown" : $"{ActorKind}/{ActorSlug}", Route, Model,
            new NanoUsd(AmountNanos), Micros.ToInstant(ReservedAt).UtcDateTime, Micros.ToInstant(ExpiresAt).UtcDateTime);
    }
}
