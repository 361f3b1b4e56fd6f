using System.Text.Json;
using System.Text.Unicode;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Mcp;

/// <summary>A member of a JSON object: its name, and where it and its value stand.</summary>
internal readonly record struct JsonMember(string Name, ByteSpan Whole, ByteSpan Value);

/// <summary>Why bytes are not taken for an object.</summary>
internal enum JsonFault
{
    None,
    /// <summary>Not JSON, or nested too deep.</summary>
    Unreadable,
    /// <summary>JSON, but no object.</summary>
    NoObject,
    /// <summary>A name stands in it twice, or in two spellings: readers would not agree on which one counts.</summary>
    Ambiguous,
}

/// <summary>
/// The members of one JSON object as spans of its bytes, found in one pass, so that whatever is not looked at can be
/// copied as it is.
/// </summary>
internal sealed class JsonMembers
{
    public const int MaxDepth = 64;

    private const int MaxMembers = 1_000;

    private readonly List<JsonMember> _members = [];

    private JsonMembers(ByteSpan span) => Span = span;

    /// <summary>Where the object stands, braces included.</summary>
    public ByteSpan Span { get; }

    public IReadOnlyList<JsonMember> All => _members;

    public ByteSpan? Find(string name)
    {
        foreach (var member in _members)
        {
            if (member.Name == name) return member.Value;
        }
        return null;
    }

    /// <summary>The members of the object that fills the bytes; null when they are not that.</summary>
    public static JsonMembers? Read(ReadOnlySpan<byte> json, out JsonFault fault) => Read(json, new ByteSpan(0, json.Length), out fault);

    /// <summary>The members of the object at a span; their own spans count from the beginning of the bytes.</summary>
    public static JsonMembers? Read(ReadOnlySpan<byte> json, ByteSpan at, out JsonFault fault)
    {
        fault = JsonFault.Unreadable;
        var bytes = json.Slice(at.Start, at.Length);
        if (!Utf8.IsValid(bytes)) return null;
        try
        {
            return ReadObject(bytes, at.Start, out fault);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second: half of a surrogate pair in a name.
            fault = JsonFault.Unreadable;
            return null;
        }
    }

    /// <summary>The elements of the array at a span; null when there is none.</summary>
    public static List<ByteSpan>? ReadArray(ReadOnlySpan<byte> json, ByteSpan at)
    {
        try
        {
            var reader = new Utf8JsonReader(json.Slice(at.Start, at.Length), new JsonReaderOptions { MaxDepth = MaxDepth });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray) return null;
            var elements = new List<ByteSpan>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) elements.Add(SkipValue(ref reader, at.Start));
            return elements;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonMembers? ReadObject(ReadOnlySpan<byte> bytes, int offset, out JsonFault fault)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
        fault = JsonFault.NoObject;
        if (!reader.Read()) return null;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }
        var start = (int)reader.TokenStartIndex;
        var members = new List<JsonMember>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var nameStart = offset + (int)reader.TokenStartIndex;
            var name = reader.GetString()!;
            reader.Read();
            var value = SkipValue(ref reader, offset);
            members.Add(new JsonMember(name, new ByteSpan(nameStart, value.End - nameStart), value));
            fault = JsonFault.Ambiguous;
            if (!names.Add(name) || members.Count > MaxMembers) return null;
        }
        var end = (int)reader.BytesConsumed;
        fault = JsonFault.Unreadable;
        if (reader.Read()) return null;
        fault = JsonFault.None;
        var found = new JsonMembers(new ByteSpan(offset + start, end - start));
        found._members.AddRange(members);
        return found;
    }

    private static ByteSpan SkipValue(ref Utf8JsonReader reader, int offset)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new ByteSpan(offset + start, (int)reader.BytesConsumed - start);
    }
}
