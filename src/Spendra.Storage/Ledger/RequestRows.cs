using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Storage.Ledger;

// Rows as Dapper reads them, for RequestQueries.

internal abstract class StoredFacts
{
    public Guid ReservationId { get; set; }
    public Guid KeyId { get; set; }
    public byte[] ScopeIds { get; set; } = [];
    public byte[] PolicyIds { get; set; } = [];
    public byte[] WindowIds { get; set; } = [];
    public string Provider { get; set; } = "";
    public Guid AccountId { get; set; }
    public string Model { get; set; } = "";
    public string Route { get; set; } = "";
    public string? Environment { get; set; }
    public Guid? PriceId { get; set; }
    public int TierPercent { get; set; }

    /// <summary>The multiplier as it was charged, in per cent.</summary>
    public virtual decimal ChargedTierPercent => TierPercent;
    public long AmountNanos { get; set; }
    public long BoundInput { get; set; }
    public long BoundOutput { get; set; }
    public string? BoundOthers { get; set; }
    public long Epoch { get; set; }
    public long ReservedAt { get; set; }
    public long? ExpiresAt { get; set; }
    public long? EndedAt { get; set; }
    public string? Reason { get; set; }

    public ExplainedTimes Times => new(
        Utc(ReservedAt), ExpiresAt is { } expires ? Utc(expires) : null, EndedAt is { } ended ? Utc(ended) : null,
        (EndedAt - ReservedAt) / 1_000);

    public ExplainedBound Bound
    {
        get
        {
            var others = UnitsJson.ReadBound(BoundOthers);
            return new(BoundInput, BoundOutput, Named(others.Pieces), new NanoUsd(AmountNanos), BoundBases.NameOf(others.Basis));
        }
    }

    /// <summary>The reservation as far as what ended keeps it: without the process and the idempotency key that it had.</summary>
    public Reservation ToReservation(Guid organizationId)
    {
        var others = UnitsJson.ReadBound(BoundOthers);
        return new Reservation
        {
            OrganizationId = organizationId,
            ReservationId = ReservationId,
            KeyId = KeyId,
            ScopeIds = PackedIds.Unpack(ScopeIds),
            PolicyIds = PackedIds.Unpack(PolicyIds),
            WindowIds = PackedIds.Unpack(WindowIds),
            Provider = Provider,
            AccountId = AccountId,
            Model = Model,
            Route = Route,
            Environment = Environment,
            PriceId = PriceId,
            TierPercent = TierPercent,
            Amount = new NanoUsd(AmountNanos),
            BoundInput = BoundInput,
            BoundOutput = BoundOutput,
            BoundKinds = others.Kinds,
            BoundPieces = others.Pieces,
            BoundBasis = others.Basis,
            Epoch = Epoch,
            ReservedAt = ReservedAt,
            ExpiresAt = ExpiresAt ?? ReservedAt,
        };
    }

    protected static Dictionary<string, long> Named(UnitMap<long> units) => units.ToDictionary(u => UnitClasses.NameOf(u.Class), u => u.Value);

    public static DateTime Utc(long micros) => Micros.ToInstant(micros).UtcDateTime;
}

internal sealed class StoredReservation : StoredFacts;

internal sealed class StoredStripping
{
    public string Tool { get; set; } = "";
    public Guid PolicyId { get; set; }
}

internal sealed class StoredEvent : StoredFacts
{
    public int EventNumber { get; set; }
    public int Kind { get; set; }
    public long CostNanos { get; set; }
    public long InputUnits { get; set; }
    public long CachedInputUnits { get; set; }
    public long CacheWriteUnits { get; set; }
    public long OutputUnits { get; set; }
    public long ReasoningUnits { get; set; }
    public string? OtherUnits { get; set; }
    public bool IsEstimated { get; set; }
    public bool IsBilled { get; set; }
    public string? ServedModel { get; set; }
    public Guid? ServedPriceId { get; set; }
    public string? ServedTier { get; set; }
    public string? UpstreamRequestId { get; set; }
    public int UpstreamStatus { get; set; }
    public long EntrySequence { get; set; }

