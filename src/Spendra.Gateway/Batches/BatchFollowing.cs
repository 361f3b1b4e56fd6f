using Microsoft.Extensions.Logging;
using Spendra.Core.Ledger;
using Spendra.Core.Pricing;
using Spendra.Gateway.Forwarding;
using Spendra.Gateway.Metering;
using Spendra.Gateway.Requests;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway.Batches;

/// <summary>
/// Looks after one batch: asks how far it is, and when it has ended ends its reservation by what its files say. Whoever does
/// that first settles it; everybody else finds nothing to do. What cannot be reached now is tried again.
/// </summary>
internal sealed partial class BatchFollowing(GatewayParts parts)
{
    private readonly BatchAdoption _adoption = new(parts);

    /// <summary>
    /// How long one batch is looked after at a time, its files included, however busy its provider seems. Then it is tried
    /// again. No longer than any other call may take.
    /// </summary>
    public TimeSpan MaxTime { get; set; } = TimeSpan.FromSeconds(Math.Min(600, parts.Options.ReservationSeconds));

    /// <summary>The batch that a client has seen, or null when it cannot be looked up now.</summary>
    public async Task<ProviderObject?> FindAsync(SeenBatch seen, CancellationToken cancel)
    {
        try
        {
            return await parts.Objects.FindAsync(seen.OrganizationId, seen.BatchId, ObjectKind.Batch, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogNotFound(parts.Logger, seen.BatchId, e);
            return null;
        }
    }

    /// <summary>Ends the batch's reservation if that can be done now. What fails is logged.</summary>
    public async Task FollowAsync(ProviderObject batch, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(MaxTime, parts.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            await EndAsync(batch, both.Token);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(parts.Logger, batch.ObjectId, batch.ReservationId, e);
        }
        if (late.IsCancellationRequested) LogTooSlow(parts.Logger, batch.ObjectId, batch.ReservationId);
    }

    private async Task EndAsync(ProviderObject batch, CancellationToken cancel)
    {
        if (await parts.Reservations.FindPendingAsync(batch.OrganizationId, batch.ReservationId, cancel) is not { } pending) return;
        if (await BatchDoor.OpenAsync(parts, batch, FollowPermit.Of(pending), cancel) is not { } door)
        {
            LogNoDoor(parts.Logger, batch.ObjectId, batch.ReservationId);
            return;
        }
        if (batch.Kind == ObjectKind.IntendedBatch)
        {
            if (await _adoption.FindAsync(batch, pending, door, cancel) is not { } made) return;
            batch = made;
        }
        if (await ReadStateAsync(door, batch, cancel) is not { HasEnded: true } state) return;
        await BatchRecords.KeepFilesAsync(parts.Lane, batch, state);
        if (await ReadOutputAsync(door, pending, state, cancel) is not { } output) return;
        await parts.Lane.EndAsync(Conclude(batch, pending, door, state, output));
    }

    /// <summary>Null when it cannot be had now.</summary>
    private static async Task<BatchState?> ReadStateAsync(BatchDoor door, ProviderObject batch, CancellationToken cancel)
    {
        using var wait = door.Wait(cancel);
        using var response = await door.GetAsync($"/batches/{batch.ObjectId}", wait.Token);
        if (!response.IsSuccessStatusCode) return null;
        var (state, _) = await BatchState.ReadAsync(response, wait.Token);
        // Another batch than the one that was asked for tells nothing about it.
        return state?.Id == batch.ObjectId ? state : null;
    }

    /// <summary>Null when a file cannot be read now.</summary>
    private async Task<BatchOutputLines?> ReadOutputAsync(BatchDoor door, PendingReservation pending, BatchState state, CancellationToken cancel)
    {
        var options = parts.Options;
        if (BatchEndpoint.Find(door.Provider, state.Endpoint) is not { } route) return null;
        var lines = new BatchOutputLines(route, door.Price, door.Book, pending.Terms.ReservedAt, options.MaxStreamLineBytes);
        var limits = new DownloadLimits(options.MaxStreamLineBytes, options.MaxResponseBytes, BatchDoor.AtMost(options.StreamIdleSeconds));
        // What was bounded with output is not believed to have had none.
        if (route.HasOutput != pending.Terms.Output > 0) lines.GiveUp();
        foreach (var file in state.Files)
        {
            if (lines.IsUnknown) break;
            using var wait = door.Wait(cancel);
            using var response = await door.GetAsync($"/files/{file}/content", wait.Token);
            var status = (int)response.StatusCode;
            // Without its answers the bill cannot be told, and they do not come back.
            if (status is 404 or 410) lines.GiveUp();
            else if (!response.IsSuccessStatusCode || !await ReadFileAsync(response, lines, limits, cancel)) return null;
        }
        return lines;
    }

    /// <summary>False when the provider broke off, or took too long.</summary>
    private async Task<bool> ReadFileAsync(HttpResponseMessage response, BatchOutputLines lines, DownloadLimits limits, CancellationToken cancel)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var end = await LineDownload.ReadAsync(body, lines, limits, parts.Time, cancel);
        if (end == DownloadEnd.TooLarge) lines.GiveUp();
        return end is not (DownloadEnd.Broken or DownloadEnd.TimedOut);
    }

