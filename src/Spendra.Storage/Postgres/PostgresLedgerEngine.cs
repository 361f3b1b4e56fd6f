using System.Diagnostics;
using Npgsql;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Postgres;

/// <summary>
/// The ledger lane on PostgreSQL: READ COMMITTED, explicit row locks in id order, two round trips a batch — BEGIN
/// with everything that is loaded and locked, then all writes with COMMIT.
/// </summary>
/// <param name="connectionString">Of the database.</param>
/// <param name="onLost">
/// Called when the connection was lost. The lane is never idle for long, so it is the first to see an outage; what else
/// is connected to the server has then lost its connections too.
/// </param>
internal sealed class PostgresLedgerEngine(string connectionString, Action? onLost = null) : ILedgerEngine
{
    // Statement texts are few and fixed; preparing them saves parsing and planning at every batch.
    private readonly NpgsqlDataSource _source = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(connectionString)
    {
        ApplicationName = "spendra-ledger",
        MaxAutoPrepare = 64,
        AutoPrepareMinUsages = 2,
        CommandTimeout = 0,
        MaxPoolSize = 2,
        // A server that vanishes without a word is noticed within a minute, even while a commit is waited for.
        TcpKeepAlive = true,
        TcpKeepAliveTime = 10,
        TcpKeepAliveInterval = 5,
    }.ConnectionString) { Name = "spendra-ledger" }.Build();

    // Loading may wait for other lanes' batches; longer than this it is stuck, and starts afresh.
    private const int LoadTimeoutSeconds = 30;

    // Every look-up of the lane is a probe of a primary key. The hot tables are nearly empty and full of dead rows,
    // so that statistics, when they come, make a scan look cheap; it never is.
    private const string OnlyProbes =
        """
        SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
        SET plan_cache_mode = force_generic_plan; SET jit = off
        """;

    // A lane whose host loses power between BEGIN and COMMIT must not hold the organization's row for hours.
    private const string SessionLimits =
        """
        SET lock_timeout = '20s'; SET idle_in_transaction_session_timeout = '30s';
        SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3
        """;

    // Commits that notify wait for each other, in all of the database: a hint now and then is enough, readers look by themselves.
    private static readonly TimeSpan NotifyEvery = TimeSpan.FromMilliseconds(200);

    private NpgsqlConnection? _connection;
    private long _notifiedAt;
    private bool _hasStoppedWaiting;

    public async Task<LedgerState> BeginAsync(IReadOnlyList<LedgerCommand> commands, bool isRepeated)
    {
        _connection ??= await ConnectAsync();
        await using var batch = _connection.CreateBatch();
        batch.Timeout = LoadTimeoutSeconds;
        batch.BatchCommands.Add(PostgresBulk.Command("BEGIN ISOLATION LEVEL READ COMMITTED"));
        var load = new PostgresLedgerLoad(commands, isRepeated);
        load.AddTo(batch);
        LedgerState state;
        await using (var reader = await batch.ExecuteReaderAsync()) state = await load.ReadAsync(reader);
        if (load.NotOpen(state) is { Length: > 0 } others) await LoadEndedAsync(_connection, state, others);
        return state;
    }

    /// <summary>What ended before is rarely asked for: a second trip for it costs less than two more probes always.</summary>
    private static async Task LoadEndedAsync(NpgsqlConnection connection, LedgerState state, RowKey[] keys)
    {
        await using var batch = connection.CreateBatch();
        batch.Timeout = LoadTimeoutSeconds;
        PostgresLedgerLoad.AddEnded(batch, keys);
        await using var reader = await batch.ExecuteReaderAsync();
        await PostgresLedgerLoad.ReadEndedAsync(state, reader);
    }

    private async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = await _source.OpenConnectionAsync();
        try
        {
            connection.Notice += (_, e) => _hasStoppedWaiting |= ReplicaWait.WasCancelled(e.Notice);
            await using var limits = new NpgsqlCommand($"{SessionLimits};{OnlyProbes};{ReplicaWait.TellsOfIt};{RowSecurity.BecomeLedger}", connection) { CommandTimeout = LoadTimeoutSeconds };
            await limits.ExecuteNonQueryAsync();
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task CommitAsync(LedgerWrites writes, LaneNotes notes)
    {
        var connection = _connection ?? throw new InvalidOperationException("no transaction has begun");
        await using var batch = connection.CreateBatch();
        // A commit is never cancelled and has no timeout: a cancelled wait for a replica would leave a commit that
        // is visible here and perhaps nowhere else.
        batch.Timeout = 0;
        PostgresLedgerWrites.AddTo(batch, writes);
        PostgresNotesWrites.AddTo(batch, notes);
        if (writes.Outbox.Count > 0 && Stopwatch.GetElapsedTime(_notifiedAt) >= NotifyEvery)
        {
            batch.BatchCommands.Add(PostgresBulk.Command($"NOTIFY {PostgresOutboxSignal.Channel}"));
            _notifiedAt = Stopwatch.GetTimestamp();
        }
        // Whoever has locked a row has written, so that even an empty batch waits for the replicas here.
        batch.BatchCommands.Add(PostgresBulk.Command("COMMIT"));
        _hasStoppedWaiting = false;
        await batch.ExecuteNonQueryAsync();
        if (_hasStoppedWaiting) throw new NpgsqlException("the server stopped waiting for its synchronous replica; the commit may be lost");
    }

    public async Task AbandonAsync(bool reconnect)
    {
        if (_connection is not { } connection) return;
        if (reconnect)
        {
            await CloseAsync(connection);
            return;
        }
        try
        {
            await using var rollback = connection.CreateCommand();
            rollback.CommandText = "ROLLBACK";
            rollback.CommandTimeout = 5;
            await rollback.ExecuteNonQueryAsync();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or TimeoutException)
        {
            await CloseAsync(connection);
        }
    }

    public LaneFault Classify(Exception exception) => exception switch
    {
        // The server lost track of the statement: it may have been done.
        PostgresException { SqlState: "40003" } => LaneFault.Unavailable,
        // 40: serialization failure and deadlock; the server has rolled back.
        PostgresException { SqlState: ['4', '0', ..] } => LaneFault.Conflict,
        _ when IsContentRefused(exception) => LaneFault.Poison,
        NpgsqlException or TimeoutException or IOException or System.Net.Sockets.SocketException => LaneFault.Unavailable,
        _ => LaneFault.Poison,
    };

    // 22 and 23: data and integrity errors. 54: a limit of the server, such as a key too long for its index. The statement can
    // never succeed.
    internal static bool IsContentRefused(Exception exception) =>
        exception is PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] };

    // The driver's message goes on with details and hints on further lines.
    public string Describe(Exception exception) => exception is PostgresException e
        ? $"PostgreSQL: {e.MessageText} ({e.SqlState})"
        : $"PostgreSQL: {exception.Message.ReplaceLineEndings(" ")}";

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection) await connection.DisposeAsync();
        await _source.DisposeAsync();
    }

    /// <summary>Closing makes the server roll back; no connection of before is used again.</summary>
    private async Task CloseAsync(NpgsqlConnection connection)
    {
        _connection = null;
        onLost?.Invoke();
        // Before it is given back to the pool: a connection of a cleared pool is closed for good.
        _source.Clear();
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or TimeoutException)
        {
            // It was broken already.
        }
    }
}
