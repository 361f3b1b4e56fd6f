using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Storage.Ledger;

/// <summary>The columns of <see cref="VerificationQueries"/>, by their order, as Core reads them.</summary>
internal static class VerificationRows
{
    private const int Amount = 14;

    public static OpenRow Open(LedgerRows row, RowContent content) => new()
    {
        Seal = Seal.Read(row.Bytes(21)),
        Content = OpenContent(row, content),
        Reservation = Reservation(row),
        TierPercent = row.Int32(15),
        ExpiresAt = row.Int64(16),
        IdempotencyDigest = row.Bytes(17),
    };

    private static Seal OpenContent(LedgerRows row, RowContent content)
    {
        AddFacts(row, content, route: 18);
        return content.AddNumbers(row, 15, 16).AddBytes(row, 20).AddBytes(row, 17).Complete();
    }

    public static SpendRow Spend(LedgerRows row, RowContent content)
    {
        var (others, tierHundredths) = UnitsJson.ReadSettled(row.Bytes(26));
        return Spend(row, others, tierHundredths, content);
    }

    private static SpendRow Spend(LedgerRows row, UnitMap<long> others, int? tierHundredths, RowContent content) => new()
    {
        Reservation = Reservation(row),
        TierPercent = row.Int32(15),
        TierHundredths = tierHundredths,
        ExpiresAt = row.Int64(16),
        EventNumber = row.Int32(17),
        Kind = (SpendKind)row.Int32(18),
        OccurredAt = row.Int64(19),
        Cost = new NanoUsd(row.Int64(20)),
        Usage = new Usage
        {
            Input = row.Int64(21),
            CachedInput = row.Int64(22),
            CacheWrite = row.Int64(23),
            Output = row.Int64(24),
            ReasoningWithinOutput = row.Int64(25),
            Others = others,
        },
        IsEstimated = row.Boolean(27),
        IsBilled = row.Boolean(28),
        EntrySequence = row.Int64(29),
        HasReason = row.Boolean(30),
        ServedPriceId = row.IdOrNull(31),
        Content = SpendContent(row, content),
    };

    private static Seal SpendContent(LedgerRows row, RowContent content)
    {
        AddFacts(row, content, route: 32);
        return content.AddNumbers(row, 15, 20).AddNumbers(row, 21, 25).AddBytes(row, 26).AddNumbers(row, 27, 29).AddBytes(row, 31)
            .AddBytes(row, 34).AddBytes(row, 35).AddBytes(row, 36).AddNumbers(row, 37, 37).AddBytes(row, 38).Complete();
    }

    /// <summary>In the order of <see cref="LedgerContents"/>.</summary>
    private static void AddFacts(LedgerRows row, RowContent content, int route)
    {
        for (var column = 0; column <= 8; column++) content.AddBytes(row, column);
        content.AddNumbers(row, 9, 12).AddBytes(row, 13).AddNumbers(row, Amount, Amount).AddBytes(row, route).AddBytes(row, route + 1);
    }

    public static ReleasedRow Released(LedgerRows row, RowContent content)
    {
        AddFacts(row, content, route: 15);
        return new()
        {
            Reservation = Reservation(row),
            ReleasedAt = row.Int64(17),
            Content = content.AddNumbers(row, 17, 17).AddBytes(row, 18).Complete(),
        };
    }

    public static ReservationRow Reservation(LedgerRows row)
    {
        var bound = UnitsJson.ReadBound(row.Bytes(13));
        return new ReservationRow
        {
            ReservationId = row.Id(0),
            KeyId = row.Id(1),
            ScopeIds = row.Bytes(2),
            PolicyIds = row.Bytes(3),
            WindowIds = row.Bytes(4),
            Provider = row.Bytes(5),
            AccountId = row.Id(6),
            Model = row.Bytes(7),
            PriceId = row.IdOrNull(8),
            BoundInput = row.Int64(9),
            BoundOutput = row.Int64(10),
            BoundKinds = bound.Kinds,
            BoundPieces = bound.Pieces,
            BoundTierPercent = bound.TierPercent,
            Epoch = row.Int64(11),
            ReservedAt = row.Int64(12),
            Amount = new NanoUsd(row.Int64(Amount)),
        };
    }

    public static VerifiedAdjustment Adjustment(LedgerRows row, RowContent content) => new(
        row.Id(0), row.IdOrNull(1), row.Id(2), new NanoUsd(row.Int64(3)), row.Boolean(4), row.Id(5), row.IdOrNull(6), row.Int64OrNull(7),
        row.Int64OrNull(8), (int?)row.Int64OrNull(9),
        content.AddBytes(row, 0).AddBytes(row, 2).AddNumbers(row, 3, 3).AddBytes(row, 10).Complete());

    public static RefusalRow Refusal(LedgerRows row, RowContent content) => new()
    {
        RequestId = row.Id(0),
        KeyId = row.Id(1),
        Code = row.Bytes(2),
        PolicyId = row.IdOrNull(3),
        BudgetId = row.IdOrNull(4),
        Limit = row.Int64OrNull(5),
        Settled = row.Int64OrNull(6),
        Reserved = row.Int64OrNull(7),
        Needed = row.Int64OrNull(8),
        WindowStartsAt = row.Int64OrNull(9),
        WindowEndsAt = row.Int64OrNull(10),
        Content = content.AddBytes(row, 0).AddBytes(row, 1).AddBytes(row, 2).AddBytes(row, 3).AddBytes(row, 4).AddNumbers(row, 5, 11)
            .AddBytes(row, 12).AddBytes(row, 13).AddBytes(row, 14).AddBytes(row, 15).AddBytes(row, 16).AddBytes(row, 17).Complete(),
    };

    public static EntryRow Entry(LedgerRows row, in PostingSum postings) => new(
        row.Int64(0), (EntryKind)row.Int32(1), row.Id(2), row.Int32(3), row.Int64OrNull(4), row.Int64(5), postings);
}
