using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Alerts;

/// <summary>
/// Looks at every organization again and again for what is to be told. Of several workers one looks at an organization at a time.
/// One that cannot be looked at keeps no other waiting.
/// </summary>
internal abstract partial class LookJob(Database database, TimeSpan interval, TimeProvider time, ILogger logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            do await LookAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    /// <summary>One look at every organization whose last look is long enough ago.</summary>
    internal async Task LookAsync(CancellationToken cancel)
    {
        foreach (var organization in await SafelyAsync(() => new GovernanceReader(database).ListOrganizationsAsync(cancel), cancel) ?? [])
        {
            var changes = await SafelyAsync(() => LookAsync(organization, cancel), cancel);
            foreach (var alert in changes?.Raised ?? []) LogRaised(logger, organization.Slug, alert.Title);
        }
    }

    /// <summary>One look; null when another worker has looked lately.</summary>
    protected abstract Task<AlertComparison?> LookAsync(OrganizationName organization, CancellationToken cancel);

    private async Task<T?> SafelyAsync<T>(Func<Task<T>> work, CancellationToken cancel)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(logger, e);
            return default;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Alert of {Organization}: {Title}")]
    private static partial void LogRaised(ILogger logger, string organization, string title);

    [LoggerMessage(Level = LogLevel.Error, Message = "Conditions for alerts could not be looked at; it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
