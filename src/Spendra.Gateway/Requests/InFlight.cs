namespace Spendra.Gateway.Requests;

/// <summary>How many requests of one key this gateway is working on.</summary>
internal sealed class InFlightCount
{
    private int _count;

    /// <summary>Takes a place; false, and none taken, when all are.</summary>
    public bool TryEnter(int limit)
    {
        if (Interlocked.Increment(ref _count) <= limit) return true;
        Interlocked.Decrement(ref _count);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _count);
}

/// <summary>All requests that this gateway is working on, detached ones included: what a graceful stop waits for.</summary>
internal sealed class InFlightRequests
{
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private volatile bool _isDraining;

    public int Count => Volatile.Read(ref _count);

    public void Enter() => Interlocked.Increment(ref _count);

    public void Leave()
    {
        if (Interlocked.Decrement(ref _count) == 0 && _isDraining) _drained.TrySetResult();
    }

    /// <summary>Completes when nothing is in flight. Called once the server takes no more requests.</summary>
    public Task DrainAsync()
    {
        _isDraining = true;
        if (Volatile.Read(ref _count) == 0) _drained.TrySetResult();
        return _drained.Task;
    }
}
