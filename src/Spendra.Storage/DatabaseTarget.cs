namespace Spendra.Storage;

public enum DatabaseEngine
{
    Sqlite,
    Postgres,
}

/// <summary>
/// Where the data is: a folder with an embedded SQLite file, or a PostgreSQL server named by a
/// <c>postgres://user:password@host:port/database?sslmode=…</c> address.
/// </summary>
public sealed record DatabaseTarget
{
    private DatabaseTarget(DatabaseEngine engine, string location)
    {
        Engine = engine;
        Location = location;
    }

    public DatabaseEngine Engine { get; }

    /// <summary>The data folder (SQLite) or the connection string (PostgreSQL); the latter may hold a password.</summary>
    internal string Location { get; }

    /// <summary>True for a folder without a database file. Whether a server has a database is known only by asking it.</summary>
    public bool IsMissing => Engine == DatabaseEngine.Sqlite && !File.Exists(Path.Combine(Location, Sqlite.SqliteDatabase.FileName));

    public static DatabaseTarget Folder(string path) => new(DatabaseEngine.Sqlite, Path.GetFullPath(path));

    /// <exception cref="FormatException">The text is not a PostgreSQL address; the message says what was expected.</exception>
    public static DatabaseTarget Address(string url) =>
        new(DatabaseEngine.Postgres, Postgres.PostgresAddress.ToConnectionString(url));

    public override string ToString() =>
        Engine == DatabaseEngine.Sqlite ? Location : Postgres.PostgresAddress.Describe(Location);
}

/// <summary>
/// The database cannot be used: unreachable, corrupt, newer than this program, locked, out of space. The message
/// is one line that says what happened and what to do.
/// </summary>
public sealed class DatabaseUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>
    /// Whether an exception says that a database failed, in its own words or in those of the library that reads rows: it
    /// wraps what befalls the connection while a row is read.
    /// </summary>
    public static bool IsSaidBy(Exception exception) => exception is DatabaseUnavailableException or System.Data.Common.DbException
        or System.Data.DataException { InnerException: System.Data.Common.DbException or IOException };
}
