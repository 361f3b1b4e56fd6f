using System.Text;
using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Batches;

/// <summary><c>/v1/batches</c>: create, fetch, list, cancel.</summary>
internal static class BatchRoutes
{
    private const int MaxPage = 100;
    private const int DefaultPage = 20;

    public static async Task CreateAsync(Exchange exchange, ModelCall call)
    {
        var fields = call.Fields!;
        var fileId = fields.Required("input_file_id");
        var endpoint = fields.Required("endpoint");
        var window = fields.Required("completion_window");
        var file = exchange.Sandbox.Files.Find(fileId);
        if (!LineAnswer.Endpoints.Contains(endpoint))
            fields.Blame(Refusal.Invalid($"Invalid value: '{endpoint}'.", "endpoint", "invalid_value"));
        if (window is not "24h")
            fields.Blame(Refusal.Invalid($"Invalid value: '{window}'. Supported values are: '24h'.", "completion_window", "invalid_value"));
        if (file?.Content is null)
            fields.Blame(Refusal.Invalid($"No such File object: {fileId}", "input_file_id"));
        else if (file.Purpose is not "batch")
            fields.Blame(Refusal.Invalid("The file must have the purpose 'batch'.", "input_file_id", "invalid_purpose"));
        if (fields.Fault is { } refusal)
        {
            await Answers.RefuseAsync(exchange, refusal);
            return;
        }
        var batch = await RunAsync(exchange, call, file!.Content!, (fileId, endpoint, window));
        exchange.Sandbox.Batches.Add(batch);
        batch.Fetched(exchange, isCreation: true);
        await SendAsync(exchange, batch, call.Knobs);
    }

    public static Task GetAsync(Exchange exchange, Knobs knobs)
    {
        if (exchange.Sandbox.Batches.Find(exchange.Match.Id) is not { } batch)
            return RefuseUnknownAsync(exchange);
        batch.Fetched(exchange);
        return SendAsync(exchange, batch, knobs);
    }

    public static Task CancelAsync(Exchange exchange, Knobs knobs)
    {
        if (exchange.Sandbox.Batches.Find(exchange.Match.Id) is not { } batch)
            return RefuseUnknownAsync(exchange);
        if (!batch.Cancel())
        {
            return Answers.RefuseAsync(exchange, new Refusal(
                409, $"Cannot cancel a batch with status '{batch.Status}'.", "invalid_request_error"));
        }
        return SendAsync(exchange, batch, knobs);
    }

    public static Task ListAsync(Exchange exchange, Knobs knobs)
    {
        var query = exchange.Context.Request.Query;
        var all = exchange.Sandbox.Batches.All();
        if (Page<StoredBatch>.Of(query, all, batch => batch.Id, DefaultPage, MaxPage, out var page) is { } refusal)
            return Answers.RefuseAsync(exchange, refusal);
        using var buffer = JsonBuffer.Rent();
        var json = buffer.Json;
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach (var batch in page.Items)
            BatchJson.Write(json, batch);
        json.WriteEndArray();
        json.WriteString("first_id"u8, page.Items.Count > 0 ? page.Items[0].Id : null);
        json.WriteString("last_id"u8, page.Items.Count > 0 ? page.Items[^1].Id : null);
        json.WriteBoolean("has_more"u8, page.HasMore);
        json.WriteEndObject();
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    private static async Task<StoredBatch> RunAsync(
        Exchange exchange, ModelCall call, byte[] content, (string FileId, string Endpoint, string Window) asked)
    {
        var faults = new List<BatchFault>();
        var inputs = BatchInput.ReadAll(content, asked.Endpoint, faults);
        var lines = new List<BatchLine>();
        // A file with one bad line is not run at all.
        foreach (var input in faults.Count == 0 ? inputs : [])
            lines.Add(await LineAnswer.RunAsync(exchange, asked.Endpoint, input));
        var hasMetadata = call.Fields!.Json.TryGetProperty("metadata", out var metadata) && metadata.ValueKind is JsonValueKind.Object;
        return new StoredBatch
        {
            Id = exchange.Sandbox.Ids.Next("batch_"),
            InputFileId = asked.FileId,
            Endpoint = asked.Endpoint,
            Window = asked.Window,
            Call = call,
            CreatedAtSeconds = exchange.Sandbox.NowSeconds,
            MetadataJson = hasMetadata ? Encoding.UTF8.GetBytes(metadata.GetRawText()) : "null"u8.ToArray(),
            Faults = faults,
            Lines = lines,
        };
    }

    private static Task SendAsync(Exchange exchange, StoredBatch batch, Knobs knobs)
    {
        using var buffer = JsonBuffer.Rent();
        BatchJson.Write(buffer.Json, batch);
        return Answers.SendJsonAsync(exchange, buffer, knobs);
    }

    private static Task RefuseUnknownAsync(Exchange exchange) =>
        Answers.RefuseAsync(exchange, Refusal.NotFound($"No batch found with id '{exchange.Match.Id}'."));
}
