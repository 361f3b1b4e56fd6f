using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Forwarding;

/// <summary>
/// The right to look after work that goes on at a provider under a reservation: to ask how far it is and to read what it
/// made, which costs nothing. Only a reservation that still waits for its settlement makes one.
/// </summary>
internal sealed class FollowPermit
{
    private FollowPermit(PendingReservation reservation) => Reservation = reservation;

    public PendingReservation Reservation { get; }

    public static FollowPermit Of(PendingReservation reservation) => new(reservation);
}
