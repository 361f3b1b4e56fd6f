using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Dialects.OpenAi.Media;

/// <summary>Takes the governed fields out of a JSON body in one pass; all others are none of our business.</summary>
internal static class MediaJsonReader
{
    /// <summary>Null, or what is wrong with the body as JSON; what is wrong with its fields is in them.</summary>
    public static RequestFault? Read(ReadOnlySpan<byte> body, MediaKind kind, MediaFields fields)
    {
        if (!Utf8.IsValid(body)) return RequestFault.NotUtf8;
        try
        {
            return ReadRoot(new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = OpenAiRequestReader.MaxDepth }), kind, fields);
        }
        catch (JsonException e)
        {
            return RequestFault.NotJson(e, OpenAiRequestReader.MaxDepth);
        }
        catch (InvalidOperationException)
        {
            return RequestFault.NotUnicode;
        }
    }

    private static RequestFault? ReadRoot(Utf8JsonReader json, MediaKind kind, MediaFields fields)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return RequestFault.NotAnObject;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            if (!MediaFields.Governs(kind, name)) json.Skip();
            else Take(ref json, name, fields);
        }
        return json.Read() ? RequestFault.MoreAfterTheEnd : null;
    }

    private static void Take(ref Utf8JsonReader json, string name, MediaFields fields)
    {
        var isAllowed = json.TokenType switch
        {
            JsonTokenType.Null => true,
            JsonTokenType.Number => name is "n" or "partial_images",
            JsonTokenType.True or JsonTokenType.False => name is "stream",
            JsonTokenType.String => name is not ("n" or "partial_images" or "stream"),
            _ => false,
        };
        if (!isAllowed) fields.Fail("is not of the type that it must be", name);
        if (json.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject) json.Skip();
        else if (json.TokenType == JsonTokenType.String) fields.Set(name, json.GetString()!);
        else if (json.TokenType == JsonTokenType.Null) fields.SetAbsent(name);
        else fields.Set(name, Encoding.ASCII.GetString(json.ValueSpan));
    }
}
