using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Control.Keys;

public static class KeyUseServices
{
    /// <summary>Needs a <see cref="Database"/> among the services.</summary>
    public static IServiceCollection AddKeyUses(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services.AddHostedService<KeyUseJob>();
    }
}

/// <summary>Keeps "last used" of keys a minute behind the journal. Of several workers each may do it: looking twice changes nothing.</summary>
internal sealed partial class KeyUseJob(Database database, TimeProvider time, ILogger<KeyUseJob> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await UpdateSafelyAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    private async Task UpdateSafelyAsync(CancellationToken cancel)
    {
        try
        {
            await KeyUses.UpdateAsync(database, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "When keys were last used could not be brought up to date; it is tried again in a minute")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
