using System.Data.Common;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Access;

namespace Spendra.Storage.Ledger.Lists;

/// <summary>Which spend events. Times are those of the reservation, in microseconds since the Unix epoch.</summary>
public sealed record SpendEventQuery(int Limit)
{
    /// <summary>Only what came before this one.</summary>
    public EventKey? Before { get; init; }

    public long? From { get; init; }

    public long? To { get; init; }

    public string? Provider { get; init; }

    public string? Model { get; init; }

    /// <summary>The key's slug.</summary>
    public string? Key { get; init; }

    /// <summary>Whatever belongs to this scope: <c>team/search</c>, <c>agent/crawler</c>.</summary>
    public string? Scope { get; init; }

    public SpendKind? Kind { get; init; }

    public bool? IsEstimated { get; init; }

    internal bool IsFiltered => Provider is not null || Model is not null || Key is not null || Kind is not null || IsEstimated is not null
        || From is not null || To is not null;
}

/// <summary>A spend event with the names of what it refers to. Times are microseconds since the Unix epoch.</summary>
public sealed record ListedEvent
{
    public required EventKey EventKey { get; init; }

    public required SpendKind Kind { get; init; }

    public required long ReservedAt { get; init; }

    public required long OccurredAt { get; init; }

    public required string Key { get; init; }

    public required string Actor { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    public required string Provider { get; init; }

    public required string Account { get; init; }

    public required string Model { get; init; }

    public required string Route { get; init; }

    public string? Environment { get; init; }

    public required NanoUsd Cost { get; init; }

    public required NanoUsd Held { get; init; }

    public required long Input { get; init; }

    public required long Output { get; init; }

    public required bool IsEstimated { get; init; }

    public required bool IsBilled { get; init; }

    public required long EntrySequence { get; init; }

    public string? Reason { get; init; }
}

/// <summary>Walks through spend events, the newest first, as far as a member sees them.</summary>
public static class SpendEventLists
{
    private const string Span = """
        FROM spend_events WHERE organization_id = @OrganizationId AND reservation_id <= @id AND reservation_id >= @least
            AND (reservation_id, event_number) < (@id, @number)
        ORDER BY reservation_id DESC, event_number DESC
        """;

    // Looks at so many rows and no more, whatever the filters leave of them.
    private const string Found = $"""
        WITH examined AS (
            SELECT organization_id, reservation_id, event_number, scope_ids, key_id, provider, model, kind, is_estimated, reserved_at
            {Span} LIMIT @examined)
        SELECT reservation_id, event_number, scope_ids FROM examined e
        WHERE (@provider = '' OR provider = @provider) AND (@model = '' OR model = @model) AND (@kind < 0 OR kind = @kind)
            AND (@estimated < 0 OR (CASE WHEN is_estimated THEN 1 ELSE 0 END) = @estimated)
            AND reserved_at >= @from AND reserved_at < @to
            AND (@key = '' OR key_id IN (SELECT key_id FROM scoped_keys k WHERE k.organization_id = e.organization_id AND k.slug = @key))
        ORDER BY reservation_id DESC, event_number DESC LIMIT @most
        """;

    private const string LastExamined = $"SELECT reservation_id, event_number {Span} LIMIT 1 OFFSET @skipped";

    private const string Whole = """
        SELECT e.reservation_id, e.event_number, e.kind, e.reserved_at, e.occurred_at, e.scope_ids, e.provider, e.model, e.route,
            e.environment, e.cost_nanos, e.reserved_nanos AS held_nanos, e.input_units + e.cached_input_units + e.cache_write_units AS input,
            e.output_units AS output, e.is_estimated, e.is_billed, e.entry_sequence, e.reason, a.slug AS account, k.slug AS key_slug,
            s.kind AS actor_kind, s.slug AS actor_slug
        FROM spend_events e
        LEFT JOIN provider_accounts a ON a.organization_id = e.organization_id AND a.account_id = e.account_id
        LEFT JOIN scoped_keys k ON k.organization_id = e.organization_id AND k.key_id = e.key_id
        LEFT JOIN scopes s ON s.organization_id = k.organization_id AND s.scope_id = k.actor_id
        WHERE e.organization_id = @OrganizationId AND e.reservation_id
        """;

    private const string Names = "SELECT scope_id, kind, slug, name, parent_id FROM scopes WHERE organization_id = @OrganizationId AND scope_id";

