using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using Spendra.Core.Governance;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;
using Spendra.Testing;

namespace Spendra.Storage.Tests;

/// <summary>A real, migrated, empty database of a test, on either engine.</summary>
internal sealed class GovernanceStore : IAsyncDisposable
{
    private readonly TempFolder _folder;

    private GovernanceStore(TempFolder folder, DatabaseTarget target)
    {
        _folder = folder;
        Target = target;
        Database = Database.Open(target);
    }

    public DatabaseTarget Target { get; }

    public Database Database { get; }

    public MasterKey MasterKey { get; } = new(RandomNumberGenerator.GetBytes(MasterKey.KeyBytes));

    public GovernanceReader Reader => new(Database);

    public string Folder => _folder.Path;

    public static async Task<GovernanceStore> OpenAsync(DatabaseEngine engine)
    {
        var folder = new TempFolder();
        return new GovernanceStore(folder, engine == DatabaseEngine.Sqlite
            ? await MigratedDatabase.CopyToAsync(folder.Path)
            : DatabaseTarget.Address(PostgresCluster.ToUrl(await MigratedDatabase.CreateAsync("governance"))));
    }

    public async Task<GovernanceRows> LoadAsync(Guid organizationId) =>
        (await Reader.LoadAsync(organizationId, null, CancellationToken.None))!;

    public async Task<T> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Database.ConnectAsync(CancellationToken.None);
        return (await connection.ExecuteScalarAsync<T>(sql, parameters))!;
    }

    public async Task<IReadOnlyList<T>> ListAsync<T>(string sql)
    {
        await using var connection = await Database.ConnectAsync(CancellationToken.None);
        return [.. await connection.QueryAsync<T>(sql)];
    }

    public async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using DbConnection connection = await Database.ConnectAsync(CancellationToken.None);
        await connection.ExecuteAsync(sql, parameters);
    }

    /// <summary>Every row of every table, in words, in an order of their own.</summary>
    public async Task<List<string>> DumpAsync()
    {
        await using var connection = await Database.ConnectAsync(CancellationToken.None);
        var tables = await connection.QueryAsync<string>(Database.Engine == DatabaseEngine.Sqlite
            ? "SELECT name FROM sqlite_master WHERE type = 'table'" : "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()");
        var rows = new List<string>();
        foreach (var table in tables.ToList())
        {
            await using var reader = await connection.ExecuteReaderAsync($"SELECT * FROM \"{table}\"");
            while (await reader.ReadAsync())
            {
                var values = Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i) is byte[] bytes ? Convert.ToHexString(bytes) : $"{reader.GetValue(i)}");
                rows.Add($"{table}: {string.Join(" | ", values)}");
            }
        }
        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        _folder.Dispose();
    }
}
