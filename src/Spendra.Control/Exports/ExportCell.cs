namespace Spendra.Control.Exports;

/// <summary>What a column holds, and how each format spells it.</summary>
internal enum CellKind
{
    Text,
    /// <summary>A whole number.</summary>
    Number,
    /// <summary>Nano-USD. In text exact decimals of USD under <c>…_usd</c>, in Parquet whole numbers under <c>…_nanos</c>.</summary>
    Money,
    /// <summary>Nano-USD as decimals of USD in every format, under the name as it is: for columns that others named.</summary>
    Amount,
    /// <summary>A whole number as a decimal in every format.</summary>
    Quantity,
    /// <summary>Microseconds since the Unix epoch: ISO 8601 in UTC with six decimals, or a timestamp.</summary>
    Instant,
    /// <summary>As <see cref="Instant"/>, in whole seconds.</summary>
    Second,
    /// <summary>0 or 1: false or true.</summary>
    Flag,
}

/// <summary>A column of an export; every cell of it may be empty.</summary>
internal sealed record ExportColumn(string Name, CellKind Kind)
{
    public string TextName => Kind == CellKind.Money ? Name + "_usd" : Name;

    public string ParquetName => Kind == CellKind.Money ? Name + "_nanos" : Name;
}

/// <summary>A value: a text, a number, or nothing. <c>default</c> is nothing.</summary>
internal readonly record struct ExportCell
{
    private ExportCell(string? text, long number, bool isNumber) => (Text, NumberOrZero, IsNumber) = (text, number, isNumber);

    public string? Text { get; }

    public long NumberOrZero { get; }

    public bool IsNumber { get; }

    public bool IsEmpty => Text is null && !IsNumber;

    public static implicit operator ExportCell(string? text) => new(text, 0, false);

    public static implicit operator ExportCell(long number) => new(null, number, true);

    public static implicit operator ExportCell(long? number) => number is { } value ? value : default(ExportCell);

    public static implicit operator ExportCell(Core.Money.NanoUsd amount) => amount.Value;

    public static implicit operator ExportCell(bool flag) => flag ? 1 : 0;

    public static implicit operator ExportCell(Guid id) => id.ToString();

    public static implicit operator ExportCell(Guid? id) => id?.ToString();
}

/// <summary>A row of an export, and the key to go on behind it; null within what must not be torn apart.</summary>
internal readonly record struct ExportRow(ExportCell[] Cells, string? Position);
