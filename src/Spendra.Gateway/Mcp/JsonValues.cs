using System.Text;
using System.Text.Json;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Mcp;

/// <summary>Single values inside a JSON text that is known to be well-formed.</summary>
internal static class JsonValues
{
    /// <summary>The text of a string; null for everything else.</summary>
    public static string? Text(ReadOnlySpan<byte> json, ByteSpan? at)
    {
        if (at is not { } span) return null;
        var reader = new Utf8JsonReader(json.Slice(span.Start, span.Length));
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }

    /// <summary>The digits of a number, or of a string that holds one; null for everything else.</summary>
    public static string? Digits(ReadOnlySpan<byte> json, ByteSpan? at)
    {
        if (at is not { } span) return null;
        return json[span.Start] == '"' ? Text(json, at) : Encoding.ASCII.GetString(json.Slice(span.Start, span.Length));
    }

    public static int? Whole(ReadOnlySpan<byte> json, ByteSpan? at)
    {
        if (at is not { } span) return null;
        var reader = new Utf8JsonReader(json.Slice(span.Start, span.Length));
        return reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) ? number : null;
    }

    public static bool IsTrue(ReadOnlySpan<byte> json, ByteSpan? at) =>
        at is { } span && json.Slice(span.Start, span.Length).SequenceEqual("true"u8);

    public static bool IsObject(ReadOnlySpan<byte> json, ByteSpan? at) => at is { } span && json[span.Start] == '{';
}
