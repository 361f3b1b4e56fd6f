namespace Spendra.Simulation.Scheduling;

/// <summary>
/// A process of the simulated world: everything that is awaited in it continues here, and when it is killed nothing
/// of it ever runs again, wherever it stood. Its clock may be wrong.
/// </summary>
internal sealed class SimProcess : TaskScheduler
{
    private readonly SimLoop _loop;

    public SimProcess(SimLoop loop, string name, long clockSkew)
    {
        _loop = loop;
        Name = name;
        Clock = new SimClock(loop, this) { Skew = clockSkew };
    }

    public string Name { get; }

    public SimClock Clock { get; }

    public bool IsAlive { get; private set; } = true;

    /// <summary>Until then nothing of it runs and no timer of it fires: a stopped machine, a long collection.</summary>
    public long PausedUntil { get; set; }

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Begins something in this process.</summary>
    public Task Run(Func<Task> body) =>
        Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <summary>kill -9: no finally, no dispose, no last word.</summary>
    public void Kill() => IsAlive = false;

    public void Execute(Task task) => TryExecuteTask(task);

    protected override void QueueTask(Task task) => _loop.Enqueue(this, task);

    // Never inline: every await is a place where the order is open.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
