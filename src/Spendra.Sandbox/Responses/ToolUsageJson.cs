using System.Text.Json;

namespace Spendra.Sandbox.Responses;

/// <summary>What tools used beside the tokens of the response itself: images are made by another model.</summary>
internal static class ToolUsageJson
{
    private const int PromptTokens = 50;

    // A square of medium quality.
    private const int ImageTokens = 1_056;

    public static void Write(Utf8JsonWriter json, IReadOnlyList<ToolCall> tools)
    {
        json.WriteStartObject("tool_usage"u8);
        WriteImages(json, tools.Count(tool => tool.Kind is ToolKind.Image));
        json.WriteStartObject("web_search"u8);
        json.WriteNumber("num_requests"u8, tools.Count(tool => tool.Kind is ToolKind.WebSearch));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteImages(Utf8JsonWriter json, int count)
    {
        var (input, output) = (PromptTokens * count, ImageTokens * count);
        json.WriteStartObject("image_gen"u8);
        json.WriteNumber("input_tokens"u8, input);
        WriteDetails(json, "input_tokens_details"u8, text: input, image: 0);
        json.WriteNumber("output_tokens"u8, output);
        WriteDetails(json, "output_tokens_details"u8, text: 0, image: output);
        json.WriteNumber("total_tokens"u8, input + output);
        json.WriteEndObject();
    }

    private static void WriteDetails(Utf8JsonWriter json, ReadOnlySpan<byte> name, int text, int image)
    {
        json.WriteStartObject(name);
        json.WriteNumber("image_tokens"u8, image);
        json.WriteNumber("text_tokens"u8, text);
        json.WriteEndObject();
    }
}
