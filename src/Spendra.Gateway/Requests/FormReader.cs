using System.Collections.Immutable;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace Spendra.Gateway.Requests;

/// <summary>
/// Finds the fields of a <c>multipart/form-data</c> body (RFC 7578). Strict: whatever two servers might read differently
/// is refused, because the provider would then serve another request than the one that was priced.
/// </summary>
internal ref struct FormReader
{
    private const int MaxParts = 200;
    private const int MaxHeaders = 8;
    private const int MaxHeaderBytes = 4096;
    private const int MaxNameLength = 100;
    private const int MaxBoundaryLength = 70;

    private readonly ReadOnlySpan<byte> _body;
    private readonly ReadOnlySpan<byte> _delimiter;
    private readonly ReadOnlySpan<byte> _returnDelimiter;
    private int _at;
    private RequestFault? _fault;

    private FormReader(ReadOnlySpan<byte> body, string boundary)
    {
        _body = body;
        _delimiter = Encoding.ASCII.GetBytes("\r\n--" + boundary);
        _returnDelimiter = Encoding.ASCII.GetBytes("\r--" + boundary);
    }

    /// <summary>The form; or null and what is wrong with it.</summary>
    public static Form? Read(string? contentType, ReadOnlySpan<byte> body, out RequestFault? fault)
    {
        if (BoundaryOf(contentType) is not { } boundary)
        {
            fault = new RequestFault("This route takes a form: send multipart/form-data with a boundary of 1 to 70 characters.");
            return null;
        }
        var reader = new FormReader(body, boundary);
        var parts = reader.ReadParts();
        fault = reader._fault;
        return fault is null ? new Form($"multipart/form-data; boundary=\"{boundary}\"", parts) : null;
    }

    private static string? BoundaryOf(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return null;
        string? boundary = null;
        foreach (var parameter in type.Parameters)
        {
            if (!parameter.Name.Equals("boundary", StringComparison.OrdinalIgnoreCase)) continue;
            if (boundary is not null) return null;
            boundary = HeaderUtilities.RemoveQuotes(parameter.Value).ToString();
        }
        return boundary is { Length: > 0 and <= MaxBoundaryLength } && boundary.All(IsOfBoundary) ? boundary : null;
    }

    private static bool IsOfBoundary(char c) => char.IsAsciiLetterOrDigit(c) || "'()+_,-./:=?".Contains(c, StringComparison.Ordinal);

    private ImmutableArray<FormPart> ReadParts()
    {
        var parts = ImmutableArray.CreateBuilder<FormPart>();
        // The first boundary has no line before it that it would end.
        if (!Takes(_delimiter["\r\n"u8.Length..])) Fail("must begin with its boundary");
        while (_fault is null)
        {
            if (Takes("--"u8))
            {
                if (_body[_at..] is not ([] or [(byte)'\r', (byte)'\n'])) Fail("goes on after its last boundary");
                return parts.ToImmutable();
            }
            if (!Takes("\r\n"u8)) Fail("has a boundary that is not a line of its own");
            else if (parts.Count == MaxParts) Fail($"may have at most {MaxParts} fields");
            else if (ReadPart() is { } part) parts.Add(part);
        }
        return [];
    }

    private FormPart? ReadPart()
    {
        var (name, isFile) = ReadHeaders();
        if (_fault is not null) return null;
        var length = _body[_at..].IndexOf(_delimiter);
        if (length < 0) return Fail("ends without its last boundary");
        if (HoldsBoundary(_body.Slice(_at, length))) return Fail("has its boundary at the beginning of a line of a field: choose one that no field contains");
        var part = new FormPart(name!, isFile, new ByteSpan(_at, length));
        _at += length + _delimiter.Length;
        return part;
    }

    /// <summary>
    /// Some servers take one character alone for a line's end, and some see a boundary where the content begins: they would
    /// find another field in this one.
    /// </summary>
    private bool HoldsBoundary(ReadOnlySpan<byte> content) =>
        content.StartsWith(_delimiter["\r\n"u8.Length..]) || content.IndexOf(_delimiter["\r"u8.Length..]) >= 0 || content.IndexOf(_returnDelimiter) >= 0;

    private (string? Name, bool IsFile) ReadHeaders()
    {
        string? name = null;
        var isFile = false;
        for (var count = 0; _fault is null; count++)
        {
            var rest = _body[_at..];
            var length = rest[..Math.Min(rest.Length, MaxHeaderBytes)].IndexOf("\r\n"u8);
            if (length < 0 || count > MaxHeaders) Fail("has a field whose header does not end");
            if (_fault is not null) break;
            var line = rest[..length];
            _at += length + "\r\n"u8.Length;
            if (line.IsEmpty) break;
            if (line.ContainsAny((byte)'\r', (byte)'\n', (byte)0)) Fail("has a header with a line end in it");
            else if (ValueOf(line, "content-disposition"u8, out var disposition)) ReadDisposition(disposition, ref name, ref isFile);
            else if (!IsHarmless(line)) Fail("has a field with a header that is not known here: send content-disposition and content-type alone");
        }
        if (name is null) Fail("has a field without a name");
        return (name, isFile);
    }

    /// <summary>Headers that change nothing of how the content is read.</summary>
    private static bool IsHarmless(ReadOnlySpan<byte> line)
    {
        if (ValueOf(line, "content-type"u8, out _) || ValueOf(line, "content-length"u8, out _)) return true;
        return ValueOf(line, "content-transfer-encoding"u8, out var encoding)
            && (Ascii.EqualsIgnoreCase(encoding, "binary"u8) || Ascii.EqualsIgnoreCase(encoding, "8bit"u8) || Ascii.EqualsIgnoreCase(encoding, "7bit"u8));
    }

    private static bool ValueOf(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var colon = line.IndexOf((byte)':');
        value = colon < 0 ? default : line[(colon + 1)..].Trim((byte)' ');
        return colon >= 0 && Ascii.EqualsIgnoreCase(line[..colon], name);
    }

    private void ReadDisposition(ReadOnlySpan<byte> rest, ref string? name, ref bool isFile)
    {
        var isRepeated = name is not null;
        if (!Ascii.EqualsIgnoreCase(TakeToken(ref rest), "form-data"u8)) Fail("has a part that is no field of a form");
        while (_fault is null && !rest.IsEmpty)
        {
            if (rest[0] != ';')
            {
                Fail("has a field whose name cannot be read");
                return;
            }
            rest = rest[1..].TrimStart((byte)' ');
            var key = TakeToken(ref rest);
            if (!TakesValue(ref rest, out var value)) Fail("has a field whose name does not end");
            else if (Ascii.EqualsIgnoreCase(key, "filename"u8) || Ascii.EqualsIgnoreCase(key, "filename*"u8)) isFile = true;
            else if (!Ascii.EqualsIgnoreCase(key, "name"u8) || name is not null) Fail("has a field with more than a name and a file name");
            else if ((name = NameOf(value)) is null) Fail($"has a field whose name is not 1 to {MaxNameLength} plain characters");
        }
        if (isRepeated) Fail("has a field with two names");
    }

    /// <summary>A name that every server reads alike: printable ASCII without escapes.</summary>
    private static string? NameOf(ReadOnlySpan<byte> value) =>
        value.Length is > 0 and <= MaxNameLength && !value.ContainsAnyExceptInRange((byte)'!', (byte)'~') && !value.ContainsAny((byte)'\\', (byte)'%')
            ? Encoding.ASCII.GetString(value)
            : null;

    private static ReadOnlySpan<byte> TakeToken(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOfAny((byte)';', (byte)'=', (byte)' ');
        var token = end < 0 ? rest : rest[..end];
        rest = rest[token.Length..].TrimStart((byte)' ');
        return token;
    }

    /// <summary>From an equals sign: a value, in quotes or without. False when it does not end.</summary>
    private static bool TakesValue(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (rest is not [(byte)'=', ..]) return true;
        rest = rest[1..];
        if (rest is not [(byte)'"', ..])
        {
            value = TakeToken(ref rest);
            return true;
        }
        var end = 1;
        while (end < rest.Length && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
        if (end >= rest.Length) return false;
        value = rest[1..end];
        rest = rest[(end + 1)..].TrimStart((byte)' ');
        return true;
    }

    private bool Takes(ReadOnlySpan<byte> expected)
    {
        if (!_body[_at..].StartsWith(expected)) return false;
        _at += expected.Length;
        return true;
    }

    private FormPart? Fail(string what)
    {
        _fault ??= new RequestFault($"The form {what}.");
        return null;
    }
}
