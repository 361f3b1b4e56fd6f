namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// Recomputes everything that one organization's reservations say. Whoever has the rows feeds them: first corrections
/// and those that are open, then spend events, releases, refusals and whatever names a reservation, all together in ascending order
/// of reservation (or request) ids, of equal ids the events first, then releases; then <see cref="Complete"/>.
/// What the journal must say of the events is left in <see cref="Events"/>. Used by one thread.
/// </summary>
public sealed class SpendVerification
{
    private readonly VerificationReport _report;
    private readonly WindowCheck _windows;
    private readonly ReservationCheck _reservations;
    private readonly EventCheck _events;
    private readonly EventCostCheck _costs;
    private readonly ExcessCheck _excesses;
    private readonly RefusalCheck _refusals;
    private readonly AdjustmentCheck _adjustments;
    private readonly Dictionary<Guid, OpenFacts> _open = [];
    private Guid? _lastSpent;
    private Guid _lastSpentKey;
    private Guid? _lastReleased;
    private Guid _lastReleasedKey;
    private long _spent;
    private readonly bool _isAlwaysSealed;
    private long _seals;
    private long _released;
    private long _refused;
    private long _idempotencyKeys;
    private long _objects;

    public SpendVerification(VerifiedOrganization organization, VerificationReport report)
    {
        _report = report;
        _isAlwaysSealed = organization.Row.SealedAfter == 0;
        _windows = new WindowCheck(organization, report);
        _reservations = new ReservationCheck(organization, report);
        _events = new EventCheck(report);
        _costs = new EventCostCheck(organization, report);
        _excesses = new ExcessCheck(organization, report);
        _refusals = new RefusalCheck(organization, report);
        _adjustments = new AdjustmentCheck(report);
    }

    /// <summary>What the journal must say, in the order of the events. Emptied by whoever takes it.</summary>
    public List<EventFacts> Events { get; } = [];

    /// <summary>What the outbox must say, emptied likewise.</summary>
    public List<AnnouncedFacts> Announced { get; } = [];

    public void AddOpen(in OpenRow row)
    {
        var reservation = row.Reservation;
        var digest = row.IdempotencyDigest.IsEmpty ? null : row.IdempotencyDigest.ToArray();
        _open[reservation.ReservationId] = new OpenFacts(reservation.KeyId, digest);
        // Of an organization that is older than seals, a reservation may be so as well.
        if (!row.Seal.IsNone || _isAlwaysSealed)
        {
            _seals++;
            if (row.Seal != row.Content)
                _report.Add(Invariant.OpenSeal, $"reservation {reservation.ReservationId}", "what was sealed when it was made", row.Seal.IsNone ? "none" : "it was changed since");
        }
        _windows.Find(reservation.WindowIds);
        _windows.CheckClaims(reservation);
        _windows.AddReserved(reservation.Amount);
        _reservations.Check(reservation, row.TierPercent);
        if (row.ExpiresAt < reservation.ReservedAt)
            _report.Add(Invariant.Expiry, $"reservation {reservation.ReservationId}", $"expires at {reservation.ReservedAt} or later", $"{row.ExpiresAt}");
    }

    /// <summary>Before any spend event.</summary>
    public void AddAdjustment(in VerifiedAdjustment row)
    {
        if (_adjustments.Add(row) is not { } facts) return;
        Events.Add(facts);
        Announced.Add(new AnnouncedFacts(OutboxTopic.Adjustment, facts.ReservationId, facts.EventNumber, facts.OccurredAt, row.Content));
    }

    public void AddSpend(in SpendRow row)
    {
        var reservation = row.Reservation;
        var isFirst = _events.Add(row);
        _windows.Find(reservation.WindowIds);
        if (isFirst)
        {
            _spent++;
            (_lastSpent, _lastSpentKey) = (reservation.ReservationId, reservation.KeyId);
            if (_open.ContainsKey(reservation.ReservationId)) ReportTwice(reservation.ReservationId, "open and spent");
            _windows.CheckClaims(reservation);
            // The bound is of the tier that was bounded; otherwise the tier that served is charged.
            _reservations.Check(reservation, row.IsWhollyEstimated ? row.TierPercent : null);
        }
        _windows.AddSettled(row.Cost);
        _costs.Add(row, isFirst);
        _excesses.Add(row);
        if (row.Kind == SpendKind.Adjusted || row.EventNumber > 0) _adjustments.AddSpend(row);
        Events.Add(new EventFacts(reservation.ReservationId, row.EventNumber, row.Kind, reservation.AccountId, row.Cost,
            row.OccurredAt, row.EntrySequence, _events.FirstEntry));
        Announced.Add(new AnnouncedFacts(OutboxTopic.Spend, reservation.ReservationId, row.EventNumber, row.OccurredAt, row.Content));
    }

