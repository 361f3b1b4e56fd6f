using Spendra.Core.Money;

namespace Spendra.Core.Ledger.Verification;

/// <summary>
/// Recomputes every invariant of one organization's ledger from its rows. Whoever has the rows feeds them: first
/// the open reservations, then spend events in key order; entries and outbox rows in the order of their numbers,
/// best in step with the events; then <see cref="Complete"/>.
/// </summary>
public sealed class LedgerVerification
{
    private readonly VerificationReport _report;
    private readonly WindowCheck _windows;
    private readonly EventCheck _events;
    private readonly ExcessCheck _excesses;
    private readonly JournalCheck _journal;
    private readonly HashSet<Guid> _open = [];
    private Guid? _lastSpent;
    private long _spent;
    private long _released;

    public LedgerVerification(VerifiedOrganization organization, VerificationReport report)
    {
        _report = report;
        _windows = new WindowCheck(organization, report);
        _events = new EventCheck(organization, report);
        _excesses = new ExcessCheck(organization, report);
        _journal = new JournalCheck(organization, report);
    }

    public void AddOpen(Guid reservationId, ReadOnlySpan<byte> windowIds, NanoUsd amount)
    {
        _open.Add(reservationId);
        _windows.AddReserved(windowIds, amount);
    }

    public void AddSpend(in SpendRow row)
    {
        if (row.ReservationId != _lastSpent)
        {
            _spent++;
            _lastSpent = row.ReservationId;
            if (_open.Contains(row.ReservationId)) ReportTwice(row.ReservationId, "open and spent");
        }
        _windows.AddSettled(row.WindowIds, row.Cost);
        _events.Add(row);
        _excesses.Add(row);
        _journal.AddEvent(row, _events.FirstEntry);
    }

    /// <param name="reservationId">A released reservation.</param>
    /// <param name="isSpent">Whether it has a spend event too.</param>
    public void AddReleased(Guid reservationId, bool isSpent)
    {
        _released++;
        if (_open.Contains(reservationId)) ReportTwice(reservationId, "open and released");
        if (isSpent) ReportTwice(reservationId, "spent and released");
    }

    public void AddEntry(in EntryRow entry) => _journal.AddEntry(entry);

    public void AddOrphanedPosting(long sequence) => _journal.AddOrphanedPosting(sequence);

    public void AddOutboxRow(long sequence, bool isSpend, Guid subjectId, int eventNumber) =>
        _journal.AddOutboxRow(sequence, isSpend, subjectId, eventNumber);

    public void Complete()
    {
        _report.Count(Invariant.EndsOnce, _open.Count + _spent + _released);
        _windows.Complete();
        _events.Complete();
        _excesses.Complete();
        _journal.Complete();
    }

    private void ReportTwice(Guid reservationId, string found) =>
        _report.Add(Invariant.EndsOnce, $"reservation {reservationId}", "one of open, spent, released", found);
}
