using System.Text.Json;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>A batch in the provider's list, as far as it tells which request made it.</summary>
internal sealed record ListedBatch(string Id, string InputFileId, long CreatedAtSeconds);

/// <summary>One page of the provider's list of all batches of an account.</summary>
/// <param name="Batches">In the provider's order.</param>
/// <param name="HasMore">Others come after the last of them.</param>
internal sealed record BatchPage(IReadOnlyList<ListedBatch> Batches, bool HasMore)
{
    /// <summary>As many as are asked for at a time.</summary>
    public const int Size = 100;

    /// <summary>What is held of a page at most.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <summary>Null when the body is no page, or one batch of it makes no sense: that one might be the one that is looked for.</summary>
    public static BatchPage? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 64 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array) return null;
            if (!root.TryGetProperty("has_more", out var more) || more.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return null;
            var batches = new List<ListedBatch>();
            foreach (var item in data.EnumerateArray())
            {
                if (ReadOne(item) is not { } batch) return null;
                batches.Add(batch);
            }
            // More after nothing: there is no place to go on from.
            return batches.Count == 0 && more.GetBoolean() ? null : new BatchPage(batches, more.GetBoolean());
        }
        // InvalidOperationException: a text with half of a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static ListedBatch? ReadOne(JsonElement item) =>
        item.ValueKind == JsonValueKind.Object
        && IdOf(item, "id") is { } id
        && IdOf(item, "input_file_id") is { } file
        && item.TryGetProperty("created_at", out var created) && created.ValueKind == JsonValueKind.Number && created.TryGetInt64(out var seconds)
            ? new ListedBatch(id, file, seconds)
            : null;

    private static string? IdOf(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { } id && Intake.IsObjectId(id) ? id : null;
}