    public override decimal ChargedTierPercent =>
        UnitsJson.ReadTier(OtherUnits) is { } hundredths ? hundredths / (decimal)Cost.HundredthsOfPercent : TierPercent;

    /// <summary>Input tokens of every class.</summary>
    public long TotalInput => new Usage
    {
        Input = InputUnits,
        CachedInput = CachedInputUnits,
        CacheWrite = CacheWriteUnits,
        Others = UnitsJson.ReadCounts(OtherUnits),
    }.TotalInput;

    public ExplainedEvent ToEvent(ExplainedEntry entry)
    {
        var usage = new ExplainedUsage(InputUnits, CachedInputUnits, CacheWriteUnits, OutputUnits, ReasoningUnits, Named(UnitsJson.ReadCounts(OtherUnits)));
        return new ExplainedEvent(
            EventNumber, ((SpendKind)Kind).ToString().ToLowerInvariant(), new NanoUsd(CostNanos), usage, IsEstimated, IsBilled,
            ServedModel, ServedPriceId, ServedTier, UpstreamRequestId, UpstreamStatus, Utc(EndedAt!.Value), Reason, entry);
    }
}

internal sealed class StoredRefusal
{
    public Guid RequestId { get; set; }
    public Guid KeyId { get; set; }
    public long RefusedAt { get; set; }
    public string Route { get; set; } = "";
    public string? Provider { get; set; }
    public string? Model { get; set; }
    public string Code { get; set; } = "";
    public string Message { get; set; } = "";
    public Guid? PolicyId { get; set; }
    public Guid? BudgetId { get; set; }
    public long? LimitNanos { get; set; }
    public long? SettledNanos { get; set; }
    public long? ReservedNanos { get; set; }
    public long? NeededNanos { get; set; }
    public long? WindowStartsAt { get; set; }
    public long? WindowEndsAt { get; set; }

    public ExplainedRefusal ToRefusal(string? policy, string? budget) => new(
        Code, Message, policy, budget, Usd(LimitNanos), Usd(SettledNanos), Usd(ReservedNanos), Usd(NeededNanos),
        WindowStartsAt is { } start ? StoredFacts.Utc(start) : null,
        WindowEndsAt is { } end and not WindowSpan.Never ? StoredFacts.Utc(end) : null);

    private static NanoUsd? Usd(long? nanos) => nanos is { } value ? new NanoUsd(value) : null;
}

internal sealed class StoredExplainedPolicy
{
    public string Slug { get; set; } = "";
    public string Kind { get; set; } = "";
    public Guid ScopeId { get; set; }
    public string SetBy { get; set; } = "";
    public long SetAt { get; set; }
    public long? ArchivedAt { get; set; }
}

internal sealed class StoredNamedWindow
{
    public string Slug { get; set; } = "";
    public Guid ScopeId { get; set; }
    public long StartsAt { get; set; }
    public long EndsAt { get; set; }
    public long LimitNanos { get; set; }
    public long SettledNanos { get; set; }
    public long ReservedNanos { get; set; }

    public ExplainedWindow ToWindow(string scope) => new(
        Slug, scope, StoredFacts.Utc(StartsAt), EndsAt == WindowSpan.Never ? null : StoredFacts.Utc(EndsAt),
        new NanoUsd(LimitNanos), new NanoUsd(SettledNanos), new NanoUsd(ReservedNanos),
        new NanoUsd(LimitNanos) - new NanoUsd(SettledNanos) - new NanoUsd(ReservedNanos));
}

internal sealed class StoredEntry
{
    public long? CorrectsSequence { get; set; }
    public long BookedAt { get; set; }
}

internal sealed class StoredPosting
{
    public int LedgerAccount { get; set; }
    public Guid AccountId { get; set; }
    public long AmountNanos { get; set; }
}

internal sealed class StoredCause
{
    public string Budget { get; set; } = "";
    public int Kind { get; set; }
    public int EventNumber { get; set; }
    public long AmountNanos { get; set; }

    public ExplainedExcess ToExcess() => new(Budget, (ExcessKind)Kind switch
    {
        ExcessKind.Overrun => "overrun",
        ExcessKind.Late => "late",
        ExcessKind.CapCut => "cap_cut",
    }, EventNumber, new NanoUsd(AmountNanos));
}
