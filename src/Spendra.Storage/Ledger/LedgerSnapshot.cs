using System.Data.Common;
using Dapper;

namespace Spendra.Storage.Ledger;

/// <summary>Which of the two threads of a verification reads: each has readers of its own.</summary>
internal enum ReaderSide
{
    Spend,
    Journal,
}

/// <summary>
/// One moment of the whole database, seen by several readers at once, each of them faster than any list of
/// objects. Writers go on meanwhile.
/// </summary>
internal abstract class LedgerSnapshot : IAsyncDisposable
{
    /// <summary>For statements with few rows; not while a reader of <see cref="ReaderSide.Spend"/> is open.</summary>
    protected abstract DbConnection Connection { get; }

    protected abstract DbTransaction Transaction { get; }

    /// <summary>Begins to read rows. Rows of one side are read by one thread at a time.</summary>
    /// <param name="sql">Constant text whose only parameter is <c>@organizationId</c>.</param>
    /// <param name="organizationId">Its value.</param>
    /// <param name="side">Which thread reads.</param>
    public abstract LedgerRows Open(string sql, Guid organizationId, ReaderSide side);

    public abstract ValueTask DisposeAsync();

    public async Task<List<T>> ListAsync<T>(string sql, object parameters, CancellationToken cancel) =>
        (await Connection.QueryAsync<T>(Command(sql, parameters, cancel))).AsList();

    public Task<Audit.AuditVerdict> VerifyAuditAsync(Guid organizationId, CancellationToken cancel) =>
        Audit.AuditLog.VerifyAsync(Connection, Transaction, organizationId, cancel);

    private CommandDefinition Command(string sql, object parameters, CancellationToken cancel) =>
        new(sql, parameters, Transaction, commandTimeout: 0, cancellationToken: cancel);
}

/// <summary>Rows of one statement, read forward. What a column returns is valid until the next row.</summary>
internal abstract class LedgerRows : IDisposable
{
    /// <summary>False after the last row.</summary>
    public abstract bool Next();

    public abstract bool IsNull(int column);

    /// <summary>A whole number of any width, or a truth value as 0 or 1.</summary>
    public abstract long Int64(int column);

    /// <summary>Bytes, or a text in UTF-8; nothing for NULL.</summary>
    public abstract ReadOnlySpan<byte> Bytes(int column);

    public Guid Id(int column) => new(Bytes(column), bigEndian: true);

    public Guid? IdOrNull(int column) => IsNull(column) ? null : Id(column);

    public long? Int64OrNull(int column) => IsNull(column) ? null : Int64(column);

    public int Int32(int column) => (int)Int64(column);

    public bool Boolean(int column) => Int64(column) != 0;

    public abstract void Dispose();
}
