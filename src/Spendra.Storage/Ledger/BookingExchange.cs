using Spendra.Core.Ledger.Verification;

namespace Spendra.Storage.Ledger;

/// <summary>
/// Where the two threads of a verification meet: each hands over what it has read, and whoever is too far ahead
/// waits for the other, so that little is kept in memory.
/// </summary>
internal sealed class BookingExchange(BookingMatch match)
{
    /// <summary>So many facts are handed over at once.</summary>
    public const int Batch = 4_096;

    // Requests in flight together are displaced by hundreds. Waiting costs nothing, being held up by the other does.
    private const long MaxAhead = 100_000;

    private readonly object _gate = new();
    private long _events;  // and releases and refusals: whatever is announced
    private long _entries; // by their announcements
    private bool _eventsDone;
    private bool _entriesDone;

    /// <summary>Called when a thread is about to wait for the other, at most once a wait.</summary>
    public Action? Waiting { get; init; }

    public void TakeEvents(SpendVerification spend)
    {
        lock (_gate)
        {
            match.Add(spend.Events);
            match.Add(spend.Announced);
            _events += spend.Announced.Count;
            Monitor.Pulse(_gate);
            if (_events - _entries > MaxAhead && !_entriesDone) Waiting?.Invoke();
            while (_events - _entries > MaxAhead && !_entriesDone) Monitor.Wait(_gate);
        }
        spend.Events.Clear();
        spend.Announced.Clear();
    }

    public void TakeEntries(JournalVerification journal)
    {
        lock (_gate)
        {
            match.Add(journal.Entries);
            match.Add(journal.Announcements);
            _entries += journal.Announcements.Count;
            Monitor.Pulse(_gate);
            if (_entries - _events > MaxAhead && !_eventsDone) Waiting?.Invoke();
            while (_entries - _events > MaxAhead && !_eventsDone) Monitor.Wait(_gate);
        }
        journal.Entries.Clear();
        journal.Announcements.Clear();
    }

    /// <summary>No more events come, because they are read or because reading failed: nobody waits for them.</summary>
    public void EndEvents()
    {
        lock (_gate)
        {
            _eventsDone = true;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>As <see cref="EndEvents"/>.</summary>
    public void EndEntries()
    {
        lock (_gate)
        {
            _entriesDone = true;
            Monitor.Pulse(_gate);
        }
    }
}
