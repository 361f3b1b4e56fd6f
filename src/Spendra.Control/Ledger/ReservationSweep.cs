using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Core.Ledger;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Control.Ledger;

public sealed record SweepOptions
{
    public int IntervalMs { get; init; } = 2_000;

    /// <summary>A gateway that has not sent a heartbeat for so long is taken for gone.</summary>
    public int GatewayLeaseSeconds { get; init; } = 15;

    /// <summary>How long an idempotency key is remembered after its use.</summary>
    public TimeSpan IdempotencyMemory { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How often old idempotency keys are looked for: it reads them all.</summary>
    public TimeSpan IdempotencyInterval { get; init; } = TimeSpan.FromMinutes(10);
}

public static class ReservationSweepServices
{
    /// <summary>Needs a <see cref="Database"/> and a <see cref="LedgerLane"/> among the services.</summary>
    public static IServiceCollection AddReservationSweep(this IServiceCollection services, SweepOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IDoubtSource, SweepQueries>();
        return services.AddSingleton(options).AddHostedService<ReservationSweep>();
    }
}

/// <summary>
/// Ends reservations in doubt: whose time is over, or whose gateway has fallen silent. They are booked at their
/// bound, since the provider may have billed. A sweep that fails is logged and tried again.
/// </summary>
internal sealed partial class ReservationSweep(
    IDoubtSource doubts, LedgerLane lane, SweepOptions options, TimeProvider time, ILogger<ReservationSweep> logger)
    : BackgroundService
{
    private const int BatchSize = 256;

    private readonly GatewayWatch _watch = new(TimeSpan.FromSeconds(options.GatewayLeaseSeconds), time);
    private readonly SweepMetrics _metrics = new();
    private long _nextForgetting;

    public override void Dispose()
    {
        _metrics.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => SweepUntilAsync(stoppingToken);

    internal async Task SweepUntilAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(options.IntervalMs), time);
        try
        {
            do await SweepSafelyAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    private async Task SweepSafelyAsync(CancellationToken cancel)
    {
        try
        {
            await ExpireAsync(cancel);
            await ForgetAsync(cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(logger, e);
        }
    }

    /// <summary>Ends everything that is in doubt now.</summary>
    internal async Task ExpireAsync(CancellationToken cancel)
    {
        var now = Micros.Now(time);
        var expired = await EndAllAsync(SweepMetrics.Expired, limit => doubts.FindExpiredAsync(now, limit, cancel), cancel);
        var silent = 0;
        foreach (var gatewayId in _watch.FindSilent(await doubts.ReadHoldersAsync(cancel)))
            silent += await EndAllAsync(SweepMetrics.Silent, limit => doubts.FindOfGatewayAsync(gatewayId, limit, cancel), cancel);
        if (expired + silent > 0) LogExpired(logger, expired + silent, expired, silent);
    }

    private async Task<int> EndAllAsync(string cause, Func<int, Task<IReadOnlyList<DoubtfulReservation>>> find, CancellationToken cancel)
    {
        int ended = 0, failed = 0;
        IReadOnlyList<DoubtfulReservation> doubtful;
        do
        {
            doubtful = await find(BatchSize);
            var endings = doubtful.Select(d => lane.EndAsync(new ExpireCommand(d.OrganizationId, d.ReservationId, d.WindowIds)));
            var outcomes = await Task.WhenAll(endings).WaitAsync(cancel);
            for (var i = 0; i < outcomes.Length; i++)
            {
                if (outcomes[i] is LedgerOutcome.Ended) ended++;
                if (outcomes[i] is not LedgerOutcome.Failed failure) continue;
                failed++;
                LogNotExpired(logger, doubtful[i].ReservationId, failure.Error);
            }
        }
        // One that cannot be ended would be found again and again: the next sweep tries it.
        while (doubtful.Count == BatchSize && failed == 0);
        _metrics.Swept(cause, ended, failed);
        return ended;
    }

    /// <summary>Forgets old idempotency keys, a few at a time, so that no transaction is long.</summary>
    internal async Task ForgetAsync(CancellationToken cancel)
    {
        var now = Micros.Now(time);
        if (now < _nextForgetting) return;
        var before = now - options.IdempotencyMemory.Ticks / TimeSpan.TicksPerMicrosecond;
        int forgotten, total = 0;
        do
        {
            forgotten = await doubts.ForgetIdempotencyKeysAsync(before, BatchSize, cancel);
            total += forgotten;
        }
        while (forgotten == BatchSize);
        await doubts.ForgetGatewaysAsync(before, cancel);
        _nextForgetting = now + options.IdempotencyInterval.Ticks / TimeSpan.TicksPerMicrosecond;
        if (total > 0) LogForgotten(logger, total);
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Booked {Count} reservations in doubt at their bound: {Expired} past their time, {Silent} of gateways that fell silent")]
    private static partial void LogExpired(ILogger logger, int count, int expired, int silent);

    [LoggerMessage(Level = LogLevel.Error, Message = "Reservation {ReservationId} is in doubt and cannot be ended")]
    private static partial void LogNotExpired(ILogger logger, Guid reservationId, Exception error);

    [LoggerMessage(Level = LogLevel.Information, Message = "Forgot {Count} old idempotency keys")]
    private static partial void LogForgotten(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The sweep of reservations failed; it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
