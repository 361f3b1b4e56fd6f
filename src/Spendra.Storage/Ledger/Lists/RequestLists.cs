using Dapper;
using Spendra.Core.Money;
using Spendra.Storage.Access;

namespace Spendra.Storage.Ledger.Lists;

/// <summary>A reservation that has not ended, with the names of what it refers to. Times are microseconds since the Unix epoch.</summary>
public sealed record ListedReservation(
    Guid ReservationId, string Key, string Actor, string Provider, string Model, string Route, string? Environment, NanoUsd Held,
    long ReservedAt, long ExpiresAt);

/// <summary>A refused request, with the names of what it refers to. Times are microseconds since the Unix epoch.</summary>
public sealed record ListedRefusal(
    Guid RequestId, string Key, string Actor, string? Provider, string? Model, string Route, string Code, string Message, string? Policy,
    string? Budget, NanoUsd? Needed, long RefusedAt);

/// <summary>Which refusals. Times are microseconds since the Unix epoch.</summary>
public sealed record RefusalQuery(int Limit)
{
    /// <summary>Only requests before this one.</summary>
    public Guid? Before { get; init; }

    public long? From { get; init; }

    public long? To { get; init; }

    public string? Code { get; init; }

    /// <summary>The key's slug.</summary>
    public string? Key { get; init; }

    /// <summary>Only those whose key's actor or project is this scope or below it: <c>team/search</c>.</summary>
    public string? Scope { get; init; }

    internal bool IsFiltered => From is not null || To is not null || Code is not null || Key is not null || Scope is not null;
}

/// <summary>Walks through what is open and what was refused, the newest first, as far as a member sees it.</summary>
public static class RequestLists
{
    private const string OpenSpan = """
        FROM open_reservations WHERE organization_id = @OrganizationId AND reservation_id < @before ORDER BY reservation_id DESC
        """;

    private const string Open = $"""
        SELECT o.reservation_id, o.scope_ids, o.provider, o.model, o.route, o.environment, o.amount_nanos, o.reserved_at, o.expires_at,
            k.slug AS key_slug, s.kind AS actor_kind, s.slug AS actor_slug
        FROM (SELECT * {OpenSpan} LIMIT @examined) o
        LEFT JOIN scoped_keys k ON k.organization_id = o.organization_id AND k.key_id = o.key_id
        LEFT JOIN scopes s ON s.organization_id = k.organization_id AND s.scope_id = k.actor_id
        ORDER BY o.reservation_id DESC
        """;

    private const string LastOpen = $"SELECT reservation_id {OpenSpan} LIMIT 1 OFFSET @skipped";

    private const string RefusedSpan = """
        FROM refusals WHERE organization_id = @OrganizationId AND request_id < @before AND request_id >= @least ORDER BY request_id DESC
        """;

    // A request that was refused has no set of scopes: it is whose its key is.
    private const string Refused = $"""
        {Coverage.Scopes}
        , wanted (scope_id) AS (
            SELECT @scope
            UNION
            SELECT s.scope_id FROM wanted w CROSS JOIN scopes s WHERE s.organization_id = @OrganizationId AND s.parent_id = w.scope_id)
        SELECT r.request_id, r.provider, r.model, r.route, r.code, r.message, r.needed_nanos, r.refused_at, p.slug AS policy,
            b.slug AS budget, k.slug AS key_slug, s.kind AS actor_kind, s.slug AS actor_slug
        FROM (SELECT * {RefusedSpan} LIMIT @examined) r
        LEFT JOIN scoped_keys k ON k.organization_id = r.organization_id AND k.key_id = r.key_id
        LEFT JOIN scopes s ON s.organization_id = k.organization_id AND s.scope_id = k.actor_id
        LEFT JOIN policies p ON p.organization_id = r.organization_id AND p.policy_id = r.policy_id
        LEFT JOIN budgets b ON b.organization_id = r.organization_id AND b.budget_id = r.budget_id
        WHERE (@IsEverything OR k.actor_id IN (SELECT scope_id FROM covered) OR k.project_id IN (SELECT scope_id FROM covered))
            AND (@isOfAll OR k.actor_id IN (SELECT scope_id FROM wanted) OR k.project_id IN (SELECT scope_id FROM wanted))
            AND (@code = '' OR r.code = @code) AND (@key = '' OR k.slug = @key) AND r.refused_at >= @from AND r.refused_at < @to
        ORDER BY r.request_id DESC LIMIT @most
        """;

    private const string LastRefused = $"SELECT request_id {RefusedSpan} LIMIT 1 OFFSET @skipped";

