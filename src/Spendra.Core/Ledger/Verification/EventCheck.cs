using System.Runtime.InteropServices;
using Spendra.Core.Money;

namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// Checks the events of a reservation against each other, in key order, so that all of them follow each other:
/// numbers, kinds, and that corrections repeat what they correct. Costs are the matter of <see cref="EventCostCheck"/>.
/// When they came is not compared: a reservation is dated by its gateway, its end by whoever ended it, and clocks differ.
/// </summary>
internal sealed class EventCheck(VerificationReport report)
{
    private readonly List<byte> _firstWindows = [];
    private Guid? _reservationId;
    private int _lastNumber;
    private SpendKind _firstKind;
    private bool _hasLate;
    private FirstFacts _first;
    private long _events;
    private long _corrections;
    private long _adjusted;

    /// <summary>The entry of the first event of the reservation that is being read; 0 when that event is missing.</summary>
    public long FirstEntry { get; private set; }

    /// <returns>True when the event is the first that is read of its reservation.</returns>
    public bool Add(in SpendRow row)
    {
        _events++;
        var begins = row.Reservation.ReservationId != _reservationId;
        if (begins) Begin(row);
        else CheckCorrection(row);
        CheckNumber(row);
        CheckKind(row);
        CheckExpiry(row);
        return begins;
    }

    public void Complete()
    {
        report.Count(Invariant.EventNumbers, _events);
        report.Count(Invariant.EventKinds, _events);
        report.Count(Invariant.Expiry, _events);
        report.Count(Invariant.EventRepeats, _corrections);
        report.Count(Invariant.EventReason, _adjusted);
    }

    private void Begin(in SpendRow row)
    {
        var reservation = row.Reservation;
        _reservationId = reservation.ReservationId;
        _lastNumber = -1;
        _hasLate = false;
        _firstKind = row.EventNumber == 0 ? row.Kind : SpendKind.Settled;
        FirstEntry = row.EventNumber == 0 ? row.EntrySequence : 0;
        _first = new FirstFacts(reservation);
        _firstWindows.Clear();
        _firstWindows.AddRange(reservation.WindowIds);
    }

    /// <summary>A correction moves the same windows as the event that it corrects, or the sums of both drift apart.</summary>
    private void CheckCorrection(in SpendRow row)
    {
        _corrections++;
        if (new FirstFacts(row.Reservation) != _first
            || !row.Reservation.WindowIds.SequenceEqual(CollectionsMarshal.AsSpan(_firstWindows)))
        {
            report.Add(Invariant.EventRepeats, Subject(row), "windows, key, account, price, bound and time of the first event", "others");
        }
    }

    private void CheckNumber(in SpendRow row)
    {
        if (row.EventNumber != _lastNumber + 1)
            report.Add(Invariant.EventNumbers, Subject(row), $"event {_lastNumber + 1}", $"event {row.EventNumber}");
        _lastNumber = row.EventNumber;
    }

    private void CheckKind(in SpendRow row)
    {
        var expected = row switch
        {
            { EventNumber: 0 } => row.Kind is SpendKind.Settled or SpendKind.Expired ? null : "settled or expired",
            { Kind: SpendKind.Late } when _firstKind != SpendKind.Expired => "a late settlement only after expiry",
            { Kind: SpendKind.Late } when _hasLate => "one late settlement",
            { Kind: SpendKind.Late or SpendKind.Adjusted } => null,
            _ => "late or adjusted",
        };
        if (expected is not null)
            report.Add(Invariant.EventKinds, Subject(row), expected, row.Kind.ToString().ToLowerInvariant());
        _hasLate |= row.Kind == SpendKind.Late;
        if (row.Kind != SpendKind.Adjusted) return;
        _adjusted++;
        if (!row.HasReason) report.Add(Invariant.EventReason, Subject(row), "a reason", "none");
    }

    private void CheckExpiry(in SpendRow row)
    {
        if (row.ExpiresAt < row.Reservation.ReservedAt)
            report.Add(Invariant.Expiry, Subject(row), $"expires at {row.Reservation.ReservedAt} or later", $"{row.ExpiresAt}");
    }

    private static string Subject(in SpendRow row) => $"event {row.EventNumber} of reservation {row.Reservation.ReservationId}";

    private readonly record struct FirstFacts(
        Guid KeyId, Guid AccountId, Guid? PriceId, NanoUsd Amount, long BoundInput, long BoundOutput, long ReservedAt)
    {
        public FirstFacts(in ReservationRow row)
            : this(row.KeyId, row.AccountId, row.PriceId, row.Amount, row.BoundInput, row.BoundOutput, row.ReservedAt)
        {
        }
    }
}
