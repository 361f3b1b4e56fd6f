using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Money;

namespace Spendra.Storage.Ledger;

// Rows as Dapper reads them: plain setters, because the two engines return integers of different widths.

internal sealed class StoredCounters
{
    public Guid OrganizationId { get; set; }
    public long Epoch { get; set; }
    public long EntrySequence { get; set; }
    public long OutboxSequence { get; set; }
    public byte[]? LedgerSeal { get; set; }
    public long SealedAfter { get; set; }

    public OrganizationRow ToRow() => new(OrganizationId, Epoch, EntrySequence, OutboxSequence) 
        { Seal = Seal.Read(LedgerSeal), SealedAfter = SealedAfter };
}

internal sealed class StoredExcess
{
    public Guid WindowId { get; set; }
    public Guid CauseId { get; set; }
    public int EventNumber { get; set; }
    public int Kind { get; set; }
    public long AmountNanos { get; set; }
    public long RecordedAt { get; set; }

    public WindowExcess ToExcess(Guid organizationId) => new(
        organizationId, WindowId, (ExcessKind)Kind, CauseId, EventNumber, new NanoUsd(AmountNanos), RecordedAt);
}

/// <summary>A row of <c>windows</c>.</summary>
internal sealed class StoredWindowRow
{
    public Guid WindowId { get; set; }
    public Guid BudgetId { get; set; }
    public long StartsAt { get; set; }
    public long EndsAt { get; set; }
    public long LimitNanos { get; set; }
    public long ReservedNanos { get; set; }
    public long SettledNanos { get; set; }

    public WindowRow ToRow(Guid organizationId) => new()
    {
        OrganizationId = organizationId,
        WindowId = WindowId,
        BudgetId = BudgetId,
        Span = new WindowSpan(StartsAt, EndsAt),
        Limit = new NanoUsd(LimitNanos),
        Reserved = new NanoUsd(ReservedNanos),
        Settled = new NanoUsd(SettledNanos),
    };
}
