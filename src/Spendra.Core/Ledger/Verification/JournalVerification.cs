using Spendra.Core.Money;

namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// Checks one organization's journal and outbox for themselves: no gap in their numbers, every entry balanced. Fed
/// with entries and outbox rows, each in the order of their numbers; what they say of events is left in
/// <see cref="Entries"/> and <see cref="Announcements"/>. Used by one thread.
/// </summary>
/// <param name="organization">The counters, and the last seal.</param>
/// <param name="report">Takes what is wrong.</param>
/// <param name="kept">Seals of outbox rows as they were signed and kept elsewhere, by the row; null to do without.</param>
public sealed class JournalVerification(OrganizationRow organization, VerificationReport report, IReadOnlyDictionary<long, Seal>? kept = null)
{
    private long _entries;
    private long _outboxRows;
    private long _lastEntry;
    private long _lastOutbox;
    private long _seals;
    private Seal _lastSeal;
    private long _signedRows;

    /// <summary>Emptied by whoever takes it.</summary>
    public List<EntryFacts> Entries { get; } = [];

    /// <summary>Emptied by whoever takes it.</summary>
    public List<OutboxFacts> Announcements { get; } = [];

    public void AddEntry(in EntryRow entry)
    {
        _entries++;
        CheckSequence(Invariant.EntrySequence, "journal entry", ref _lastEntry, entry.Sequence);
        var sum = entry.Postings;
        // More lines than two are reported as unbalanced; what they book is not asked.
        NanoUsd? expense = sum is { ExpenseLines: 1, PayableLines: 1 } ? new NanoUsd((long)sum.Expense) : null;
        if (expense is null || sum.ExpenseAccountId != sum.PayableAccountId || sum.Expense + sum.Payable != 0)
            ReportUnbalanced(entry);
        Entries.Add(new EntryFacts(entry.Sequence, entry.Kind, entry.ReservationId, entry.EventNumber, entry.Corrects,
            entry.BookedAt, expense, sum.ExpenseAccountId));
    }

    /// <summary>Postings whose entry does not exist.</summary>
    public void AddOrphanedPosting(long sequence) =>
        report.Add(Invariant.EntryBalances, $"postings of journal entry {sequence}", "a journal entry", "none");

    /// <summary>Lines are numbered like the ledger accounts that they book; this one is not, and books nothing.</summary>
    public void AddMisplacedPosting(long sequence, int line) =>
        report.Add(Invariant.EntryBalances, $"posting {line} of journal entry {sequence}", "the number of its ledger account", $"{line}");

    /// <param name="row">Its topic is <c>default</c> when nobody knows its name.</param>
    /// <param name="seal">None when it is older than seals.</param>
    public void AddOutboxRow(in Announcement row, Seal seal)
    {
        _outboxRows++;
        CheckSequence(Invariant.OutboxSequence, "outbox row", ref _lastOutbox, row.Sequence);
        var previous = row.Sequence - 1 == organization.SealedAfter ? SealChain.Start(organization.OrganizationId, organization.SealedAfter) : _lastSeal;
        if (!seal.IsNone) _seals++;
        else if (row.Sequence > organization.SealedAfter) report.Add(Invariant.OutboxSeal, $"outbox row {row.Sequence}", "a seal", "none");
        if (!seal.IsNone || row.Sequence > organization.SealedAfter) _lastSeal = seal;
        if (kept is not null && kept.TryGetValue(row.Sequence, out var asSigned))
        {
            _signedRows++;
            if (asSigned != seal)
                report.Add(Invariant.LedgerSigned, $"outbox row {row.Sequence}", $"{asSigned}, as it was signed", $"{seal}: it, or one before it, was replaced");
        }
        if (row.Topic == default) report.Add(Invariant.EventOutbox, $"outbox row {row.Sequence}", "a topic that is known", "another");
        else Announcements.Add(new OutboxFacts(row, previous, seal));
    }

    public void Complete()
    {
        report.Count(Invariant.EntrySequence, _entries);
        report.Count(Invariant.EntryBalances, _entries);
        report.Count(Invariant.OutboxSequence, _outboxRows);
        report.Count(Invariant.OutboxSeal, _seals);
        CheckLast(Invariant.EntrySequence, "entry_sequence of the organization", organization.EntrySequence, _lastEntry);
        CheckLast(Invariant.OutboxSequence, "outbox_sequence of the organization", organization.OutboxSequence, _lastOutbox);
        if (kept is not null)
        {
            report.Count(Invariant.LedgerSigned, _signedRows);
            foreach (var sequence in kept.Keys.Where(s => s > _lastOutbox))
                report.Add(Invariant.LedgerSigned, $"outbox row {sequence}", "a row, as it was signed", $"rows were cut off: the last one is {_lastOutbox}");
        }
        if (organization.Seal != _lastSeal)
            report.Add(Invariant.OutboxSeal, "ledger_seal of the organization", $"{_lastSeal}, that of the last outbox row", $"{organization.Seal}");
    }

    private void ReportUnbalanced(in EntryRow entry)
    {
        var p = entry.Postings;
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
}
