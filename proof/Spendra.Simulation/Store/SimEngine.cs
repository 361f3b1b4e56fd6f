using Spendra.Core.Ledger;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.World;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.Store;

/// <summary>What a ledger lane of the simulated world writes through: the seam that SQLite and PostgreSQL stand behind.</summary>
internal sealed class SimEngine(SimStore store, SimProcess process) : ILedgerEngine
{
    private SimTransaction? _transaction;
    private bool _hasTriedToCommit;

    public Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated)
    {
        Guid[] organizations = [.. commands.Select(c => c.OrganizationId).Distinct().Order()];
        var transaction = _transaction = new SimTransaction(process, [.. commands], organizations);
        _hasTriedToCommit = false;
        return store.Server.AskAsync<LedgerState>(process, (answer, fail) => store.Begin(
            transaction,
            () => answer(store.Load(commands, isRepeated)),
            () => fail(new SimConnectionException("the server went down"))));
    }

    public async Task CommitAsync(LedgerWrites writes, LaneNotes notes)
    {
        var transaction = _transaction ?? throw new InvalidOperationException("no transaction has begun");
        _hasTriedToCommit = true;
        var isDone = await store.Server.AskAsync(process, () =>
        {
            if (!store.Server.Draw(FaultKind.StoreConflict, store.Server.Faults.Conflict)) return store.TryCommit(transaction, writes, notes);
            store.End(transaction);
            throw new SimConflictException();
        });
        if (!isDone)
        {
            // Only a connection whose server went down or that was ended meets this: it is as lost as one that breaks.
            process.ConnectionLosses.Add(process.Clock.GetTimestamp());
            throw new SimConnectionException("the server has rolled the transaction back");
        }
        _transaction = null;
    }

    public async Task AbandonAsync(bool reconnect)
    {
        if (_transaction is not { } transaction) return;
        _transaction = null;
        // A decision that writes nothing is one too: what it refused counts.
        if (!_hasTriedToCommit && !reconnect) store.NoteUnwritten(transaction);
        try
        {
            await store.Server.AskAsync(process, () =>
            {
                store.End(transaction);
                return true;
            });
        }
        catch (SimConnectionException)
        {
            store.End(transaction);
        }
    }

    public LaneFault Classify(Exception exception) => exception switch
    {
        SimConnectionException => LaneFault.Unavailable,
        SimConflictException => LaneFault.Conflict,
        _ => LaneFault.Poison,
    };

    public string Describe(Exception exception) => exception.Message;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
