using System.Text;

namespace Spendra.Storage.Pricing;

/// <summary>The cells of one CSV line (RFC 4180 without line breaks inside a cell).</summary>
internal static class CsvLine
{
    /// <summary>Null when a quote does not end, or text follows one that does.</summary>
    public static IReadOnlyList<string>? Split(string line)
    {
        var cells = new List<string>();
        var cell = new StringBuilder();
        var at = 0;
        while (true)
        {
            cell.Clear();
            if (at < line.Length && line[at] == '"')
            {
                if (Quoted(line, at + 1, cell) is not { } end || (end < line.Length && line[end] != ',')) return null;
                at = end;
            }
            else
            {
                while (at < line.Length && line[at] != ',') cell.Append(line[at++]);
            }
            cells.Add(cell.ToString());
            if (at == line.Length) return cells;
            at++;
        }
    }

    public static string Quote(string cell) => cell.AsSpan().ContainsAny(',', '"')
        ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : cell;

    /// <summary>Reads up to the closing quote and returns what is behind it.</summary>
    private static int? Quoted(string line, int at, StringBuilder cell)
    {
        for (; at < line.Length; at++)
        {
            if (line[at] != '"') cell.Append(line[at]);
            else if (at + 1 < line.Length && line[at + 1] == '"') cell.Append(line[at++]);
            else return at + 1;
        }
        return null;
    }
}
