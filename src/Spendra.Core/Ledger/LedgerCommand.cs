using System.Collections.Immutable;
using Spendra.Core.Governance;
using Spendra.Core.Money;

namespace Spendra.Core.Ledger;

/// <summary>
/// One write to the ledger. Every command may be decided again after an ambiguous commit: its reservation id
/// tells what has happened already.
/// </summary>
public abstract record LedgerCommand(Guid OrganizationId, Guid ReservationId)
{
    /// <summary>The windows that the command touches, so that they can be locked before anything is read.</summary>
    public abstract ImmutableArray<Guid> WindowIds { get; }

    /// <summary>Commands that give money back or book it go before those that take it.</summary>
    public bool Reserves => this is ReserveCommand;

    /// <summary>Names a reservation that was made before.</summary>
    public bool Ends => this is not (ReserveCommand or RefuseCommand);
}

/// <summary>Holds money in every claimed window, or in none.</summary>
public sealed record ReserveCommand(Reservation Reservation, ImmutableArray<WindowClaim> Claims)
    : LedgerCommand(Reservation.OrganizationId, Reservation.ReservationId)
{
    public override ImmutableArray<Guid> WindowIds => Reservation.WindowIds;

    public IdempotencyClaim? Idempotency { get; init; }

    /// <summary>What the request is about to make at the provider: written in the same commit, if the reservation is made.</summary>
    public ProviderObject? Intent { get; init; }
}

/// <summary>The caller's idempotency key and what it was used for; both as SHA-256.</summary>
public sealed record IdempotencyClaim(byte[] KeyDigest, byte[] BodyDigest);

/// <summary>Replaces a reservation by its real cost. After expiry: corrects what expiry booked.</summary>
public sealed record SettleCommand(Guid OrganizationId, Guid ReservationId, ImmutableArray<Guid> Windows, Settlement Settlement)
    : LedgerCommand(OrganizationId, ReservationId)
{
    public override ImmutableArray<Guid> WindowIds => Windows;
}

/// <summary>Gives a reservation back: the provider certainly did no work.</summary>
public sealed record ReleaseCommand(Guid OrganizationId, Guid ReservationId, ImmutableArray<Guid> Windows, string Reason)
    : LedgerCommand(OrganizationId, ReservationId)
{
    public override ImmutableArray<Guid> WindowIds => Windows;
}

/// <summary>Books a reservation in doubt at its bound: nobody ended it and the provider may have billed.</summary>
public sealed record ExpireCommand(Guid OrganizationId, Guid ReservationId, ImmutableArray<Guid> Windows)
    : LedgerCommand(OrganizationId, ReservationId)
{
    public override ImmutableArray<Guid> WindowIds => Windows;
}

/// <summary>Corrects what a reservation cost, with a reason. The sum of all its events never goes below zero.</summary>
public sealed record AdjustCommand(Guid OrganizationId, Guid ReservationId, ImmutableArray<Guid> Windows, NanoUsd Difference, string Reason)
    : LedgerCommand(OrganizationId, ReservationId)
{
    /// <summary>
    /// The number of the reservation's last event when the adjustment was asked for. When another event has come
    /// since, this adjustment or someone else's, nothing is written and the outcome is
    /// <see cref="LedgerOutcome.AlreadyEnded"/>. A reservation may be adjusted often, so its id alone does not tell
    /// whether this was done: without the number the command is not safe to decide again.
    /// </summary>
    public int? AfterEvent { get; init; }

    public override ImmutableArray<Guid> WindowIds => Windows;
}

/// <summary>Keeps a refusal, so that its id can be explained and is counted.</summary>
public sealed record RefuseCommand(RefusalRecord Refusal) : LedgerCommand(Refusal.OrganizationId, Refusal.RequestId)
{
    public override ImmutableArray<Guid> WindowIds => [];
}

/// <summary>
/// Corrects what a provider account costs, beside all requests. No command of the lane: whoever approves it books it, see
/// <see cref="LedgerMachine.AdjustAccount"/>.
/// </summary>
/// <param name="AdjustmentId">Stands in the journal where otherwise the reservation does.</param>
/// <param name="AccountId">Whose expense and payable.</param>
/// <param name="Difference">Positive for a charge, negative for a credit.</param>
/// <param name="Reason">Why.</param>
public sealed record AccountAdjustment(Guid AdjustmentId, Guid AccountId, NanoUsd Difference, string Reason);

/// <summary>What became of one command.</summary>
public abstract record LedgerOutcome
{
    private LedgerOutcome()
    {
    }

    /// <summary>The reservation stands. The windows are as this command left them, in the order of the claims.</summary>
    public sealed record Admitted(ImmutableArray<WindowRow> Windows) : LedgerOutcome;

    public sealed record Refused(Refusal Refusal) : LedgerOutcome;

    /// <summary>The rules have changed since the request was resolved: resolve it again.</summary>
    public sealed record Stale(long Epoch) : LedgerOutcome;

    /// <summary>The idempotency key was used before.</summary>
    public sealed record Repeated(RefusalCode Code, Guid EarlierReservationId) : LedgerOutcome;

    /// <summary>The reservation ended with this command.</summary>
    public sealed record Ended(SpendKind? Kind, NanoUsd Cost) : LedgerOutcome;

    /// <summary>The refusal is kept.</summary>
    public sealed record Kept : LedgerOutcome
    {
        public static readonly Kept Instance = new();
    }

    /// <summary>The reservation had ended before; nothing was written.</summary>
    public sealed record AlreadyEnded : LedgerOutcome
    {
        public static readonly AlreadyEnded Instance = new();
    }

    /// <summary>No such reservation.</summary>
    public sealed record Unknown : LedgerOutcome
    {
        public static readonly Unknown Instance = new();
    }

    /// <summary>The command alone could not be decided; nothing was written for it.</summary>
    public sealed record Failed(Exception Error) : LedgerOutcome;
}
