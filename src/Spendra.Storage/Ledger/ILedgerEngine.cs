using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>
/// One transaction after another against one database: load and lock, then write and commit. The decision between
/// the two is the same pure code on every engine. Not thread-safe; used by one lane.
/// </summary>
internal interface ILedgerEngine : IAsyncDisposable
{
    /// <summary>
    /// Begins a transaction and loads and locks everything that the commands name: organizations, then windows,
    /// each in id order.
    /// </summary>
    /// <param name="commands">The batch.</param>
    /// <param name="isRepeated">
    /// True after an ambiguous commit: reservations are then also looked for among those that have ended.
    /// </param>
    Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated);

    /// <summary>
    /// Writes and commits, even when there is nothing to write: when it returns, everything that the transaction has
    /// seen is as durable as the database makes a commit. Never cancelled and without a timeout.
    /// </summary>
    Task CommitAsync(LedgerWrites writes, LaneNotes notes);

    /// <summary>Abandons the transaction and, when it is broken, the connection. Does not throw.</summary>
    /// <param name="reconnect">
    /// True when the database could not be used: the next transaction gets a connection of its own, because this one
    /// may lead to a server or a file that will never take a write again.
    /// </param>
    Task AbandonAsync(bool reconnect);

    /// <summary>What a failure of one of the calls above means for the batch.</summary>
    LaneFault Classify(Exception exception);

    /// <summary>The failure in one line that says what to do.</summary>
    string Describe(Exception exception);
}

internal enum LaneFault
{
    /// <summary>The content of the batch cannot be written; it was certainly rolled back.</summary>
    Poison,
    /// <summary>The database chose another transaction over this one; it was certainly rolled back.</summary>
    Conflict,
    /// <summary>The database is out of reach; when this happens at commit, the outcome is unknown.</summary>
    Unavailable,
}
