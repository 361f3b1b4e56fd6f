using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Money;

namespace Spendra.Storage.Ledger;

/// <summary>
/// The second thread of a verification: reads what is ordered by booking, entries with their postings and the outbox
/// in step, into <see cref="JournalVerification"/>.
/// </summary>
internal sealed class JournalReading(
    LedgerSnapshot snapshot, Guid organizationId, JournalVerification journal, BookingExchange exchange, CancellationToken cancel)
{
    private bool _hasOutboxRow = true;

    public void Run()
    {
        try
        {
            using var entries = Open(VerificationQueries.Entries);
            using var postings = Open(VerificationQueries.Postings);
            using var outbox = Open(VerificationQueries.Outbox);
            FeedEntries(entries, postings, outbox);
            while (NextOutboxRow(outbox)) FeedOutboxRow(outbox);
            exchange.TakeEntries(journal);
        }
        finally
        {
            exchange.EndEntries();
        }
        journal.Complete();
    }

    private void FeedEntries(LedgerRows entries, LedgerRows postings, LedgerRows outbox)
    {
        var hasPosting = postings.Next();
        while (entries.Next())
        {
            var sequence = entries.Int64(0);
            var sum = new PostingSum();
            for (; hasPosting && postings.Int64(0) is var of && of <= sequence; hasPosting = postings.Next())
            {
                if (of < sequence) journal.AddOrphanedPosting(of);
                else if (postings.Int32(4) != postings.Int32(1)) journal.AddMisplacedPosting(of, postings.Int32(4));
                else sum.Add((LedgerAccount)postings.Int32(1), postings.Id(2), new NanoUsd(postings.Int64(3)));
            }
            journal.AddEntry(VerificationRows.Entry(entries, sum));
            while (NextOutboxRow(outbox) && !FeedOutboxRow(outbox)) { }
            if (journal.Entries.Count >= BookingExchange.Batch) HandOver();
        }
        for (; hasPosting; hasPosting = postings.Next()) journal.AddOrphanedPosting(postings.Int64(0));
    }

    // A statement that is asked again after its last row begins anew.
    private bool NextOutboxRow(LedgerRows outbox) => _hasOutboxRow && (_hasOutboxRow = outbox.Next());

    /// <returns>True when it announces what an entry books: the next entry and the next row of that kind belong together.</returns>
    private bool FeedOutboxRow(LedgerRows outbox)
    {
        var topic = OutboxTopics.Find(outbox.Bytes(1)) ?? default;
        journal.AddOutboxRow(
            new Announcement(outbox.Int64(0), topic, outbox.Id(2), outbox.Int32(3), outbox.Int64(4)), Seal.Read(outbox.Bytes(5)));
        if (journal.Announcements.Count >= BookingExchange.Batch) HandOver();
        return topic is OutboxTopic.Spend or OutboxTopic.Adjustment;
    }

    private void HandOver()
    {
        cancel.ThrowIfCancellationRequested();
        exchange.TakeEntries(journal);
    }

    private LedgerRows Open(string sql) => snapshot.Open(sql, organizationId, ReaderSide.Journal);
}
