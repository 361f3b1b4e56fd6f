using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Audit;

/// <summary>
/// Writes a chain, or a part of it, as JSON Lines: a manifest that says what follows, then the records. Streamed; what breaks off
/// is noticed by its manifest.
/// </summary>
public static class AuditExport
{
    public const string ContentType = "application/jsonl";

    /// <param name="database">Where.</param>
    /// <param name="organizationId">Whose chain.</param>
    /// <param name="slug">The organization's name in the manifest.</param>
    /// <param name="from">The first record; null for the beginning.</param>
    /// <param name="to">The last record; null for the end.</param>
    /// <param name="nowMicros">When.</param>
    /// <param name="output">Gets the lines.</param>
    /// <param name="cancel">Stops writing.</param>
    /// <returns>How many records were written.</returns>
    public static async Task<long> WriteAsync(
        Database database, Guid organizationId, string slug, long? from, long? to, long nowMicros, Stream output, CancellationToken cancel)
    {
        var written = 0L;
        await AuditLog.ReadSpanAsync(database, organizationId, from, to, async (span, records) =>
        {
            await WriteLineAsync(AuditLines.Write(organizationId, slug, span, nowMicros));
            await foreach (var record in records.WithCancellation(cancel))
            {
                await WriteLineAsync(AuditLines.Write(record));
                written++;
            }
        }, cancel);
        await output.FlushAsync(cancel);
        return written;

        async Task WriteLineAsync(byte[] line)
        {
            await output.WriteAsync(line, cancel);
            await output.WriteAsync("\n"u8.ToArray(), cancel);
        }
    }
}
