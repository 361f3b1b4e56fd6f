using System.Collections.Immutable;
using Npgsql;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Postgres;

/// <summary>
/// What a batch of commands needs to see. Each look-up is an index probe per id in the order given: the lateral
/// sub-select cannot be pulled up into a join, so no plan can turn into a scan when the tables grow.
/// </summary>
internal sealed class PostgresLedgerLoad
{
    private const string ReservationColumns =
        """
        r.organization_id, r.reservation_id, r.key_id, r.scope_ids, r.policy_ids, r.window_ids, r.provider, r.account_id,
        r.model, r.route, r.environment, r.price_id, r.tier_percent
        """;

    private const string LockOrganizations =
        """
        SELECT o.organization_id, o.governance_epoch, o.entry_sequence, o.outbox_sequence, o.ledger_seal
        FROM unnest($1::uuid[]) WITH ORDINALITY AS v (id, n) CROSS JOIN LATERAL (
            SELECT * FROM organizations WHERE organization_id = v.id FOR UPDATE) o
        """;

    private const string LockWindows =
        """
        SELECT w.organization_id, w.window_id, w.budget_id, w.starts_at, w.ends_at, w.limit_nanos, w.reserved_nanos, w.settled_nanos
        FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS v (organization_id, id, n) CROSS JOIN LATERAL (
            SELECT * FROM windows WHERE organization_id = v.organization_id AND window_id = v.id FOR UPDATE) w
        """;

    private const string SelectOpen =
        $"""
        SELECT {ReservationColumns}, r.amount_nanos, r.bound_input, r.bound_output, r.epoch, r.reserved_at, r.expires_at,
               r.gateway_id, r.idempotency_digest, r.bound_others
        FROM unnest($1::uuid[], $2::uuid[]) AS v (organization_id, id) CROSS JOIN LATERAL (
            SELECT * FROM open_reservations WHERE organization_id = v.organization_id AND reservation_id = v.id FOR UPDATE) r
        """;

    private const string SelectSpent =
        $"""
        SELECT {ReservationColumns}, r.reserved_nanos, r.bound_input, r.bound_output, r.epoch, r.reserved_at, r.expires_at,
               NULL::uuid, NULL::bytea, r.bound_others, r.kind, r.cost_nanos, r.event_number, r.entry_sequence
        FROM unnest($1::uuid[], $2::uuid[]) AS v (organization_id, id) CROSS JOIN LATERAL (
            SELECT * FROM spend_events WHERE organization_id = v.organization_id AND reservation_id = v.id
            ORDER BY event_number OFFSET 0) r
        """;

    private const string SelectReleased =
        """
        SELECT r.organization_id, r.reservation_id
        FROM unnest($1::uuid[], $2::uuid[]) AS v (organization_id, id) CROSS JOIN LATERAL (
            SELECT * FROM released_reservations WHERE organization_id = v.organization_id AND reservation_id = v.id OFFSET 0) r
        """;

    private const string SelectRefused =
        """
        SELECT r.organization_id, r.request_id
        FROM unnest($1::uuid[], $2::uuid[]) AS v (organization_id, id) CROSS JOIN LATERAL (
            SELECT * FROM refusals WHERE organization_id = v.organization_id AND request_id = v.id OFFSET 0) r
        """;

    private const string SelectIdempotency =
        $"""
        SELECT i.organization_id, i.key_id, i.key_digest, i.body_digest, i.reservation_id,
               EXISTS (SELECT 1 FROM open_reservations o
                       WHERE o.organization_id = i.organization_id AND o.reservation_id = i.reservation_id)
        FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS v (organization_id, key_id, digest) CROSS JOIN LATERAL (
            SELECT * FROM idempotency_keys
            WHERE organization_id = v.organization_id AND key_id = v.key_id AND key_digest = v.digest OFFSET 0) i
        """;

