namespace Spendra.Storage;

/// <summary>
/// One statement that inserts many rows of a kind, in the way in which the engine does it fast: arrays that meet in <c>unnest</c>,
/// or a statement that is prepared once.
/// </summary>
/// <param name="table">The table.</param>
/// <param name="ending">What follows the values: <c>ON CONFLICT …</c>, or nothing.</param>
internal sealed class BulkInsert<TRow>(string table, string ending = "")
{
    private readonly List<BulkColumn<TRow>> _columns = [];

    public IReadOnlyList<BulkColumn<TRow>> Columns => _columns;

    public string Table => table;

    public string Ending => ending;

    public BulkInsert<TRow> Column<TValue>(string name, Func<TRow, TValue> value)
    {
        _columns.Add(new BulkColumn<TRow, TValue>(name, value));
        return this;
    }
}

internal abstract class BulkColumn<TRow>(string name)
{
    public string Name => name;

    public abstract Type Type { get; }

    /// <summary>The values of all rows, as an array of <see cref="Type"/>.</summary>
    public abstract Array Values(IReadOnlyList<TRow> rows);

    public abstract object? Value(TRow row);
}

internal sealed class BulkColumn<TRow, TValue>(string name, Func<TRow, TValue> value) : BulkColumn<TRow>(name)
{
    public override Type Type => typeof(TValue);

    public override Array Values(IReadOnlyList<TRow> rows)
    {
        var values = new TValue[rows.Count];
        for (var i = 0; i < values.Length; i++) values[i] = value(rows[i]);
        return values;
    }

    public override object? Value(TRow row) => value(row);
}
