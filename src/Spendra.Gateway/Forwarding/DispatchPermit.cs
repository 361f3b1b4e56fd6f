using Spendra.Core.Ledger;

namespace Spendra.Gateway.Forwarding;

/// <summary>
/// The right to send one request to a provider. Only a committed reservation makes one, and the upstream client
/// sends nothing without it: no route can reach a provider unmetered.
/// </summary>
internal sealed class DispatchPermit
{
    private int _isUsed;

    private DispatchPermit(Reservation reservation, LedgerOutcome.Admitted admission)
    {
        Reservation = reservation;
        Admission = admission;
    }

    public Reservation Reservation { get; }

    public LedgerOutcome.Admitted Admission { get; }

    /// <summary>The request was handed to the network: from here on the provider may know of it.</summary>
    public bool IsUsed => Volatile.Read(ref _isUsed) != 0;

    public static DispatchPermit From(Reservation reservation, LedgerOutcome.Admitted admission) => new(reservation, admission);

    /// <summary>A permit is good for one request.</summary>
    public void Use()
    {
        if (Interlocked.Exchange(ref _isUsed, 1) != 0)
            throw new InvalidOperationException("the reservation has been dispatched before");
    }
}
