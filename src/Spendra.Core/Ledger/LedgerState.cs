namespace Spendra.Core.Ledger;

/// <summary>An organization's counters, locked for the duration of a batch.</summary>
public sealed record OrganizationRow(Guid OrganizationId, long Epoch, long EntrySequence, long OutboxSequence)
{
    /// <summary>The seal of the last outbox row; none as long as none is sealed.</summary>
    public Seal Seal { get; init; }

    /// <summary>The last outbox row that is older than seals; zero for an organization that is younger. Verification asks.</summary>
    public long SealedAfter { get; init; }
}

/// <summary>An idempotency key that was used before.</summary>
public sealed record IdempotencyRow(Guid OrganizationId, Guid KeyId, byte[] KeyDigest, byte[] BodyDigest, Guid ReservationId);

/// <summary>Names one row of an organization.</summary>
public readonly record struct RowKey(Guid OrganizationId, Guid Id);

/// <summary>
/// What the database holds of everything that a batch of commands names: loaded and locked before the decision,
/// complete with respect to the commands. A row that is not here does not exist.
/// </summary>
public sealed class LedgerState
{
    public Dictionary<Guid, OrganizationRow> Organizations { get; } = [];

    public Dictionary<RowKey, WindowRow> Windows { get; } = [];

    public Dictionary<RowKey, Reservation> Open { get; } = [];

    /// <summary>Filled for every ending command whose reservation is not open, and for reserves that are repeated.</summary>
    public Dictionary<RowKey, SpentReservation> Spent { get; } = [];

    public HashSet<RowKey> Released { get; } = [];

    /// <summary>Requests whose refusal is kept already, of those that the batch would keep.</summary>
    public HashSet<RowKey> Refused { get; } = [];

    /// <summary>Earlier reservations of the batch's idempotency claims that have not ended.</summary>
    public HashSet<RowKey> StillOpen { get; } = [];

    /// <summary>By organization, key and digest; only for claims that the batch makes.</summary>
    public Dictionary<IdempotencyKey, IdempotencyRow> Idempotency { get; } = [];
}

/// <summary>An idempotency key of one scoped key, compared by value.</summary>
public readonly record struct IdempotencyKey(Guid OrganizationId, Guid KeyId, UInt128 DigestHigh, UInt128 DigestLow)
{
    /// <param name="organizationId">The tenant.</param>
    /// <param name="keyId">The scoped key that sent it.</param>
    /// <param name="digest">SHA-256 of the header's value: 32 bytes.</param>
    public static IdempotencyKey Of(Guid organizationId, Guid keyId, ReadOnlySpan<byte> digest) => new(
        organizationId, keyId,
        System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(digest),
        System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(digest[16..]));
}

/// <summary>Everything a decided batch writes; nothing else is written. Empty lists write nothing.</summary>
public sealed class LedgerWrites(long decidedAt)
{
    /// <summary>The instant of the decision, in microseconds since the Unix epoch.</summary>
    public long DecidedAt { get; } = decidedAt;

    public List<OrganizationRow> Organizations { get; } = [];

    public List<WindowRow> Windows { get; } = [];

    public List<Reservation> Opened { get; } = [];

    /// <summary>Reservations that leave the table of open ones.</summary>
    public List<RowKey> Closed { get; } = [];

    public List<SpendEvent> SpendEvents { get; } = [];

    public List<(Reservation Reservation, string Reason, long At)> Released { get; } = [];

    public List<RefusalRecord> Refusals { get; } = [];

    public List<JournalEntry> Entries { get; } = [];

    /// <summary>Corrections of accounts that entries book, in their order.</summary>
    public List<AccountAdjustment> AccountAdjustments { get; } = [];

    public List<WindowExcess> Excesses { get; } = [];

    public List<OutboxRow> Outbox { get; } = [];

    public List<IdempotencyRow> IdempotencyUsed { get; } = [];

    /// <summary>Keys whose reservation was released: the call may be tried again.</summary>
    public List<IdempotencyRow> IdempotencyForgotten { get; } = [];

    public bool IsEmpty =>
        Opened.Count == 0 && Closed.Count == 0 && SpendEvents.Count == 0 && Windows.Count == 0 && Outbox.Count == 0;
}

/// <summary>One outcome per command, in the order of the commands, and what to write for all of them.</summary>
public sealed record LedgerDecision(LedgerOutcome[] Outcomes, LedgerWrites Writes);
