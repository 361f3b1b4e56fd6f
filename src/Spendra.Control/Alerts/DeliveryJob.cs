using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Control.Alerts.Channels;
using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Alerts;

namespace Spendra.Control.Alerts;

/// <summary>
/// Sends notices that are due: one at a time through each channel, all channels beside each other, so that one that hangs holds up
/// itself alone. Several workers share the notices; each is sent by one, and again by another only when its lease has run out.
/// </summary>
internal sealed partial class DeliveryJob(
    DeliveryQueue queue, ChannelSenders senders, AlertOptions options, TimeProvider time, ILogger<DeliveryJob> logger) : BackgroundService
{
    // So many channels may hang at once before any other has to wait for the end of an attempt.
    private const int MostChannelsAtOnce = 512;

    // Longer than an attempt and the note of it: who holds a lease has either sent and said so by then, or is gone.
    private static readonly TimeSpan LeaseMargin = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<DueChannel, Task> _sending = new();
    private readonly DeliveryMetrics _metrics = new();

    /// <summary>Stands in a test where a worker may die: after a notice was sent and before that is noted.</summary>
    internal Func<TakenDelivery, Task> Sent { get; init; } = static _ => Task.CompletedTask;

    public override void Dispose()
    {
        _metrics.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => SendUntilAsync(stoppingToken);

    internal async Task SendUntilAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.SendInterval, time);
        try
        {
            do await StartDueAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
        await Task.WhenAll(_sending.Values);
    }

    /// <summary>Sends whatever is due now, and returns when all of it was tried.</summary>
    internal async Task SendDueAsync(CancellationToken cancel)
    {
        await StartDueAsync(cancel);
        await Task.WhenAll(_sending.Values);
    }

    private async Task StartDueAsync(CancellationToken cancel)
    {
        try
        {
            foreach (var due in await queue.FindDueAsync(Micros.Now(time), cancel))
            {
                if (_sending.Count >= MostChannelsAtOnce) return;
                if (_sending.ContainsKey(due)) continue;
                // Nobody else adds: only this loop starts, and a task takes itself out.
                var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _sending[due] = SendAllAsync(due, begun.Task, cancel);
                begun.SetResult();
            }
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(logger, e);
        }
    }

    private async Task SendAllAsync(DueChannel due, Task begun, CancellationToken cancel)
    {
        await begun;
        try
        {
            while (await TakeAsync(due, cancel) is { } taken) await SendAsync(taken, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // What was taken is taken again when its lease is over.
        }
        catch (Exception e)
        {
            LogFailed(logger, e);
        }
        finally
        {
            _sending.TryRemove(due, out _);
        }
    }

    private Task<TakenDelivery?> TakeAsync(DueChannel due, CancellationToken cancel)
    {
        var now = Micros.Now(time);
        return queue.TakeAsync(due, now, now + (options.AttemptLimit + LeaseMargin).Ticks / TimeSpan.TicksPerMicrosecond, cancel);
    }

    private async Task SendAsync(TakenDelivery taken, CancellationToken cancel)
    {
        var row = taken.Row;
        if (taken.Channel.IsArchived)
        {
            await queue.EndAsync(taken, DeliveryState.Dead, null, "the channel was archived", Micros.Now(time), CancellationToken.None);
            return;
        }
        var result = await senders.SendAsync(taken.OrganizationId, taken.Channel, row.DeliveryId, row.Notice, isTest: false, cancel);
        await Sent(taken);
        var now = Micros.Now(time);
        if (result.IsDelivered)
        {
            _metrics.Tried(taken.Channel.Kind, DeliveryMetrics.Delivered);
            // Even when the process stops: what is not noted is sent again.
            await queue.EndAsync(taken, DeliveryState.Delivered, result.Status, result.Error, now, CancellationToken.None);
        }
        else if (DeliveryPatience.PauseMicros(row.Attempts, options.Jitter.Next(DeliveryPatience.JitterRange), result.RetryAfterMicros) is { } pause)
        {
            _metrics.Tried(taken.Channel.Kind, DeliveryMetrics.Postponed);
            await queue.PostponeAsync(taken, now + pause, result.Status, result.Error, CancellationToken.None);
            LogPostponed(logger, row.DeliveryId, taken.Channel.Slug, row.Attempts, result.Error);
        }
        else
        {
            _metrics.Tried(taken.Channel.Kind, DeliveryMetrics.Dead);
            await queue.EndAsync(taken, DeliveryState.Dead, result.Status, result.Error, now, CancellationToken.None);
            LogDead(logger, row.DeliveryId, taken.Channel.Slug, row.Attempts, result.Error);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Notice {DeliveryId} did not get through channel {Channel} at attempt {Attempt}: {Error}; it is tried again")]
    private static partial void LogPostponed(ILogger logger, Guid deliveryId, string channel, int attempt, string? error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Notice {DeliveryId} is given up after {Attempts} attempts through channel {Channel}: {Error}")]
    private static partial void LogDead(ILogger logger, Guid deliveryId, string channel, int attempts, string? error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Notices of alerts could not be sent; it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
