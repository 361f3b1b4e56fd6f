using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// The facts of a reservation, which stand in its row whatever has become of it. Lists of ids are the 16-byte ids
/// one after the other, texts are UTF-8. Valid only while the row is being read, as everything in this file that
/// holds a span.
/// </summary>
public readonly ref struct ReservationRow
{
    public required Guid ReservationId { get; init; }

    public required Guid KeyId { get; init; }

    public required ReadOnlySpan<byte> ScopeIds { get; init; }

    public required ReadOnlySpan<byte> PolicyIds { get; init; }

    public required ReadOnlySpan<byte> WindowIds { get; init; }

    public required ReadOnlySpan<byte> Provider { get; init; }

    public required Guid AccountId { get; init; }

    public required ReadOnlySpan<byte> Model { get; init; }

    public required Guid? PriceId { get; init; }

    /// <summary>What was held.</summary>
    public required NanoUsd Amount { get; init; }

    public required long BoundInput { get; init; }

    public required long BoundOutput { get; init; }

    public required TokenKinds BoundKinds { get; init; }

    public required UnitMap<long> BoundPieces { get; init; }

    /// <summary>The multiplier that the bound was reckoned with, where the row tells it.</summary>
    public required int? BoundTierPercent { get; init; }

    public required long Epoch { get; init; }

    public required long ReservedAt { get; init; }
}

/// <summary>A reservation that was given back.</summary>
public readonly ref struct ReleasedRow
{
    public required ReservationRow Reservation { get; init; }

    public required long ReleasedAt { get; init; }

    /// <summary>Over all that the row holds.</summary>
    public Seal Content { get; init; }
}

/// <summary>A reservation that has not ended.</summary>
public readonly ref struct OpenRow
{
    public required ReservationRow Reservation { get; init; }

    public required int TierPercent { get; init; }

    public required long ExpiresAt { get; init; }

    /// <summary>Empty when the caller sent no idempotency key.</summary>
    public required ReadOnlySpan<byte> IdempotencyDigest { get; init; }

    /// <summary>Over all that the row holds.</summary>
    public Seal Content { get; init; }

    /// <summary>As it was when the row was written; none when it is older than seals.</summary>
    public Seal Seal { get; init; }
}

/// <summary>A spend event as far as it can be checked.</summary>
public readonly ref struct SpendRow
{
    public required ReservationRow Reservation { get; init; }

    public required int EventNumber { get; init; }

    public required SpendKind Kind { get; init; }

    /// <summary>The tier that was charged, rounded up when it was not a whole per cent.</summary>
    public required int TierPercent { get; init; }

    /// <summary>The tier in hundredths of a per cent when it was not a whole one.</summary>
    public int? TierHundredths { get; init; }

    public required long ExpiresAt { get; init; }

    public required long OccurredAt { get; init; }

    public required NanoUsd Cost { get; init; }

    public required Usage Usage { get; init; }

    public required bool IsEstimated { get; init; }

    /// <summary>Nothing of the usage was known, so that the bound is booked.</summary>
    public bool IsWhollyEstimated => IsEstimated && !Usage.IsEstimatedInPart;

    public required bool IsBilled { get; init; }

    /// <summary>The price version that the event was settled at, when it is not the reservation's.</summary>
    public Guid? ServedPriceId { get; init; }

    public required bool HasReason { get; init; }

    public required long EntrySequence { get; init; }

    /// <summary>Over all that the row holds.</summary>
    public Seal Content { get; init; }
}

/// <summary>A correction that somebody proposed; what follows the reason is null as long as nobody has approved it.</summary>
/// <param name="AdjustmentId">Its id.</param>
/// <param name="ReservationId">Whose cost it corrects; null for a correction of the account alone.</param>
/// <param name="AccountId">The provider account.</param>
/// <param name="Difference">What was approved.</param>
/// <param name="HasReason">Whether it says why.</param>
/// <param name="ProposerId">Who proposed it.</param>
/// <param name="DeciderId">Who decided.</param>
/// <param name="DecidedAt">When.</param>
/// <param name="EntrySequence">The entry that books it.</param>
/// <param name="EventNumber">The event that tells it; 0 for a correction of the account.</param>
/// <param name="Content">Over what was booked for an account.</param>
public readonly record struct VerifiedAdjustment(
    Guid AdjustmentId, Guid? ReservationId, Guid AccountId, NanoUsd Difference, bool HasReason, Guid ProposerId, Guid? DeciderId, long? DecidedAt,
    long? EntrySequence, int? EventNumber, Seal Content);

