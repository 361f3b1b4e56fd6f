using System.Collections.Concurrent;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.Engines;

/// <summary>A decision that a database has kept, and its place in the order of all of them.</summary>
internal sealed record RecordedDecision(long Order, IReadOnlyList<LedgerCommand> Commands);

/// <summary>
/// What several lanes and administrators did to one database, in its true order: places are taken while the locks of
/// the organization are held, and these are held until the commit.
/// </summary>
internal sealed class LedgerRecord
{
    private long _order;

    public ConcurrentQueue<RecordedDecision> Decisions { get; } = [];

    public long TakePlace() => Interlocked.Increment(ref _order);
}

/// <summary>Records what really becomes durable. Stands directly before the real engine, behind all faults.</summary>
internal sealed class RecordingEngine(ILedgerEngine inner, LedgerRecord record) : ILedgerEngine
{
    private IReadOnlyList<LedgerCommand>? _commands;
    private long _place;

    public async Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated)
    {
        _commands = null;
        var state = await inner.BeginAsync(commands, isRepeated);
        _place = record.TakePlace();
        _commands = [.. commands];
        return state;
    }

    public async Task CommitAsync(LedgerWrites writes, LaneNotes notes)
    {
        var commands = _commands!;
        _commands = null;
        await inner.CommitAsync(writes, notes);
        record.Decisions.Enqueue(new RecordedDecision(_place, commands));
    }

    public Task AbandonAsync(bool reconnect)
    {
        // A decision that refuses everything writes nothing, and is one all the same.
        if (!reconnect && _commands is { } commands) record.Decisions.Enqueue(new RecordedDecision(_place, commands));
        _commands = null;
        return inner.AbandonAsync(reconnect);
    }

    public LaneFault Classify(Exception exception) => inner.Classify(exception);

    public string Describe(Exception exception) => inner.Describe(exception);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}

/// <summary>
/// Tells a lane, by chance, before a transaction and at both ends of its commit, that the connection was lost, so that
/// outcomes are ambiguous again and again. No connection breaks: real ones are cut elsewhere.
/// </summary>
internal sealed class LossyEngine(ILedgerEngine inner, Scheduling.SimRandom random, int lossPerMille) : ILedgerEngine
{
    public int Losses { get; private set; }

    public async Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated)
    {
        Lose();
        var state = await inner.BeginAsync(commands, isRepeated);
        return state;
    }

    public async Task CommitAsync(LedgerWrites writes, LaneNotes notes)
    {
        Lose();
        await inner.CommitAsync(writes, notes);
        Lose();
    }

    public Task AbandonAsync(bool reconnect) => inner.AbandonAsync(reconnect);

    public LaneFault Classify(Exception exception) => exception is LostException ? LaneFault.Unavailable : inner.Classify(exception);

    public string Describe(Exception exception) => exception is LostException ? exception.Message : inner.Describe(exception);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private void Lose()
    {
        if (!random.Chance(lossPerMille)) return;
        Losses++;
        throw new LostException();
    }

    private sealed class LostException() : Exception("the connection was lost");
}
