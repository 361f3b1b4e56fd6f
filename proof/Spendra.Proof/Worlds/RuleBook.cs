using System.Globalization;

namespace Spendra.Proof.Worlds;

/// <summary>
/// When rules were changed, as the administrator knows: from the moment a change was asked for until it was acknowledged
/// nobody can say which rule a call meets, and before and after it everybody can.
/// </summary>
/// <param name="tell">Told of every line of the book, for whoever keeps a copy in another process (<see cref="Hear"/>).</param>
internal sealed class RuleBook(Action<string>? tell = null)
{
    private const string Begins = "rule begins";
    private const string Ends = "rule ends";

    // A line that was cut short by a kill says nothing.
    private const string Whole = ".";

    private readonly Lock _gate = new();
    private readonly List<Change> _changes = [];

    public int Changes
    {
        get
        {
            lock (_gate) return _changes.Count;
        }
    }

    /// <summary>Changes that are certain.</summary>
    public int Acknowledged
    {
        get
        {
            lock (_gate) return _changes.Count(c => c.IsKnown);
        }
    }

    /// <summary>Changes that were asked for and not acknowledged: the database had gone.</summary>
    public int Unknown
    {
        get
        {
            lock (_gate) return _changes.Count(c => c is { IsKnown: false, EndedAt: not null });
        }
    }

    /// <summary>A change is asked for.</summary>
    /// <param name="subject">A key's or a budget's slug.</param>
    /// <param name="permits">Whether calls are permitted by it from now on.</param>
    public Change Begin(string subject, bool permits)
    {
        var change = new Change(subject, permits, DateTimeOffset.UtcNow);
        lock (_gate) _changes.Add(change);
        tell?.Invoke($"{Begins} {subject} {permits} {change.BegunAt.UtcTicks} {Whole}");
        return change;
    }

    public void End(Change change, bool isKnown)
    {
        var at = DateTimeOffset.UtcNow;
        lock (_gate) (change.IsKnown, change.EndedAt) = (isKnown, at);
        tell?.Invoke($"{Ends} {change.Subject} {isKnown} {at.UtcTicks} {Whole}");
    }

    /// <summary>Copies a line of a book that is kept in another process, where one change is made after the other.</summary>
    /// <returns>The change that begins, if one does.</returns>
    public Change? Hear(string line)
    {
        if (line.Split(' ') is not ["rule", "begins" or "ends", var subject, var says, var ticks, Whole] words) return null;
        var at = new DateTimeOffset(long.Parse(ticks, CultureInfo.InvariantCulture), TimeSpan.Zero);
        lock (_gate)
        {
            if (words[1] == "ends")
            {
                var ending = _changes.Last(c => c.Subject == subject && c.EndedAt is null);
                (ending.IsKnown, ending.EndedAt) = (bool.Parse(says), at);
                return null;
            }
            var change = new Change(subject, bool.Parse(says), at);
            _changes.Add(change);
            return change;
        }
    }

    /// <summary>The process of the other book has gone: what it had begun, nobody knows.</summary>
    public void LeaveOpen()
    {
        lock (_gate)
        {
            foreach (var change in _changes.Where(c => c.EndedAt is null)) change.EndedAt = DateTimeOffset.UtcNow;
        }
    }

    /// <summary>Whether a subject permitted calls during the whole of a time; null when it was changed meanwhile or nobody knows.</summary>
    public bool? During(string subject, DateTimeOffset from, DateTimeOffset to)
    {
        lock (_gate)
        {
            bool? permits = null;
            foreach (var change in _changes.Where(c => c.Subject == subject && c.BegunAt <= to))
            {
                if (change.EndedAt is not { } ended || ended >= from) return null;
                permits = change.IsKnown ? change.Permits : null;
            }
            return permits;
        }
    }

    internal sealed class Change(string subject, bool permits, DateTimeOffset begunAt)
    {
        public string Subject => subject;
        public bool Permits => permits;
        public DateTimeOffset BegunAt => begunAt;
        public DateTimeOffset? EndedAt { get; set; }
        public bool IsKnown { get; set; }
    }
}
