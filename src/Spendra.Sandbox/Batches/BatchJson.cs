using System.Text.Json;
using Spendra.Sandbox.Calls;
using Spendra.Sandbox.Directives;
using Spendra.Sandbox.Wire;

namespace Spendra.Sandbox.Batches;

/// <summary>The batch object.</summary>
internal static class BatchJson
{
    private const long WindowSeconds = 24 * 3_600;

    public static void Write(Utf8JsonWriter json, StoredBatch batch)
    {
        var outcome = batch.Outcome;
        json.WriteStartObject();
        json.WriteString("id"u8, batch.Id);
        json.WriteString("object"u8, "batch"u8);
        json.WriteString("endpoint"u8, batch.Endpoint);
        WriteErrors(json, batch, outcome);
        json.WriteString("input_file_id"u8, batch.InputFileId);
        json.WriteString("completion_window"u8, batch.Window);
        json.WriteString("status"u8, batch.Status);
        json.WriteString("output_file_id"u8, outcome?.OutputFileId);
        json.WriteString("error_file_id"u8, outcome?.ErrorFileId);
        WriteTimes(json, batch, outcome);
        json.WriteStartObject("request_counts"u8);
        json.WriteNumber("total"u8, batch.Lines.Count);
        json.WriteNumber("completed"u8, outcome?.Completed ?? 0);
        json.WriteNumber("failed"u8, outcome?.Failed ?? 0);
        json.WriteEndObject();
        if (!batch.Knobs.NoUsage)
            WriteUsage(json, batch, outcome);
        json.WritePropertyName("metadata"u8);
        json.WriteRawValue(batch.MetadataJson, skipInputValidation: true);
        json.WriteEndObject();
    }

    private static void WriteErrors(Utf8JsonWriter json, StoredBatch batch, BatchOutcome? outcome)
    {
        if (outcome?.End is not BatchEnd.Failed)
        {
            json.WriteNull("errors"u8);
            return;
        }
        IReadOnlyList<BatchFault> faults =
            batch.Faults.Count > 0 ? batch.Faults : [new("server_error", Refusal.OfStatus(500).Message, null)];
        json.WriteStartObject("errors"u8);
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach (var fault in faults)
        {
            json.WriteStartObject();
            json.WriteString("code"u8, fault.Code);
            json.WriteString("message"u8, fault.Message);
            json.WriteNull("param"u8);
            if (fault.Line is { } line)
                json.WriteNumber("line"u8, line);
            else
                json.WriteNull("line"u8);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTimes(Utf8JsonWriter json, StoredBatch batch, BatchOutcome? outcome)
    {
        json.WriteNumber("created_at"u8, batch.CreatedAtSeconds);
        json.WriteNumber("expires_at"u8, batch.CreatedAtSeconds + WindowSeconds);
        Time(json, "in_progress_at"u8, batch.Status is "validating" ? null : batch.CreatedAtSeconds);
        Time(json, "completed_at"u8, At(BatchEnd.Completed));
        Time(json, "failed_at"u8, At(BatchEnd.Failed));
        Time(json, "expired_at"u8, At(BatchEnd.Expired));
        Time(json, "cancelled_at"u8, At(BatchEnd.Cancelled));

        long? At(BatchEnd end) => outcome?.End == end ? outcome.EndedAtSeconds : null;
    }

    private static void Time(Utf8JsonWriter json, ReadOnlySpan<byte> name, long? seconds)
    {
        if (seconds is { } at)
            json.WriteNumber(name, at);
        else
            json.WriteNull(name);
    }

    private static void WriteUsage(Utf8JsonWriter json, StoredBatch batch, BatchOutcome? outcome)
    {
        var sum = outcome?.Usage ?? default;
        var knobs = batch.Knobs;
        var usage = new Usage(
            knobs.InputTokens ?? sum.Input, knobs.OutputTokens ?? sum.Output, knobs.CachedTokens ?? sum.Cached, 0,
            knobs.ReasoningTokens ?? sum.Reasoning, knobs.UsageAsStrings)
        {
            GivenTotal = knobs.TotalTokens,
        };
        json.WriteStartObject("usage"u8);
        UsageJson.WriteResponseMembers(json, usage);
        json.WriteEndObject();
    }
}
