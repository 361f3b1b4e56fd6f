using System.Data.Common;
using Dapper;
using Spendra.Storage.Ledger;
using Spendra.Storage.Outbox;

namespace Spendra.Storage;

/// <summary>
/// The seam between the two engines: connections, transactions and what SQL cannot say alike. Statements
/// themselves are written once, in the subset that both understand.
/// </summary>
public abstract class Database : IAsyncDisposable
{
    private protected Database()
    {
    }

    public abstract DatabaseEngine Engine { get; }

    /// <summary>How safe an acknowledged commit is, as read from the server: shown at start and in metrics.</summary>
    public abstract Task<string> ReadDurabilityAsync(CancellationToken cancel);

    /// <summary>Appended to a SELECT that locks the rows it reads; empty where the transaction locks everything.</summary>
    public abstract string ForUpdate { get; }

    /// <summary>As <see cref="ForUpdate"/>, leaving out rows that somebody else has locked: how workers share what is to be done.</summary>
    public abstract string SkipLocked { get; }

    /// <summary>Opens a database that <see cref="Schema.Migrator"/> has prepared.</summary>
    public static Database Open(DatabaseTarget target)
    {
        DapperTypes.Register();
        return target.Engine == DatabaseEngine.Sqlite
            ? new Sqlite.SqliteDatabase(target.Location)
            : new Postgres.PostgresDatabase(target.Location);
    }

    /// <exception cref="DatabaseUnavailableException">The database cannot be reached or used.</exception>
    public abstract Task<DbConnection> ConnectAsync(CancellationToken cancel);

    /// <summary>Begins a transaction that will write; it has the right to before it reads.</summary>
    public abstract Task<DbTransaction> BeginWriteAsync(DbConnection connection, CancellationToken cancel);

    /// <summary>
    /// Commits a transaction that was begun to write. Never cancelled and without a timeout; when it returns, the commit
    /// is as durable as the database makes one.
    /// </summary>
    public abstract Task CommitAsync(DbConnection connection, DbTransaction transaction);

    /// <summary>Begins a transaction that sees one moment of the whole database and writes nothing.</summary>
    public abstract Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, CancellationToken cancel);

    /// <summary>
    /// Binds a transaction to one organization: where the engine has a second wall, the rows of others do not exist for it from
    /// here on.
    /// </summary>
    public virtual Task EnterAsync(DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel) =>
        Task.CompletedTask;

    /// <summary>
    /// Lets a transaction that was bound to an organization write the ledger, or not any more: where the engine has a second
    /// wall, who governs may not.
    /// </summary>
    internal virtual Task EnterLedgerAsync(DbConnection connection, DbTransaction transaction, bool isEntered, CancellationToken cancel) =>
        Task.CompletedTask;

    /// <summary>
    /// Lets a transaction that was bound to an organization change how a person signs in, which belongs to none, or not any more:
    /// where the engine has a second wall, who governs may not.
    /// </summary>
    internal virtual Task EnterPeopleAsync(DbConnection connection, DbTransaction transaction, bool isEntered, CancellationToken cancel) =>
        Task.CompletedTask;

    /// <summary>As <see cref="BeginSnapshotAsync(DbConnection, CancellationToken)"/>, of one organization alone.</summary>
    public async Task<DbTransaction> BeginSnapshotAsync(DbConnection connection, Guid organizationId, CancellationToken cancel)
    {
        var transaction = await BeginSnapshotAsync(connection, cancel);
        await EnterAsync(connection, transaction, organizationId, cancel);
        return transaction;
    }

    /// <summary>Completes a condition: the column is one of <c>@ids</c>. See <see cref="Listing{T}"/>.</summary>
    internal string AmongIds => Engine == DatabaseEngine.Sqlite ? " IN @ids" : " = ANY (@ids)";

    /// <summary>Parameters of a statement about some rows of an organization: <c>@OrganizationId</c> and, as a list, <c>@ids</c>.</summary>
    internal DynamicParameters Listing<T>(Guid organizationId, IEnumerable<T> ids)
    {
        var parameters = new DynamicParameters();
        parameters.Add("OrganizationId", organizationId);
        // Handlers of types do not reach into lists: each id is given in the form in which the engine stores it.
        parameters.Add("ids", Engine == DatabaseEngine.Sqlite && ids is IEnumerable<Guid> uuids
            ? uuids.Select(id => id.ToByteArray(bigEndian: true)).ToArray() : ids.ToArray());
        return parameters;
    }

    /// <summary>Runs one statement for each row: an object with a property for every parameter.</summary>
    internal abstract Task ExecuteEachAsync(
        DbConnection connection, DbTransaction transaction, string sql, IEnumerable<object> rows, CancellationToken cancel);

    /// <summary>The months into which rollups are parted; null where all of them are one table.</summary>
    internal virtual Postgres.RollupMonths? Months => null;

    /// <summary>Inserts many rows as fast as the engine can.</summary>
    internal abstract Task InsertAsync<TRow>(
        DbConnection connection, DbTransaction transaction, BulkInsert<TRow> insert, IReadOnlyList<TRow> rows, CancellationToken cancel);

    /// <summary>True when the database refused what was to be written, not to work: to try the same again is of no use.</summary>
    internal abstract bool RefusesContent(Exception error);

    /// <summary>Tells of new rows of the outbox. One for each who waits.</summary>
    public abstract OutboxSignal OpenOutboxSignal(TimeProvider time);

    internal abstract ILedgerEngine CreateLedgerEngine();

    /// <summary>One moment of the whole database for several readers at once, for those who read all of it.</summary>
    internal abstract Task<LedgerSnapshot> OpenLedgerSnapshotAsync(CancellationToken cancel);

    public abstract ValueTask DisposeAsync();
}
