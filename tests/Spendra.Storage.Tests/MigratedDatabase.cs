using Dapper;
using Spendra.Storage.Schema;
using Spendra.Testing;

namespace Spendra.Storage.Tests;

/// <summary>
/// Databases at this program's schema, one for each test: the first is migrated, all others are copies of it, which is many times
/// faster. What migrating does is tested where databases are migrated.
/// </summary>
internal static class MigratedDatabase
{
    private const string SqliteFile = "spendra.db";

    private static readonly Lazy<Task<string>> SqliteTemplate = new(MigrateSqliteAsync);
    private static readonly Lazy<Task<string>> PostgresTemplate = new(MigratePostgresAsync);

    /// <summary>In a folder of its own.</summary>
    public static async Task<DatabaseTarget> CopyToAsync(string folder)
    {
        File.Copy(await SqliteTemplate.Value, Path.Combine(folder, SqliteFile));
        return DatabaseTarget.Folder(folder);
    }

    /// <summary>In the cluster that all tests share.</summary>
    /// <param name="prefix">Begins its name.</param>
    public static async Task<string> CreateAsync(string prefix) =>
        await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync(prefix, await PostgresTemplate.Value);

    private static async Task<string> MigrateSqliteAsync()
    {
        // As long as this process runs; the folder is a temporary one.
        var folder = new TempFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        var target = DatabaseTarget.Folder(folder.Path);
        await Migrator.MigrateAsync(target, CancellationToken.None);
        await using (var database = Database.Open(target))
        {
            await using var connection = await database.ConnectAsync(CancellationToken.None);
            await connection.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        var path = folder.File(SqliteFile);
        if (new FileInfo(path + "-wal") is { Exists: true, Length: > 0 }) throw new InvalidOperationException($"{path} is not whole without its log");
        return path;
    }

    private static async Task<string> MigratePostgresAsync()
    {
        var connectionString = await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync("template");
        await Migrator.MigrateAsync(DatabaseTarget.Address(PostgresCluster.ToUrl(connectionString)), CancellationToken.None);
        return PostgresCluster.ToTemplate(connectionString);
    }
}
