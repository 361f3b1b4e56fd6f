using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Proof.Network;

/// <summary>A lane's engine that tells when a transaction has ended, one way or the other.</summary>
internal sealed class CommitWatch(ILedgerEngine inner) : ILedgerEngine
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Take it before looking at the database: it completes with whatever ends after.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated) => inner.BeginAsync(commands, isRepeated);

    public async Task CommitAsync(LedgerWrites writes, LaneNotes notes)
    {
        await inner.CommitAsync(writes, notes);
        Tell();
    }

    public async Task AbandonAsync(bool reconnect)
    {
        await inner.AbandonAsync(reconnect);
        Tell();
    }

    public LaneFault Classify(Exception exception) => inner.Classify(exception);

    public string Describe(Exception exception) => inner.Describe(exception);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void Tell() =>
        Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
