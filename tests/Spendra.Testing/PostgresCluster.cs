using Npgsql;

namespace Spendra.Testing;

/// <summary>
/// A private PostgreSQL server in a temp folder, started by the tests and gone with them: at a normal exit, after an
/// unhandled exception and after a kill -9 of the test process alike (see <c>postgres-keeper.sh</c>). Fully durable:
/// fsync and synchronous_commit are on.
/// </summary>
public sealed class PostgresCluster : IDisposable
{
    private const int StartAttempts = 5;

    private static readonly Lazy<Task<PostgresCluster>> Shared = new(StartNewAsync);

    private readonly PostgresKeeper _keeper;
    private int _disposed;

    // Nothing is waited for when the process ends: the keeper sees its pipe close and cleans up by itself. A test runner
    // gives a process that is about to end ten seconds, and on a busy disk a cluster's folder takes longer to remove.
    private PostgresCluster(PostgresKeeper keeper) => _keeper = keeper;

    public int Port { get; private set; }

    /// <summary>Holds the data, the socket and <c>server.log</c>.</summary>
    public string Folder => _keeper.Folder;

    /// <summary>The one cluster of this test process. Do not stop or dispose it: tests run beside each other.</summary>
    public static Task<PostgresCluster> SharedAsync() => Shared.Value;

    /// <summary>A cluster of one's own, for tests that crash it. Dispose it.</summary>
    public static async Task<PostgresCluster> StartNewAsync()
    {
        var cluster = new PostgresCluster(await PostgresKeeper.StartAsync("spendra-postgres").ConfigureAwait(false));
        try
        {
            await cluster.StartOnFreePortAsync().ConfigureAwait(false);
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>Creates a database of its own for a test.</summary>
    /// <param name="prefix">Begins the database's name, so that the server's log can be read. At most 24 of [a-z0-9_].</param>
    /// <param name="template">The database that it is a copy of, to which nobody may be connected; by default an empty one.</param>
    /// <returns>An Npgsql connection string.</returns>
    public async Task<string> CreateDatabaseAsync(string prefix, string template = "template0")
    {
        if (prefix.Length is 0 or > 24 || prefix.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '_'))
            throw new ArgumentException("1 to 24 characters of [a-z0-9_]", nameof(prefix));

        var name = $"{prefix}_{Guid.CreateVersion7():n}";
        await using var connection = new NpgsqlConnection(ConnectionString("postgres", pooling: false));
        await connection.OpenAsync().ConfigureAwait(false);
        // template0: nobody can be connected to it, which would make CREATE DATABASE fail.
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name} TEMPLATE {template}", connection);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        return ConnectionString(name, pooling: true);
    }

    /// <summary>The name by which a database is a template of others. Nobody connects to it from now on.</summary>
    public static string ToTemplate(string connectionString)
    {
        NpgsqlConnection.ClearAllPools();
        return new NpgsqlConnectionStringBuilder(connectionString).Database!;
    }

    /// <summary>The same database as <c>postgres://user@host:port/database</c>, as the command line takes it.</summary>
    public static string ToUrl(string connectionString)
    {
        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        return $"postgres://{parts.Username}@{parts.Host}:{parts.Port}/{parts.Database}";
    }

    /// <summary>A crash of the server: no checkpoint, connections cut. What was committed must be there after a start.</summary>
    public Task StopImmediateAsync() => _keeper.DoAsync("immediate");

    /// <summary>Starts a stopped server on the port that it had, so connection strings stay valid.</summary>
    public Task StartAsync() => _keeper.DoAsync($"start {Port}");

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        _keeper.Dispose();
    }

    /// <summary>A port that was free a moment ago may be taken by the time the server binds it: take another.</summary>
    private async Task StartOnFreePortAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            Port = FreePort.Next();
            try
            {
                await StartAsync().ConfigureAwait(false);
                return;
            }
            catch (InvalidOperationException) when (attempt < StartAttempts)
            {
            }
        }
    }

    /// <summary>Every test has a database and so a pool of its own: idle connections must go soon, or 200 are not enough.</summary>
    private string ConnectionString(string database, bool pooling) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = "postgres",
        Database = database,
        Pooling = pooling,
        IncludeErrorDetail = true,
        ConnectionIdleLifetime = 10,
        ConnectionPruningInterval = 5,
    }.ConnectionString;
}
