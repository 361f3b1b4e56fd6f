namespace Spendra.Simulation.Scheduling;

/// <summary>
/// A process of the simulated world: everything that is awaited in it continues here, and when it is killed nothing
/// of it ever runs again, wherever it stood. Its clock may be wrong.
/// </summary>
internal sealed class SimProcess : TaskScheduler
{
    private readonly SimLoop _loop;
    private readonly List<Task> _begun = [];
    private Action? _death;
    private Func<bool>? _counts;
    private int _stepsToLive;

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
    public long PausedUntil { get; private set; }

    /// <summary>When the world killed it, or null: a process that was stopped in peace was not.</summary>
    public long? KilledAt { get; set; }

    /// <summary>Every time for which it was made to stand still.</summary>
    public List<(long From, long Until)> Pauses { get; } = [];

    /// <summary>It stood still at some time between these.</summary>
    public bool HasStoodStill(long from, long until) => Pauses.Exists(p => p.From <= until && p.Until >= from);

    /// <summary>When connections to the database broke under it.</summary>
    public List<long> ConnectionLosses { get; } = [];

    /// <summary>What was begun in it and ended by an exception that nobody caught.</summary>
    public IEnumerable<Exception> Failures => _begun.Where(t => t.IsFaulted).Select(t => t.Exception!.InnerException!);

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Begins something in this process.</summary>
    public Task Run(Func<Task> body)
    {
        var begun = Task.Factory.StartNew(body, CancellationToken.None, TaskCreationOptions.DenyChildAttach, this).Unwrap();
        _begun.RemoveAll(t => t.IsCompletedSuccessfully);
        _begun.Add(begun);
        return begun;
    }

    /// <summary>kill -9: no finally, no dispose, no last word.</summary>
    public void Kill() => IsAlive = false;

    /// <summary>Nothing of it runs or fires until then.</summary>
    public void StandStill(long until)
    {
        // Steps that the first of two pauses has put off wait for its end, whatever the second says.
        PausedUntil = Math.Max(PausedUntil, until);
        Pauses.Add((_loop.Now, until));
    }

    /// <summary>
    /// It will die in the place of one of its next steps, whatever else of it is ready then. Only steps count at which
    /// the condition holds.
    /// </summary>
    public void DieAfter(int steps, Func<bool> counts, Action death) => (_stepsToLive, _counts, _death) = (steps, counts, death);

    public void Spare() => _death = null;

    /// <summary>Takes one step from what it has to live; true when it has died instead.</summary>
    public bool DiesNow()
    {
        if (_death is not { } death || !_counts!() || _stepsToLive-- > 0) return false;
        _death = null;
        death();
        return true;
    }

    public void Execute(Task task) => TryExecuteTask(task);

    protected override void QueueTask(Task task) => _loop.Enqueue(this, task);

    // Never inline: every await is a place where the order is open.
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
