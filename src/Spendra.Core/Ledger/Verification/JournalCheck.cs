using System.Runtime.InteropServices;
using Spendra.Core.Money;

namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// Matches spend events (which come in the order of reservation ids) with journal entries and outbox rows (which
/// come in the order of booking). The two orders are nearly the same, so that when both are read in step only
/// what is displaced waits in memory: requests in flight together, and corrections.
/// </summary>
internal sealed class JournalCheck(VerifiedOrganization organization, VerificationReport report)
{
    private readonly Dictionary<long, EventFacts> _waitingEvents = [];
    private readonly Dictionary<long, EntryRow> _waitingEntries = [];
    // Events count up, announcements down: whatever does not come to zero lacks the other.
    private readonly Dictionary<(Guid ReservationId, int EventNumber), int> _unannounced = [];
    private long _events;
    private long _entries;
    private long _outboxRows;
    private long _lastEntry;
    private long _lastOutbox;
    private long _corrections;

    public void AddEvent(in SpendRow row, long firstEntry)
    {
        _events++;
        Announce(row.ReservationId, row.EventNumber, 1);
        var facts = new EventFacts(row.ReservationId, row.EventNumber, row.Kind, row.AccountId, row.Cost, firstEntry);
        if (_waitingEntries.Remove(row.EntrySequence, out var entry)) Match(facts, entry);
        else if (!_waitingEvents.TryAdd(row.EntrySequence, facts)) ReportTwice(row.EntrySequence, facts);
    }

    public void AddEntry(in EntryRow entry)
    {
        _entries++;
        CheckSequence(Invariant.EntrySequence, "journal entry", ref _lastEntry, entry.Sequence);
        CheckBalance(entry);
        if (_waitingEvents.Remove(entry.Sequence, out var facts)) Match(facts, entry);
        else _waitingEntries.Add(entry.Sequence, entry);
    }

    /// <summary>Postings whose entry does not exist.</summary>
    public void AddOrphanedPosting(long sequence) =>
        report.Add(Invariant.EntryBalances, $"postings of journal entry {sequence}", "a journal entry", "none");

    public void AddOutboxRow(long sequence, bool isSpend, Guid subjectId, int eventNumber)
    {
        _outboxRows++;
        CheckSequence(Invariant.OutboxSequence, "outbox row", ref _lastOutbox, sequence);
        if (isSpend) Announce(subjectId, eventNumber, -1);
    }

    public void Complete()
    {
        report.Count(Invariant.EventEntry, _events);
        report.Count(Invariant.EventOutbox, _events);
        report.Count(Invariant.EntrySequence, _entries);
        report.Count(Invariant.EntryBalances, _entries);
        report.Count(Invariant.EntryPostings, _entries);
        report.Count(Invariant.EntryCorrects, _corrections);
        report.Count(Invariant.OutboxSequence, _outboxRows);
        CheckLast(Invariant.EntrySequence, "entry_sequence of the organization", organization.Row.EntrySequence, _lastEntry);
        CheckLast(Invariant.OutboxSequence, "outbox_sequence of the organization", organization.Row.OutboxSequence, _lastOutbox);
        foreach (var (sequence, facts) in _waitingEvents)
            report.Add(Invariant.EventEntry, facts.Subject, $"journal entry {sequence}", "none");
        foreach (var entry in _waitingEntries.Values)
            report.Add(Invariant.EventEntry, $"journal entry {entry.Sequence}",
                $"event {entry.EventNumber} of reservation {entry.ReservationId} that names it", "none");
        foreach (var (key, count) in _unannounced)
        {
            report.Add(Invariant.EventOutbox, $"event {key.EventNumber} of reservation {key.ReservationId}",
                count > 0 ? "one outbox row" : "one event for each outbox row",
                count > 0 ? "none" : $"{-count} outbox rows too many");
        }
    }

    private void Match(in EventFacts facts, in EntryRow entry)
    {
        if (entry.ReservationId != facts.ReservationId || entry.EventNumber != facts.EventNumber
            || (int)entry.Kind != (int)facts.Kind)
        {
            report.Add(Invariant.EventEntry, $"journal entry {entry.Sequence}", $"{facts.Subject}, {facts.Kind}",
                $"event {entry.EventNumber} of reservation {entry.ReservationId}, {entry.Kind}");
            return;
        }
        CheckCorrection(facts, entry);
        var postings = entry.Postings;
        if (postings.ExpenseLines != 1 || postings.PayableLines != 1) return; // reported as unbalanced
        if (postings.Expense != facts.Cost.Value || postings.ExpenseAccountId != facts.AccountId)
        {
            report.Add(Invariant.EntryPostings, $"journal entry {entry.Sequence}",
                $"{facts.Cost.Value} nano-USD on account {facts.AccountId}",
                $"{postings.Expense} nano-USD on account {postings.ExpenseAccountId}");
        }
    }

    /// <summary>A late settlement or adjustment names the entry that booked the reservation first; others name none.</summary>
    private void CheckCorrection(in EventFacts facts, in EntryRow entry)
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

    private void CheckBalance(in EntryRow entry)
    {
        var p = entry.Postings;
        if (p is { ExpenseLines: 1, PayableLines: 1 } && p.ExpenseAccountId == p.PayableAccountId
            && p.Expense + p.Payable == 0) return;
        report.Add(Invariant.EntryBalances, $"journal entry {entry.Sequence}",
            "one expense and one payable line of one account that sum to zero",
            $"{p.ExpenseLines} expense ({p.Expense} nano-USD), {p.PayableLines} payable ({p.Payable} nano-USD)"
            + (p.ExpenseAccountId == p.PayableAccountId ? "" : ", different accounts"));
    }

    private void CheckSequence(string invariant, string what, ref long last, long sequence)
    {
        if (sequence != last + 1) report.Add(invariant, $"{what} {sequence}", $"{last + 1} after {last}", $"{sequence}");
        last = sequence;
    }

    private void CheckLast(string invariant, string subject, long counter, long last)
    {
        if (counter != last) report.Add(invariant, subject, $"{last}, the last row", $"{counter}");
    }

    private void Announce(Guid reservationId, int eventNumber, int difference)
    {
        var key = (reservationId, eventNumber);
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_unannounced, key, out _);
        count += difference;
        if (count == 0) _unannounced.Remove(key);
    }

    private void ReportTwice(long sequence, in EventFacts facts) =>
        report.Add(Invariant.EventEntry, facts.Subject, "a journal entry of its own",
            $"journal entry {sequence}, which {_waitingEvents[sequence].Subject} names too");

    private readonly record struct EventFacts(
        Guid ReservationId, int EventNumber, SpendKind Kind, Guid AccountId, NanoUsd Cost, long FirstEntry)
    {
        public string Subject => $"event {EventNumber} of reservation {ReservationId}";
    }
}
