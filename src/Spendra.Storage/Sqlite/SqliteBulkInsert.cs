using Microsoft.Data.Sqlite;

namespace Spendra.Storage.Sqlite;

/// <summary>Inserts many rows with one prepared statement.</summary>
internal static class SqliteBulkInsert
{
    public static void Run<TRow>(
        SqliteConnection connection, SqliteTransaction transaction, BulkInsert<TRow> insert, IReadOnlyList<TRow> rows, CancellationToken cancel)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        var names = string.Join(", ", insert.Columns.Select(c => c.Name));
        var values = string.Join(", ", insert.Columns.Select((_, i) => $"$p{i}"));
        command.CommandText = $"INSERT INTO {insert.Table} ({names}) VALUES ({values}) {insert.Ending}";
        var parameters = insert.Columns.Select((_, i) => command.Parameters.Add(new SqliteParameter($"$p{i}", null))).ToArray();
        foreach (var row in rows)
        {
            cancel.ThrowIfCancellationRequested();
            for (var i = 0; i < parameters.Length; i++)
                parameters[i].Value = insert.Columns[i].Value(row) switch { Guid id => id.ToByteArray(bigEndian: true), null => DBNull.Value, var value => value };
            command.ExecuteNonQuery();
        }
    }
}
