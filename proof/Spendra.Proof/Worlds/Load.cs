namespace Spendra.Proof.Worlds;

/// <summary>What one caller does until it is told to stop, or until it has no reason to go on.</summary>
internal delegate Task Caller(Load load, CancellationToken stop);

/// <summary>Callers at work: their connections, and what they are told, written down and counted.</summary>
internal sealed class Load : IAsyncDisposable
{
    /// <summary>A call that has no answer by then will have none.</summary>
    public static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(90);

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(120);

    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, UseProxy = false }) { Timeout = AnswerPatience };
    private readonly ClientJournal _journal;
    private readonly Func<string, string> _secretOf;
    private readonly Task _callers;
    private readonly Lock _gate = new();
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private int _answered;

    private Load(ClientJournal journal, Func<string, string> secretOf, IEnumerable<Caller> callers)
    {
        (_journal, _secretOf) = (journal, secretOf);
        _callers = Task.WhenAll([.. callers.Select(caller => Task.Run(() => caller(this, _stop.Token)))]);
    }

    /// <param name="journal">What is sent and told is written here.</param>
    /// <param name="secretOf">The secret of a key, by its slug.</param>
    /// <param name="callers">Each goes its own way.</param>
    public static Load Start(ClientJournal journal, Func<string, string> secretOf, IEnumerable<Caller> callers) => new(journal, secretOf, callers);

    /// <summary>Sends one attempt of a call; returns when it is over, one way or the other.</summary>
    public async Task<Attempt> SendAsync(Uri server, Call call, int number, CancellationToken hangUp = default)
    {
        var attempt = await Attempt.SendAsync(_http, server, _secretOf(call.KeySlug), call, number, _journal.Write, hangUp);
        _journal.Write(attempt);
        if (attempt.IsAcknowledged) Count();
        return attempt;
    }

    /// <summary>Completes when so many calls more than now were done.</summary>
    public Task WaitForAsync(int more) => Reached(more).WaitAsync(TimeSpan.FromSeconds(120));

    /// <summary>The same without patience: never completes when the server dies before.</summary>
    public Task Reached(int more)
    {
        lock (_gate)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((_answered + more, reached));
            return reached.Task;
        }
    }

    /// <summary>No new calls; returns when those under way have ended.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _callers.WaitAsync(StopPatience);
    }

    /// <summary>No new calls, and nobody waits for those under way.</summary>
    public void Abandon()
    {
        _stop.Cancel();
        _http.CancelPendingRequests();
    }

    public async ValueTask DisposeAsync()
    {
        // Whoever has stopped it knows how that went.
        if (!_stop.IsCancellationRequested) await StopAsync();
        _http.Dispose();
        _stop.Dispose();
    }

    private void Count()
    {
        lock (_gate)
        {
            _answered++;
            foreach (var (_, reached) in _waiters.Where(w => w.Count <= _answered)) reached.TrySetResult();
            _waiters.RemoveAll(w => w.Count <= _answered);
        }
    }
}
