using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Core.Ledger;
using Spendra.Storage;

namespace Spendra.Gateway.Batches;

/// <summary>
/// Settles batches when they have ended, whether or not anybody asks for them: in rounds over all that wait, and at once
/// when a client has seen the end of one. What waits stands in the database, so that a restart forgets nothing, and with
/// several gateways each may do all of it.
/// </summary>
internal sealed partial class BatchPoller(GatewayParts parts) : BackgroundService
{
    private const int MaxAtOnce = 16;
    private const int MaxOfAccount = 2;
    private const int MaxWaiting = 10_000;

    // The provider keeps the files of a batch for longer than it keeps anybody waiting.
    private static readonly TimeSpan MaxAge = TimeSpan.FromDays(7);

    // A provider that is slow, or nobody's friend, fills the places of its own account.
    private readonly SharedPlaces<(Guid OrganizationId, Guid AccountId)> _places = new(MaxAtOnce, MaxOfAccount);
    private readonly ConcurrentDictionary<(Guid OrganizationId, string BatchId), Task> _followed = new();
    private readonly BatchFollowing _following = new(parts);

    /// <inheritdoc cref="BatchFollowing.MaxTime"/>
    internal TimeSpan MaxTime
    {
        get => _following.MaxTime;
        init => _following.MaxTime = value;
    }

    public override void Dispose()
    {
        _places.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(PollUntilAsync(stoppingToken), ListenUntilAsync(stoppingToken));
        await Task.WhenAll(_followed.Values);
    }

    /// <summary>
    /// Follows every batch that waits, once, and returns when that is done or the next round is due: that one leaves out
    /// whatever is still followed then.
    /// </summary>
    internal async Task PollAsync(CancellationToken cancel)
    {
        var since = Micros.Now(parts.Time) - MaxAge.Ticks / TimeSpan.TicksPerMicrosecond;
        var waiting = await parts.Objects.ListPendingBatchesAsync(since, MaxWaiting, cancel);
        var round = Task.WhenAll(waiting.Select(batch => FollowAsync(batch, cancel)));
        await Task.WhenAny(round, Task.Delay(TimeSpan.FromSeconds(parts.Options.BatchPollSeconds), parts.Time, cancel));
        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>Follows one when its turn comes; nothing when it is followed already. Never fails.</summary>
    private async Task FollowAsync(ProviderObject batch, CancellationToken cancel)
    {
        var id = (batch.OrganizationId, batch.ObjectId);
        var done = new TaskCompletionSource();
        if (!_followed.TryAdd(id, done.Task)) return;
        try
        {
            using (await _places.TakeAsync((batch.OrganizationId, batch.AccountId), Timeout.InfiniteTimeSpan, cancel))
                await _following.FollowAsync(batch, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The process stops.
        }
        finally
        {
            _followed.TryRemove(id, out _);
            done.SetResult();
        }
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
            await foreach (var seen in parts.Batches.Seen.ReadAllAsync(stoppingToken))
            {
                if (await _following.FindAsync(seen, stoppingToken) is { } batch) _ = FollowAsync(batch, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Batches could not be looked for; it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
