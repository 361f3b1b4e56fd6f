using System.Collections.Concurrent;
using System.Reflection;
using Npgsql;

namespace Spendra.Storage.Postgres;

/// <summary>
/// One statement for many rows without waiting for each: hundreds travel in one round trip, so that the
/// organization's row is locked for milliseconds.
/// </summary>
internal static class PostgresRowBatch
{
    private const int RowsPerTrip = 500;

    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> Properties = new();

    /// <param name="connection">Open.</param>
    /// <param name="transaction">Open.</param>
    /// <param name="sql">One statement that names its parameters like the properties of the rows.</param>
    /// <param name="rows">Objects of one type whose properties hold ids, numbers, texts, bytes or null.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task ExecuteAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string sql, IEnumerable<object> rows, CancellationToken cancel)
    {
        foreach (var chunk in rows.Chunk(RowsPerTrip))
        {
            await using var batch = new NpgsqlBatch(connection, transaction);
            foreach (var row in chunk) batch.BatchCommands.Add(Command(sql, row));
            await batch.ExecuteNonQueryAsync(cancel);
        }
    }

    private static NpgsqlBatchCommand Command(string sql, object row)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var property in Properties.GetOrAdd(row.GetType(), static t => t.GetProperties()))
            command.Parameters.Add(new NpgsqlParameter(property.Name, property.GetValue(row) ?? DBNull.Value));
        return command;
    }
}
