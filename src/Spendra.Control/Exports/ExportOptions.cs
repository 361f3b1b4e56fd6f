namespace Spendra.Control.Exports;

/// <summary>Where exports are written.</summary>
public sealed record ExportOptions
{
    /// <summary>The folder below which workers write; null: exports are refused.</summary>
    public string? Folder { get; init; }

    /// <summary>Rows of a part of a file.</summary>
    public int RowsPerPart { get; init; } = 500_000;
}
