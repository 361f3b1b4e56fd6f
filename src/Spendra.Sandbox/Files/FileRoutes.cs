using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Files;

/// <summary><c>/v1/files</c> apart from the upload: list, fetch, content, delete.</summary>
internal static class FileRoutes
{
    private const int MaxPage = 10_000;

    public static Task ListAsync(Exchange exchange, Knobs knobs)
    {
        var query = exchange.Context.Request.Query;
        IEnumerable<StoredFile> files = exchange.Sandbox.Files.All();
        if (query.TryGetValue("purpose", out var purpose))
            files = files.Where(file => file.Purpose == purpose);
        if (Page<StoredFile>.Of(query, files, file => file.Id, MaxPage, MaxPage, out var page) is { } refusal)
            return Answers.RefuseAsync(exchange, refusal);

        using var buffer = JsonBuffer.Rent();
        var json = buffer.Json;
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach (var file in page.Items)
            FileJson.Write(json, file);
        json.WriteEndArray();
        json.WriteString("first_id"u8, page.Items.Count > 0 ? page.Items[0].Id : null);
        json.WriteString("last_id"u8, page.Items.Count > 0 ? page.Items[^1].Id : null);
        json.WriteBoolean("has_more"u8, page.HasMore);
        json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    public static Task GetAsync(Exchange exchange, Knobs knobs) =>
        exchange.Sandbox.Files.Find(exchange.Match.Id) is { } file
            ? SendAsync(exchange, file, knobs)
            : RefuseUnknownAsync(exchange);

    public static Task GetContentAsync(Exchange exchange, Knobs knobs)
    {
        if (exchange.Sandbox.Files.Find(exchange.Match.Id) is not { } file)
            return RefuseUnknownAsync(exchange);
        if (file.Content is not { } content)
        {
            // Half a file would look like a whole one.
            return Answers.RefuseAsync(
                exchange, new Refusal(507, "The sandbox did not keep the content of this file.", "server_error", null, "content_not_kept"));
        }
        return Answers.SendAsync(exchange, content, "application/octet-stream", knobs);
    }

    public static Task DeleteAsync(Exchange exchange, Knobs knobs) =>
        exchange.Sandbox.Files.Remove(exchange.Match.Id)
            ? Answers.SendDeletedAsync(exchange, "file", knobs)
            : RefuseUnknownAsync(exchange);

    public static Task SendAsync(Exchange exchange, StoredFile file, Knobs knobs)
    {
        using var buffer = JsonBuffer.Rent();
        FileJson.Write(buffer.Json, file);
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    private static Task RefuseUnknownAsync(Exchange exchange) =>
        Answers.RefuseAsync(exchange, Refusal.NotFound($"No such File object: {exchange.Match.Id}", "id"));
}
