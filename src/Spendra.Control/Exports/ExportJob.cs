using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Storage;
using Spendra.Storage.Exports;
using Spendra.Storage.Governance;

namespace Spendra.Control.Exports;

public static class ExportServices
{
    /// <summary>Needs a <see cref="Database"/> and a <see cref="TimeProvider"/> among the services. Without a place nothing is written.</summary>
    public static IServiceCollection AddExports(this IServiceCollection services, ExportOptions options) =>
        !options.HasPlace ? services : services.AddHostedService(provider => new ExportJob(
            provider.GetRequiredService<Database>(), options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ExportJob>>()));
}

/// <summary>
/// Asks for what schedules ask for, and writes what is asked for. Several workers share the exports: each holds the one that it
/// writes; one that is stopped lets it go, of one that dies it is free after a minute.
/// </summary>
internal sealed partial class ExportJob(Database database, ExportOptions options, TimeProvider time, ILogger<ExportJob> logger) : BackgroundService
{
    private const int RunsPerTurn = 10;

    // A bucket that does not answer holds up no other export.
    private const int RunsAtOnce = 2;

    // How often it looks.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly ExportHold _hold = new(database, Guid.CreateVersion7(), time);
    private readonly ExportPlaces _places = new(options, time);

    public override void Dispose()
    {
        _places.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await TurnSafelyAsync(stoppingToken);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    /// <summary>Asks for all that is due, then writes all that waits and nobody else holds.</summary>
    internal async Task TurnAsync(CancellationToken cancel)
    {
        foreach (var (organizationId, scheduleId) in await ExportSchedules.ListDueAsync(database, Micros.Now(time), cancel))
            await ScheduleDesk.AskAsync(database, options, organizationId, scheduleId, time, cancel);

        var due = await ExportHold.ListDueAsync(database, Micros.Now(time), RunsPerTurn, cancel);
        if (due.Count == 0) return;
        var organizations = (await new GovernanceReader(database).ListOrganizationsAsync(cancel)).ToDictionary(o => o.OrganizationId, o => o.Slug);
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = RunsAtOnce, CancellationToken = cancel }, async (key, stop) =>
        {
            if (await _hold.TakeAsync(key.OrganizationId, key.RunId, stop) is { } run) await WriteAsync(run, organizations[key.OrganizationId], stop);
        });
    }

    private async Task WriteAsync(ExportRun run, string organization, CancellationToken cancel)
    {
        try
        {
            if (await new ExportRunner(database, _hold, time).RunAsync(run, _places.Of(organization, run.RunId), organization, null, cancel) is { } ended)
                LogEnded(logger, ended.Dataset, organization, ended.RunId, ended.RowCount);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await _hold.LetGoAsync(run, CancellationToken.None);
            throw;
        }
        catch (Exception e)
        {
            LogFailed(logger, run.Dataset, organization, run.RunId, e);
            await _hold.FailAsync(run, ReasonOf(e), cancel);
        }
    }

    // What the error says in full is for the operator: it names folders of the machine.
    private static string ReasonOf(Exception error) => error switch
    {
        ExportPlaceException => error.Message,
        IOException or UnauthorizedAccessException => "a file could not be written",
        DatabaseUnavailableException => "the database could not be reached",
        ExportOutdatedException => "sums were counted on each time that it began",
        _ => "a row could not be exported",
    };

    private async Task TurnSafelyAsync(CancellationToken cancel)
    {
        try
        {
            await TurnAsync(cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogUnavailable(logger, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Export of {Dataset} of {Organization} is written: {RunId}, {Rows} rows")]
    private static partial void LogEnded(ILogger logger, ExportDataset dataset, string organization, Guid runId, long rows);

    [LoggerMessage(Level = LogLevel.Error, Message = "Export of {Dataset} of {Organization} failed: {RunId}; it is tried again a few times")]
    private static partial void LogFailed(ILogger logger, ExportDataset dataset, string organization, Guid runId, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Exports could not be looked after ({Reason}); it is tried again")]
    private static partial void LogUnavailable(ILogger logger, string reason);
}
