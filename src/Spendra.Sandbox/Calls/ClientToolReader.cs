using System.Text.Json;

namespace Spendra.Sandbox.Calls;

/// <summary>The first tool that its client runs: the one that is called when a knob asks for calls.</summary>
internal static class ClientToolReader
{
    private static readonly JsonElement s_none = JsonDocument.Parse("{}").RootElement;

    /// <summary>From the name <c>tools</c> to the end of its value.</summary>
    /// <returns>The name of the first function, or <see langword="null"/>.</returns>
    public static string? ReadName(ref Utf8JsonReader json)
    {
        using var tools = JsonDocument.ParseValue(ref json);
        if (tools.RootElement.ValueKind is not JsonValueKind.Array)
            return null;
        foreach (var tool in tools.RootElement.EnumerateArray())
        {
            if (tool.ValueKind is JsonValueKind.Object
                && FunctionOf(tool).TryGetProperty("name", out var name) && name.ValueKind is JsonValueKind.String)
                return name.GetString();
        }
        return null;
    }

    /// <summary>A chat has what a function is in a member of the tool, a response in the tool itself.</summary>
    private static JsonElement FunctionOf(JsonElement tool)
    {
        if (tool.TryGetProperty("function", out var function) && function.ValueKind is JsonValueKind.Object)
            return function;
        return tool.TryGetProperty("type", out var type) && type.ValueEquals("function"u8) ? tool : s_none;
    }
}
