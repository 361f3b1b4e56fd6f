using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Sqlite;

internal sealed class SqliteLedgerEngine(SqliteDatabase database) : ILedgerEngine
{
    public string Path { get; } = database.FilePath;

    public Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated) => throw new NotImplementedException();

    public Task CommitAsync(LedgerWrites writes, LaneNotes notes) => throw new NotImplementedException();

    public Task AbandonAsync() => throw new NotImplementedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
