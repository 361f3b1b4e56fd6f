using System.Collections.Immutable;
using Dapper;

namespace Spendra.Storage.Ledger;

/// <summary>An open reservation that nobody will end any more.</summary>
/// <param name="OrganizationId">The tenant.</param>
/// <param name="ReservationId">Which.</param>
/// <param name="WindowIds">The windows that hold its amount.</param>
/// <param name="HasExpired">True when its time is over; false when only its gateway is gone.</param>
public sealed record DoubtfulReservation(
    Guid OrganizationId, Guid ReservationId, ImmutableArray<Guid> WindowIds, bool HasExpired);

/// <summary>What the sweep reads, and the rows that it removes because their time is over.</summary>
public sealed class SweepQueries(Database database)
{
    // A reservation proves that its gateway lived when it was made, heartbeat or not.
    private const string Doubtful = """
        SELECT o.organization_id, o.reservation_id, o.window_ids, o.expires_at FROM open_reservations o
        WHERE o.expires_at <= @now
          OR (o.gateway_id IS NOT NULL AND o.reserved_at <= @silentSince AND NOT EXISTS (
            SELECT 1 FROM gateways g WHERE g.gateway_id = o.gateway_id AND g.heartbeat_at > @silentSince))
        LIMIT @limit
        """;

    private const string ForgetIdempotencyKeys = """
        DELETE FROM idempotency_keys WHERE (organization_id, key_id, key_digest) IN (
            SELECT i.organization_id, i.key_id, i.key_digest FROM idempotency_keys i
            WHERE i.created_at < @before AND NOT EXISTS (SELECT 1 FROM open_reservations o
                WHERE o.organization_id = i.organization_id AND o.reservation_id = i.reservation_id)
            LIMIT @limit)
        """;

    /// <param name="nowMicros">Reservations that expire at or before this instant are doubtful.</param>
    /// <param name="silentSinceMicros">So are those of gateways without a later heartbeat.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<IReadOnlyList<DoubtfulReservation>> FindDoubtfulAsync(
        long nowMicros, long silentSinceMicros, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<StoredDoubt>(new CommandDefinition(
            Doubtful, new { now = nowMicros, silentSince = silentSinceMicros, limit }, cancellationToken: cancel));
        return [.. rows.Select(r => new DoubtfulReservation(
            r.OrganizationId, r.ReservationId, PackedIds.Unpack(r.WindowIds), r.ExpiresAt <= nowMicros))];
    }

    /// <summary>Forgets keys that were used before an instant, except those of open reservations.</summary>
    /// <returns>How many were forgotten: fewer than the limit when none is left.</returns>
    public async Task<int> ForgetIdempotencyKeysAsync(long beforeMicros, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        var count = await connection.ExecuteAsync(new CommandDefinition(
            ForgetIdempotencyKeys, new { before = beforeMicros, limit }, transaction, cancellationToken: cancel));
        await transaction.CommitAsync(CancellationToken.None);
        return count;
    }

    private sealed class StoredDoubt
    {
        public Guid OrganizationId { get; set; }
        public Guid ReservationId { get; set; }
        public byte[] WindowIds { get; set; } = [];
        public long ExpiresAt { get; set; }
    }
}
