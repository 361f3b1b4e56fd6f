using System.Text.Json;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Mcp;

/// <summary>One JSON-RPC message.</summary>
/// <param name="Method">Empty when it answers a request of ours, which there are none of.</param>
/// <param name="Id">Undefined for a notification, which gets no answer.</param>
/// <param name="Params">Undefined when there are none.</param>
internal readonly record struct McpMessage(string Method, JsonElement Id, JsonElement Params)
{
    public bool IsRequest => Method.Length > 0 && Id.ValueKind is JsonValueKind.String or JsonValueKind.Number;

    public static Refusal? Read(JsonElement json, out McpMessage message)
    {
        message = default;
        if (json.ValueKind is not JsonValueKind.Object)
            return Refusal.Invalid("Invalid Request: one JSON-RPC message is expected, since batches are no longer part of the protocol.");
        if (!json.TryGetProperty("jsonrpc", out var version) || version.ValueKind is not JsonValueKind.String || !version.ValueEquals("2.0"))
            return Refusal.Invalid("Invalid Request: jsonrpc must be \"2.0\".");
        json.TryGetProperty("id", out var id);
        json.TryGetProperty("params", out var parameters);
        var method = json.TryGetProperty("method", out var given) && given.ValueKind is JsonValueKind.String ? given.GetString()! : "";
        message = new McpMessage(method, id, parameters);
        return null;
    }

    public string? Param(string name) =>
        Params.ValueKind is JsonValueKind.Object && Params.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>Writes the members of an answer that gives a result; <paramref name="write"/> writes the result's members.</summary>
    public void WriteResult(Utf8JsonWriter json, Action<Utf8JsonWriter> write)
    {
        WriteHead(json);
        json.WriteStartObject("result"u8);
        write(json);
        json.WriteEndObject();
    }

    public void WriteError(Utf8JsonWriter json, int code, string message)
    {
        WriteHead(json);
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, code);
        json.WriteString("message"u8, message);
        json.WriteEndObject();
    }

    private void WriteHead(Utf8JsonWriter json)
    {
        json.WriteString("jsonrpc"u8, "2.0"u8);
        json.WritePropertyName("id"u8);
        Id.WriteTo(json);
    }
}
