using System.Globalization;
using Spendra.Core.Money;
using Spendra.Storage;

namespace Spendra.Control.Exports;

/// <summary>Cells as text: exact, in the invariant culture, and never through floating point.</summary>
internal static class CellText
{
    /// <summary>Empty for an empty cell.</summary>
    public static string Of(CellKind kind, ExportCell cell) => cell.IsEmpty ? "" : kind switch
    {
        CellKind.Text => cell.Text!,
        CellKind.Number or CellKind.Quantity => cell.NumberOrZero.ToString(CultureInfo.InvariantCulture),
        CellKind.Money or CellKind.Amount => new NanoUsd(cell.NumberOrZero).ToString(),
        CellKind.Instant => Time(cell.NumberOrZero, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"),
        CellKind.Second => Time(cell.NumberOrZero, "yyyy-MM-dd'T'HH:mm:ss'Z'"),
        CellKind.Flag => cell.NumberOrZero == 0 ? "false" : "true",
    };

    private static string Time(long micros, string format) => Micros.ToInstant(micros).ToString(format, CultureInfo.InvariantCulture);
}
