using System.Runtime.InteropServices;

namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// Matches spend events (which come in the order of reservation ids) with journal entries and outbox rows (which
/// come in the order of booking). The two orders are nearly the same, so that when both are read in step only
/// what is displaced waits in memory: requests in flight together, and corrections.
/// </summary>
public sealed class BookingMatch(VerificationReport report)
{
    private readonly Dictionary<long, EventFacts> _waitingEvents = [];
    private readonly Dictionary<long, EntryFacts> _waitingEntries = [];
    // What happened counts up, announcements down: whatever does not come to zero lacks the other.
    private readonly Dictionary<AnnouncedKey, Balance> _unannounced = [];
    private long _announced;
    private long _events;
    private long _entries;
    private long _corrections;

    public void Add(List<EventFacts> events)
    {
        _events += events.Count;
        foreach (ref readonly var facts in CollectionsMarshal.AsSpan(events))
        {
            if (_waitingEntries.Remove(facts.EntrySequence, out var entry)) Match(facts, entry);
            else if (!_waitingEvents.TryAdd(facts.EntrySequence, facts)) ReportTwice(facts);
        }
    }

    public void Add(List<EntryFacts> entries)
    {
        _entries += entries.Count;
        foreach (ref readonly var entry in CollectionsMarshal.AsSpan(entries))
        {
            if (_waitingEvents.Remove(entry.Sequence, out var facts)) Match(facts, entry);
            else _waitingEntries.Add(entry.Sequence, entry);
        }
    }

    public void Add(List<AnnouncedFacts> announced)
    {
        _announced += announced.Count;
        foreach (ref readonly var facts in CollectionsMarshal.AsSpan(announced))
        {
            ref var balance = ref Find(new AnnouncedKey(facts.Topic, facts.SubjectId, facts.EventNumber));
            balance.Count++;
            (balance.At, balance.Content) = (facts.At, facts.Content);
            Settle(balance);
        }
    }

    public void Add(List<OutboxFacts> announcements)
    {
        foreach (ref readonly var facts in CollectionsMarshal.AsSpan(announcements))
        {
            ref var balance = ref Find(new AnnouncedKey(facts.Row.Topic, facts.Row.SubjectId, facts.Row.EventNumber));
            balance.Count--;
            balance.Outbox = facts;
            Settle(balance);
        }
    }

    public void Complete()
    {
        report.Count(Invariant.EventEntry, _events);
        report.Count(Invariant.EventOutbox, _announced);
        report.Count(Invariant.EventMoment, _events);
        report.Count(Invariant.EntryPostings, _entries);
        report.Count(Invariant.EntryCorrects, _corrections);
        foreach (var (sequence, facts) in _waitingEvents)
            report.Add(Invariant.EventEntry, facts.Subject, $"journal entry {sequence}", "none");
        foreach (var entry in _waitingEntries.Values)
            report.Add(Invariant.EventEntry, $"journal entry {entry.Sequence}",
                $"event {entry.EventNumber} of reservation {entry.ReservationId} that names it", "none");
        foreach (var (key, balance) in _unannounced)
        {
            if (balance.Count > 0) report.Add(Invariant.EventOutbox, key.Subject, "one outbox row", "none");
            else report.Add(Invariant.EventOutbox, key.Subject, "one for each outbox row", $"{-balance.Count} outbox rows too many");
        }
    }

    private void Match(in EventFacts facts, in EntryFacts entry)
    {
        if (entry.ReservationId != facts.ReservationId || entry.EventNumber != facts.EventNumber
            || (int)entry.Kind != (int)facts.Kind)
        {
            report.Add(Invariant.EventEntry, $"journal entry {entry.Sequence}", $"{facts.Subject}, {facts.Kind}",
                $"event {entry.EventNumber} of reservation {entry.ReservationId}, {entry.Kind}");
            return;
        }
        CheckCorrection(facts, entry);
        if (entry.BookedAt != facts.OccurredAt)
            report.Add(Invariant.EventMoment, $"journal entry {entry.Sequence}", $"booked at {facts.OccurredAt}", $"{entry.BookedAt}");
        if (entry.Expense is not { } expense) return; // reported as unbalanced
        if (expense != facts.Cost || entry.AccountId != facts.AccountId)
        {
            report.Add(Invariant.EntryPostings, $"journal entry {entry.Sequence}",
                $"{facts.Cost.Value} nano-USD on account {facts.AccountId}",
                $"{expense.Value} nano-USD on account {entry.AccountId}");
        }
    }

    /// <summary>A late settlement or adjustment names the entry that booked the reservation first; others name none.</summary>
    private void CheckCorrection(in EventFacts facts, in EntryFacts entry)
    {
        long? expected = null;
        if (facts.EventNumber > 0)
        {
            _corrections++;
            expected = facts.FirstEntry;
        }
        if (entry.Corrects == expected && (expected is null || expected < entry.Sequence)) return;
        report.Add(Invariant.EntryCorrects, $"journal entry {entry.Sequence}",
            expected is null ? "no correction" : $"corrects an earlier entry, {expected}",
            entry.Corrects is { } found ? $"corrects {found}" : "corrects none");
    }

    private ref Balance Find(AnnouncedKey key) => ref CollectionsMarshal.GetValueRefOrAddDefault(_unannounced, key, out _);

    /// <summary>Both sides are here: they must say the same.</summary>
    private void Settle(Balance balance)
    {
        if (balance.Count != 0) return;
        var (row, previous, seal) = balance.Outbox;
        var key = new AnnouncedKey(row.Topic, row.SubjectId, row.EventNumber);
        _unannounced.Remove(key);
        if (balance.At is { } at && at != row.CreatedAt)
            report.Add(Invariant.EventMoment, $"outbox row of {key.Subject}", "the moment of what it announces", $"{at} and {row.CreatedAt}");
        if (!seal.IsNone && SealChain.Next(previous, row, balance.Content) != seal)
        {
            report.Add(Invariant.OutboxSeal, $"outbox row {row.Sequence}, {key.Subject}",
                "what was sealed", "it, or what it announces, or the row before, was changed after it was written");
        }
    }

    private void ReportTwice(in EventFacts facts) =>
        report.Add(Invariant.EventEntry, facts.Subject, "a journal entry of its own",
            $"journal entry {facts.EntrySequence}, which {_waitingEvents[facts.EntrySequence].Subject} names too");

    private readonly record struct AnnouncedKey(OutboxTopic Topic, Guid SubjectId, int EventNumber)
    {
        public string Subject => Topic switch
        {
            OutboxTopic.Spend => $"event {EventNumber} of reservation {SubjectId}",
            OutboxTopic.Release => $"release of reservation {SubjectId}",
            OutboxTopic.Refusal => $"refusal {SubjectId}",
            _ => $"adjustment {SubjectId}",
        };
    }

    private struct Balance
    {
        public int Count;
        public long? At;
        public Seal Content;
        public OutboxFacts Outbox;
    }
}
