using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Ledger.Verification;

/// <summary>Checks what events cost, in key order: usage times price, the bound where the usage is not known.</summary>
internal sealed class EventCostCheck(VerifiedOrganization organization, VerificationReport report)
{
    private Guid _reservationId;
    private Int128 _total;
    private Usage _units;
    private long _reservations;
    private long _expired;
    private long _estimated;
    private long _priced;
    private long _free;

    public void Add(in SpendRow row, bool isFirst)
    {
        if (isFirst)
        {
            EndReservation();
            _reservations++;
            _reservationId = row.Reservation.ReservationId;
            _total = 0;
            _units = default;
        }
        _total += row.Cost.Value;
        _units = Usage.SumUnchecked(_units, row.Usage);
        CheckEstimate(row);
        CheckPrice(row);
    }

    public void Complete()
    {
        EndReservation();
        report.Count(Invariant.EventTotal, _reservations);
        report.Count(Invariant.ExpiredIsEstimated, _expired);
        report.Count(Invariant.ExpiredUnits, _expired);
        report.Count(Invariant.EstimateAtBound, _estimated);
        report.Count(Invariant.EventPrice, _priced);
        report.Count(Invariant.EventFree, _free);
    }

    private void EndReservation()
    {
        if (_total < 0)
            report.Add(Invariant.EventTotal, $"reservation {_reservationId}", "0 or more", $"{_total} nano-USD");
    }

    private void CheckEstimate(in SpendRow row)
    {
        if (row.Kind == SpendKind.Expired)
        {
            _expired++;
            if (!row.IsEstimated) report.Add(Invariant.ExpiredIsEstimated, Subject(row), "estimated", "measured");
            // What a late settlement corrects: its difference counts from these.
            var bound = new Usage { Input = row.Reservation.BoundInput, Output = row.Reservation.BoundOutput };
            if (row.Usage != bound)
                report.Add(Invariant.ExpiredUnits, Subject(row), $"{bound.Input} in, {bound.Output} out", $"{row.Usage.Input} in, {row.Usage.Output} out");
        }
        if (row.EventNumber != 0 || !row.IsWhollyEstimated) return;
        _estimated++;
        if (row.Cost != row.Reservation.Amount)
            report.Add(Invariant.EstimateAtBound, Subject(row), $"{row.Reservation.Amount} USD", $"{row.Cost} USD");
    }

    /// <summary>A measured event costs its usage; a late one brings both to what was really used.</summary>
    private void CheckPrice(in SpendRow row)
    {
        if (row.EventNumber != 0 && row.Kind != SpendKind.Late) return;
        if (row.Reservation.PriceId is not { } priceId)
        {
            _free++;
            if (row.Cost != NanoUsd.Zero) report.Add(Invariant.EventFree, Subject(row), "0", $"{row.Cost} USD");
            return;
        }
        // What the provider billed is not ours to compute.
        if (row.IsWhollyEstimated || row.IsBilled) return;
        if (!organization.Prices.TryGetValue(row.ServedPriceId ?? priceId, out var price))
        {
            // One of the reservation's that is gone is the reservation's violation.
            if (row.ServedPriceId is { } served) report.Add(Invariant.EventPrice, Subject(row), $"price version {served}", "no such price version");
            return;
        }
        _priced++;
        try
        {
            if (row.Reservation.BoundKinds.HasFlag(TokenKinds.ManyCalls))
            {
                if (!BatchCost.MayBeCost(price, _units, row.TierPercent, _total))
                    report.Add(Invariant.EventPrice, Subject(row), "a cost of the usage between the rates of both context bands", $"{_total} nano-USD");
                return;
            }
            var cost = row.TierHundredths is { } exact ? Cost.OfHundredths(price, _units, exact) : Cost.Of(price, _units, row.TierPercent);
            if (row.TierHundredths is { } told && !IsRoundedUp(row.TierPercent, told))
                report.Add(Invariant.EventPrice, Subject(row), $"{told} hundredths of a per cent, rounded up", $"{row.TierPercent} %");
            if (cost.Value != _total)
                report.Add(Invariant.EventPrice, Subject(row), $"{cost.Value} nano-USD", $"{_total} nano-USD");
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            report.Add(Invariant.EventPrice, Subject(row), "plausible usage", e.Message);
        }
    }

    private static bool IsRoundedUp(int percent, int hundredths) =>
        (long)percent * Cost.HundredthsOfPercent - hundredths is >= 0 and < Cost.HundredthsOfPercent;

    private static string Subject(in SpendRow row) => $"event {row.EventNumber} of reservation {row.Reservation.ReservationId}";
}
