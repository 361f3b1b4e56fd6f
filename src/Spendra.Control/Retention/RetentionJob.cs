using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Core.Ledger;
using Spendra.Storage;
using Spendra.Storage.Retention;

namespace Spendra.Control.Retention;

public static class RetentionServices
{
    /// <summary>Needs a <see cref="Database"/> and a <see cref="TimeProvider"/> among the services.</summary>
    public static IServiceCollection AddRetention(this IServiceCollection services, RetentionLimits limits) =>
        services.AddHostedService(provider => new RetentionJob(
            new DetailRemoval(provider.GetRequiredService<Database>(), limits, provider.GetRequiredService<TimeProvider>()),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<RetentionJob>>()));
}

/// <summary>
/// Removes old detail and makes months ahead, once an hour and at the start. Several workers at once do nothing twice; what one could not
/// do is done the next time.
/// </summary>
internal sealed partial class RetentionJob : BackgroundService
{
    public const string MeterName = WorkerMeter.Name;
    public const string RemovedName = "spendra.retention.removed";

    /// <summary>Months that are made before they begin.</summary>
    public const int MonthsAhead = 3;

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private readonly DetailRemoval _removal;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _removed;

    public RetentionJob(DetailRemoval removal, TimeProvider time, ILogger<RetentionJob> logger)
    {
        (_removal, _time, _logger) = (removal, time, logger);
        _removed = _meter.CreateCounter<long>(RemovedName, "{row}", "Rows of old detail that were removed");
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await TurnAsync(stoppingToken);
                await Task.Delay(Interval, _time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    /// <summary>Makes what months are missing, then removes what is old. What fails keeps nothing else waiting.</summary>
    internal async Task TurnAsync(CancellationToken cancel)
    {
        await SafelyAsync("months", async () =>
        {
            var made = await _removal.MakeMonthsAsync(MonthsAhead, cancel);
            if (made > 0) LogMade(_logger, made);
        }, cancel);
        await RemoveAsync("hours", _removal.RemoveHoursAsync(cancel), cancel);
        foreach (var rule in DetailRule.Others) await RemoveAsync(rule.Table, _removal.RemoveAsync(rule, cancel), cancel);
    }

    private Task RemoveAsync(string what, IAsyncEnumerable<RemovedDetail> removing, CancellationToken cancel) => SafelyAsync(what, async () =>
    {
        var totals = new SortedDictionary<string, long>(StringComparer.Ordinal);
        try
        {
            await foreach (var removed in removing)
            {
                _removed.Add(removed.Rows, new KeyValuePair<string, object?>("table", removed.Table));
                totals[removed.Table] = totals.GetValueOrDefault(removed.Table) + removed.Rows;
                if (removed.Month is { } month) LogDropped(_logger, removed.Table, month, removed.Rows);
            }
        }
        finally
        {
            // Also what a turn had removed before it was stopped.
            foreach (var (table, rows) in totals) LogRemoved(_logger, table, rows);
        }
    }, cancel);

    private async Task SafelyAsync(string what, Func<Task> work, CancellationToken cancel)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(_logger, what, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Made {Tables} tables for months of rollups")]
    private static partial void LogMade(ILogger logger, int tables);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped the hours of {Month} from {Table}: {Rows} rows")]
    private static partial void LogDropped(ILogger logger, string table, AccountingPeriod month, long rows);

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed old detail from {Table}: {Rows} rows")]
    private static partial void LogRemoved(ILogger logger, string table, long rows);

    [LoggerMessage(Level = LogLevel.Error, Message = "Old detail could not be looked after ({What}); it is tried again in an hour")]
    private static partial void LogFailed(ILogger logger, string what, Exception error);
}
