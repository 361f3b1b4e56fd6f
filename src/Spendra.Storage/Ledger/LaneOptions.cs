namespace Spendra.Storage.Ledger;

/// <summary>Limits of a ledger lane. The defaults suit production; tests shorten the waits.</summary>
public sealed record LaneOptions
{
    /// <summary>The most commands in one transaction.</summary>
    public int MaxBatch { get; init; } = 256;

    /// <summary>Reservations that may queue before further ones are turned away.</summary>
    public int MaxQueuedReservations { get; init; } = 16_384;

    /// <summary>How long a batch without a reservation waits for one to share its commit with.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>How long a caller waits for its reservation before it is told that the ledger is unavailable.</summary>
    public TimeSpan ReserveTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(20);

    public TimeSpan LastRetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a closing lane tries to write what it still holds.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(20);
}

/// <summary>
/// The ledger cannot take the reservation now. Nothing is held: had the commit gone through unseen, the lane gives
/// the reservation back as soon as it can.
/// </summary>
public sealed class LedgerUnavailableException(string message) : Exception(message);
