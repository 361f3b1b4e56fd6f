using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Spendra.Control.Exports;

/// <summary>Writes one part of an export in one format. The same rows make the same bytes.</summary>
internal interface IPartWriter : IAsyncDisposable
{
    /// <summary>Adds a row; its cells are the caller's again afterwards.</summary>
    ValueTask AddAsync(ReadOnlyMemory<ExportCell> cells, CancellationToken cancel);

    /// <summary>Writes what was held back. The stream stays open.</summary>
    ValueTask EndAsync(CancellationToken cancel);
}

/// <summary>
/// CSV as RFC 4180 has it, in UTF-8 with a line of names. Spreadsheets run what begins like a formula: such a text gets an
/// apostrophe before it. Many readers end a text at U+0000: it becomes U+FFFD.
/// </summary>
internal sealed class CsvPart : IPartWriter
{
    private const string LineEnd = "\r\n";
    private const int FlushChars = 32 * 1024;

    private static readonly SearchValues<char> Quoted = SearchValues.Create("\",\r\n");
    private static readonly SearchValues<char> Formula = SearchValues.Create("=+-@\t\r");

    private readonly IReadOnlyList<ExportColumn> _columns;
    private readonly Stream _output;
    private readonly StringBuilder _held = new();

    public CsvPart(IReadOnlyList<ExportColumn> columns, Stream output)
    {
        (_columns, _output) = (columns, output);
        _held.AppendJoin(',', columns.Select(c => c.TextName)).Append(LineEnd);
    }

    public ValueTask AddAsync(ReadOnlyMemory<ExportCell> cells, CancellationToken cancel)
    {
        var row = cells.Span;
        for (var i = 0; i < row.Length; i++)
        {
            if (i > 0) _held.Append(',');
            var text = CellText.Of(_columns[i].Kind, row[i]);
            Append(_columns[i].Kind == CellKind.Text ? Harmless(text) : text);
        }
        _held.Append(LineEnd);
        return _held.Length < FlushChars ? ValueTask.CompletedTask : FlushAsync(cancel);
    }

    public ValueTask EndAsync(CancellationToken cancel) => FlushAsync(cancel);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static string Harmless(string text)
    {
        if (text.Contains('\0')) text = text.Replace('\0', '\ufffd');
        return text.Length > 0 && Formula.Contains(text[0]) ? "'" + text : text;
    }

    private void Append(string text)
    {
        if (!text.AsSpan().ContainsAny(Quoted)) _held.Append(text);
        else _held.Append('"').Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
    }

    private async ValueTask FlushAsync(CancellationToken cancel)
    {
        await _output.WriteAsync(Encoding.UTF8.GetBytes(_held.ToString()), cancel);
        _held.Clear();
    }
}

/// <summary>JSON Lines: an object for each row. Amounts are texts, so that no reader makes floating numbers of them.</summary>
internal sealed class JsonLinesPart : IPartWriter
{
    private const int FlushBytes = 64 * 1024;

    // Nothing embeds this in HTML; control characters are escaped all the same.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly CellKind[] _kinds;
    private readonly JsonEncodedText[] _names;
    private readonly Stream _output;
    private readonly ArrayBufferWriter<byte> _held = new(FlushBytes * 2);
    private readonly Utf8JsonWriter _json;

    public JsonLinesPart(IReadOnlyList<ExportColumn> columns, Stream output)
    {
        _output = output;
        _kinds = [.. columns.Select(c => c.Kind)];
        _names = [.. columns.Select(c => JsonEncodedText.Encode(c.TextName))];
        _json = new Utf8JsonWriter(_held, Plain);
    }

    public ValueTask AddAsync(ReadOnlyMemory<ExportCell> cells, CancellationToken cancel)
    {
        var row = cells.Span;
        _json.Reset();
        _json.WriteStartObject();
        for (var i = 0; i < row.Length; i++) Write(_names[i], _kinds[i], row[i]);
        _json.WriteEndObject();
        _json.Flush();
        _held.Write("\n"u8);
        return _held.WrittenCount < FlushBytes ? ValueTask.CompletedTask : FlushAsync(cancel);
    }

    public ValueTask EndAsync(CancellationToken cancel) => FlushAsync(cancel);

    public ValueTask DisposeAsync() => _json.DisposeAsync();

    private void Write(JsonEncodedText name, CellKind kind, ExportCell cell)
    {
        if (cell.IsEmpty) _json.WriteNull(name);
        else if (kind == CellKind.Flag) _json.WriteBoolean(name, cell.NumberOrZero != 0);
        else if (kind is CellKind.Number or CellKind.Quantity) _json.WriteNumber(name, cell.NumberOrZero);
        else _json.WriteString(name, CellText.Of(kind, cell));
    }

    private async ValueTask FlushAsync(CancellationToken cancel)
    {
        await _output.WriteAsync(_held.WrittenMemory, cancel);
        _held.ResetWrittenCount();
    }
}
