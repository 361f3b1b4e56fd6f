using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>
/// A real engine whose steps a test can see, hold and break, so that batches are made of known commands and
/// connections are lost at known moments.
/// </summary>
internal sealed class GatedEngine(ILedgerEngine inner) : ILedgerEngine
{
    private readonly Queue<Func<Task>> _beforeBegin = new();
    private readonly Queue<Func<Task>> _beforeCommit = new();
    private readonly Queue<Func<Task>> _afterCommit = new();

    /// <summary>The number of commands of every transaction that was begun.</summary>
    public List<int> Begun { get; } = [];

    public int Commits { get; private set; }

    /// <summary>The next transaction that has not begun waits at the gate.</summary>
    public Gate HoldBegin() => Hold(_beforeBegin);

    /// <summary>The next commit waits at the gate, everything decided and locked.</summary>
    public Gate HoldCommit() => Hold(_beforeCommit);

    /// <summary>The connection is lost when the next transaction begins.</summary>
    public void LoseAtBegin() => _beforeBegin.Enqueue(() => throw new LostException());

    /// <summary>The connection is lost before the server has got the commit.</summary>
    public void LoseBeforeCommit() => _beforeCommit.Enqueue(() => throw new LostException());

    /// <summary>The connection is lost after the server has committed and before it could say so.</summary>
    public void LoseAnswerOfCommit() => _afterCommit.Enqueue(() => throw new LostException());

    /// <summary>A commit between two others goes well.</summary>
    public void KeepAnswerOfCommit() => _afterCommit.Enqueue(() => Task.CompletedTask);

    public async Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated)
    {
        await NextAsync(_beforeBegin);
        Begun.Add(commands.Count);
        return await inner.BeginAsync(commands, isRepeated);
    }

    public async Task CommitAsync(LedgerWrites writes, LaneNotes notes)
    {
        await NextAsync(_beforeCommit);
        await inner.CommitAsync(writes, notes);
        Commits++;
        await NextAsync(_afterCommit);
    }

    public Task AbandonAsync(bool reconnect) => inner.AbandonAsync(reconnect);

    public LaneFault Classify(Exception exception) =>
        exception is LostException ? LaneFault.Unavailable : inner.Classify(exception);

    public string Describe(Exception exception) => inner.Describe(exception);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static Gate Hold(Queue<Func<Task>> steps)
    {
        var gate = new Gate();
        steps.Enqueue(gate.PassAsync);
        return gate;
    }

    private static Task NextAsync(Queue<Func<Task>> steps)
    {
        lock (steps) return steps.TryDequeue(out var step) ? step() : Task.CompletedTask;
    }

    private sealed class LostException() : Exception("the connection was lost");
}

/// <summary>Where a lane waits until the test lets it pass.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Reached => _reached.Task;

    public void Open() => _opened.TrySetResult();

    public Task PassAsync()
    {
        _reached.TrySetResult();
        return _opened.Task;
    }
}
