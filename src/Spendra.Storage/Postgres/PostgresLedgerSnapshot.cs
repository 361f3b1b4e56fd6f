using System.Data;
using System.Data.Common;
using Dapper;
using Npgsql;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Postgres;

/// <summary>
/// One exported snapshot that as many connections read as there are tables to be read at once, each by
/// <c>COPY … TO STDOUT</c> in binary.
/// </summary>
internal sealed class PostgresLedgerSnapshot : LedgerSnapshot
{
    // COPY takes no parameters: the organization is a setting of the reader's transaction.
    private const string Organization = "CAST(current_setting('spendra.organization') AS uuid)";

    // Rows are wanted in the order of a primary key, in which they nearly lie: to read everything and sort it would
    // look cheaper to the planner and write gigabytes. Nothing may end a read that takes its time.
    private const string ReaderSettings =
        """
        SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off; SET LOCAL jit = off;
        SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL statement_timeout = 0;
        SET LOCAL idle_in_transaction_session_timeout = 0
        """;

    private readonly NpgsqlDataSource _source;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly string _snapshot;
    private readonly Lock _gate = new();
    private readonly List<NpgsqlConnection> _readers = [];
    private readonly Stack<NpgsqlConnection> _idle = new();

    private PostgresLedgerSnapshot(
        NpgsqlDataSource source, NpgsqlConnection connection, NpgsqlTransaction transaction, string snapshot)
    {
        _source = source;
        _connection = connection;
        _transaction = transaction;
        _snapshot = snapshot;
    }

    protected override DbConnection Connection => _connection;

    protected override DbTransaction Transaction => _transaction;

    public static async Task<LedgerSnapshot> BeginAsync(string connectionString, CancellationToken cancel)
    {
        var source = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "spendra-verify",
            CommandTimeout = 0,
            ReadBufferSize = PostgresCopyRows.ReadBytes,
        }.ConnectionString) { Name = "spendra-verify" }.Build();
        try
        {
            var connection = await source.OpenConnectionAsync(cancel);
            var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
            await connection.ExecuteAsync($"SET TRANSACTION READ ONLY; {ReaderSettings}", transaction: transaction);
            // Those settings are for the readers of whole tables, not for look-ups beside them.
            await connection.ExecuteAsync(
                "SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on; SET LOCAL enable_sort = on", transaction: transaction);
            var snapshot = await connection.ExecuteScalarAsync<string>("SELECT pg_export_snapshot()", transaction: transaction);
            return new PostgresLedgerSnapshot(source, connection, transaction, snapshot!);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException)
        {
            await source.DisposeAsync();
            throw new DatabaseUnavailableException($"PostgreSQL cannot be read: {e.Message}", e);
        }
    }

    public override LedgerRows Open(string sql, Guid organizationId, ReaderSide side)
    {
        var reader = Rent();
        using (var set = reader.CreateCommand())
        {
            set.CommandText = "SELECT set_config('spendra.organization', $1, true)";
            set.Parameters.Add(new NpgsqlParameter<string> { TypedValue = organizationId.ToString() });
            set.ExecuteNonQuery();
        }
        var select = sql.Replace("@organizationId", Organization, StringComparison.Ordinal);
        return new PostgresCopyRows(reader.BeginRawBinaryCopy($"COPY ({select}) TO STDOUT (FORMAT binary)"), () => Return(reader));
    }

    public override async ValueTask DisposeAsync()
    {
        // Closing rolls back: nothing was written.
        foreach (var reader in _readers) await reader.DisposeAsync();
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
        await _source.DisposeAsync();
    }

    private NpgsqlConnection Rent()
    {
        lock (_gate)
        {
            if (_idle.TryPop(out var idle)) return idle;
        }
        try
        {
            var reader = _source.OpenConnection();
            lock (_gate) _readers.Add(reader);
            using var begin = reader.CreateCommand();
            begin.CommandText = $"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '{_snapshot}'; {ReaderSettings}";
            begin.ExecuteNonQuery();
            return reader;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException)
        {
            throw new DatabaseUnavailableException($"PostgreSQL cannot be read on eight connections at once: {e.Message}", e);
        }
    }

    private void Return(NpgsqlConnection reader)
    {
        lock (_gate) _idle.Push(reader);
    }
}
