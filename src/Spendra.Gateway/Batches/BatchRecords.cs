using Spendra.Core.Ledger;
using Spendra.Gateway.Requests;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Batches;

/// <summary>Whose a batch and its files are. Recorded before a client can learn their ids, and again whenever they are seen.</summary>
internal static class BatchRecords
{
    private const string OutputPurpose = "batch_output";

    /// <param name="lane">Writes.</param>
    /// <param name="maker">The object under whose organization, account, key and reservation the files are recorded.</param>
    /// <param name="state">What the provider says of the batch.</param>
    public static Task KeepFilesAsync(LedgerLane lane, ProviderObject maker, BatchState state)
    {
        List<Task> writes = [];
        if (state.OutputFileId is { } output) writes.Add(lane.RecordAsync(FileOf(maker, output, $"{state.Id}_output.jsonl")));
        if (state.ErrorFileId is { } error) writes.Add(lane.RecordAsync(FileOf(maker, error, $"{state.Id}_error.jsonl")));
        return Task.WhenAll(writes);
    }

    /// <summary>A client is about to see a batch: its files are recorded as made visible by this request.</summary>
    public static Task SeenAsync(GovernedCall call, Reservation reservation, GatewayParts parts, BatchState state)
    {
        if (state.HasEnded) parts.Batches.Tell(new SeenBatch(reservation.OrganizationId, call.NamedObjectId ?? state.Id));
        return KeepFilesAsync(parts.Lane, ObjectRecords.Batch(call, reservation, state.Id), state);
    }

    private static ProviderObject FileOf(ProviderObject maker, string fileId, string name) => maker with
    {
        ObjectId = fileId,
        Kind = ObjectKind.File,
        FileName = name,
        Purpose = OutputPurpose,
    };
}
