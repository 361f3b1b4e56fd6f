using Spendra.Core.Ledger.Verification;

namespace Spendra.Storage.Ledger;

/// <summary>
/// The first thread of a verification: reads everything that is ordered by reservation, merged in that order, into
/// <see cref="SpendVerification"/>.
/// </summary>
internal sealed class SpendReading(
    LedgerSnapshot snapshot, Guid organizationId, SpendVerification spend, BookingExchange exchange, CancellationToken cancel)
{
    private readonly RowContent _content = new();

    public void Run()
    {
        try
        {
            FeedAdjustments();
            FeedOpen();
            FeedOrdered();
            exchange.TakeEvents(spend);
        }
        finally
        {
            exchange.EndEvents();
        }
        spend.Complete();
    }

    private void FeedAdjustments()
    {
        using var adjustments = Open(VerificationQueries.Adjustments);
        while (adjustments.Next()) spend.AddAdjustment(VerificationRows.Adjustment(adjustments, _content));
    }

    private void FeedOpen()
    {
        using var open = Open(VerificationQueries.Open);
        while (open.Next()) spend.AddOpen(VerificationRows.Open(open, _content));
    }

    private void FeedOrdered()
    {
        using var events = Open(VerificationQueries.SpendEvents);
        using var released = Open(VerificationQueries.Released);
        using var refusals = Open(VerificationQueries.Refusals);
        using var references = Open(VerificationQueries.References);
        var others = new Others(spend, released, refusals, references, _content, HandOver);
        while (events.Next())
        {
            var row = VerificationRows.Spend(events, _content);
            others.FeedBefore(row.Reservation.ReservationId);
            spend.AddSpend(row);
            HandOver();
        }
        others.FeedRest(cancel);
    }

    private void HandOver()
    {
        if (spend.Announced.Count < BookingExchange.Batch) return;
        cancel.ThrowIfCancellationRequested();
        exchange.TakeEvents(spend);
    }

    private LedgerRows Open(string sql) => snapshot.Open(sql, organizationId, ReaderSide.Spend);

    /// <summary>Releases, refusals and references: fewer than events, and merged with them by id.</summary>
    private sealed class Others
    {
        private const int RowsBetweenLooks = 10_000;

        private readonly SpendVerification _spend;
        private readonly LedgerRows _released;
        private readonly LedgerRows _refusals;
        private readonly LedgerRows _references;
        private readonly RowContent _content;
        private readonly Action _handOver;
        private Guid? _nextReleased;
        private Guid? _nextRefusal;
        private Guid? _nextReference;
        private Guid? _next;

        public Others(SpendVerification spend, LedgerRows released, LedgerRows refusals, LedgerRows references, RowContent content, Action handOver)
        {
            (_spend, _released, _refusals, _references, _content, _handOver) = (spend, released, refusals, references, content, handOver);
            (_nextReleased, _nextRefusal, _nextReference) = (Advance(released), Advance(refusals), Advance(references));
            _next = Least();
        }

        public void FeedBefore(Guid reservationId)
        {
            while (_next is { } next && next.CompareTo(reservationId) < 0) Feed(next);
        }

        public void FeedRest(CancellationToken cancel)
        {
            for (var rows = 1; _next is { } next; rows++)
            {
                Feed(next);
                if (rows % RowsBetweenLooks == 0) cancel.ThrowIfCancellationRequested();
            }
        }

        /// <summary>Of equal ids the reservation before what names it.</summary>
        private void Feed(Guid next)
        {
            if (_nextReleased == next)
            {
                _spend.AddReleased(VerificationRows.Released(_released, _content));
                _nextReleased = Advance(_released);
            }
            else if (_nextRefusal == next)
            {
                _spend.AddRefusal(VerificationRows.Refusal(_refusals, _content));
                _nextRefusal = Advance(_refusals);
            }
            else
            {
                if (_references.IsNull(2)) _spend.AddObject(_references.Id(0), _references.Id(1));
                else _spend.AddIdempotencyKey(_references.Id(0), _references.Id(1), _references.Bytes(2));
                _nextReference = Advance(_references);
            }
            _next = Least();
            _handOver();
        }

        private Guid? Least()
        {
            var least = _nextReleased;
            if (_nextRefusal is { } refusal && !(least?.CompareTo(refusal) <= 0)) least = refusal;
            if (_nextReference is { } reference && !(least?.CompareTo(reference) <= 0)) least = reference;
            return least;
        }

        private static Guid? Advance(LedgerRows rows) => rows.Next() ? rows.Id(0) : null;
    }
}
