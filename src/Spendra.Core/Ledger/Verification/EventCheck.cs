using Spendra.Core.Metering;
using Spendra.Core.Pricing;

namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// Checks spend events in key order, so that all events of a reservation follow each other: numbers, kinds,
/// totals and costs.
/// </summary>
internal sealed class EventCheck(VerifiedOrganization organization, VerificationReport report)
{
    private Guid _reservationId;
    private int _lastNumber;
    private SpendKind _firstKind;
    private bool _hasLate;
    private Int128 _total;
    private Usage _units;
    private long _reservations;
    private long _events;
    private long _expired;
    private long _estimated;
    private long _priced;

    /// <summary>The entry of the first event of the reservation that is being read; 0 when that event is missing.</summary>
    public long FirstEntry { get; private set; }

    public void Add(in SpendRow row)
    {
        _events++;
        if (row.ReservationId != _reservationId || _reservations == 0) Begin(row);
        CheckNumber(row);
        CheckKind(row);
        _total += row.Cost.Value;
        _units = Add(_units, row.Usage);
        CheckEstimate(row);
        CheckPrice(row);
    }

    public void Complete()
    {
        EndReservation();
        report.Count(Invariant.EventNumbers, _events);
        report.Count(Invariant.EventKinds, _events);
        report.Count(Invariant.EventTotal, _reservations);
        report.Count(Invariant.ExpiredIsEstimated, _expired);
        report.Count(Invariant.EstimateAtBound, _estimated);
        report.Count(Invariant.EventPrice, _priced);
    }

    private void Begin(in SpendRow row)
    {
        EndReservation();
        _reservations++;
        _reservationId = row.ReservationId;
        _lastNumber = -1;
        _total = 0;
        _units = default;
        _hasLate = false;
        _firstKind = row.EventNumber == 0 ? row.Kind : SpendKind.Settled;
        FirstEntry = row.EventNumber == 0 ? row.EntrySequence : 0;
    }

    private void EndReservation()
    {
        if (_total < 0)
            report.Add(Invariant.EventTotal, $"reservation {_reservationId}", "0 or more", $"{_total} nano-USD");
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
    }

    private void CheckEstimate(in SpendRow row)
    {
        if (row.Kind == SpendKind.Expired)
        {
            _expired++;
            if (!row.IsEstimated) report.Add(Invariant.ExpiredIsEstimated, Subject(row), "estimated", "measured");
        }
        if (row.EventNumber != 0 || !row.IsEstimated) return;
        _estimated++;
        if (row.Cost != row.Reserved)
            report.Add(Invariant.EstimateAtBound, Subject(row), $"{row.Reserved} USD", $"{row.Cost} USD");
    }

    /// <summary>A measured event costs its usage; a late one brings both to what was really used.</summary>
    private void CheckPrice(in SpendRow row)
    {
        var isMeasured = !row.IsEstimated && (row.EventNumber == 0 || row.Kind == SpendKind.Late);
        if (!isMeasured || row.PriceId is not { } priceId) return;
        _priced++;
        if (!organization.Prices.TryGetValue(priceId, out var price))
        {
            report.Add(Invariant.EventPrice, Subject(row), $"price version {priceId}", "no such price version");
            return;
        }
        try
        {
            var cost = Cost.Of(price, _units, row.TierPercent);
            if (cost.Value != _total)
                report.Add(Invariant.EventPrice, Subject(row), $"{cost.Value} nano-USD", $"{_total} nano-USD");
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            report.Add(Invariant.EventPrice, Subject(row), "plausible usage", e.Message);
        }
    }

    // Later events carry differences, which may be negative. Rows that are corrupt wrap around and are implausible.
    private static Usage Add(in Usage a, in Usage b) => new()
    {
        Input = unchecked(a.Input + b.Input),
        CachedInput = unchecked(a.CachedInput + b.CachedInput),
        CacheWrite = unchecked(a.CacheWrite + b.CacheWrite),
        Output = unchecked(a.Output + b.Output),
        ReasoningWithinOutput = unchecked(a.ReasoningWithinOutput + b.ReasoningWithinOutput),
    };

    private static string Subject(in SpendRow row) => $"event {row.EventNumber} of reservation {row.ReservationId}";
}
