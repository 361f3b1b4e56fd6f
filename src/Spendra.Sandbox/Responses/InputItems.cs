using System.Text.Json;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Responses;

/// <summary><c>GET /v1/responses/{id}/input_items</c>: the input as the provider keeps it, each item with an id.</summary>
internal static class InputItems
{
    public static Task ListAsync(Exchange exchange, Knobs knobs)
    {
        if (exchange.Sandbox.Responses.Find(exchange.Match.Id) is not { } response)
            return ResponseRoutes.RefuseUnknownAsync(exchange);
        using var input = JsonDocument.Parse(response.Call.InputJson);
        var items = ItemsOf(response, input.RootElement);
        var query = exchange.Context.Request.Query;
        if (Page<Item>.Of(query, items, item => item.Id, byDefault: 20, most: 100, out var page) is { } refusal)
            return Answers.RefuseAsync(exchange, refusal);

        using var buffer = JsonBuffer.Rent();
        var json = buffer.Json;
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach (var item in page.Items)
            Write(json, item);
        json.WriteEndArray();
        json.WriteString("first_id"u8, page.Items.Count > 0 ? page.Items[0].Id : null);
        json.WriteString("last_id"u8, page.Items.Count > 0 ? page.Items[^1].Id : null);
        json.WriteBoolean("has_more"u8, page.HasMore);
        json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    private static List<Item> ItemsOf(StoredResponse response, JsonElement input)
    {
        if (input.ValueKind is not JsonValueKind.Array)
            return [new Item(IdOf(response, 0), input)];
        return [.. input.EnumerateArray().Select((item, index) => new Item(IdOf(response, index), item))];
    }

    /// <summary>The same on every call, since <c>after</c> refers to it.</summary>
    private static string IdOf(StoredResponse response, int index) => $"{response.MessageId}_{index}";

    private static void Write(Utf8JsonWriter json, Item item)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, item.Id);
        if (item.Value.ValueKind is not JsonValueKind.Object)
        {
            WriteMessage(json, "user", item.Value);
        }
        else if (item.Value.TryGetProperty("role", out var role))
        {
            item.Value.TryGetProperty("content", out var content);
            WriteMessage(json, role.ToString(), content);
        }
        else
        {
            foreach (var member in item.Value.EnumerateObject().Where(member => !member.NameEquals("id"u8)))
                member.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter json, string role, JsonElement content)
    {
        json.WriteString("type"u8, "message"u8);
        json.WriteString("status"u8, "completed"u8);
        json.WriteString("role"u8, role);
        json.WritePropertyName("content"u8);
        if (content.ValueKind is JsonValueKind.Array)
        {
            content.WriteTo(json);
            return;
        }
        json.WriteStartArray();
        json.WriteStartObject();
        json.WriteString("type"u8, role is "assistant" ? "output_text"u8 : "input_text"u8);
        json.WriteString("text"u8, content.ToString());
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private readonly record struct Item(string Id, JsonElement Value);
}
