using System.Collections.Concurrent;

namespace Spendra.Tests.EndToEnd;

/// <summary>Callers that never pause, plain and streamed in turn, and all that they were told.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Answer> _answers = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private readonly Lock _gate = new();
    private readonly Task _callers;
    private int _count;

    private Load(int callers, Func<int, Task<Answer?>> call) =>
        _callers = Task.WhenAll(Enumerable.Range(0, callers).Select(i => Task.Run(() => RunAsync(i, call))));

    /// <summary>Complete answers, in the order in which they came.</summary>
    public IReadOnlyCollection<Answer> Answers => _answers;

    public static Load Start(ServedProcess served, string secret, int callers) => new(callers, async number =>
    {
        try
        {
            return await served.ChatAsync(secret, Acme.Chat(isStreamed: number % 2 == 0));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // The server was killed: what it did of this call, only the ledger knows.
            return null;
        }
    });

    /// <summary>Completes with the answer of this number.</summary>
    public Task WaitForAsync(int count)
    {
        lock (_gate)
        {
            if (_count >= count) return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
            return reached.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    /// <summary>No new calls; returns when those under way have ended.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _callers.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(int caller, Func<int, Task<Answer?>> call)
    {
        for (var number = caller; !_stop.IsCancellationRequested; number++)
        {
            // A caller whose connection broke is done: the process is gone.
            if (await call(number) is not { } answer) return;
            _answers.Enqueue(answer);
            lock (_gate)
            {
                _count++;
                foreach (var (_, reached) in _waiters.Where(w => w.Count <= _count)) reached.TrySetResult();
                _waiters.RemoveAll(w => w.Count <= _count);
            }
        }
    }
}
