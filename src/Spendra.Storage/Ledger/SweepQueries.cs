using System.Collections.Immutable;
using Dapper;

namespace Spendra.Storage.Ledger;

/// <summary>An open reservation that nobody will end any more.</summary>
/// <param name="OrganizationId">The tenant.</param>
/// <param name="ReservationId">Which.</param>
/// <param name="WindowIds">The windows that hold its amount.</param>
public sealed record DoubtfulReservation(Guid OrganizationId, Guid ReservationId, ImmutableArray<Guid> WindowIds);

/// <summary>The sweep's statements.</summary>
public sealed class SweepQueries(Database database) : IDoubtSource
{
    private const string Expired = """
        SELECT o.organization_id, o.reservation_id, o.window_ids FROM open_reservations o
        WHERE o.expires_at <= @now LIMIT @limit
        """;

    private const string OfGateway = """
        SELECT o.organization_id, o.reservation_id, o.window_ids FROM open_reservations o
        WHERE o.gateway_id = @gatewayId LIMIT @limit
        """;

    private const string Holders = """
        SELECT h.gateway_id, coalesce(g.heartbeat_at, 0) AS heartbeat_at
        FROM (SELECT DISTINCT gateway_id FROM open_reservations WHERE gateway_id IS NOT NULL) h
        LEFT JOIN gateways g ON g.gateway_id = h.gateway_id
        """;

    private const string ForgetGateways = """
        DELETE FROM gateways WHERE heartbeat_at < @before AND NOT EXISTS (
            SELECT 1 FROM open_reservations o WHERE o.gateway_id = gateways.gateway_id)
        """;

    private const string ForgetIdempotencyKeys = """
        DELETE FROM idempotency_keys WHERE (organization_id, key_id, key_digest) IN (
            SELECT i.organization_id, i.key_id, i.key_digest FROM idempotency_keys i
            WHERE i.created_at < @before AND NOT EXISTS (SELECT 1 FROM open_reservations o
                WHERE o.organization_id = i.organization_id AND o.reservation_id = i.reservation_id)
            LIMIT @limit)
        """;

    public Task<IReadOnlyList<DoubtfulReservation>> FindExpiredAsync(long nowMicros, int limit, CancellationToken cancel) =>
        FindAsync(Expired, new { now = nowMicros, limit }, cancel);

    public Task<IReadOnlyList<DoubtfulReservation>> FindOfGatewayAsync(Guid gatewayId, int limit, CancellationToken cancel) =>
        FindAsync(OfGateway, new { gatewayId, limit }, cancel);

    public async Task<IReadOnlyList<(Guid GatewayId, long HeartbeatAt)>> ReadHoldersAsync(CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<StoredHolder>(new CommandDefinition(Holders, cancellationToken: cancel));
        return [.. rows.Select(r => (r.GatewayId, r.HeartbeatAt))];
    }

    public async Task ForgetGatewaysAsync(long beforeMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await connection.ExecuteAsync(new CommandDefinition(ForgetGateways, new { before = beforeMicros }, cancellationToken: cancel));
    }

    private async Task<IReadOnlyList<DoubtfulReservation>> FindAsync(string sql, object parameters, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<StoredDoubt>(new CommandDefinition(sql, parameters, cancellationToken: cancel));
        return [.. rows.Select(r => new DoubtfulReservation(r.OrganizationId, r.ReservationId, PackedIds.Unpack(r.WindowIds)))];
    }

    public async Task<int> ForgetIdempotencyKeysAsync(long beforeMicros, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        var count = await connection.ExecuteAsync(new CommandDefinition(
            ForgetIdempotencyKeys, new { before = beforeMicros, limit }, transaction, cancellationToken: cancel));
        await database.CommitAsync(connection, transaction);
        return count;
    }

    private sealed class StoredDoubt
    {
        public Guid OrganizationId { get; set; }
        public Guid ReservationId { get; set; }
        public byte[] WindowIds { get; set; } = [];
    }

    private sealed class StoredHolder
    {
        public Guid GatewayId { get; set; }
        public long HeartbeatAt { get; set; }
    }
}
