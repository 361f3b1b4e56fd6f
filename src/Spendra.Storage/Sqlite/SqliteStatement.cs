using System.Collections.Immutable;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Spendra.Storage.Sqlite;

/// <summary>
/// A prepared statement of the ledger lane, used over and over on one connection by one thread at a time.
/// The driver's commands cost several times more per row than the row itself; this is the thinnest way that still
/// checks every result. Parameters are numbered from 1 in the order of <c>Bind</c>, columns from 0.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    // What is no longer is encoded on the stack.
    private const int ShortTextChars = 100;
    private const int ShortListIds = 16;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private int _bound;

    public SqliteStatement(sqlite3 database, string sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    public SqliteStatement Bind(long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, ++_bound, value));
        return this;
    }

    public SqliteStatement Bind(long? value) => value is { } v ? Bind(v) : BindNull();

    public SqliteStatement Bind(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return Bind(bytes);
    }

    public SqliteStatement Bind(Guid? value) => value is { } v ? Bind(v) : BindNull();

    public SqliteStatement Bind(ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(_statement, ++_bound, value));
        return this;
    }

    public SqliteStatement Bind(byte[]? value) => value is null ? BindNull() : Bind(value.AsSpan());

    public SqliteStatement Bind(string? value)
    {
        if (value is null) return BindNull();
        // The driver would take an empty span for a NULL.
        if (value.Length is 0 or > ShortTextChars)
        {
            Check(raw.sqlite3_bind_text(_statement, ++_bound, value));
            return this;
        }
        Span<byte> bytes = stackalloc byte[ShortTextChars * 3];
        Check(raw.sqlite3_bind_text(_statement, ++_bound, bytes[..Encoding.UTF8.GetBytes(value, bytes)]));
        return this;
    }

    /// <summary>A list of ids, packed as <see cref="PackedIds"/> does.</summary>
    public SqliteStatement Bind(ImmutableArray<Guid> ids)
    {
        if (ids.Length > ShortListIds) return Bind(PackedIds.Pack(ids).AsSpan());
        Span<byte> bytes = stackalloc byte[ShortListIds * PackedIds.IdBytes];
        return Bind(bytes[..PackedIds.Pack(ids, bytes)]);
    }

    /// <summary>True when there is a row to read; false when the statement is done and has been reset.</summary>
    public bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW) return true;
        Reset();
        if (result != raw.SQLITE_DONE) Throw(result);
        return false;
    }

    /// <summary>Runs a statement that returns no rows.</summary>
    public void Run()
    {
        if (!Step()) return;
        Reset();
        throw new InvalidOperationException("the statement returned a row");
    }

    /// <summary>Ends reading before the last row.</summary>
    public void Reset()
    {
        // The result repeats the failure of the last step, which has been thrown already.
        _ = raw.sqlite3_reset(_statement);
        _bound = 0;
    }

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public Guid Id(int column) => new(raw.sqlite3_column_blob(_statement, column), bigEndian: true);

    public Guid? IdOrNull(int column) => IsNull(column) ? null : Id(column);

    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_statement, column);

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose() => _statement.Dispose();

    private SqliteStatement BindNull()
    {
        Check(raw.sqlite3_bind_null(_statement, ++_bound));
        return this;
    }

    private void Check(int result)
    {
        if (result != raw.SQLITE_OK) Throw(result);
    }

    private void Throw(int result) =>
        throw new SqliteException(raw.sqlite3_errmsg(_database).utf8_to_string(), result & 0xFF, result);
}
