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
    public void Run()
    {
        try
        {
            using var entries = Open(VerificationQueries.Entries);
            using var postings = Open(VerificationQueries.Postings);
            using var outbox = Open(VerificationQueries.Outbox);
            FeedEntries(entries, postings, outbox);
            while (outbox.Next()) FeedOutboxRow(outbox);
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
        var hasOutboxRow = true;
        while (entries.Next())
        {
            var sequence = entries.Int64(0);
            var sum = new PostingSum();
            for (; hasPosting && postings.Int64(0) is var of && of <= sequence; hasPosting = postings.Next())
            {
                if (of < sequence) journal.AddOrphanedPosting(of);
                else sum.Add((LedgerAccount)postings.Int32(1), postings.Id(2), new NanoUsd(postings.Int64(3)));
            }
            journal.AddEntry(VerificationRows.Entry(entries, sum));
            if (hasOutboxRow && (hasOutboxRow = outbox.Next())) FeedOutboxRow(outbox);
            if (journal.Entries.Count >= BookingExchange.Batch) HandOver();
        }
        for (; hasPosting; hasPosting = postings.Next()) journal.AddOrphanedPosting(postings.Int64(0));
    }

    private void FeedOutboxRow(LedgerRows outbox)
    {
        journal.AddOutboxRow(outbox.Int64(0), outbox.Bytes(1).SequenceEqual("spend"u8) || outbox.Bytes(1).SequenceEqual("adjustment"u8),
            new AnnouncementFacts(outbox.Id(2), outbox.Int32(3), outbox.Int64(4)));
        if (journal.Announcements.Count >= BookingExchange.Batch) HandOver();
    }

    private void HandOver()
    {
        cancel.ThrowIfCancellationRequested();
        exchange.TakeEntries(journal);
    }

    private LedgerRows Open(string sql) => snapshot.Open(sql, organizationId, ReaderSide.Journal);
}
