using Microsoft.Extensions.Logging;
using Spendra.Core.Ledger;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Batches;

/// <summary>
/// Finds out what became of a batch that was reserved for and of which no id is known here: the gateway died, or the
/// answer was lost, or the provider failed while it made it. The provider's list tells: a batch of the same input file,
/// made while the request could make it, and recorded under no other request, is its own. When there is certainly none,
/// the money is given back.
/// </summary>
internal sealed partial class BatchAdoption(GatewayParts parts)
{
    public const string NeverMade = "the provider has no batch that this request made";

    // Pages of a hundred. An account with more batches than this, in no order, is not searched to its end.
    private const int MaxPages = 100;

    // The provider's clock may differ from that of the gateway that reserved. Few batches read the same file, so that a wide
    // margin takes no other's; a narrow one would give back what was spent.
    private const long MaxSkewSeconds = 3_600;

    // A request that is older than this is not sent any more, and one that was sent is cut off after as long again.
    private long MaxRequestSeconds => parts.Options.ReservationSeconds;

    /// <summary>The batch, recorded as the request's; or null when there is none, or not yet, or it cannot be known now.</summary>
    public async Task<ProviderObject?> FindAsync(ProviderObject intent, PendingReservation pending, BatchDoor door, CancellationToken cancel)
    {
        var ageSeconds = (Micros.Now(parts.Time) - intent.CreatedAt) / 1_000_000;
        // Almost every request has ended by then, and has recorded what it made.
        if (ageSeconds < MaxRequestSeconds) return null;
        if (await SearchAsync(intent, door, cancel) is not { } candidates) return null;
        foreach (var candidate in candidates)
        {
            if (await AdoptAsync(intent, candidate.Id, cancel) is { } batch) return batch;
        }
        // After twice that none is made any more. It may not be in the list yet: once more as long, and there is certainly none.
        if (ageSeconds < 3 * MaxRequestSeconds) return null;
        LogNeverMade(parts.Logger, intent.ReservationId);
        await parts.Lane.EndAsync(new ReleaseCommand(intent.OrganizationId, intent.ReservationId, pending.WindowIds, NeverMade));
        return null;
    }

    /// <summary>The batch under this request; null when another request has it. Of several that ask at once one gets it.</summary>
    private async Task<ProviderObject?> AdoptAsync(ProviderObject intent, string id, CancellationToken cancel)
    {
        var known = await parts.Objects.FindAsync(intent.OrganizationId, id, ObjectKind.Batch, cancel);
        if (known is null)
        {
            await parts.Lane.RecordAsync(intent with { ObjectId = id, Kind = ObjectKind.Batch, InputFileId = null }).WaitAsync(cancel);
            known = await parts.Objects.FindAsync(intent.OrganizationId, id, ObjectKind.Batch, cancel);
            LogFound(parts.Logger, id, intent.ReservationId);
        }
        return known?.ReservationId == intent.ReservationId ? known : null;
    }

    /// <summary>The batches that the request may have made, the oldest first; or null when not all of the list could be read.</summary>
    private async Task<IReadOnlyList<ListedBatch>?> SearchAsync(ProviderObject intent, BatchDoor door, CancellationToken cancel)
    {
        var reserved = intent.CreatedAt / 1_000_000;
        var (from, until) = (reserved - MaxSkewSeconds, reserved + 2 * MaxRequestSeconds + MaxSkewSeconds);
        var found = new List<ListedBatch>();
        var (query, last) = ($"?limit={BatchPage.Size}", long.MaxValue);
        var isNewestFirst = true;
        for (var i = 0; i < MaxPages; i++)
        {
            if (await ReadPageAsync(door, query, cancel) is not { } page) return null;
            foreach (var batch in page.Batches)
            {
                isNewestFirst &= batch.CreatedAtSeconds <= last;
                last = batch.CreatedAtSeconds;
                if (batch.InputFileId == intent.InputFileId && batch.CreatedAtSeconds >= from && batch.CreatedAtSeconds <= until) found.Add(batch);
            }
            // A list that has been sorted so far has only older ones left.
            if (!page.HasMore || (isNewestFirst && last < from)) return [.. found.OrderBy(b => b.CreatedAtSeconds)];
            query = $"?limit={BatchPage.Size}&after={page.Batches[^1].Id}";
        }
        return null;
    }

    private static async Task<BatchPage?> ReadPageAsync(BatchDoor door, string query, CancellationToken cancel)
    {
        using var wait = door.Wait(cancel);
        using var response = await door.GetAsync("/batches" + query, wait.Token);
        if (!response.IsSuccessStatusCode) return null;
        return await BatchState.HoldAsync(response, BatchPage.MaxBytes, wait.Token) is { } body ? BatchPage.Read(body) : null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId} is what request {ReservationId} made, whose answer was never seen")]
    private static partial void LogFound(ILogger logger, string batchId, Guid reservationId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Request {ReservationId} made no batch; what it held is given back")]
    private static partial void LogNeverMade(ILogger logger, Guid reservationId);
}