    public static async Task<WalkStep<ListedEvent, EventKey>> ReadAsync(
        Database database, Coverage coverage, SpendEventQuery query, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var covered = await LedgerWalk.CoveredAsync(connection, transaction, coverage, cancel);
        var wanted = await LedgerWalk.ScopeAsync(connection, transaction, coverage.OrganizationId, query.Scope, cancel);
        var isPicked = covered is not null || wanted is not null;
        var examined = isPicked || query.IsFiltered ? LedgerWalk.MostExamined : query.Limit + 1;
        var start = query.Before is { } before && before.ReservationId.CompareTo(LedgerWalk.UpperBound(query.To)) <= 0
            ? before : new EventKey(LedgerWalk.UpperBound(query.To), 0);
        var parameters = new
        {
            coverage.OrganizationId, id = start.ReservationId, number = start.Number, least = LedgerWalk.LowerBound(query.From), examined,
            skipped = examined - 1, provider = query.Provider ?? "", model = query.Model ?? "", kind = (int?)query.Kind ?? -1,
            estimated = query.IsEstimated switch { null => -1, true => 1, false => 0 }, from = query.From ?? 0, to = query.To ?? long.MaxValue,
            key = query.Key ?? "", most = isPicked ? examined : query.Limit + 1,
        };
        var found = (await connection.QueryAsync<StoredKey>(Command(Found, parameters)))
            .Where(r => LedgerWalk.IsSeen(r.ScopeIds, covered, wanted)).Take(query.Limit + 1).Select(r => new EventKey(r.ReservationId, r.EventNumber)).ToList();
        EventKey? next = null;
        if (found.Count > query.Limit)
        {
            found.RemoveAt(query.Limit);
            next = found[^1];
        }
        else if (await connection.QuerySingleOrDefaultAsync<StoredKey>(Command(LastExamined, parameters)) is { } last)
        {
            next = new EventKey(last.ReservationId, last.EventNumber);
        }
        return new WalkStep<ListedEvent, EventKey>(await WholeAsync(database, connection, transaction, coverage.OrganizationId, found, cancel), next);

        CommandDefinition Command(string sql, object values) => new(sql, values, transaction, cancellationToken: cancel);
    }

    private static async Task<IReadOnlyList<ListedEvent>> WholeAsync(
        Database database, DbConnection connection, DbTransaction transaction, Guid organizationId, List<EventKey> keys, CancellationToken cancel)
    {
        if (keys.Count == 0) return [];
        var rows = (await connection.QueryAsync<Stored>(new CommandDefinition(Whole + database.AmongIds,
                database.Listing(organizationId, keys.Select(k => k.ReservationId).Distinct()), transaction, cancellationToken: cancel)))
            .ToDictionary(r => new EventKey(r.ReservationId, r.EventNumber));
        var scopeIds = rows.Values.SelectMany(r => PackedIds.Unpack(r.ScopeIds)).Distinct().ToArray();
        var names = scopeIds.Length == 0 ? [] : (await connection.QueryAsync<Governance.StoredScope>(new CommandDefinition(Names + database.AmongIds,
                database.Listing(organizationId, scopeIds), transaction, cancellationToken: cancel)))
            .ToDictionary(s => s.ScopeId, s => s.ToScope().Reference);
        return [.. keys.Select(k => rows[k].ToListed(names))];
    }

    private sealed class StoredKey
    {
        public Guid ReservationId { get; set; }
        public int EventNumber { get; set; }
        public byte[]? ScopeIds { get; set; }
    }

    private sealed class Stored
    {
        public Guid ReservationId { get; set; }
        public int EventNumber { get; set; }
        public int Kind { get; set; }
        public long ReservedAt { get; set; }
        public long OccurredAt { get; set; }
        public byte[] ScopeIds { get; set; } = [];
        public string Provider { get; set; } = "";
        public string Model { get; set; } = "";
        public string Route { get; set; } = "";
        public string? Environment { get; set; }
        public long CostNanos { get; set; }
        public long HeldNanos { get; set; }
        public long Input { get; set; }
        public long Output { get; set; }
        public bool IsEstimated { get; set; }
        public bool IsBilled { get; set; }
        public long EntrySequence { get; set; }
        public string? Reason { get; set; }
        public string? Account { get; set; }
        public string? KeySlug { get; set; }
        public string? ActorKind { get; set; }
        public string? ActorSlug { get; set; }

        public ListedEvent ToListed(Dictionary<Guid, string> names) => new()
        {
            EventKey = new EventKey(ReservationId, EventNumber),
            Kind = (SpendKind)Kind,
            ReservedAt = ReservedAt,
            OccurredAt = OccurredAt,
            Key = KeySlug ?? "unknown",
            Actor = ActorKind is null ? "unknown" : $"{ActorKind}/{ActorSlug}",
            Scopes = [.. PackedIds.Unpack(ScopeIds).Select(id => names.GetValueOrDefault(id, "unknown"))],
            Provider = Provider,
            Account = Account ?? "sandbox",
            Model = Model,
            Route = Route,
            Environment = Environment,
            Cost = new NanoUsd(CostNanos),
            Held = new NanoUsd(HeldNanos),
            Input = Input,
            Output = Output,
            IsEstimated = IsEstimated,
            IsBilled = IsBilled,
            EntrySequence = EntrySequence,
            Reason = Reason,
        };
    }
}
