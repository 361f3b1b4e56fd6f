using System.Data.Common;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Storage.Ledger;

/// <summary>
/// Feeds the append-only tables page by page and in step: as many journal entries and outbox rows as spend events,
/// so that what belongs together is read at nearly the same time.
/// </summary>
internal sealed class VerificationStream(OrganizationRead read, LedgerVerification verification)
{
    private const int PageRows = 50_000;
    private const string SpendTopic = "spend";

    private static readonly Guid HighestId = new("ffffffff-ffff-ffff-ffff-ffffffffffff");

    private readonly List<EntryRow> _entries = new(PageRows);
    private readonly HashSet<Guid> _spent = new(PageRows);
    private Guid _lastId;
    private int _lastNumber = -1;
    private long _lastEntry = long.MinValue;
    private long _lastOutbox = long.MinValue;

    public async Task RunAsync()
    {
        bool more;
        do
        {
            more = await FeedEventsAsync();
            more |= await FeedEntriesAsync();
            more |= await FeedOutboxAsync();
        }
        while (more);
    }

    /// <summary>A page of spend events, and the released reservations among the ids that the page spans.</summary>
    private async Task<bool> FeedEventsAsync()
    {
        if (_lastId == HighestId) return false;
        var afterId = _lastId;
        var rows = 0;
        await using (var reader = await read.OpenAsync(VerificationQueries.SpendEvents, new
        {
            organizationId = read.OrganizationId, afterId, afterNumber = _lastNumber, limit = PageRows,
        }))
        {
            for (; await reader.ReadAsync(read.Cancel); rows++) FeedEvent(reader);
        }
        var isLast = rows < PageRows;
        if (isLast) _lastId = HighestId;
        await using (var reader = await read.OpenAsync(VerificationQueries.Released, new
        {
            organizationId = read.OrganizationId, afterId, upToId = _lastId,
        }))
        {
            while (await reader.ReadAsync(read.Cancel))
            {
                var id = reader.ReadId(0);
                verification.AddReleased(id, _spent.Contains(id));
            }
        }
        _spent.Clear();
        return !isLast;
    }

    private void FeedEvent(DbDataReader reader)
    {
        _lastId = reader.ReadId(0);
        _lastNumber = reader.GetInt32(1);
        _spent.Add(_lastId);
        verification.AddSpend(new SpendRow
        {
            ReservationId = _lastId,
            EventNumber = _lastNumber,
            Kind = (SpendKind)reader.GetInt32(2),
            WindowIds = reader.GetFieldValue<byte[]>(3),
            AccountId = reader.ReadId(4),
            PriceId = reader.IsDBNull(5) ? null : reader.ReadId(5),
            TierPercent = reader.GetInt32(6),
            Reserved = new NanoUsd(reader.GetInt64(7)),
            Cost = new NanoUsd(reader.GetInt64(8)),
            Usage = new Usage
            {
                Input = reader.GetInt64(9),
                CachedInput = reader.GetInt64(10),
                CacheWrite = reader.GetInt64(11),
                Output = reader.GetInt64(12),
                ReasoningWithinOutput = reader.GetInt64(13),
            },
            IsEstimated = reader.GetBoolean(14),
            EntrySequence = reader.GetInt64(15),
        });
    }

    private async Task<bool> FeedEntriesAsync()
    {
        if (_lastEntry == long.MaxValue) return false;
        var after = _lastEntry;
        _entries.Clear();
        await using (var reader = await read.OpenAsync(VerificationQueries.Entries, new
        {
            organizationId = read.OrganizationId, after, limit = PageRows,
        }))
        {
            while (await reader.ReadAsync(read.Cancel)) _entries.Add(ReadEntry(reader));
        }
        var isLast = _entries.Count < PageRows;
        _lastEntry = isLast ? long.MaxValue : _entries[^1].Sequence;
        await FeedPostingsAsync(after);
        return !isLast;
    }

    private static EntryRow ReadEntry(DbDataReader reader) => new(
        reader.GetInt64(0), (EntryKind)reader.GetInt32(1), reader.ReadId(2), reader.GetInt32(3),
        reader.IsDBNull(4) ? null : reader.GetInt64(4), default);

    /// <summary>The lines of the page's entries; both come in the order of the sequence.</summary>
    private async Task FeedPostingsAsync(long after)
    {
        var at = 0;
        var sum = new PostingSum();
        await using (var reader = await read.OpenAsync(VerificationQueries.Postings, new
        {
            organizationId = read.OrganizationId, after, upTo = _lastEntry,
        }))
        {
            while (await reader.ReadAsync(read.Cancel))
            {
                var sequence = reader.GetInt64(0);
                for (; at < _entries.Count && _entries[at].Sequence < sequence; at++, sum = default)
                    verification.AddEntry(_entries[at] with { Postings = sum });
                if (at == _entries.Count || _entries[at].Sequence != sequence) verification.AddOrphanedPosting(sequence);
                else sum.Add((LedgerAccount)reader.GetInt32(1), reader.ReadId(2), new NanoUsd(reader.GetInt64(3)));
            }
        }
        for (; at < _entries.Count; at++, sum = default) verification.AddEntry(_entries[at] with { Postings = sum });
    }

    private async Task<bool> FeedOutboxAsync()
    {
        if (_lastOutbox == long.MaxValue) return false;
        var rows = 0;
        await using var reader = await read.OpenAsync(VerificationQueries.Outbox, new
        {
            organizationId = read.OrganizationId, after = _lastOutbox, limit = PageRows,
        });
        for (; await reader.ReadAsync(read.Cancel); rows++)
        {
            _lastOutbox = reader.GetInt64(0);
            verification.AddOutboxRow(_lastOutbox, reader.GetString(1) == SpendTopic, reader.ReadId(2), reader.GetInt32(3));
        }
        if (rows < PageRows) _lastOutbox = long.MaxValue;
        return rows == PageRows;
    }
}
