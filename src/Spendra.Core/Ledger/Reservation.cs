using System.Collections.Immutable;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Ledger;

/// <summary>Money held before a call, with everything that later explains and prices it. Immutable once made.</summary>
public sealed record Reservation
{
    public required Guid OrganizationId { get; init; }

    /// <summary>Also the request id that clients, logs and reports show.</summary>
    public required Guid ReservationId { get; init; }

    public required Guid KeyId { get; init; }

    /// <summary>The set of scopes at reserve time, organization first.</summary>
    public required ImmutableArray<Guid> ScopeIds { get; init; }

    /// <summary>The policies that applied.</summary>
    public required ImmutableArray<Guid> PolicyIds { get; init; }

    /// <summary>The windows that hold <see cref="Amount"/>. Chosen at reserve time; settlement follows them.</summary>
    public required ImmutableArray<Guid> WindowIds { get; init; }

    public required string Provider { get; init; }

    public required Guid AccountId { get; init; }

    public required string Model { get; init; }

    /// <summary>The governed route: <c>chat.completions</c>, <c>responses</c>, …</summary>
    public required string Route { get; init; }

    public string? Environment { get; init; }

    /// <summary>The price version that bounds and settles the request; null for routes that cost nothing.</summary>
    public Guid? PriceId { get; init; }

    public int TierPercent { get; init; } = Cost.DefaultTierPercent;

    /// <summary>The bound: the most that the request can cost.</summary>
    public required NanoUsd Amount { get; init; }

    public long BoundInput { get; init; }

    public long BoundOutput { get; init; }

    /// <summary>What the bound covers besides text tokens.</summary>
    public TokenKinds BoundKinds { get; init; }

    /// <summary>The most units of each class that is priced by the piece.</summary>
    public UnitMap<long> BoundPieces { get; init; }

    /// <summary>What <see cref="BoundInput"/> was found by.</summary>
    public BoundBasis BoundBasis { get; init; }

    /// <summary>The governance epoch under which the request was resolved.</summary>
    public required long Epoch { get; init; }

    public required long ReservedAt { get; init; }

    public required long ExpiresAt { get; init; }

    /// <summary>
    /// The gateway process that will end the reservation. When that process is gone, the sweep need not wait for
    /// expiry. Null when the work outlives any process (background responses).
    /// </summary>
    public Guid? GatewayId { get; init; }

    /// <summary>SHA-256 of the caller's idempotency key, or null.</summary>
    public byte[]? IdempotencyDigest { get; init; }

    /// <summary>Over the row, when it was written; none before.</summary>
    public Seal Seal { get; init; }
}

/// <summary>The part of a reservation that prices its settlement. Counts are units, the tier in per cent.</summary>
public readonly record struct BoundTerms(Guid? PriceId, NanoUsd Amount, int TierPercent, long Input, long Output)
{
    /// <summary>When the money was held: prices are those of this instant.</summary>
    public long ReservedAt { get; init; }

    public static BoundTerms Of(Reservation reservation) =>
        new(reservation.PriceId, reservation.Amount, reservation.TierPercent, reservation.BoundInput, reservation.BoundOutput)
        {
            ReservedAt = reservation.ReservedAt,
        };
}

/// <summary>What a finished call really used.</summary>
public sealed record Settlement
{
    public required NanoUsd Cost { get; init; }

    public required Usage Usage { get; init; }

    /// <summary>
    /// True when no usage was known and <see cref="Cost"/> is the bound, or when it is known except for containers; see
    /// <see cref="Metering.Usage.IsEstimatedInPart"/>. To be corrected later.
    /// </summary>
    public bool IsEstimated { get; init; }

    /// <summary>True when <see cref="Cost"/> is what the provider said that it billed, in place of usage times price.</summary>
    public bool IsBilled { get; init; }

    public string? ServedModel { get; init; }

    /// <summary>The price version of the model that served, when that is another than the reservation's; otherwise null.</summary>
    public Guid? ServedPriceId { get; init; }

    public string? ServedTier { get; init; }

    /// <summary>Multiplier of the tier that the cost was computed with, in per cent; rounded up when it is not whole.</summary>
    public int TierPercent { get; init; } = Pricing.Cost.DefaultTierPercent;

    /// <summary>The multiplier in hundredths of a per cent when it is not a whole per cent; otherwise null.</summary>
    public int? TierHundredths { get; init; }

    public string? UpstreamRequestId { get; init; }

    /// <summary>HTTP status of the provider's answer; 0 when there was none.</summary>
    public int UpstreamStatus { get; init; }
}

public enum SpendKind
{
    /// <summary>The real cost, or the bound when the usage is unknown.</summary>
    Settled = 0,
    /// <summary>In doubt: nobody ended the reservation in time; booked at the bound.</summary>
    Expired = 1,
    /// <summary>What a settlement after expiry changed.</summary>
    Late = 2,
    /// <summary>A correction with a reason.</summary>
    Adjusted = 3,
}

