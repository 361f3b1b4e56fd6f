namespace Spendra.Simulation.Scheduling;

/// <summary>
/// The one thread of a simulated world. What is ready to run is run in an order that the seed chooses; when nothing
/// is ready, time jumps to the next event. Nothing waits for real time, and nothing runs on any other thread: a
/// continuation that strays there is an error of the simulation and fails it.
/// </summary>
internal sealed class SimLoop(SimRandom random)
{
    private int _thread = Environment.CurrentManagedThreadId;
    private readonly PriorityQueue<SimEvent, (long At, long Number)> _events = new();
    private readonly List<(SimProcess Process, Task Task)> _ready = [];
    private long _number;
    private volatile SimProcess? _stray;

    /// <summary>Microseconds since the world began.</summary>
    public long Now { get; private set; }

    public SimRandom Random { get; } = random;

    /// <summary>Continuations and events that were run: how far two runs of a seed agree.</summary>
    public long Steps { get; private set; }

    /// <summary>How often, per mille, a continuation is put off although it could run: a paused process.</summary>
    public int PausePerMille { get; set; }

    /// <summary>Called whenever a continuation is put off.</summary>
    public Action? Paused { get; init; }

    /// <summary>Something of a process could run now.</summary>
    public bool IsReady(SimProcess process) => _ready.Exists(r => r.Process == process);

    /// <summary>From now on the world runs in this thread. For whoever awaits something real between two steps of it.</summary>
    public void MoveHere() => _thread = Environment.CurrentManagedThreadId;

    public void Enqueue(SimProcess process, Task task)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            // What a finalizer still says of a killed process is not heard.
            if (process.IsAlive) _stray = process;
            return;
        }
        _ready.Add((process, task));
    }

    /// <summary>Runs an action at a later time, whoever is alive then.</summary>
    public SimEvent After(long delay, Action action)
    {
        var due = new SimEvent(action);
        _events.Enqueue(due, (Now + Math.Max(0, delay), _number++));
        return due;
    }

    /// <summary>A task that ends after a delay; the continuation runs where it was awaited.</summary>
    public Task DelayAsync(long delay)
    {
        var done = new TaskCompletionSource();
        After(delay, done.SetResult);
        return done.Task;
    }

    /// <summary>Runs until the condition holds (true), or the time is over or nothing is left to do (false).</summary>
    public bool RunUntil(Func<bool> isDone, long atMost)
    {
        var end = Now + atMost;
        while (!isDone())
        {
            if (_stray is { } stray) throw new InvalidOperationException($"something of {stray.Name} ran outside the simulation");
            if (_ready.Count > 0)
            {
                RunOne();
                continue;
            }
            if (!_events.TryPeek(out _, out var due) || due.At > end)
            {
                Now = Math.Max(Now, Math.Min(end, due.At));
                return isDone();
            }
            var next = _events.Dequeue();
            Now = Math.Max(Now, due.At);
            Steps++;
            next.Run();
        }
        return true;
    }

    private void RunOne()
    {
        var index = Random.Below(_ready.Count);
        var (process, task) = _ready[index];
        // The last one takes its place: order is chance anyway.
        _ready[index] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        if (!process.IsAlive) return;
        if (process.PausedUntil > Now)
        {
            After(process.PausedUntil - Now, () => _ready.Add((process, task)));
            return;
        }
        if (PausePerMille > 0 && Random.Chance(PausePerMille))
        {
            Paused?.Invoke();
            After(Random.Between(1, 50_000), () => _ready.Add((process, task)));
            return;
        }
        if (process.DiesNow()) return;
        Steps++;
        process.Execute(task);
    }
}

/// <summary>Something that happens at a time unless it is called off before.</summary>
internal sealed class SimEvent(Action action)
{
    private Action? _action = action;

    public void Cancel() => _action = null;

    public void Run() => _action?.Invoke();
}
