using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>Reads reservations outside the lane. The database is behind it; the simulation stands in for that.</summary>
public interface IReservationSource
{
    /// <summary>
    /// The reservation if it is open, or ended by expiry and without a late settlement: then a settlement is still
    /// of use. Null otherwise.
    /// </summary>
    Task<PendingReservation?> FindPendingAsync(Guid organizationId, Guid reservationId, CancellationToken cancel);

    /// <summary>What a reservation cost, or null when it has not been spent.</summary>
    Task<EarlierSettlement?> FindSettlementAsync(Guid organizationId, Guid reservationId, CancellationToken cancel);
}

/// <summary>Finds objects at providers for the organization that made them. To anyone else they do not exist.</summary>
public interface IProviderObjectSource
{
    /// <summary>The object, or null when the organization has none of this id and kind that is not deleted.</summary>
    Task<ProviderObject?> FindAsync(Guid organizationId, string objectId, ObjectKind kind, CancellationToken cancel);

    /// <summary>One page of the organization's files, by time of creation.</summary>
    Task<IReadOnlyList<ProviderObject>> ListFilesAsync(Guid organizationId, FilePage page, CancellationToken cancel);

    /// <summary>The organization's batches, the newest first.</summary>
    /// <param name="organizationId">Whose.</param>
    /// <param name="isTest">Those of test keys, or those of all others.</param>
    /// <param name="after">The batch that the page follows, or null for the first page.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="cancel">Ends the wait.</param>
    Task<IReadOnlyList<ProviderObject>> ListBatchesAsync(
        Guid organizationId, bool isTest, string? after, int limit, CancellationToken cancel);

    /// <summary>
    /// Batches of all organizations, made after an instant, whose reservations wait for their settlement: they are open, or
    /// ended by expiry alone. Intended batches too, as long as none is recorded under their reservation. The oldest of
    /// each account come first: however many wait at one, the limit leaves room for those of the others.
    /// </summary>
    Task<IReadOnlyList<ProviderObject>> ListPendingBatchesAsync(long sinceMicros, int limit, CancellationToken cancel);
}

/// <summary>What the sweep reads, and the rows that it removes because their time is over.</summary>
public interface IDoubtSource
{
    /// <summary>Open reservations whose time is over at an instant, in microseconds since the Unix epoch.</summary>
    Task<IReadOnlyList<DoubtfulReservation>> FindExpiredAsync(long nowMicros, int limit, CancellationToken cancel);

    /// <summary>Open reservations of one gateway process.</summary>
    Task<IReadOnlyList<DoubtfulReservation>> FindOfGatewayAsync(Guid gatewayId, int limit, CancellationToken cancel);

    /// <summary>The gateways that hold open reservations, with their last heartbeat as it stands in their row; 0 without a row.</summary>
    Task<IReadOnlyList<(Guid GatewayId, long HeartbeatAt)>> ReadHoldersAsync(CancellationToken cancel);

    /// <summary>Forgets gateways that have not beaten since an instant and hold nothing.</summary>
    Task ForgetGatewaysAsync(long beforeMicros, CancellationToken cancel);

    /// <summary>Forgets keys that were used before an instant, except those of open reservations.</summary>
    /// <returns>How many were forgotten: fewer than the limit when none is left.</returns>
    Task<int> ForgetIdempotencyKeysAsync(long beforeMicros, int limit, CancellationToken cancel);
}
