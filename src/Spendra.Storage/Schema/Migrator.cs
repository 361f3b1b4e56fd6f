using System.Data.Common;
using System.Reflection;
using System.Text;
using Dapper;
using DbUp;
using DbUp.Builder;
using DbUp.Engine;
using DbUp.Engine.Output;
using Microsoft.Data.Sqlite;
using Npgsql;
using Spendra.Storage.Postgres;
using Spendra.Storage.Sqlite;

namespace Spendra.Storage.Schema;

/// <summary>A script that a database lacks.</summary>
/// <param name="Name">Scripts run in the order of their names.</param>
/// <param name="Sql">Its statements.</param>
public sealed record PlannedScript(string Name, string Sql);

/// <summary>
/// Brings a database to this program's schema by numbered scripts, forward only, one runner at a time. Scripts
/// named <c>NNNN-name.sql</c> run on both engines, <c>NNNN-name.postgres.sql</c> on PostgreSQL alone.
/// </summary>
public static class Migrator
{
    private const long AdvisoryLock = 0x5370656e647261; // "Spendra"
    private const string JournalTable = "schema_versions";

    private static readonly (string Name, string Sqlite, string Postgres)[] Dialect =
    [
        ("uuid", "blob", "uuid"),
        ("bytes", "blob", "bytea"),
        // Rows that are updated all the time: leave room on the page, so that no index must change.
        ("hot_table", "WITHOUT ROWID", "WITH (fillfactor = 50)"),
        ("ledger_table", "WITHOUT ROWID", ""),
    ];

    /// <summary>Runs the scripts that the database lacks and returns their names.</summary>
    /// <exception cref="DatabaseUnavailableException">Unreachable, damaged, or written by a newer program.</exception>
    public static Task<IReadOnlyList<string>> MigrateAsync(DatabaseTarget target, CancellationToken cancel) => DescribingAsync(target, () =>
        target.Engine == DatabaseEngine.Sqlite ? MigrateSqliteAsync(target.Location, cancel) : MigratePostgresAsync(target.Location, cancel));

    /// <summary>The scripts that <see cref="MigrateAsync"/> would run, as the engine would read them. Changes nothing.</summary>
    /// <exception cref="DatabaseUnavailableException">As of <see cref="MigrateAsync"/>.</exception>
    public static Task<IReadOnlyList<PlannedScript>> PlanAsync(DatabaseTarget target, CancellationToken cancel) => DescribingAsync(target, async () =>
    {
        List<SqlScript> pending;
        var walls = false;
        if (target.Engine == DatabaseEngine.Postgres)
        {
            await using var source = Source(target.Location);
            await using var connection = await source.OpenConnectionAsync(cancel);
            pending = await PendingAsync(connection, target.Engine);
            walls = pending.Count > 0 || await RowSecurity.IsStaleAsync(connection);
        }
        else if (target.IsMissing)
        {
            pending = Scripts(target.Engine);
        }
        else
        {
            await using var connection = new SqliteConnection(SqliteDatabase.ConnectionString(Path.Combine(target.Location, SqliteDatabase.FileName)));
            await connection.OpenAsync(cancel);
            pending = await PendingAsync(connection, target.Engine);
        }
        var scripts = pending.Select(s => new PlannedScript(s.Name, Spoken(s.Contents, target.Engine)));
        // Behind every script, and no script of its own: it is put anew whenever it is another than this program's.
        return (IReadOnlyList<PlannedScript>)[.. walls ? scripts.Append(new PlannedScript(RowSecurity.Name, RowSecurity.Statements)) : scripts];
    });

    private static async Task<T> DescribingAsync<T>(DatabaseTarget target, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (SqliteException e)
        {
            throw SqliteFailure.Describe(e, Path.Combine(target.Location, SqliteDatabase.FileName));
        }
        catch (Exception e) when (e is NpgsqlException or System.Net.Sockets.SocketException or UnauthorizedAccessException or IOException)
        {
            throw new DatabaseUnavailableException($"{target} cannot be used: {e.Message}", e);
        }
    }

    private static string Spoken(string script, DatabaseEngine engine) => Dialect.Aggregate(script, (text, word) =>
        text.Replace($"${word.Name}$", engine == DatabaseEngine.Sqlite ? word.Sqlite : word.Postgres, StringComparison.Ordinal));

