using Npgsql;

namespace Spendra.Storage.Postgres;

/// <summary>
/// One statement over many rows: each column travels as an array and meets the others in <c>unnest</c>. The text
/// of a statement never depends on the number of rows, so it is prepared once.
/// </summary>
internal static class PostgresBulk
{
    public static NpgsqlBatchCommand Command(string sql) => new(sql);

    /// <summary>Adds the next parameter: one value of every row.</summary>
    public static NpgsqlBatchCommand Column<TRow, TValue>(
        this NpgsqlBatchCommand command, IReadOnlyList<TRow> rows, Func<TRow, TValue> value)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++) values[i] = value(rows[i]);
        command.Parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = values });
        return command;
    }

    /// <summary>Adds the next parameter: one value for all rows.</summary>
    public static NpgsqlBatchCommand Value<TValue>(this NpgsqlBatchCommand command, TValue value)
    {
        command.Parameters.Add(new NpgsqlParameter<TValue> { TypedValue = value });
        return command;
    }
}
