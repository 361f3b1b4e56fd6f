using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Ledger.Verification;

/// <summary>What one organization's rows are checked against.</summary>
public sealed record VerifiedOrganization
{
    public required OrganizationRow Row { get; init; }

    /// <summary>Amount of every budget, archived ones too.</summary>
    public required IReadOnlyDictionary<Guid, NanoUsd> BudgetAmounts { get; init; }

    /// <summary>Budgets that an active hard cap points at.</summary>
    public required IReadOnlySet<Guid> HardCapped { get; init; }

    public required IReadOnlyDictionary<Guid, PriceVersion> Prices { get; init; }

    public required IReadOnlyList<WindowRow> Windows { get; init; }

    public required IReadOnlyList<WindowExcess> Excesses { get; init; }

    /// <summary>Microseconds since the Unix epoch: windows that end later still follow their budget.</summary>
    public required long NowMicros { get; init; }
}

/// <summary>A spend event as far as it can be checked. Valid only while its row is being read.</summary>
public readonly ref struct SpendRow
{
    public required Guid ReservationId { get; init; }

    public required int EventNumber { get; init; }

    public required SpendKind Kind { get; init; }

    /// <summary>The 16-byte ids one after the other.</summary>
    public required ReadOnlySpan<byte> WindowIds { get; init; }

    public required Guid AccountId { get; init; }

    public required Guid? PriceId { get; init; }

    /// <summary>The tier that was charged.</summary>
    public required int TierPercent { get; init; }

    public required NanoUsd Reserved { get; init; }

    public required NanoUsd Cost { get; init; }

    public required Usage Usage { get; init; }

    public required bool IsEstimated { get; init; }

    public required long EntrySequence { get; init; }
}

/// <summary>A journal entry with its postings.</summary>
public readonly record struct EntryRow(
    long Sequence, EntryKind Kind, Guid ReservationId, int EventNumber, long? Corrects, PostingSum Postings);

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
