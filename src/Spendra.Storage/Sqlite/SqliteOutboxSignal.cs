using Spendra.Storage.Outbox;

namespace Spendra.Storage.Sqlite;

/// <summary>Rung by the lane of the same process; what other processes write is seen when the time is over.</summary>
internal sealed class SqliteOutboxSignal(TimeProvider time) : OutboxSignal
{
    private volatile TaskCompletionSource _rung = New();

    public void Ring() => _rung.TrySetResult();

    public override async Task WaitAsync(TimeSpan atMost, CancellationToken cancel)
    {
        try
        {
            await _rung.Task.WaitAsync(atMost, time, cancel);
        }
        catch (TimeoutException)
        {
            return;
        }
        _rung = New();
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
