using System.Collections.Concurrent;

namespace Spendra.Gateway.Batches;

/// <summary>
/// Places that all share and of which one party has a part at most: whoever fills its own leaves the rest to the others.
/// They are given out in the order in which they were asked for.
/// </summary>
/// <param name="all">How many there are.</param>
/// <param name="ofOne">How many of them one party may have.</param>
internal sealed class SharedPlaces<TParty>(int all, int ofOne) : IDisposable
    where TParty : notnull
{
    private readonly SemaphoreSlim _all = new(all);
    private readonly ConcurrentDictionary<TParty, SemaphoreSlim> _ofParty = new();

    /// <summary>A place until it is disposed, or null when none became free in time.</summary>
    /// <param name="party">Who asks.</param>
    /// <param name="patience">How long each of the two, the party's own and that among all, is waited for.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<IDisposable?> TakeAsync(TParty party, TimeSpan patience, CancellationToken cancel)
    {
        var own = _ofParty.GetOrAdd(party, static (_, count) => new SemaphoreSlim(count), ofOne);
        if (!await own.WaitAsync(patience, cancel)) return null;
        var isTaken = false;
        try
        {
            isTaken = await _all.WaitAsync(patience, cancel);
            return isTaken ? new Place(own, _all) : null;
        }
        finally
        {
            if (!isTaken) own.Release();
        }
    }

    public void Dispose()
    {
        _all.Dispose();
        foreach (var own in _ofParty.Values) own.Dispose();
    }

    private sealed class Place(SemaphoreSlim own, SemaphoreSlim all) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 1) return;
            all.Release();
            own.Release();
        }
    }
}
