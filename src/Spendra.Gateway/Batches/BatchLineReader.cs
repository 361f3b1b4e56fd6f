using System.Text.Json;
using System.Text.Unicode;
using Spendra.Gateway.Dialects.OpenAi;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>Reads the frame of one line of an input file: whose body it is and where that stands.</summary>
internal ref struct BatchLineReader
{
    private const int MaxIdLength = 1_000;

    private static readonly string[] Names = ["custom_id", "method", "url", "body"];

    private readonly string _endpoint;
    private readonly bool[] _seen;
    private Utf8JsonReader _json;
    private ByteSpan _body;

    private BatchLineReader(ReadOnlySpan<byte> line, string endpoint)
    {
        _endpoint = endpoint;
        _seen = new bool[Names.Length];
        _json = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = OpenAiRequestReader.MaxDepth + 1 });
    }

    /// <summary>The body of a line; or what is wrong with the line.</summary>
    public static string? Read(ReadOnlySpan<byte> line, string endpoint, out ReadOnlySpan<byte> body)
    {
        body = default;
        if (!Utf8.IsValid(line)) return "is not valid UTF-8";
        var reader = new BatchLineReader(line, endpoint);
        try
        {
            if (reader.ReadRoot() is { } fault) return fault;
            body = line.Slice(reader._body.Start, reader._body.Length);
            return null;
        }
        // InvalidOperationException: a text with half of a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "is not one object of JSON";
        }
    }

    private string? ReadRoot()
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject) return "is not one object of JSON";
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            var member = MemberOf();
            _json.Read();
            if (member < 0)
            {
                _json.Skip();
                continue;
            }
            if (_seen[member]) return $"gives '{Names[member]}' twice";
            _seen[member] = true;
            if (ReadMember(member) is { } fault) return fault;
        }
        if (_json.Read()) return "is not one object of JSON";
        for (var i = 0; i < Names.Length; i++)
        {
            if (!_seen[i]) return $"has no '{Names[i]}'";
        }
        return null;
    }

    private readonly int MemberOf()
    {
        for (var i = 0; i < Names.Length; i++)
        {
            if (_json.ValueTextEquals(Names[i])) return i;
        }
        return -1;
    }

    private string? ReadMember(int member)
    {
        if (member == 3)
        {
            var start = (int)_json.TokenStartIndex;
            if (_json.TokenType != JsonTokenType.StartObject) return "has a 'body' that is no object";
            _json.Skip();
            _body = new ByteSpan(start, (int)_json.BytesConsumed - start);
            return null;
        }
        if (_json.TokenType != JsonTokenType.String) return $"has a '{Names[member]}' that is no string";
        var text = _json.GetString()!;
        return member switch
        {
            0 when text.Length is 0 or > MaxIdLength => $"must have a 'custom_id' of 1 to {MaxIdLength} characters",
            1 when text != "POST" => "must have the 'method' POST",
            2 when text != _endpoint => $"must have the 'url' of the batch, {_endpoint}",
            _ => null,
        };
    }
}
