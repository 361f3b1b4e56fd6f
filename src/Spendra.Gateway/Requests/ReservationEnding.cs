using Spendra.Core.Ledger;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Telemetry;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Requests;

/// <summary>
/// Step 9: ends a reservation exactly once, whatever happens to the request. Disposing it without having ended it
/// books the bound when something went wrong after the request was sent, because the provider may bill; before that
/// it gives the reservation back. That of a batch which may have been made stays open until that is known.
/// </summary>
internal sealed class ReservationEnding(GovernedCall call, DispatchPermit permit, GatewayParts parts) : IDisposable
{
    private bool _hasEnded;

    /// <summary>
    /// A batch whose answer was not seen may have been made. What was recorded with the reservation finds it, so that
    /// nothing is booked here that could be known.
    /// </summary>
    public bool IsFoundOutLater => call.Batch is not null;

    /// <summary>Works out the settlement without booking it yet, so that a header can tell it.</summary>
    public Settlement Price(MeterReading reading, int status, string? upstreamRequestId) =>
        SettlementPricing.Of(call, permit.Reservation, reading, status, upstreamRequestId);

    public void Settle(Settlement settlement)
    {
        if (_hasEnded) return;
        _hasEnded = true;
        if (IsFoundOutLater) return;
        var reservation = permit.Reservation;
        parts.Tightness.Record(reservation, settlement);
        End(new SettleCommand(reservation.OrganizationId, reservation.ReservationId, reservation.WindowIds, settlement),
            settlement.IsEstimated ? "estimated" : "measured");
    }

    /// <summary>No usage is known: books the bound, flagged as estimated.</summary>
    public void SettleAtBound(int status, string? upstreamRequestId) =>
        Settle(SettlementPricing.Of(call, permit.Reservation, new MeterReading(), status, upstreamRequestId));

    /// <summary>The provider certainly did no work.</summary>
    public void Release(string reason)
    {
        if (_hasEnded) return;
        _hasEnded = true;
        var reservation = permit.Reservation;
        End(new ReleaseCommand(reservation.OrganizationId, reservation.ReservationId, reservation.WindowIds, reason), "released");
    }

    /// <summary>A background response goes on at the provider: whoever fetches it, or the sweep, ends the reservation.</summary>
    public void LeaveOpen() => _hasEnded = true;

    public void Dispose()
    {
        if (permit.IsUsed) SettleAtBound(status: 0, upstreamRequestId: null);
        else Release("the request failed before it was sent");
    }

    // The client does not wait for the commit. The lane keeps the command until it is written.
    private void End(LedgerCommand command, string kind)
    {
        parts.Metrics.Settled(call, kind);
        _ = (RequestTrace.IsOn ? EndTracedAsync(command, kind) : parts.Lane.EndAsync(command)).ContinueWith(
            static (failed, _) => _ = failed.Exception, null, TaskContinuationOptions.OnlyOnFaulted);
    }

    // The trace of the request is over before this is: its last step ends with the commit.
    private async Task EndTracedAsync(LedgerCommand command, string kind)
    {
        using var step = RequestTrace.Step(RequestTrace.Settlement);
        step?.SetTag("spendra.settlement", kind);
        var outcome = await parts.Lane.EndAsync(command);
        step?.SetTag("spendra.outcome", LedgerLane.NameOf(outcome));
    }
}