    public static async Task<WalkStep<ListedReservation, Guid>> ReadOpenAsync(
        Database database, Coverage coverage, Guid? before, int limit, string? scope, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var covered = await LedgerWalk.CoveredAsync(connection, transaction, coverage, cancel);
        var wanted = await LedgerWalk.ScopeAsync(connection, transaction, coverage.OrganizationId, scope, cancel);
        var examined = covered is null && wanted is null ? limit + 1 : LedgerWalk.MostExamined;
        var parameters = new { coverage.OrganizationId, before = before ?? LedgerWalk.Last, examined, skipped = examined - 1 };
        var found = (await connection.QueryAsync<Stored>(Command(Open))).Where(r => LedgerWalk.IsSeen(r.ScopeIds, covered, wanted)).Take(limit + 1).ToList();
        var next = found.Count > limit ? found[limit - 1].ReservationId : await connection.QuerySingleOrDefaultAsync<Guid?>(Command(LastOpen));
        return new WalkStep<ListedReservation, Guid>([.. found.Take(limit).Select(r => new ListedReservation(r.ReservationId, r.Key, r.Actor,
            r.Provider!, r.Model!, r.Route, r.Environment, new NanoUsd(r.AmountNanos), r.ReservedAt, r.ExpiresAt))], next);

        CommandDefinition Command(string sql) => new(sql, parameters, transaction, cancellationToken: cancel);
    }

    public static async Task<WalkStep<ListedRefusal, Guid>> ReadRefusedAsync(
        Database database, Coverage coverage, RefusalQuery query, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var scope = await LedgerWalk.ScopeAsync(connection, transaction, coverage.OrganizationId, query.Scope, cancel);
        var (limit, examined) = (query.Limit, coverage.IsEverything && !query.IsFiltered ? query.Limit + 1 : LedgerWalk.MostExamined);
        var parameters = new
        {
            coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, examined, skipped = examined - 1,
            before = LedgerWalk.Least(query.Before ?? LedgerWalk.Last, LedgerWalk.UpperBound(query.To)), least = LedgerWalk.LowerBound(query.From),
            from = query.From ?? 0, to = query.To ?? long.MaxValue, isOfAll = scope is null || scope == coverage.OrganizationId, scope = scope ?? Guid.Empty,
            code = query.Code ?? "", key = query.Key ?? "", most = limit + 1,
        };
        var found = (await connection.QueryAsync<Stored>(Command(Refused))).AsList();
        var next = found.Count > limit ? found[limit - 1].RequestId : await connection.QuerySingleOrDefaultAsync<Guid?>(Command(LastRefused));
        return new WalkStep<ListedRefusal, Guid>([.. found.Take(limit).Select(r => new ListedRefusal(r.RequestId, r.Key, r.Actor, r.Provider,
            r.Model, r.Route, r.Code, r.Message, r.Policy, r.Budget, r.NeededNanos is { } needed ? new NanoUsd(needed) : null, r.RefusedAt))], next);

        CommandDefinition Command(string sql) => new(sql, parameters, transaction, cancellationToken: cancel);
    }

    /// <summary>Whether the member sees a refused request: whose key it came with is in their scopes.</summary>
    public static async Task<bool> SeesRefusalAsync(Database database, Coverage coverage, Guid requestId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        return await connection.ExecuteScalarAsync<long>(new CommandDefinition(Coverage.Scopes + """
            SELECT count(*) FROM refusals r
            JOIN scoped_keys k ON k.organization_id = r.organization_id AND k.key_id = r.key_id
            WHERE r.organization_id = @OrganizationId AND r.request_id = @requestId AND (@IsEverything
                OR k.actor_id IN (SELECT scope_id FROM covered) OR k.project_id IN (SELECT scope_id FROM covered))
            """, new { coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, requestId }, transaction, cancellationToken: cancel)) > 0;
    }

    /// <summary>The names of the scopes that the member sees; null is all.</summary>
    public static async Task<HashSet<string>?> CoveredNamesAsync(Database database, Coverage coverage, CancellationToken cancel)
    {
        if (coverage.IsEverything) return null;
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var rows = await connection.QueryAsync<Governance.StoredScope>(new CommandDefinition(Coverage.Scopes + """
            SELECT s.scope_id, s.kind, s.slug, s.name, s.parent_id FROM scopes s
            WHERE s.organization_id = @OrganizationId AND s.scope_id IN (SELECT scope_id FROM covered)
            """, new { coverage.OrganizationId, coverage.MemberId }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToScope().Reference)];
    }

    private sealed class Stored
    {
        public Guid ReservationId { get; set; }
        public Guid RequestId { get; set; }
        public byte[]? ScopeIds { get; set; }
        public string? Provider { get; set; }
        public string? Model { get; set; }
        public string Route { get; set; } = "";
        public string? Environment { get; set; }
        public long AmountNanos { get; set; }
        public long ReservedAt { get; set; }
        public long ExpiresAt { get; set; }
        public string Code { get; set; } = "";
        public string Message { get; set; } = "";
        public string? Policy { get; set; }
        public string? Budget { get; set; }
        public long? NeededNanos { get; set; }
        public long RefusedAt { get; set; }
        public string? KeySlug { get; set; }
        public string? ActorKind { get; set; }
        public string? ActorSlug { get; set; }

        public string Key => KeySlug ?? "unknown";

        public string Actor => ActorKind is null ? "unknown" : $"{ActorKind}/{ActorSlug}";
    }
}