    private readonly Guid[] _organizations;
    private readonly RowKey[] _windows;
    private readonly RowKey[] _ended;
    private readonly RowKey[] _refused;
    private readonly ReserveCommand[] _claims;

    public PostgresLedgerLoad(IReadOnlyList<LedgerCommand> commands, bool isRepeated)
    {
        _organizations = [.. commands.Select(c => c.OrganizationId).Distinct().Order()];
        _windows = [.. commands
            .SelectMany(c => c.WindowIds, (c, id) => new RowKey(c.OrganizationId, id))
            .Distinct().OrderBy(k => k.OrganizationId).ThenBy(k => k.Id)];
        _ended = [.. commands
            .Where(c => c.Ends || (isRepeated && c.Reserves))
            .Select(c => new RowKey(c.OrganizationId, c.ReservationId)).Distinct()];
        _refused = [.. commands.OfType<RefuseCommand>().Select(c => new RowKey(c.OrganizationId, c.ReservationId)).Distinct()];
        _claims = [.. commands.OfType<ReserveCommand>().Where(c => c.Idempotency is not null)];
    }

    public void AddTo(NpgsqlBatch batch)
    {
        batch.BatchCommands.Add(PostgresBulk.Command(LockOrganizations).Value(_organizations));
        batch.BatchCommands.Add(Keys(LockWindows, _windows));
        if (_ended.Length > 0)
        {
            batch.BatchCommands.Add(Keys(SelectOpen, _ended));
        }
        if (_claims.Length > 0)
        {
            batch.BatchCommands.Add(PostgresBulk.Command(SelectIdempotency)
                .Column(_claims, c => c.OrganizationId)
                .Column(_claims, c => c.Reservation.KeyId)
                .Column(_claims, c => c.Idempotency!.KeyDigest));
        }
        if (_refused.Length > 0) batch.BatchCommands.Add(Keys(SelectRefused, _refused));
    }