/// <summary>
/// What was used and what it cost. The first event of a reservation (number 0) carries its whole story; later
/// ones (late settlement, adjustments) carry the difference.
/// </summary>
public sealed record SpendEvent(
    Reservation Reservation, int EventNumber, SpendKind Kind, Settlement Settlement, long EntrySequence, long OccurredAt)
{
    public string? Reason { get; init; }
}

/// <summary>A reservation that ended with a spend event, as far as a late or repeated finisher needs to know.</summary>
public sealed record SpentReservation(Reservation Reservation, SpendKind FirstKind, NanoUsd TotalCost, int LastEventNumber, long FirstEntry)
{
    public bool HasLate { get; init; }

    /// <summary>Booked at its bound because nobody ended it: what it really cost may still come.</summary>
    public bool IsInDoubt => FirstKind == SpendKind.Expired && !HasLate;
}

public enum EntryKind
{
    Settlement = 0,
    Expiry = 1,
    Late = 2,
    Adjustment = 3,
}

/// <summary>
/// A balanced entry of the ledger: debits the expense of a provider account and credits its payable by the same
/// amount (negative for a correction downward). Entries of an organization are numbered without gaps.
/// </summary>
public sealed record JournalEntry(
    Guid OrganizationId, long Sequence, EntryKind Kind, Guid ReservationId, int EventNumber, Guid AccountId,
    NanoUsd Amount, long BookedAt)
{
    /// <summary>The entry that this one corrects, or null.</summary>
    public long? Corrects { get; init; }
}

public enum LedgerAccount
{
    Expense = 1,
    Payable = 2,
}

public enum ExcessKind
{
    /// <summary>The bill exceeded its reservation.</summary>
    Overrun = 0,
    /// <summary>Settled after expiry for more than was booked.</summary>
    Late = 1,
    /// <summary>An administrator lowered the cap below what was settled and held.</summary>
    CapCut = 2,
}

/// <summary>Explains nano-dollars of a window above its limit.</summary>
public sealed record WindowExcess(
    Guid OrganizationId, Guid WindowId, ExcessKind Kind, Guid CauseId, int EventNumber, NanoUsd Amount, long RecordedAt);

/// <summary>Announces a change to the worker. Written with the change, numbered without gaps per organization.</summary>
public sealed record OutboxRow(
    Guid OrganizationId, long Sequence, OutboxTopic Topic, Guid SubjectId, int EventNumber, long CreatedAt)
{
    /// <summary>None until the lane seals what it writes; see <see cref="SealChain"/>.</summary>
    public Seal Seal { get; init; }

    public Announcement Announcement => new(Sequence, Topic, SubjectId, EventNumber, CreatedAt);
}

/// <summary>A refused request, kept so that its id can be explained. Holds no content of the request.</summary>
public sealed record RefusalRecord
{
    public required Guid OrganizationId { get; init; }

    public required Guid RequestId { get; init; }

    public required Guid KeyId { get; init; }

    public required long RefusedAt { get; init; }

    public required string Route { get; init; }

    public string? Provider { get; init; }

    public string? Model { get; init; }

    /// <summary>Where the money would have belonged; empty when the key itself was refused before its scopes were resolved.</summary>
    public ImmutableArray<Guid> ScopeIds { get; init; } = [];

    /// <summary>The key's label.</summary>
    public string? Environment { get; init; }

    public required Governance.Refusal Refusal { get; init; }
}

public enum ObjectKind
{
    File = 1,
    Response = 2,
    Batch = 3,

    /// <summary>
    /// A batch that a request was about to make, under the id of the request: it is recorded with the reservation, before
    /// anything is sent, so that the batch is found when its own id is never learned.
    /// </summary>
    IntendedBatch = 4,
}

/// <summary>
/// An object that lives at a provider under a shared credential and belongs to the organization that made it.
/// </summary>
public sealed record ProviderObject
{
    public required Guid OrganizationId { get; init; }

    /// <summary>The provider's id: <c>file-…</c>, <c>resp_…</c>, <c>batch_…</c>. Of an intended batch, the request's.</summary>
    public required string ObjectId { get; init; }

    public required ObjectKind Kind { get; init; }

    public required Guid AccountId { get; init; }

    public required Guid KeyId { get; init; }

    /// <summary>The request that made it; a background response, or a batch, is settled through this id.</summary>
    public required Guid ReservationId { get; init; }

    public required long CreatedAt { get; init; }

    public long? Bytes { get; init; }

    public string? FileName { get; init; }

    public string? Purpose { get; init; }

    public long? ExpiresAt { get; init; }

    /// <summary>What an intended batch reads; null for everything else.</summary>
    public string? InputFileId { get; init; }
}
