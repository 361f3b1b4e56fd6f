using System.Buffers;
using System.Text.Json;
using Spendra.Sandbox.Directives;

namespace Spendra.Sandbox.Calls;

/// <summary>Counts messages and the bytes of their text, and notes the directive of the last user message.</summary>
internal struct TextCounter
{
    public long Bytes { get; private set; }
    public int Messages { get; private set; }

    /// <summary>The directive in the last user text; <see langword="null"/> when that text has none.</summary>
    public string? Directive { get; private set; }

    /// <summary>A whole input that is one string.</summary>
    public void ReadUserText(ref Utf8JsonReader json)
    {
        Messages++;
        Directive = null;
        Directive = ReadText(ref json);
    }

    public void ReadInstructions(ref Utf8JsonReader json)
    {
        Messages++;
        ReadText(ref json);
    }

    /// <summary>An array of messages or input items; stands on its start.</summary>
    public void ReadItems(ref Utf8JsonReader json)
    {
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType is JsonTokenType.StartObject)
                ReadItem(ref json);
            else
                json.Skip();
        }
    }

    /// <summary>Counts the string that the reader stands on.</summary>
    /// <returns>Its directive, or <see langword="null"/>.</returns>
    public string? ReadText(ref Utf8JsonReader json)
    {
        Bytes += json.ValueIsEscaped ? UnescapedLength(ref json) : json.ValueSpan.Length;
        return json.ValueSpan.IndexOf("[[sandbox"u8) >= 0 ? KnobsText.Directive(json.GetString()!) : null;
    }

    private void ReadItem(ref Utf8JsonReader json)
    {
        Messages++;
        var isUser = false;
        string? directive = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("role"u8))
            {
                json.Read();
                isUser = json.TokenType is JsonTokenType.String && json.ValueTextEquals("user"u8);
                json.Skip();
            }
            else if (json.ValueTextEquals("content"u8) || json.ValueTextEquals("output"u8))
            {
                json.Read();
                directive = ReadContent(ref json) ?? directive;
            }
            else
            {
                json.Skip();
            }
        }
        if (isUser)
            Directive = directive;
    }

    private string? ReadContent(ref Utf8JsonReader json)
    {
        if (json.TokenType is JsonTokenType.String)
            return ReadText(ref json);
        if (json.TokenType is not JsonTokenType.StartArray)
        {
            json.Skip();
            return null;
        }
        string? directive = null;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType is JsonTokenType.StartObject)
                directive = ReadPart(ref json) ?? directive;
            else
                json.Skip();
        }
        return directive;
    }

    private string? ReadPart(ref Utf8JsonReader json)
    {
        string? directive = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isText = json.ValueTextEquals("text"u8);
            json.Read();
            if (isText && json.TokenType is JsonTokenType.String)
                directive = ReadText(ref json);
            else
                json.Skip();
        }
        return directive;
    }

    private static int UnescapedLength(ref Utf8JsonReader json)
    {
        var rented = ArrayPool<byte>.Shared.Rent(json.ValueSpan.Length);
        try
        {
            return json.CopyString(rented);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
