using System.Data.Common;
using System.Text;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Tests.EndToEnd.Secrets;

/// <summary>All that an installation keeps: the rows of its database, and the files that they are in.</summary>
internal static class KeptData
{
    /// <summary>Every row of every table that there is, in words; bytes as they are.</summary>
    public static async Task<List<(string Table, byte[] Row)>> RowsAsync(Database database)
    {
        await using var connection = await database.ConnectAsync(default);
        var rows = new List<(string, byte[])>();
        var tables = new List<string>();
        await using (var list = connection.CreateCommand())
        {
            list.CommandText = database.Engine == DatabaseEngine.Sqlite
                ? "SELECT name FROM sqlite_master WHERE type = 'table'"
                : "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()";
            await using var names = await list.ExecuteReaderAsync();
            while (await names.ReadAsync()) tables.Add(names.GetString(0));
        }
        foreach (var table in tables)
        {
            await using var all = connection.CreateCommand();
            all.CommandText = $"SELECT * FROM \"{table}\"";
            await using var reader = await all.ExecuteReaderAsync();
            while (await reader.ReadAsync()) rows.Add((table, BytesOf(reader)));
        }
        return rows;
    }

    /// <summary>The files in which the database is, and whatever lies beside them.</summary>
    public static async Task<List<string>> FilesAsync(Site site, Database database)
    {
        if (site.Engine == DatabaseEngine.Sqlite) return [.. Directory.EnumerateFiles(site.DataFolder, "*", SearchOption.AllDirectories)];
        await using var connection = await database.ConnectAsync(default);
        await using var command = connection.CreateCommand();
        // Only after a checkpoint is everything in the files of the tables.
        command.CommandText = "CHECKPOINT";
        await command.ExecuteNonQueryAsync();
        command.CommandText = "SELECT oid::bigint FROM pg_database WHERE datname = current_database()";
        var folder = Path.Combine((await PostgresCluster.SharedAsync()).Folder, "data", "base", $"{await command.ExecuteScalarAsync()}");
        return [.. Directory.EnumerateFiles(folder)];
    }

    private static byte[] BytesOf(DbDataReader row)
    {
        using var bytes = new MemoryStream();
        for (var i = 0; i < row.FieldCount; i++)
        {
            bytes.Write(row.GetValue(i) is byte[] raw ? raw : Encoding.UTF8.GetBytes($"{row.GetValue(i)}"));
            bytes.WriteByte((byte)'\n');
        }
        return bytes.ToArray();
    }
}
