using System.Data;
using System.Data.Common;
using Dapper;
using Npgsql;
using Spendra.Storage.Ledger;
using Spendra.Storage.Outbox;

namespace Spendra.Storage.Postgres;

internal sealed class PostgresDatabase : Database
{
    private readonly string _connectionString;
    private readonly NpgsqlDataSource _source;

    public PostgresDatabase(string connectionString)
    {
        _connectionString = connectionString;
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (settings.ApplicationName is null) settings.ApplicationName = "spendra";
        // The name keeps the connection string, and with it the password, out of metrics.
        _source = new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = "spendra" }.Build();
    }

    public override DatabaseEngine Engine => DatabaseEngine.Postgres;

    public override string ForUpdate => " FOR UPDATE";

    public override string SkipLocked => " FOR UPDATE SKIP LOCKED";

    public override async Task<DbConnection> ConnectAsync(CancellationToken cancel)
    {
        try
        {
            return await _source.OpenConnectionAsync(cancel);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException)
        {
            throw new DatabaseUnavailableException($"PostgreSQL cannot be reached: {e.Message}", e);
        }
    }

    public override async Task<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancel) =>
        await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancel);

    public override async Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken cancel)
    {
        var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);
        // Compiling a statement takes longer than most reads of a person do.
        await connection.ExecuteAsync("SET TRANSACTION READ ONLY; SET LOCAL jit = off", transaction: transaction);
        return transaction;
    }

    /// <summary>
    /// A driver's commit has a timeout, and cancels the server's wait when it is over; this one waits. When somebody else
    /// has cancelled the wait, a further commit waits in its stead: replicas confirm in order.
    /// </summary>
    public override async Task CommitAsync(DbConnection connection, DbTransaction transaction)
    {
        var hasStoppedWaiting = false;
        var npgsql = (NpgsqlConnection)connection;
        npgsql.Notice += Listen;
        try
        {
            await connection.ExecuteAsync(ReplicaWait.TellsOfIt, transaction: transaction);
            await DoAsync("COMMIT");
            while (hasStoppedWaiting)
            {
                hasStoppedWaiting = false;
                await DoAsync("SELECT pg_logical_emit_message(true, 'spendra', 'confirm')");
            }
        }
        finally
        {
            npgsql.Notice -= Listen;
        }

        void Listen(object sender, NpgsqlNoticeEventArgs e) => hasStoppedWaiting |= ReplicaWait.WasCancelled(e.Notice);

        Task DoAsync(string sql) => connection.ExecuteAsync(new CommandDefinition(sql, commandTimeout: 0));
    }

    public override async Task<string> ReadDurabilityAsync(CancellationToken cancel)
    {
        await using var connection = await ConnectAsync(cancel);
        var commit = await connection.ExecuteScalarAsync<string>("SHOW synchronous_commit");
        var fsync = await connection.ExecuteScalarAsync<string>("SHOW fsync");
        var standbys = await connection.ExecuteScalarAsync<string>("SHOW synchronous_standby_names");
        if (fsync == "off" || commit == "off") return "none: commits may be lost (fsync or synchronous_commit is off)";
        if (commit == "local" || string.IsNullOrEmpty(standbys)) return "local disk";
        return $"synchronous replica ({commit})";
    }

    public override Task EnterAsync(DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel) =>
        RowSecurity.EnterAsync(connection, transaction, organizationId, cancel);

    internal override Task EnterLedgerAsync(DbConnection connection, DbTransaction transaction, bool isEntered, CancellationToken cancel) =>
        RowSecurity.EnterLedgerAsync(connection, transaction, isEntered, cancel);

    internal override Task EnterPeopleAsync(DbConnection connection, DbTransaction transaction, bool isEntered, CancellationToken cancel) =>
        RowSecurity.EnterPeopleAsync(connection, transaction, isEntered, cancel);

    internal override Task ExecuteEachAsync(
        DbConnection connection, DbTransaction transaction, string sql, IEnumerable<object> rows, CancellationToken cancel) =>
        PostgresRowBatch.ExecuteAsync((NpgsqlConnection)connection, (NpgsqlTransaction)transaction, sql, rows, cancel);

    internal override Task InsertAsync<TRow>(
        DbConnection connection, DbTransaction transaction, BulkInsert<TRow> insert, IReadOnlyList<TRow> rows, CancellationToken cancel) =>
        PostgresBulkInsert.RunAsync((NpgsqlConnection)connection, (NpgsqlTransaction)transaction, insert, rows, cancel);

    internal override RollupMonths Months => new(this);

    internal override bool RefusesContent(Exception error) => PostgresLedgerEngine.IsContentRefused(error);

    public override OutboxSignal OpenOutboxSignal(TimeProvider time) => new PostgresOutboxSignal(_source, time);

    internal override ILedgerEngine CreateLedgerEngine() => new PostgresLedgerEngine(_connectionString, onLost: _source.Clear);

    internal override Task<LedgerSnapshot> OpenLedgerSnapshotAsync(CancellationToken cancel) =>
        PostgresLedgerSnapshot.BeginAsync(_connectionString, cancel);

    public override ValueTask DisposeAsync() => _source.DisposeAsync();
}
