using System.Buffers;
using System.Text.Json;

namespace Spendra.Gateway.Dialects;

/// <summary>
/// A member of a JSON object or an item of an array, as it stands in a body that was read before and so is well-formed.
/// Parts can be left out and the rest put together again: each of them stays byte for byte what it was.
/// </summary>
/// <param name="Name">The member's name, escapes resolved; empty for an item.</param>
/// <param name="Head">What stands before the value: the name as it is written; empty for an item.</param>
/// <param name="Value">The value.</param>
internal readonly record struct JsonPart(string Name, ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Value)
{
    private const int MaxDepth = 128;

    public bool IsObject => Value.Span[0] == '{';

    public bool IsArray => Value.Span[0] == '[';

    /// <summary>The parts of an object or an array, in order; none of anything else.</summary>
    public static List<JsonPart> Of(ReadOnlyMemory<byte> json)
    {
        var parts = new List<JsonPart>();
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
        reader.Read();
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return parts;
        while (reader.Read() && reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray))
        {
            var name = "";
            ReadOnlyMemory<byte> head = default;
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                name = reader.GetString()!;
                head = json[(int)reader.TokenStartIndex..(int)reader.BytesConsumed];
                reader.Read();
            }
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            parts.Add(new JsonPart(name, head, json[start..(int)reader.BytesConsumed]));
        }
        return parts;
    }

    /// <summary>The text of a member with this name; null when there is none or it is no text.</summary>
    public static string? TextOf(ReadOnlyMemory<byte> json, string name)
    {
        foreach (var part in Of(json))
        {
            if (part.Name == name) return part.Text;
        }
        return null;
    }

    public string? Text
    {
        get
        {
            var reader = new Utf8JsonReader(Value.Span);
            return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        }
    }

    /// <summary>An object of members.</summary>
    public static ReadOnlyMemory<byte> Object(IEnumerable<JsonPart> members) => Join('{', members, '}');

    /// <summary>An array of items.</summary>
    public static ReadOnlyMemory<byte> Array(IEnumerable<JsonPart> items) => Join('[', items, ']');

    private static ReadOnlyMemory<byte> Join(char open, IEnumerable<JsonPart> parts, char close)
    {
        var json = new ArrayBufferWriter<byte>();
        json.Write([(byte)open]);
        var isFirst = true;
        foreach (var part in parts)
        {
            if (!isFirst) json.Write(","u8);
            isFirst = false;
            json.Write(part.Head.Span);
            // A reader may count the colon to the name or not.
            if (!part.Head.IsEmpty && part.Head.Span[^1] != ':') json.Write(":"u8);
            json.Write(part.Value.Span);
        }
        json.Write([(byte)close]);
        return json.WrittenMemory;
    }
}
