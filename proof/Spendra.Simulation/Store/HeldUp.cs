using Spendra.Simulation.Scheduling;

namespace Spendra.Simulation.Store;

/// <summary>
/// Which locks were held by processes that stood still meanwhile, and which transactions waited for these: they held up
/// others in their turn.
/// </summary>
internal sealed class HeldUp
{
    private readonly List<(Guid OrganizationId, long From, long Until)> _locks = [];
    private readonly List<(SimProcess Process, long From, long Until)> _waits = [];

    public HeldUp()
    {
    }

    public HeldUp(HeldUp other)
    {
        _locks.AddRange(other._locks);
        _waits.AddRange(other._waits);
    }

    /// <summary>What a transaction held until now, and what it waited for.</summary>
    /// <param name="transaction">One that ends, or that is looked at.</param>
    /// <param name="now">The world's time.</param>
    /// <param name="whole">With what is still held, for one that ends before the lock that it waited for.</param>
    public void Note(SimTransaction transaction, long now, HeldUp? whole = null)
    {
        var hasWaited = (whole ?? this).HasWaited(transaction, now);
        if (hasWaited) _waits.Add((transaction.Owner, transaction.BegunAt, now));
        for (var i = 0; i < transaction.Held; i++)
        {
            var taken = transaction.TakenAt[i];
            if (hasWaited || transaction.Owner.HasStoodStill(taken, now))
                _locks.Add((transaction.Organizations[i], taken, now));
        }
    }

    public bool Has(SimProcess process, Guid organizationId, long from, long until) =>
        _locks.Exists(l => l.OrganizationId == organizationId && l.From <= until && l.Until >= from)
        || _waits.Exists(w => w.Process == process && w.From <= until && w.Until >= from);

    private bool HasWaited(SimTransaction transaction, long now)
    {
        var since = transaction.BegunAt;
        for (var i = 0; i < transaction.Organizations.Count && i <= transaction.Held; i++)
        {
            var until = i < transaction.Held ? transaction.TakenAt[i] : now;
            if (until > since && _locks.Exists(l => l.OrganizationId == transaction.Organizations[i] && l.From < until && l.Until > since)) return true;
            since = until;
        }
        return false;
    }
}