    public void AddReleased(in ReleasedRow released)
    {
        var row = released.Reservation;
        _released++;
        (_lastReleased, _lastReleasedKey) = (row.ReservationId, row.KeyId);
        if (_open.ContainsKey(row.ReservationId)) ReportTwice(row.ReservationId, "open and released");
        if (IsSpent(row.ReservationId)) ReportTwice(row.ReservationId, "spent and released");
        _windows.Find(row.WindowIds);
        _windows.CheckClaims(row);
        _reservations.Check(row, tierPercent: null);
        Announced.Add(new AnnouncedFacts(OutboxTopic.Release, row.ReservationId, 0, released.ReleasedAt, released.Content));
    }

    /// <summary>A request that was turned away may have been held for a moment and released, never more.</summary>
    public void AddRefusal(in RefusalRow row)
    {
        _refused++;
        _refusals.Add(row);
        Announced.Add(new AnnouncedFacts(OutboxTopic.Refusal, row.RequestId, 0, At: null, row.Content));
        if (IsSpent(row.RequestId)) _report.Add(Invariant.RefusalNotSpent, $"refusal {row.RequestId}", "no spend event", "one");
        if (_open.ContainsKey(row.RequestId))
            _report.Add(Invariant.RefusalNotSpent, $"refusal {row.RequestId}", "no open reservation", "one");
    }

    /// <summary>A reservation that was released forgets its idempotency key: the call may be tried again.</summary>
    public void AddIdempotencyKey(Guid reservationId, Guid keyId, ReadOnlySpan<byte> digest)
    {
        _idempotencyKeys++;
        const string what = "idempotency key";
        if (_open.TryGetValue(reservationId, out var open))
        {
            open.HasKey |= digest.SequenceEqual(open.Digest);
            CheckKey(Invariant.Idempotency, what, reservationId, keyId, open.KeyId);
        }
        else if (IsSpent(reservationId)) CheckKey(Invariant.Idempotency, what, reservationId, keyId, _lastSpentKey);
        else _report.Add(Invariant.Idempotency, Subject(what, reservationId), "an open or spent reservation", "none");
    }

    public void AddObject(Guid reservationId, Guid keyId)
    {
        _objects++;
        const string what = "provider object";
        if (IsSpent(reservationId)) CheckKey(Invariant.ObjectReservation, what, reservationId, keyId, _lastSpentKey);
        else if (_open.TryGetValue(reservationId, out var open)) CheckKey(Invariant.ObjectReservation, what, reservationId, keyId, open.KeyId);
        else if (reservationId == _lastReleased) CheckKey(Invariant.ObjectReservation, what, reservationId, keyId, _lastReleasedKey);
        else _report.Add(Invariant.ObjectReservation, Subject(what, reservationId), "a reservation", "none");
    }

    public void Complete()
    {
        foreach (var (reservationId, open) in _open)
        {
            if (open is { Digest: not null, HasKey: false })
                _report.Add(Invariant.IdempotencyHeld, $"reservation {reservationId}", "the idempotency key that its caller sent", "none");
        }
        _report.Count(Invariant.EndsOnce, _open.Count + _spent + _released);
        _report.Count(Invariant.Expiry, _open.Count);
        _report.Count(Invariant.OpenSeal, _seals);
        _report.Count(Invariant.IdempotencyHeld, _open.Values.Count(o => o.Digest is not null));
        _report.Count(Invariant.Idempotency, _idempotencyKeys);
        _report.Count(Invariant.ObjectReservation, _objects);
        _report.Count(Invariant.RefusalNotSpent, _refused);
        _windows.Complete();
        _reservations.Complete();
        _events.Complete();
        _costs.Complete();
        _excesses.Complete();
        _refusals.Complete();
        _adjustments.Complete();
    }

    private bool IsSpent(Guid reservationId) => reservationId == _lastSpent;

    private void CheckKey(string invariant, string what, Guid reservationId, Guid keyId, Guid expected)
    {
        if (keyId != expected) _report.Add(invariant, Subject(what, reservationId), $"key {expected}", $"key {keyId}");
    }

    private static string Subject(string what, Guid reservationId) => $"{what} of reservation {reservationId}";

    private void ReportTwice(Guid reservationId, string found) =>
        _report.Add(Invariant.EndsOnce, $"reservation {reservationId}", "one of open, spent, released", found);

    private sealed class OpenFacts(Guid keyId, byte[]? digest)
    {
        public Guid KeyId { get; } = keyId;

        public byte[]? Digest { get; } = digest;

        public bool HasKey { get; set; }
    }
}
