using System.Text.Json;
using Spendra.Gateway.Requests;

namespace Spendra.Gateway.Batches;

/// <summary>A batch as the provider shows it, as far as its end and its files are concerned.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status">The provider's word for how far it is.</param>
/// <param name="Endpoint">What its lines called; empty when it does not say.</param>
/// <param name="OutputFileId">The file of answers, or null.</param>
/// <param name="ErrorFileId">The file of calls that failed, or null.</param>
/// <param name="Completed">How many calls were answered, or null when it does not say.</param>
internal sealed record BatchState(string Id, string Status, string Endpoint, string? OutputFileId, string? ErrorFileId, long? Completed)
{
    /// <summary>What is held of a body at most.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>Nothing more will be done or billed.</summary>
    public bool HasEnded => Status is "completed" or "failed" or "expired" or "cancelled";

    /// <summary>The files that it made, in the order in which they are read.</summary>
    public IEnumerable<string> Files
    {
        get
        {
            if (OutputFileId is { } output) yield return output;
            if (ErrorFileId is { } error && error != OutputFileId) yield return error;
        }
    }

    /// <summary>How many answers there must be, or null when that is not known.</summary>
    // A file that fails the provider's check is not begun.
    public long? Answers => Completed ?? (Status == "failed" && OutputFileId is null ? 0 : null);

    /// <summary>Reads a batch whole; null when the body is too large for one, or none.</summary>
    /// <exception cref="IOException">The provider broke off.</exception>
    public static async Task<(BatchState? State, ReadOnlyMemory<byte> Body)> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        return await HoldAsync(response, MaxBytes, cancel) is { } whole ? (Read(whole), whole) : default;
    }

    /// <summary>Reads a body whole; null when it is too large.</summary>
    /// <exception cref="IOException">The provider broke off.</exception>
    public static async Task<ReadOnlyMemory<byte>?> HoldAsync(HttpResponseMessage response, int maxBytes, CancellationToken cancel)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        using var held = new MemoryStream();
        var piece = new byte[4096];
        int read;
        while ((read = await body.ReadAsync(piece, cancel)) > 0)
        {
            if (held.Length + read > maxBytes) return null;
            held.Write(piece, 0, read);
        }
        return held.GetBuffer().AsMemory(0, (int)held.Length);
    }

    /// <summary>Null when the body is no batch, or one that makes no sense.</summary>
    public static BatchState? Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 64 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) return null;
            if (IdOf(root, "id") is not { } id || TextOf(root, "status") is not { } status) return null;
            var (output, error) = (IdOf(root, "output_file_id"), IdOf(root, "error_file_id"));
            // An id that leads nowhere stands for answers that cannot be read.
            if (output is null != TextOf(root, "output_file_id") is null || error is null != TextOf(root, "error_file_id") is null) return null;
            return new BatchState(id, status, TextOf(root, "endpoint") ?? "", output, error, CompletedOf(root));
        }
        // InvalidOperationException: a text with half of a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static long? CompletedOf(JsonElement root) =>
        root.TryGetProperty("request_counts", out var counts) && counts.ValueKind == JsonValueKind.Object
        && counts.TryGetProperty("completed", out var completed) && completed.ValueKind == JsonValueKind.Number
        && completed.TryGetInt64(out var count) && count >= 0
            ? count
            : null;

    private static string? TextOf(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? IdOf(JsonElement root, string name) => TextOf(root, name) is { } id && Intake.IsObjectId(id) ? id : null;
}