    private static async Task<IReadOnlyList<string>> MigrateSqliteAsync(string folder, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, SqliteDatabase.FileName);
        await using var connection = new SqliteConnection(SqliteDatabase.ConnectionString(path));
        await connection.OpenAsync(cancel);
        await SqliteDatabase.PrepareAsync(connection);
        if (await IsCurrentAsync(connection, DatabaseEngine.Sqlite)) return [];
        // An exclusive file beside the database keeps a second runner out until this one is done.
        await using var gate = await WaitForGateAsync(Path.Combine(folder, "migrate.lock"), cancel);
        var pending = await PendingAsync(connection, DatabaseEngine.Sqlite);
        if (pending.Count == 0) return [];
        var connectionString = new SqliteConnectionStringBuilder(connection.ConnectionString) { Pooling = false };
        return Run(DeployChanges.To.SqliteDatabase(connectionString.ConnectionString), pending, DatabaseEngine.Sqlite);
    }

    private static async Task<IReadOnlyList<string>> MigratePostgresAsync(string connectionString, CancellationToken cancel)
    {
        await using var source = Source(connectionString);
        await using var connection = await source.OpenConnectionAsync(cancel);
        if (await IsCurrentAsync(connection, DatabaseEngine.Postgres) && !await RowSecurity.IsStaleAsync(connection)) return [];
        await connection.ExecuteAsync($"SELECT pg_advisory_lock({AdvisoryLock})");
        try
        {
            var pending = await PendingAsync(connection, DatabaseEngine.Postgres);
            // The runner's connections are used once: in a pool they would stay open for minutes.
            await using var alone = Source(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
            var done = pending.Count == 0 ? []
                : Run(DeployChanges.To.PostgresqlDatabase(new DbUp.Postgresql.PostgresqlConnectionManager(alone)), pending, DatabaseEngine.Postgres);
            await RowSecurity.PutAsync(connection);
            return done;
        }
        finally
        {
            await connection.ExecuteAsync($"SELECT pg_advisory_unlock({AdvisoryLock})");
        }
    }

    // Without a name metrics would show the address as one.
    private static NpgsqlDataSource Source(string connectionString) => new NpgsqlDataSourceBuilder(connectionString) { Name = "spendra-migrate" }.Build();

    private static IReadOnlyList<string> Run(UpgradeEngineBuilder builder, List<SqlScript> pending, DatabaseEngine engine)
    {
        builder.WithScripts(pending).WithTransactionPerScript().LogTo(new NoUpgradeLog());
        builder.Configure(c => c.Journal = engine == DatabaseEngine.Sqlite
            ? new DbUp.Sqlite.SqliteTableJournal(() => c.ConnectionManager, () => c.Log, JournalTable)
            : new DbUp.Postgresql.PostgresqlTableJournal(() => c.ConnectionManager, () => c.Log, null, JournalTable));
        foreach (var (name, sqlite, postgres) in Dialect)
            builder.WithVariable(name, engine == DatabaseEngine.Sqlite ? sqlite : postgres);
        var result = builder.Build().PerformUpgrade();
        if (!result.Successful)
        {
            throw new DatabaseUnavailableException(
                $"migration {result.ErrorScript?.Name} failed: {result.Error.Message}", result.Error);
        }
        return [.. pending.Select(s => s.Name)];
    }

    private static async Task<bool> IsCurrentAsync(DbConnection connection, DatabaseEngine engine) =>
        (await PendingAsync(connection, engine)).Count == 0;

    private static async Task<List<SqlScript>> PendingAsync(DbConnection connection, DatabaseEngine engine)
    {
        var scripts = Scripts(engine);
        var done = await AppliedAsync(connection, engine);
        var unknown = done.Except(scripts.Select(s => s.Name)).Order(StringComparer.Ordinal).FirstOrDefault();
        if (unknown is not null)
        {
            throw new DatabaseUnavailableException(
                $"the database was written by a newer Spendra (it has '{unknown}'): start that version, or restore an older backup");
        }
        return [.. scripts.Where(s => !done.Contains(s.Name))];
    }

    private static async Task<HashSet<string>> AppliedAsync(DbConnection connection, DatabaseEngine engine)
    {
        var exists = engine == DatabaseEngine.Sqlite
            ? await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM sqlite_master WHERE name = @name", new { name = JournalTable })
            : await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM pg_tables WHERE tablename = @name AND schemaname = current_schema()", new { name = JournalTable });
        if (exists == 0) return [];
        var names = await connection.QueryAsync<string>("SELECT scriptname FROM schema_versions");
        return [.. names];
    }

    private static List<SqlScript> Scripts(DatabaseEngine engine)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var scripts = new List<SqlScript>();
        foreach (var name in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!name.EndsWith(".sql", StringComparison.Ordinal)) continue;
            if (name.EndsWith(".postgres.sql", StringComparison.Ordinal) && engine != DatabaseEngine.Postgres) continue;
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
            scripts.Add(new SqlScript(name, reader.ReadToEnd()));
        }
        return scripts;
    }

    private static async Task<FileStream> WaitForGateAsync(string path, CancellationToken cancel)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < 300)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancel);
            }
        }
    }

    private sealed class NoUpgradeLog : IUpgradeLog
    {
        public void LogTrace(string format, params object[] args)
        {
        }

        public void LogDebug(string format, params object[] args)
        {
        }

        public void LogInformation(string format, params object[] args)
        {
        }

        public void LogWarning(string format, params object[] args)
        {
        }

        public void LogError(string format, params object[] args)
        {
        }

        public void LogError(Exception ex, string format, params object[] args)
        {
        }
    }
}
