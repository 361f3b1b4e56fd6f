using System.Collections.Immutable;
using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Money;

namespace Spendra.Storage.Ledger;

/// <summary>What is needed to end a reservation that another request made.</summary>
/// <param name="ReservationId">Its id.</param>
/// <param name="Terms">What it was bounded with.</param>
/// <param name="WindowIds">The windows that it holds money in.</param>
public sealed record PendingReservation(Guid ReservationId, BoundTerms Terms, ImmutableArray<Guid> WindowIds)
{
    public Guid? PriceId => Terms.PriceId;
}

/// <summary>How a reservation was settled, corrections included.</summary>
public sealed record EarlierSettlement(string Model, NanoUsd Cost, bool IsEstimated, long SettledAt);

/// <summary>Reads reservations outside the lane, to learn which windows a command must name.</summary>
public sealed class ReservationReader(Database database) : IReservationSource
{
    public async Task<PendingReservation?> FindPendingAsync(Guid organizationId, Guid reservationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var row = await connection.QuerySingleOrDefaultAsync<StoredPending>(new CommandDefinition(
            """
            SELECT price_id, amount_nanos, tier_percent, bound_input, bound_output, reserved_at, window_ids FROM open_reservations
            WHERE organization_id = @organizationId AND reservation_id = @reservationId
            UNION ALL
            SELECT price_id, reserved_nanos, tier_percent, bound_input, bound_output, reserved_at, window_ids FROM spend_events
            WHERE organization_id = @organizationId AND reservation_id = @reservationId AND event_number = 0 AND kind = @expired
              AND NOT EXISTS (SELECT 1 FROM spend_events later WHERE later.organization_id = spend_events.organization_id
                              AND later.reservation_id = spend_events.reservation_id AND later.kind = @late)
            """,
            new { organizationId, reservationId, expired = (int)SpendKind.Expired, late = (int)SpendKind.Late },
            cancellationToken: cancel));
        return row is null
            ? null
            : new PendingReservation(reservationId,
                new BoundTerms(row.PriceId, new NanoUsd(row.AmountNanos), row.TierPercent, row.BoundInput, row.BoundOutput) { ReservedAt = row.ReservedAt },
                PackedIds.Unpack(row.WindowIds));
    }

    public async Task<EarlierSettlement?> FindSettlementAsync(Guid organizationId, Guid reservationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = (await connection.QueryAsync<StoredSettlement>(new CommandDefinition(
            """
            SELECT model, cost_nanos, is_estimated, occurred_at FROM spend_events
            WHERE organization_id = @organizationId AND reservation_id = @reservationId ORDER BY event_number
            """,
            new { organizationId, reservationId }, cancellationToken: cancel))).AsList();
        if (rows.Count == 0) return null;
        var total = new NanoUsd(rows.Sum(r => r.CostNanos));
        return new EarlierSettlement(rows[0].Model, total, rows[^1].IsEstimated, rows[^1].OccurredAt);
    }

    private sealed class StoredSettlement
    {
        public string Model { get; set; } = "";
        public long CostNanos { get; set; }
        public bool IsEstimated { get; set; }
        public long OccurredAt { get; set; }
    }

    private sealed class StoredPending
    {
        public Guid? PriceId { get; set; }
        public long AmountNanos { get; set; }
        public int TierPercent { get; set; }
        public long BoundInput { get; set; }
        public long BoundOutput { get; set; }
        public long ReservedAt { get; set; }
        public byte[] WindowIds { get; set; } = [];
    }
}
