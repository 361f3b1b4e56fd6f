namespace Spendra.Storage.Outbox;

/// <summary>
/// Wakes whoever reads the outbox when there is something new. A hint and no more: one that is lost costs the wait, nothing else.
/// </summary>
public abstract class OutboxSignal : IAsyncDisposable
{
    private protected OutboxSignal()
    {
    }

    /// <summary>Returns when rows were added, or when the time is over. Does not fail when the database is away.</summary>
    public abstract Task WaitAsync(TimeSpan atMost, CancellationToken cancel);

    public abstract ValueTask DisposeAsync();
}
