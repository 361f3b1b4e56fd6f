using Npgsql;

namespace Spendra.Storage.Postgres;

/// <summary>Inserts many rows with a few statements; what row-level security allows, as COPY would not.</summary>
internal static class PostgresBulkInsert
{
    private const int RowsPerStatement = 5_000;

    public static async Task RunAsync<TRow>(
        NpgsqlConnection connection, NpgsqlTransaction transaction, BulkInsert<TRow> insert, IReadOnlyList<TRow> rows, CancellationToken cancel)
    {
        var names = string.Join(", ", insert.Columns.Select(c => c.Name));
        var arrays = string.Join(", ", insert.Columns.Select((c, i) => $"${i + 1}::{TypeOf(c.Type)}[]"));
        var sql = $"INSERT INTO {insert.Table} ({names}) SELECT * FROM unnest({arrays}) {insert.Ending}";
        for (var from = 0; from < rows.Count; from += RowsPerStatement)
        {
            var chunk = from == 0 && rows.Count <= RowsPerStatement ? rows : [.. rows.Skip(from).Take(RowsPerStatement)];
            await using var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = 0 };
            foreach (var column in insert.Columns) command.Parameters.Add(new NpgsqlParameter { Value = column.Values(chunk) });
            await command.ExecuteNonQueryAsync(cancel);
        }
    }

    private static string TypeOf(Type column) =>
        (Nullable.GetUnderlyingType(column) ?? column) is var type && type == typeof(Guid) ? "uuid"
        : type == typeof(long) ? "bigint"
        : type == typeof(int) ? "integer"
        : type == typeof(short) ? "smallint"
        : type == typeof(string) ? "text"
        : throw new NotSupportedException($"no column is a {type.Name}");
}
