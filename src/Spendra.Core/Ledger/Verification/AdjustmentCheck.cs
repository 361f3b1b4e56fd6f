namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// Corrections that people approved: each is booked as it was approved, has a reason, and was decided by somebody else than who
/// proposed it. What belongs to an account alone has no spend event; the journal is compared with the correction itself.
/// </summary>
internal sealed class AdjustmentCheck(VerificationReport report)
{
    private readonly Dictionary<(Guid ReservationId, int EventNumber), VerifiedAdjustment> _unmatched = [];
    private long _rows;
    private long _booked;

    /// <returns>What the journal must say of it; null where a spend event says it, or where nothing was booked.</returns>
    public EventFacts? Add(in VerifiedAdjustment row)
    {
        _rows++;
        if (!row.HasReason || row.DeciderId == row.ProposerId)
            report.Add(Invariant.AdjustmentDecided, $"adjustment {row.AdjustmentId}", "a reason, and a decision by somebody else", row.HasReason ? "its proposer's decision" : "no reason");
        if (row.EntrySequence is not { } entry) return null;
        _booked++;
        if (row.ReservationId is { } reservationId)
        {
            if (!_unmatched.TryAdd((reservationId, row.EventNumber ?? -1), row)) Report(row, "another adjustment of the same event");
            return null;
        }
        return new EventFacts(row.AdjustmentId, row.EventNumber ?? -1, SpendKind.Adjusted, row.AccountId, row.Difference, row.DecidedAt ?? 0, entry, 0);
    }

    public void AddSpend(in SpendRow row)
    {
        if (!_unmatched.Remove((row.Reservation.ReservationId, row.EventNumber), out var adjustment)) return;
        if (row.Kind != SpendKind.Adjusted || row.Cost != adjustment.Difference || row.EntrySequence != adjustment.EntrySequence
            || row.OccurredAt != adjustment.DecidedAt || row.Reservation.AccountId != adjustment.AccountId)
            Report(adjustment, $"event {row.EventNumber}, {row.Kind}, of {row.Cost} USD in entry {row.EntrySequence}");
    }

    public void Complete()
    {
        foreach (var adjustment in _unmatched.Values) Report(adjustment, "no such event");
        report.Count(Invariant.AdjustmentDecided, _rows);
        report.Count(Invariant.AdjustmentBooked, _booked);
    }

    private void Report(in VerifiedAdjustment row, string found) => report.Add(Invariant.AdjustmentBooked, $"adjustment {row.AdjustmentId}",
        $"event {row.EventNumber} of reservation {row.ReservationId}, of {row.Difference} USD in entry {row.EntrySequence}", found);
}
