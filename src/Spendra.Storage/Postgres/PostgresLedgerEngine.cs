using Npgsql;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Postgres;

internal sealed class PostgresLedgerEngine(NpgsqlDataSource source) : ILedgerEngine
{
    public NpgsqlDataSource Source { get; } = source;

    public Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated) => throw new NotImplementedException();

    public Task CommitAsync(LedgerWrites writes, LaneNotes notes) => throw new NotImplementedException();

    public Task AbandonAsync() => throw new NotImplementedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
