using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Storage;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups;

namespace Spendra.Control.Reports;

public static class RollupServices
{
    /// <summary>Needs a <see cref="Database"/> and a <see cref="TimeProvider"/> among the services.</summary>
    public static IServiceCollection AddRollups(this IServiceCollection services) => services.AddHostedService<RollupJob>();
}

/// <summary>
/// Keeps the rollups a moment behind the ledger. Several workers share the organizations: each holds those that it reads. One that
/// is stopped lets them go; of one that dies they are free after a quarter of a minute.
/// </summary>
internal sealed partial class RollupJob : BackgroundService
{
    public const string MeterName = WorkerMeter.Name;
    public const string LagName = "spendra.outbox.lag";
    public const string WaitingName = "spendra.outbox.waiting";
    public const string DeadName = "spendra.outbox.dead";
    public const string PositionName = "spendra.rollup.position";

    // Together with the pause: how far rollups are behind when nothing is in the way.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(500);

    // A busy ledger rings with every commit; what comes within this is taken in together.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private const int StepsPerTurn = 20;
    private const int RetriesPerTurn = 100;

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OutboxPositions _positions;
    private readonly RollupIntake _intake;
    private readonly RollupRebuild _rebuild;
    private readonly HashSet<Guid> _held = [];
    private readonly Meter _meter = new(MeterName);
    private double _lagSeconds;
    private OutboxLag _lag = new();

    public RollupJob(Database database, TimeProvider time, ILogger<RollupJob> logger)
    {
        (_database, _time, _logger) = (database, time, logger);
        _positions = new OutboxPositions(database, RollupIntake.Consumer, Guid.CreateVersion7(), time);
        _intake = new RollupIntake(database, _positions, time);
        _rebuild = new RollupRebuild(database, _positions);
        _meter.CreateObservableGauge(LagName, () => Volatile.Read(ref _lagSeconds), "s", "How long the oldest row of the outbox waits to be counted");
        _meter.CreateObservableGauge(WaitingName, () => Volatile.Read(ref _lag).Waiting, "{row}", "Rows of the outbox that wait to be counted");
        _meter.CreateObservableGauge(DeadName, () => Volatile.Read(ref _lag).Dead, "{row}", "Rows of the outbox that could not be counted and wait for somebody");
        _meter.CreateObservableGauge(PositionName, () => Volatile.Read(ref _lag).Taken, "{row}", "Rows of the outbox that rollups have come to, of all organizations");
    }

    /// <summary>Called after each look.</summary>
    internal Action? Looked { get; init; }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var signal = _database.OpenOutboxSignal(_time);
        try
        {
            while (true)
            {
                await TakeAllSafelyAsync(stoppingToken);
                Looked?.Invoke();
                await signal.WaitAsync(LongestWait, stoppingToken);
                await Task.Delay(Pause, _time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await LetGoAsync();
        }
    }

    /// <summary>Takes in what waits in every organization that nobody else holds.</summary>
    internal async Task TakeAllAsync(CancellationToken cancel)
    {
        var behind = await _positions.ListBehindAsync(cancel);
        foreach (var position in behind)
        {
            try
            {
                await TakeAsync(position.OrganizationId, cancel);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                // The others are none the worse for it.
                LogFailed(_logger, position.OrganizationId, e);
            }
        }
        await NoteLagAsync(cancel);
    }

    private async Task TakeAllSafelyAsync(CancellationToken cancel)
    {
        try
        {
            await TakeAllAsync(cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogUnavailable(_logger, e.Message);
        }
    }

    private async Task TakeAsync(Guid organizationId, CancellationToken cancel)
    {
        if (await _positions.HoldAsync(organizationId, cancel) is not { } position) return;
        _held.Add(organizationId);
        if (position.IsRebuilding)
        {
            LogRebuilding(_logger, organizationId);
            await _rebuild.RunAsync(organizationId, progress: null, cancel);
            return;
        }
        for (var step = 0; step < StepsPerTurn && position.IsBehind; step++)
        {
            if (await _intake.TakeAsync(position, cancel) is not { } taken)
            {
                _held.Remove(organizationId);
                return;
            }
            position = taken;
        }
        await _intake.RetryAsync(organizationId, RetriesPerTurn, cancel);
    }

    private async Task NoteLagAsync(CancellationToken cancel)
    {
        var lag = await OutboxPositions.ReadLagAsync(_database, RollupIntake.Consumer, cancel);
        var waited = lag.Since is { } since ? Math.Max(0, Micros.Now(_time) - since) : 0;
        Volatile.Write(ref _lagSeconds, waited / 1e6);
        Volatile.Write(ref _lag, lag);
    }

    private async Task LetGoAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), _time);
        foreach (var organizationId in _held)
        {
            try
            {
                await _positions.LetGoAsync(organizationId, patience.Token);
            }
            catch (Exception e) when (e is OperationCanceledException || DatabaseUnavailableException.IsSaidBy(e))
            {
                return; // Free by itself in a while.
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Rollups of organization {OrganizationId} could not be brought up to date; it is tried again")]
    private static partial void LogFailed(ILogger logger, Guid organizationId, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rollups could not be brought up to date ({Reason}); it is tried again")]
    private static partial void LogUnavailable(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A rebuild of the rollups of organization {OrganizationId} was not ended; it begins anew")]
    private static partial void LogRebuilding(ILogger logger, Guid organizationId);
}
