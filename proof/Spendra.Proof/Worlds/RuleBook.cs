namespace Spendra.Proof.Worlds;

/// <summary>
/// When rules were changed, as the administrator knows: from the moment a change was asked for until it was acknowledged
/// nobody can say which rule a call meets, and before and after it everybody can.
/// </summary>
internal sealed class RuleBook
{
    private readonly Lock _gate = new();
    private readonly List<Change> _changes = [];

    public int Changes
    {
        get
        {
            lock (_gate) return _changes.Count;
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
        return change;
    }

    public void End(Change change, bool isKnown)
    {
        lock (_gate) (change.IsKnown, change.EndedAt) = (isKnown, DateTimeOffset.UtcNow);
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
