using Parquet;
using Parquet.Schema;
using Spendra.Storage;

namespace Spendra.Control.Exports;

/// <summary>
/// Parquet with row groups of bounded size: two of them are all that is held in memory, one that is written and one that is filled. Money is whole nano-USD in columns named
/// <c>…_nanos</c>; only columns that others named hold decimals of USD, exact as well.
/// </summary>
internal sealed class ParquetPart : IPartWriter
{
    private const int RowsPerGroup = 10_000;
    private const int LongDigits = 19;
    private const int NanoDecimals = 9;

    private static readonly ParquetOptions Options = new() { CompressionMethod = CompressionMethod.Snappy };

    private readonly IReadOnlyList<ExportColumn> _columns;
    private readonly ParquetSchema _schema;
    private readonly Stream _output;
    private ExportCell[][] _held;
    private ExportCell[][] _written;
    private ParquetWriter? _writer;
    private Task _writing = Task.CompletedTask;
    private int _count;

    public ParquetPart(IReadOnlyList<ExportColumn> columns, Stream output)
    {
        (_columns, _output) = (columns, output);
        _schema = new ParquetSchema([.. columns.Select(FieldOf)]);
        _held = [.. columns.Select(_ => new ExportCell[RowsPerGroup])];
        _written = [.. columns.Select(_ => new ExportCell[RowsPerGroup])];
    }

    public async ValueTask AddAsync(ReadOnlyMemory<ExportCell> cells, CancellationToken cancel)
    {
        for (var i = 0; i < cells.Length; i++) _held[i][_count] = cells.Span[i];
        if (++_count == RowsPerGroup) await BeginGroupAsync(cancel);
    }

    public async ValueTask EndAsync(CancellationToken cancel)
    {
        if (_count > 0) await BeginGroupAsync(cancel);
        await _writing;
        _writer ??= await OpenAsync(cancel);
        await DisposeAsync();
    }

    /// <summary>Writes the footer: what is not ended is no file of Parquet, and is thrown away.</summary>
    public async ValueTask DisposeAsync()
    {
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Interlocked.Exchange(ref _writer, null) is { } writer) await writer.DisposeAsync();
    }

    private Task<ParquetWriter> OpenAsync(CancellationToken cancel) => ParquetWriter.CreateAsync(_schema, _output, Options, cancellationToken: cancel);

    /// <summary>Writes what is held while more is added; waits for the group before.</summary>
    private async Task BeginGroupAsync(CancellationToken cancel)
    {
        await _writing;
        _writer ??= await OpenAsync(cancel);
        (_held, _written) = (_written, _held);
        var (writer, columns, count) = (_writer, _written, _count);
        _writing = Task.Run(() => WriteGroupAsync(writer, columns, count, cancel), cancel);
        _count = 0;
    }

    private async Task WriteGroupAsync(ParquetWriter writer, ExportCell[][] columns, int count, CancellationToken cancel)
    {
        using var group = writer.CreateRowGroup();
        for (var i = 0; i < _columns.Count; i++) await WriteAsync(group, _schema.DataFields[i], _columns[i].Kind, new ArraySegment<ExportCell>(columns[i], 0, count), cancel);
        group.CompleteValidate();
    }

    private static async Task WriteAsync(ParquetRowGroupWriter group, DataField field, CellKind kind, ArraySegment<ExportCell> cells, CancellationToken cancel)
    {
        switch (kind)
        {
            case CellKind.Text:
                await group.WriteAsync(field, Array.ConvertAll(cells.ToArray(), c => c.Text)!);
                break;
            case CellKind.Number or CellKind.Money:
                await WriteAsync<long>(c => c);
                break;
            case CellKind.Amount:
                await WriteAsync(nanos => Scaled(nanos, NanoDecimals));
                break;
            case CellKind.Quantity:
                await WriteAsync(number => Scaled(number, 0));
                break;
            case CellKind.Instant or CellKind.Second:
                await WriteAsync(micros => Micros.ToInstant(micros).UtcDateTime);
                break;
            case CellKind.Flag:
                await WriteAsync(number => number != 0);
                break;
        }

        async Task WriteAsync<T>(Func<long, T> of) where T : struct
        {
            var values = new T?[cells.Count];
            for (var i = 0; i < values.Length; i++) values[i] = cells[i].IsEmpty ? null : of(cells[i].NumberOrZero);
            await group.WriteAsync<T>(field, values, cancellationToken: cancel);
        }
    }

    // Exact: the number's bits with a place for the point.
    private static decimal Scaled(long number, byte decimals)
    {
        var magnitude = number < 0 ? unchecked((ulong)-number) : (ulong)number;
        return new decimal(unchecked((int)magnitude), unchecked((int)(magnitude >> 32)), 0, number < 0, decimals);
    }

    private static DataField FieldOf(ExportColumn column) => column.Kind switch
    {
        CellKind.Text => new DataField(column.ParquetName, typeof(string), isNullable: true),
        CellKind.Number or CellKind.Money => new DataField(column.ParquetName, typeof(long), isNullable: true),
        CellKind.Amount => new DecimalDataField(column.ParquetName, LongDigits, NanoDecimals, isNullable: true),
        CellKind.Quantity => new DecimalDataField(column.ParquetName, LongDigits, 0, isNullable: true),
        CellKind.Instant or CellKind.Second => new DateTimeDataField(
            column.ParquetName, DateTimeFormat.Timestamp, isAdjustedToUTC: true, DateTimeTimeUnit.Micros, isNullable: true),
        CellKind.Flag => new DataField(column.ParquetName, typeof(bool), isNullable: true),
    };
}
