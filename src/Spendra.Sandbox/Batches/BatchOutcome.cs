using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Files;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Batches;

/// <summary>How a batch ended, with the files that hold its answers.</summary>
internal sealed record BatchOutcome
{
    public required BatchEnd End { get; init; }
    public required long EndedAtSeconds { get; init; }
    public required int Completed { get; init; }
    public required int Failed { get; init; }
    public required Usage Usage { get; init; }
    public string? OutputFileId { get; init; }
    public string? ErrorFileId { get; init; }

    public string Status => End switch
    {
        BatchEnd.Completed => "completed",
        BatchEnd.Expired => "expired",
        BatchEnd.Failed => "failed",
        BatchEnd.Cancelled => "cancelled",
    };

    public static BatchOutcome Of(Exchange exchange, StoredBatch batch, BatchEnd end)
    {
        var count = end switch
        {
            BatchEnd.Completed => batch.Lines.Count,
            BatchEnd.Failed => 0,
            BatchEnd.Expired or BatchEnd.Cancelled => Math.Min(batch.Knobs.BatchLines, batch.Lines.Count),
        };
        var done = batch.Lines.Take(count).ToList();
        var answered = done.Where(line => line.IsAnswered).ToList();
        var failed = done.Where(line => !line.IsAnswered).ToList();
        var expired = end is BatchEnd.Expired ? batch.Lines.Skip(count).ToList() : [];
        return new BatchOutcome
        {
            End = end,
            EndedAtSeconds = exchange.Sandbox.NowSeconds,
            Completed = answered.Count,
            Failed = failed.Count + expired.Count,
            Usage = BatchUsage.Of(answered),
            OutputFileId = Save(exchange, batch, "output", [.. answered.Select(Answer)]),
            ErrorFileId = Save(exchange, batch, "error", [.. failed.Select(Answer), .. expired.Select(Expiry)]),
        };
    }

    private static byte[] Answer(BatchLine line) => Line(line, static (json, line) =>
    {
        json.WriteStartObject("response"u8);
        json.WriteNumber("status_code"u8, line.Status);
        json.WriteString("request_id"u8, line.RequestId);
        json.WritePropertyName("body"u8);
        json.WriteRawValue(line.Body, skipInputValidation: true);
        json.WriteEndObject();
        json.WriteNull("error"u8);
    });

    private static byte[] Expiry(BatchLine line) => Line(line, static (json, _) =>
    {
        json.WriteNull("response"u8);
        json.WriteStartObject("error"u8);
        json.WriteString("code"u8, "batch_expired"u8);
        json.WriteString("message"u8, "This request could not be executed before the completion window expired."u8);
        json.WriteEndObject();
    });

    private static byte[] Line(BatchLine line, Action<Utf8JsonWriter, BatchLine> write)
    {
        using var buffer = JsonBuffer.Rent();
        buffer.Json.WriteStartObject();
        buffer.Json.WriteString("id"u8, line.Id);
        buffer.Json.WriteString("custom_id"u8, line.CustomId);
        write(buffer.Json, line);
        buffer.Json.WriteEndObject();
        buffer.Json.Flush();
        return [.. buffer.Written.Span, (byte)'\n'];
    }

    /// <returns>The new file, or <see langword="null"/> when there is nothing to write.</returns>
    private static string? Save(Exchange exchange, StoredBatch batch, string kind, IReadOnlyList<byte[]> lines)
    {
        if (lines.Count == 0)
            return null;
        byte[] content = [.. lines.SelectMany(line => line)];
        var file = new StoredFile
        {
            Id = exchange.Sandbox.Ids.Next("file-"),
            Name = $"{batch.Id}_{kind}.jsonl",
            Purpose = "batch_output",
            Bytes = content.Length,
            Content = content.Length <= exchange.Sandbox.Options.MaxFileContentBytes ? content : null,
            CreatedAtSeconds = exchange.Sandbox.NowSeconds,
        };
        exchange.Sandbox.Files.Add(file);
        return file.Id;
    }
}
