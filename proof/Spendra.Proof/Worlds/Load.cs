namespace Spendra.Proof.Worlds;

/// <summary>Callers of one server. A caller whose connection broke is done: its server is gone.</summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http;
    private readonly World _world;
    private readonly bool _goesOn;
    private readonly Task _callers;
    private readonly Lock _gate = new();
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private int _answered;

    private Load(World world, Uri url, int callers, bool goesOn)
    {
        _world = world;
        _goesOn = goesOn;
        _http = new HttpClient(new SocketsHttpHandler { UseCookies = false, UseProxy = false })
        {
            BaseAddress = url,
            Timeout = TimeSpan.FromSeconds(60),
        };
        _callers = Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(RunAsync)));
    }

    /// <summary>Answers whose status was 200.</summary>
    public int Done => Volatile.Read(ref _answered);

    /// <param name="world">Whose journal is written and whose keys are used.</param>
    /// <param name="url">The server.</param>
    /// <param name="callers">How many at once.</param>
    /// <param name="goesOn">The server outlives its database: callers go on after an error.</param>
    public static Load Start(World world, Uri url, int callers, bool goesOn = false) => new(world, url, callers, goesOn);

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
        await _callers.WaitAsync(TimeSpan.FromSeconds(90));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var call = _world.Journal.Next();
            var number = _world.Journal.NumberOf(call);
            _world.Journal.Write(new Attempt(call, number));
            var attempt = await Attempt.SendAsync(_http, _world.SecretOf(call.KeySlug), call, number, _world.Journal.Write, CancellationToken.None);
            _world.Journal.Close(attempt);
            if (attempt.Status == 200) Count();
            else if (attempt.Status == 0 && !_goesOn) return;
        }
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
