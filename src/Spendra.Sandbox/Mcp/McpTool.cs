using System.Text.Json;

namespace Spendra.Sandbox.Mcp;

/// <summary>The tools of every simulated server: one that reads, one that computes, one that does something outside.</summary>
/// <param name="Name">As <c>tools/call</c> names it.</param>
/// <param name="Description">For the model.</param>
/// <param name="Argument">The one argument that it takes, a text.</param>
internal sealed record McpTool(string Name, string Description, string Argument)
{
    public static readonly IReadOnlyList<McpTool> All =
    [
        new("search", "Searches the sandbox.", "query"),
        new("translate", "Translates a text.", "text"),
        new("send_mail", "Sends a message.", "body"),
    ];

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, Name);
        json.WriteString("description"u8, Description);
        json.WriteStartObject("inputSchema"u8);
        json.WriteString("type"u8, "object"u8);
        json.WriteStartObject("properties"u8);
        json.WriteStartObject(Argument);
        json.WriteString("type"u8, "string"u8);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("required"u8);
        json.WriteStringValue(Argument);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
