using System.Text.Json;

namespace Spendra.Sandbox.Files;

/// <summary>The file object.</summary>
internal static class FileJson
{
    public static void Write(Utf8JsonWriter json, StoredFile file)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, file.Id);
        json.WriteString("object"u8, "file"u8);
        json.WriteNumber("bytes"u8, file.Bytes);
        json.WriteNumber("created_at"u8, file.CreatedAtSeconds);
        if (file.ExpiresAtSeconds is { } expiresAt)
            json.WriteNumber("expires_at"u8, expiresAt);
        else
            json.WriteNull("expires_at"u8);
        json.WriteString("filename"u8, file.Name);
        json.WriteString("purpose"u8, file.Purpose);
        json.WriteString("status"u8, "processed"u8);
        json.WriteNull("status_details"u8);
        json.WriteEndObject();
    }
}
