using System.Text.Json;

namespace Spendra.Sandbox.Azure;

/// <summary>The verdict of Azure's content filter: each category with its severity.</summary>
internal static class ContentFilter
{
    private static readonly string[] s_categories = ["hate", "self_harm", "sexual", "violence"];

    /// <param name="json">Where to.</param>
    /// <param name="name">The member that holds the verdict.</param>
    /// <param name="isFiltered">Something was found; it is always the last category.</param>
    public static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, bool isFiltered)
    {
        json.WriteStartObject(name);
        foreach (var category in s_categories)
        {
            var isHit = isFiltered && category == s_categories[^1];
            json.WriteStartObject(category);
            json.WriteBoolean("filtered"u8, isHit);
            json.WriteString("severity"u8, isHit ? "high"u8 : "safe"u8);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    public static void WriteOfPrompt(Utf8JsonWriter json)
    {
        json.WriteStartArray("prompt_filter_results"u8);
        json.WriteStartObject();
        json.WriteNumber("prompt_index"u8, 0);
        Write(json, "content_filter_results"u8, isFiltered: false);
        json.WriteEndObject();
        json.WriteEndArray();
    }
}
