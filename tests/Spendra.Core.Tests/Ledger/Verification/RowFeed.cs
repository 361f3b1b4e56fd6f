using System.Text;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using static Spendra.Core.Tests.Ledger.LedgerLane;

namespace Spendra.Core.Tests.Ledger.Verification;

/// <summary>Feeds the rows of a test to a verification, in the order that it asks for.</summary>
internal static class RowFeed
{
    public static void Feed(LedgerRows rows, SpendVerification verification)
    {
        foreach (var held in rows.Holds) Add(verification, held);
        List<(Guid Id, int Order, Action Add)> ordered =
        [
            .. rows.Events.Select(e => (e.ReservationId, 0, (Action)(() => Add(verification, e)))),
            .. rows.Releases.Select(r => (r.ReservationId, 1, (Action)(() => Add(verification, r)))),
            .. rows.Refusals.Select(r => (r.RequestId, 2, (Action)(() => Add(verification, r)))),
            .. rows.References.Select(r => (r.ReservationId, 2, (Action)(() => Add(verification, r)))),
        ];
        foreach (var row in ordered.OrderBy(r => r.Id).ThenBy(r => r.Order)) row.Add();
        verification.Complete();
    }

    public static void Feed(LedgerRows rows, JournalVerification verification)
    {
        foreach (var entry in rows.Entries)
        {
            var sum = new PostingSum();
            foreach (var posting in entry.Postings) sum.Add(posting.Line, posting.AccountId, Nanos(posting.Amount));
            verification.AddEntry(new EntryRow(
                entry.Sequence, entry.Kind, entry.ReservationId, entry.Number, entry.Corrects, entry.BookedAt, sum));
        }
        foreach (var sequence in rows.OrphanedPostings) verification.AddOrphanedPosting(sequence);
        foreach (var row in rows.Outbox)
        {
            verification.AddOutboxRow(
                new Core.Ledger.Announcement(row.Sequence, row.Topic, row.SubjectId, row.Number, row.CreatedAt), row.Seal);
        }
        verification.Complete();
    }

    private static void Add(SpendVerification verification, Held held) => verification.AddOpen(new OpenRow
    {
        Reservation = RowOf(held.Facts),
        TierPercent = held.TierPercent,
        ExpiresAt = held.ExpiresAt,
        IdempotencyDigest = held.Digest,
        Seal = held.IsSealed ? Seal.Of("open"u8) : default,
        Content = held.Content,
    });

    private static void Add(SpendVerification verification, Spend spend) => verification.AddSpend(new SpendRow
    {
        Reservation = RowOf(spend.Facts),
        EventNumber = spend.Number,
        Kind = spend.Kind,
        TierPercent = spend.TierPercent,
        TierHundredths = spend.TierHundredths,
        ExpiresAt = spend.ExpiresAt,
        OccurredAt = spend.OccurredAt,
        Cost = Nanos(spend.Cost),
        Usage = spend.Usage,
        IsEstimated = spend.IsEstimated,
        IsBilled = spend.IsBilled,
        ServedPriceId = spend.ServedPriceId,
        HasReason = spend.HasReason,
        EntrySequence = spend.Entry,
        Content = spend.Content,
    });

    private static void Add(SpendVerification verification, Facts released) => verification.AddReleased(new ReleasedRow
    {
        Reservation = RowOf(released),
        ReleasedAt = released.ReleasedAt,
        Content = released.Content,
    });

    private static void Add(SpendVerification verification, Refused refused) => verification.AddRefusal(new RefusalRow
    {
        RequestId = refused.RequestId,
        KeyId = refused.KeyId,
        Code = Encoding.UTF8.GetBytes(refused.Code),
        PolicyId = refused.PolicyId,
        BudgetId = refused.BudgetId,
        Limit = refused.Limit,
        Settled = refused.Settled,
        Reserved = refused.Reserved,
        Needed = refused.Needed,
        WindowStartsAt = refused.StartsAt,
        WindowEndsAt = refused.EndsAt,
        Content = refused.Content,
    });

    private static void Add(SpendVerification verification, Reference reference)
    {
        if (reference.Digest is { } digest) verification.AddIdempotencyKey(reference.ReservationId, reference.KeyId, digest);
        else verification.AddObject(reference.ReservationId, reference.KeyId);
    }

    private static ReservationRow RowOf(Facts facts) => new()
    {
        ReservationId = facts.ReservationId,
        KeyId = facts.KeyId,
        ScopeIds = facts.ScopeIds,
        PolicyIds = facts.PolicyIds,
        WindowIds = facts.WindowIds,
        Provider = Encoding.UTF8.GetBytes(facts.Provider),
        AccountId = facts.AccountId,
        Model = Encoding.UTF8.GetBytes(facts.Model),
        PriceId = facts.PriceId,
        Amount = Nanos(facts.Amount),
        BoundInput = facts.BoundInput,
        BoundOutput = facts.BoundOutput,
        BoundKinds = facts.BoundKinds,
        BoundPieces = facts.BoundPieces,
        BoundTierPercent = facts.BoundTierPercent,
        Epoch = facts.Epoch,
        ReservedAt = facts.ReservedAt,
    };
}
