using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage;

namespace Spendra.Proof.Worlds;

/// <summary>How one reservation ended, from its spend events.</summary>
internal sealed record Story(SpendKind First, NanoUsd Cost, NanoUsd Bound, bool IsEstimated, bool HasLate, int FirstEvents);

internal sealed record LedgerWindow(Guid WindowId, string Budget, NanoUsd Limit, NanoUsd Reserved, NanoUsd Settled, NanoUsd Excess);

/// <summary>What the ledger says at one moment, straight from the rows.</summary>
internal sealed class LedgerRows
{
    public required IReadOnlyDictionary<Guid, Story> Spent { get; init; }

    /// <summary>With the reason.</summary>
    public required IReadOnlyDictionary<Guid, string> Released { get; init; }

    public required IReadOnlySet<Guid> Open { get; init; }

    public required IReadOnlyList<LedgerWindow> Windows { get; init; }

    /// <summary>What late settlements have taken back from what was booked for carl: so much more may once have been settled.</summary>
    public NanoUsd TakenBackFromCarl { get; private init; }

    public static async Task<LedgerRows> ReadAsync(Database database, Guid organizationId)
    {
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var moment = await database.BeginSnapshotAsync(connection, CancellationToken.None);
        var me = new { organizationId };
        var events = await connection.QueryAsync<EventRow>(
            """
            SELECT reservation_id, event_number, kind, cost_nanos, reserved_nanos, is_estimated FROM spend_events
            WHERE organization_id = @organizationId ORDER BY reservation_id, event_number
            """, me, moment);
        var released = await connection.QueryAsync<ReleasedRow>(
            "SELECT reservation_id, reason FROM released_reservations WHERE organization_id = @organizationId", me, moment);
        var open = await connection.QueryAsync<Guid>(
            "SELECT reservation_id FROM open_reservations WHERE organization_id = @organizationId", me, moment);
        var windows = await connection.QueryAsync<WindowRow>(
            """
            SELECT window_id, b.slug AS budget, limit_nanos, reserved_nanos, settled_nanos, CAST(coalesce((SELECT sum(e.amount_nanos)
                FROM window_excesses e WHERE e.organization_id = w.organization_id AND e.window_id = w.window_id), 0) AS bigint) AS excess_nanos
            FROM windows w JOIN budgets b ON b.organization_id = w.organization_id AND b.budget_id = w.budget_id
            WHERE w.organization_id = @organizationId
            """, me, moment);
        var takenBack = await connection.ExecuteScalarAsync<long>(
            """
            SELECT CAST(coalesce(sum(-e.cost_nanos), 0) AS bigint) FROM spend_events e
            JOIN scoped_keys k ON k.organization_id = e.organization_id AND k.key_id = e.key_id
            WHERE e.organization_id = @organizationId AND k.slug = 'carl' AND e.cost_nanos < 0
            """, me, moment);
        return new LedgerRows
        {
            Spent = events.GroupBy(e => e.ReservationId).ToDictionary(g => g.Key, StoryOf),
            Released = released.ToDictionary(r => r.ReservationId, r => r.Reason),
            Open = open.ToHashSet(),
            Windows = [.. windows.Select(w => new LedgerWindow(w.WindowId, w.Budget, new NanoUsd(w.LimitNanos), new NanoUsd(w.ReservedNanos),
                new NanoUsd(w.SettledNanos), new NanoUsd(w.ExcessNanos)))],
            TakenBackFromCarl = new NanoUsd(takenBack),
        };
    }

    private static Story StoryOf(IGrouping<Guid, EventRow> events)
    {
        var first = events.First();
        return new Story((SpendKind)first.Kind, new NanoUsd(events.Sum(e => e.CostNanos)), new NanoUsd(first.ReservedNanos),
            events.Last().IsEstimated, events.Any(e => e.Kind == (int)SpendKind.Late), events.Count(e => e.Kind != (int)SpendKind.Late));
    }

    private sealed class EventRow
    {
        public Guid ReservationId { get; set; }
        public int EventNumber { get; set; }
        public int Kind { get; set; }
        public long CostNanos { get; set; }
        public long ReservedNanos { get; set; }
        public bool IsEstimated { get; set; }
    }

    private sealed class ReleasedRow
    {
        public Guid ReservationId { get; set; }
        public string Reason { get; set; } = "";
    }

    private sealed class WindowRow
    {
        public Guid WindowId { get; set; }
        public string Budget { get; set; } = "";
        public long LimitNanos { get; set; }
        public long ReservedNanos { get; set; }
        public long SettledNanos { get; set; }
        public long ExcessNanos { get; set; }
    }
}
