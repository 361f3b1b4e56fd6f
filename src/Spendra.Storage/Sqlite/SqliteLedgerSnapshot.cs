using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Sqlite;

/// <summary>
/// Two connections that read the same moment of a write-ahead database. Neither takes a lock that a writer waits
/// for; while they read, the log cannot be reset and grows.
/// </summary>
internal sealed class SqliteLedgerSnapshot : LedgerSnapshot
{
    // Between the two beginnings lie microseconds. That a commit falls there so often means something else.
    private const int MaxAttempts = 1_000;

    private readonly DbConnection[] _connections;
    private readonly DbTransaction?[] _transactions;

    private SqliteLedgerSnapshot(DbConnection[] connections, DbTransaction?[] transactions)
    {
        _connections = connections;
        _transactions = transactions;
    }

    protected override DbConnection Connection => _connections[(int)ReaderSide.Spend];

    protected override DbTransaction Transaction => _transactions[(int)ReaderSide.Spend]!;

    /// <param name="database">Which file.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <param name="betweenReaders">For tests: what somebody else does at the worst moment.</param>
    public static async Task<LedgerSnapshot> BeginAsync(
        SqliteDatabase database, CancellationToken cancel, Func<Task>? betweenReaders = null)
    {
        await using var watch = await database.ConnectAsync(cancel);
        var snapshot = new SqliteLedgerSnapshot(
            [await database.ConnectAsync(cancel), await database.ConnectAsync(cancel)], new DbTransaction?[2]);
        try
        {
            for (var attempt = 0; attempt < MaxAttempts; attempt++)
            {
                // Differs when anybody has committed since it was asked for last, on this connection.
                var before = await watch.ExecuteScalarAsync<long>("PRAGMA data_version");
                await snapshot.BeginReadersAsync(database, betweenReaders, cancel);
                if (await watch.ExecuteScalarAsync<long>("PRAGMA data_version") == before) return snapshot;
                await snapshot.EndReadersAsync();
            }
            throw new DatabaseUnavailableException(
                $"{database.FilePath} was written {MaxAttempts} times while two readers were to begin at once: try again");
        }
        catch
        {
            await snapshot.DisposeAsync();
            throw;
        }
    }

    public override LedgerRows Open(string sql, Guid organizationId, ReaderSide side) =>
        new Rows(((SqliteConnection)_connections[(int)side]).Handle!, sql, organizationId);

    public override async ValueTask DisposeAsync()
    {
        await EndReadersAsync();
        foreach (var connection in _connections) await connection.DisposeAsync();
    }

    private async Task BeginReadersAsync(SqliteDatabase database, Func<Task>? betweenReaders, CancellationToken cancel)
    {
        for (var i = 0; i < _connections.Length; i++)
        {
            if (i > 0 && betweenReaders is not null) await betweenReaders();
            _transactions[i] = await database.BeginSnapshotAsync(_connections[i], cancel);
            // A deferred transaction begins with the first thing that it reads.
            await _connections[i].ExecuteScalarAsync<long>(
                "SELECT count(*) FROM (SELECT 1 FROM organizations LIMIT 1)", transaction: _transactions[i]);
        }
    }

    private async Task EndReadersAsync()
    {
        for (var i = 0; i < _transactions.Length; i++)
        {
            if (_transactions[i] is { } transaction) await transaction.DisposeAsync();
            _transactions[i] = null;
        }
    }

    private sealed class Rows : LedgerRows
    {
        private readonly SqliteStatement _statement;

        public Rows(SQLitePCL.sqlite3 database, string sql, Guid organizationId)
        {
            _statement = new SqliteStatement(database, sql);
            _statement.Bind(organizationId);
        }

        public override bool Next() => _statement.Step();

        public override bool IsNull(int column) => _statement.IsNull(column);

        public override long Int64(int column) => _statement.Int64(column);

        public override ReadOnlySpan<byte> Bytes(int column) => _statement.Bytes(column);

        public override void Dispose() => _statement.Dispose();
    }
}