/// <summary>A refused request. Figures are those of the window that it rests on, or null all together.</summary>
public readonly ref struct RefusalRow
{
    public required Guid RequestId { get; init; }

    public required Guid KeyId { get; init; }

    public required ReadOnlySpan<byte> Code { get; init; }

    public required Guid? PolicyId { get; init; }

    public required Guid? BudgetId { get; init; }

    public required long? Limit { get; init; }

    public required long? Settled { get; init; }

    public required long? Reserved { get; init; }

    public required long? Needed { get; init; }

    public required long? WindowStartsAt { get; init; }

    public required long? WindowEndsAt { get; init; }

    /// <summary>Over all that the row holds.</summary>
    public Seal Content { get; init; }
}

/// <summary>A journal entry with its postings.</summary>
public readonly record struct EntryRow(
    long Sequence, EntryKind Kind, Guid ReservationId, int EventNumber, long? Corrects, long BookedAt, PostingSum Postings);

/// <summary>The lines of one entry, added up.</summary>
public record struct PostingSum
{
    public int ExpenseLines { get; private set; }

    public int PayableLines { get; private set; }

    public Guid ExpenseAccountId { get; private set; }

    public Guid PayableAccountId { get; private set; }

    /// <summary>In nano-USD; wide, because corrupt rows may add up to more than an amount can be.</summary>
    public Int128 Expense { get; private set; }

    public Int128 Payable { get; private set; }

    public void Add(LedgerAccount account, Guid accountId, NanoUsd amount)
    {
        if (account == LedgerAccount.Expense)
        {
            ExpenseLines++;
            ExpenseAccountId = accountId;
            Expense += amount.Value;
        }
        else
        {
            PayableLines++;
            PayableAccountId = accountId;
            Payable += amount.Value;
        }
    }
}

/// <summary>What the journal must say of a spend event.</summary>
public readonly record struct EventFacts(
    Guid ReservationId, int EventNumber, SpendKind Kind, Guid AccountId, NanoUsd Cost, long OccurredAt,
    long EntrySequence, long FirstEntry)
{
    internal string Subject => $"event {EventNumber} of reservation {ReservationId}";
}

/// <summary>What a balanced journal entry says of its event.</summary>
/// <param name="Sequence">Its number.</param>
/// <param name="Kind">What it books.</param>
/// <param name="ReservationId">Whose.</param>
/// <param name="EventNumber">Which event of that reservation.</param>
/// <param name="Corrects">The entry that it corrects, or null.</param>
/// <param name="BookedAt">When.</param>
/// <param name="Expense">What it debits; null when it has not one line of each account.</param>
/// <param name="AccountId">The provider account that it debits.</param>
public readonly record struct EntryFacts(
    long Sequence, EntryKind Kind, Guid ReservationId, int EventNumber, long? Corrects, long BookedAt,
    NanoUsd? Expense, Guid AccountId);

/// <summary>What the outbox must announce.</summary>
/// <param name="Topic">As what.</param>
/// <param name="SubjectId">The reservation, request or adjustment.</param>
/// <param name="EventNumber">Which event of a reservation; zero for everything else.</param>
/// <param name="At">When it was decided; null for what was decided before the ledger heard of it.</param>
/// <param name="Content">Over all that its rows hold.</param>
public readonly record struct AnnouncedFacts(OutboxTopic Topic, Guid SubjectId, int EventNumber, long? At, Seal Content);

/// <summary>An outbox row with its seal and the one that it continues; none for rows from before the ledger was sealed.</summary>
public readonly record struct OutboxFacts(Announcement Row, Seal Previous, Seal Seal);