    /// <summary>Reads the results in the order in which <see cref="AddTo"/> asked for them.</summary>
    public async Task<LedgerState> ReadAsync(NpgsqlDataReader reader)
    {
        var state = new LedgerState();
        while (await reader.ReadAsync())
        {
            var id = reader.GetGuid(0);
            state.Organizations.Add(id, new OrganizationRow(id, reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3))
            {
                Seal = reader.IsDBNull(4) ? default : Seal.Read(reader.GetFieldValue<byte[]>(4)),
            });
        }
        await reader.NextResultAsync();
        while (await reader.ReadAsync()) ReadWindow(state, reader);
        if (_ended.Length > 0) await ReadOpenAsync(state, reader);
        if (_claims.Length > 0)
        {
            await reader.NextResultAsync();
            while (await reader.ReadAsync()) ReadIdempotency(state, reader);
        }
        if (_refused.Length > 0)
        {
            await reader.NextResultAsync();
            while (await reader.ReadAsync()) state.Refused.Add(new RowKey(reader.GetGuid(0), reader.GetGuid(1)));
        }
        return state;
    }

    /// <summary>The reservations that the commands would end and that are not open.</summary>
    public RowKey[] NotOpen(LedgerState state) => [.. _ended.Where(key => !state.Open.ContainsKey(key))];

    /// <summary>Asks for reservations that have ended.</summary>
    public static void AddEnded(NpgsqlBatch batch, RowKey[] keys)
    {
        batch.BatchCommands.Add(Keys(SelectSpent, keys));
        batch.BatchCommands.Add(Keys(SelectReleased, keys));
    }

    private static async Task ReadOpenAsync(LedgerState state, NpgsqlDataReader reader)
    {
        await reader.NextResultAsync();
        while (await reader.ReadAsync())
        {
            var open = ReadReservation(reader);
            state.Open.Add(new RowKey(open.OrganizationId, open.ReservationId), open);
        }
    }

    /// <summary>Reads what <see cref="AddEnded"/> asked for.</summary>
    public static async Task ReadEndedAsync(LedgerState state, NpgsqlDataReader reader)
    {
        while (await reader.ReadAsync()) ReadSpent(state, reader);
        await reader.NextResultAsync();
        while (await reader.ReadAsync()) state.Released.Add(new RowKey(reader.GetGuid(0), reader.GetGuid(1)));
    }

    private static void ReadWindow(LedgerState state, NpgsqlDataReader reader)
    {
        var window = new WindowRow
        {
            OrganizationId = reader.GetGuid(0),
            WindowId = reader.GetGuid(1),
            BudgetId = reader.GetGuid(2),
            Span = new WindowSpan(reader.GetInt64(3), reader.GetInt64(4)),
            Limit = new NanoUsd(reader.GetInt64(5)),
            Reserved = new NanoUsd(reader.GetInt64(6)),
            Settled = new NanoUsd(reader.GetInt64(7)),
        };
        state.Windows.Add(new RowKey(window.OrganizationId, window.WindowId), window);
    }

    private static void ReadSpent(LedgerState state, NpgsqlDataReader reader)
    {
        var key = new RowKey(reader.GetGuid(0), reader.GetGuid(1));
        var kind = (SpendKind)reader.GetInt16(22);
        var cost = new NanoUsd(reader.GetInt64(23));
        state.Spent[key] = state.Spent.TryGetValue(key, out var spent)
            ? spent with
            {
                TotalCost = spent.TotalCost + cost,
                LastEventNumber = reader.GetInt32(24),
                HasLate = spent.HasLate || kind == SpendKind.Late,
            }
            : new SpentReservation(ReadReservation(reader), kind, cost, 0, reader.GetInt64(25));
    }

    private static void ReadIdempotency(LedgerState state, NpgsqlDataReader reader)
    {
        var row = new IdempotencyRow(
            reader.GetGuid(0), reader.GetGuid(1), reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<byte[]>(3), reader.GetGuid(4));
        state.Idempotency[IdempotencyKey.Of(row.OrganizationId, row.KeyId, row.KeyDigest)] = row;
        if (reader.GetBoolean(5)) state.StillOpen.Add(new RowKey(row.OrganizationId, row.ReservationId));
    }

    private static Reservation ReadReservation(NpgsqlDataReader row)
    {
        var bound = UnitsJson.ReadBound(row.IsDBNull(21) ? null : row.GetString(21));
        return new()
        {
            OrganizationId = row.GetGuid(0),
            ReservationId = row.GetGuid(1),
            KeyId = row.GetGuid(2),
            ScopeIds = Ids(row, 3),
            PolicyIds = Ids(row, 4),
            WindowIds = Ids(row, 5),
            Provider = row.GetString(6),
            AccountId = row.GetGuid(7),
            Model = row.GetString(8),
            Route = row.GetString(9),
            Environment = row.IsDBNull(10) ? null : row.GetString(10),
            PriceId = row.IsDBNull(11) ? null : row.GetGuid(11),
            TierPercent = row.GetInt32(12),
            Amount = new NanoUsd(row.GetInt64(13)),
            BoundInput = row.GetInt64(14),
            BoundOutput = row.GetInt64(15),
            Epoch = row.GetInt64(16),
            ReservedAt = row.GetInt64(17),
            ExpiresAt = row.GetInt64(18),
            GatewayId = row.IsDBNull(19) ? null : row.GetGuid(19),
            IdempotencyDigest = row.IsDBNull(20) ? null : row.GetFieldValue<byte[]>(20),
            BoundKinds = bound.Kinds,
            BoundPieces = bound.Pieces,
            BoundBasis = bound.Basis,
        };
    }

    private static ImmutableArray<Guid> Ids(NpgsqlDataReader row, int column) =>
        PackedIds.Unpack(row.GetFieldValue<byte[]>(column));

    private static NpgsqlBatchCommand Keys(string sql, RowKey[] keys) => PostgresBulk.Command(sql)
        .Column(keys, k => k.OrganizationId)
        .Column(keys, k => k.Id);
}
