using System.Data;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Spendra.Storage.Ledger;
using Spendra.Storage.Outbox;

namespace Spendra.Storage.Sqlite;

/// <summary>
/// One file in a data folder, in write-ahead mode with every commit synced. Several processes may use it at once:
/// a running gateway and the command line.
/// </summary>
internal sealed class SqliteDatabase : Database
{
    public const string FileName = "spendra.db";

    // How long a writer waits for another process's transaction before it gives up.
    internal const int BusyTimeoutMs = 10_000;

    // Earlier versions can corrupt a write-ahead database when it is reset (SQLite changes, 3.51.3).
    private static readonly Version OldestSafeLibrary = new(3, 51, 3);

    private readonly string _connectionString;
    private readonly List<WeakReference<SqliteOutboxSignal>> _signals = [];

    public SqliteDatabase(string folder)
    {
        CheckLibrary();
        FilePath = Path.Combine(folder, FileName);
        _connectionString = ConnectionString(FilePath);
    }

    public string FilePath { get; }

    public override DatabaseEngine Engine => DatabaseEngine.Sqlite;

    public override string ForUpdate => "";

    public override string SkipLocked => "";

    public static string ConnectionString(string filePath) => new SqliteConnectionStringBuilder
    {
        DataSource = filePath,
        ForeignKeys = true,
        DefaultTimeout = BusyTimeoutMs / 1000,
        Pooling = true,
    }.ConnectionString;

    public override async Task<DbConnection> ConnectAsync(CancellationToken cancel)
    {
        var connection = new SqliteConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancel);
            await PrepareAsync(connection);
            return connection;
        }
        catch (SqliteException e)
        {
            await connection.DisposeAsync();
            throw SqliteFailure.Describe(e, FilePath);
        }
    }

    public override Task<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancel)
    {
        try
        {
            return Task.FromResult<DbTransaction>(
                ((SqliteConnection)connection).BeginTransaction(IsolationLevel.Serializable, deferred: false));
        }
        catch (SqliteException e)
        {
            throw SqliteFailure.Describe(e, FilePath);
        }
    }

    public override Task CommitAsync(DbConnection connection, DbTransaction transaction) => transaction.CommitAsync();

    public override Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken cancel) =>
        Task.FromResult<DbTransaction>(((SqliteConnection)connection).BeginTransaction(IsolationLevel.Serializable, deferred: true));

    public override Task<string> ReadDurabilityAsync(CancellationToken cancel) => Task.FromResult("local disk");

    internal override Task ExecuteEachAsync(
        DbConnection connection, DbTransaction transaction, string sql, IEnumerable<object> rows, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(sql, rows, transaction, cancellationToken: cancel));

    internal override Task InsertAsync<TRow>(
        DbConnection connection, DbTransaction transaction, BulkInsert<TRow> insert, IReadOnlyList<TRow> rows, CancellationToken cancel)
    {
        SqliteBulkInsert.Run((SqliteConnection)connection, (SqliteTransaction)transaction, insert, rows, cancel);
        return Task.CompletedTask;
    }

    internal override bool RefusesContent(Exception error) => SqliteLedgerEngine.IsContentRefused(error);

    public override OutboxSignal OpenOutboxSignal(TimeProvider time)
    {
        var signal = new SqliteOutboxSignal(time);
        lock (_signals) _signals.Add(new WeakReference<SqliteOutboxSignal>(signal));
        return signal;
    }

    /// <summary>The lane has written rows of the outbox.</summary>
    internal void RingOutbox()
    {
        lock (_signals) _signals.RemoveAll(reference => !TryRing(reference));

        static bool TryRing(WeakReference<SqliteOutboxSignal> reference)
        {
            if (!reference.TryGetTarget(out var signal)) return false;
            signal.Ring();
            return true;
        }
    }

    internal override ILedgerEngine CreateLedgerEngine() => new SqliteLedgerEngine(this);

    internal override Task<LedgerSnapshot> OpenLedgerSnapshotAsync(CancellationToken cancel) =>
        SqliteLedgerSnapshot.BeginAsync(this, cancel);

    public override ValueTask DisposeAsync()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
        return ValueTask.CompletedTask;
    }

    /// <summary>Settings that SQLite keeps per connection. FULL syncs the log at every commit, not only at checkpoints.</summary>
    internal static async Task PrepareAsync(SqliteConnection connection) =>
        await connection.ExecuteAsync(
            $"PRAGMA busy_timeout = {BusyTimeoutMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");

    private static void CheckLibrary()
    {
        SQLitePCL.Batteries_V2.Init();
        var library = Version.Parse(SQLitePCL.raw.sqlite3_libversion().utf8_to_string());
        if (library < OldestSafeLibrary)
        {
            throw new DatabaseUnavailableException(
                $"the SQLite library is {library}; {OldestSafeLibrary} or newer is needed, older ones can corrupt a database");
        }
    }
}