    private static LedgerCommand Conclude(
        ProviderObject batch, PendingReservation pending, BatchDoor door, BatchState state, BatchOutputLines output)
    {
        // Other answers than the provider counts: the files do not tell what it bills.
        var isKnown = !output.IsUnknown && output.Answered == state.Answers;
        if (isKnown && output.Answered == 0)
            return new ReleaseCommand(batch.OrganizationId, batch.ReservationId, pending.WindowIds, $"the batch ended as {state.Status}, with no call answered");
        var settlement = isKnown ? Settled(batch, pending, door, output) : null;
        settlement ??= SettlementPricing.Of(pending.Terms, door.Price, door.Book, door.Account, new MeterReading(), status: 200, batch.ObjectId);
        return new SettleCommand(batch.OrganizationId, batch.ReservationId, pending.WindowIds, settlement);
    }

    /// <summary>Null when what was used has no price that can be told.</summary>
    private static Settlement? Settled(ProviderObject batch, PendingReservation pending, BatchDoor door, BatchOutputLines output)
    {
        var (within, beyond) = output.Usage;
        var settlement = new Settlement
        {
            Cost = default,
            Usage = Core.Metering.Usage.SumUnchecked(within, beyond),
            ServedModel = output.ServedModel,
            TierPercent = pending.Terms.TierPercent,
            UpstreamStatus = 200,
            UpstreamRequestId = batch.ObjectId,
        };
        if (output.Served is not { } served) return settlement;
        var isPinned = served.PriceId == door.Price?.PriceId;
        if (!isPinned)
        {
            if (served.TierPercentOf(BatchBounding.Tier) is not { } percent || SettlementPricing.OfAccount(percent, door.Account) is not { } charged) return null;
            settlement = settlement with { TierPercent = charged, ServedPriceId = served.PriceId };
        }
        try
        {
            return settlement with { Cost = BatchCost.Of(served, within, beyond, settlement.TierPercent) };
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Batch {BatchId} of request {ReservationId} cannot be asked for: its account, credential or price is not there. It is tried again")]
    private static partial void LogNoDoor(ILogger logger, string batchId, Guid reservationId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId} could not be looked up; the next round finds it")]
    private static partial void LogNotFound(ILogger logger, string batchId, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId} of request {ReservationId} could not be followed; it is tried again")]
    private static partial void LogFailed(ILogger logger, string batchId, Guid reservationId, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Batch {BatchId} of request {ReservationId} could not be read in time; it is tried again")]
    private static partial void LogTooSlow(ILogger logger, string batchId, Guid reservationId);
}
