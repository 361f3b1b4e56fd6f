using System.Text.Json;

namespace Spendra.Settings;

/// <summary>The optional <c>spendra.json</c>: sections are objects, comments and trailing commas are fine.</summary>
internal static class SettingsFile
{
    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = 8,
        AllowDuplicateProperties = false,
    };

    public static SettingSource Read(string path, List<string> errors)
    {
        var source = new SettingSource(name => $"{name} in {path}");
        if (!File.Exists(path)) return source;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), Lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                errors.Add($"{path} holds no JSON object: write {{ \"Urls\": \"…\", … }}");
            else
                Flatten(document.RootElement, "", source, path, errors);
        }
        catch (JsonException e)
        {
            // Positions are counted from zero in the exception and from one in every editor.
            var where = e.LineNumber is { } line ? $" at line {line + 1}, column {e.BytePositionInLine + 1}" : "";
            errors.Add($"{path} is not valid JSON{where}: {Reason(e)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path} cannot be read ({e.Message}): check its mode, or remove it");
        }
        return source;
    }

    private static void Flatten(JsonElement section, string prefix, SettingSource source, string path, List<string> errors)
    {
        foreach (var property in section.EnumerateObject())
        {
            var name = prefix + property.Name;
            switch (property.Value.ValueKind)
            {
                case JsonValueKind.Object:
                    Flatten(property.Value, name + ":", source, path, errors);
                    break;
                case JsonValueKind.Array:
                    errors.Add($"{name} in {path} is a list: write one value; several URLs are separated by ';'");
                    break;
                case JsonValueKind.Undefined or JsonValueKind.Null:
                    break;
                default:
                    source.Set(name, property.Value.ToString());
                    break;
            }
        }
    }

    /// <summary>The parser's message without the position, which it repeats in its own way.</summary>
    private static string Reason(JsonException e)
    {
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? e.Message : e.Message[..end]).TrimEnd('.');
    }
}
