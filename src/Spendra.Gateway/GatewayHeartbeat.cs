using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Gateway;

/// <summary>
/// Says in the database that this process lives, so that its reservations are left alone; and on a graceful stop
/// waits for what is in flight, detached responses included.
/// </summary>
internal sealed partial class GatewayHeartbeat(GatewayParts parts) : BackgroundService
{
    /// <summary>How often; the sweep's lease must be several times longer.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Before the first reservation can be made: a reservation of a process that never beat is in doubt.
        await BeatAsync(Micros.Now(parts.Time));
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        var limit = TimeSpan.FromSeconds(parts.Options.DrainSeconds);
        try
        {
            await parts.Requests.DrainAsync().WaitAsync(limit, parts.Time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogNotDrained(parts.Logger);
        }
        await base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => BeatUntilAsync(stoppingToken);

    internal async Task BeatUntilAsync(CancellationToken stoppingToken)
    {
        var startedAt = Micros.Now(parts.Time);
        using var timer = new PeriodicTimer(Interval, parts.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await TryBeatAsync(startedAt);
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    /// <summary>A beat that cannot be written ends no process: the next one is tried, unless the host stops.</summary>
    private async Task TryBeatAsync(long startedAt)
    {
        try
        {
            await BeatAsync(startedAt);
        }
        catch (LedgerUnavailableException e)
        {
            LogMissed(parts.Logger, e.Message);
        }
    }

    internal Task BeatAsync(long startedAt) => parts.Lane.BeatAsync(parts.GatewayId, startedAt, Micros.Now(parts.Time));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Requests were still in flight when the drain time was over; the sweep ends their reservations")]
    private static partial void LogNotDrained(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A sign of life could not be written: {Reason}")]
    private static partial void LogMissed(ILogger logger, string reason);
}
