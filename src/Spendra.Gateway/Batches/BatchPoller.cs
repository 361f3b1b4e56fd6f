using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Storage;

namespace Spendra.Gateway.Batches;

/// <summary>
/// Settles batches when they have ended, whether or not anybody asks for them: in rounds over all that wait, and at once
/// when a client has seen the end of one. What waits stands in the database, so that a restart forgets nothing, and with
/// several gateways each may do all of it.
/// </summary>
internal sealed partial class BatchPoller(GatewayParts parts) : BackgroundService
{
    private const int MaxAtOnce = 4;
    private const int MaxWaiting = 10_000;

    // The provider keeps the files of a batch for longer than it keeps anybody waiting.
    private static readonly TimeSpan MaxAge = TimeSpan.FromDays(7);

    private readonly BatchFollowing _following = new(parts);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(PollUntilAsync(stoppingToken), ListenUntilAsync(stoppingToken));

    /// <summary>Follows every batch that waits, once.</summary>
    internal async Task PollAsync(CancellationToken cancel)
    {
        var since = Micros.Now(parts.Time) - MaxAge.Ticks / TimeSpan.TicksPerMicrosecond;
        var waiting = await parts.Objects.ListPendingBatchesAsync(since, MaxWaiting, cancel);
        var work = new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = cancel };
        await Parallel.ForEachAsync(waiting, work, async (batch, stop) => await _following.FollowAsync(batch, stop));
    }

    private async Task PollUntilAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(parts.Options.BatchPollSeconds), parts.Time);
        try
        {
            do await PollSafelyAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    private async Task PollSafelyAsync(CancellationToken cancel)
    {
        try
        {
            await PollAsync(cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(parts.Logger, e);
        }
    }

    private async Task ListenUntilAsync(CancellationToken stoppingToken)
    {
        try
        {
            var work = new ParallelOptions { MaxDegreeOfParallelism = MaxAtOnce, CancellationToken = stoppingToken };
            await Parallel.ForEachAsync(parts.Batches.Seen.ReadAllAsync(stoppingToken), work,
                async (seen, stop) => await _following.FollowAsync(seen, stop));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Batches could not be looked for; it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
