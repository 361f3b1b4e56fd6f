using Cronos;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Storage;
using Spendra.Storage.Alerts;
using Spendra.Storage.Governance;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Catalog;

public sealed record CatalogOptions
{
    /// <summary>When to look for new prices, as a cron expression of five fields in UTC; null for never.</summary>
    public string? Schedule { get; init; }

    /// <summary><c>openrouter</c>, <c>catalog</c> and https addresses, separated by semicolons.</summary>
    public string From { get; init; } = PriceDocument.OpenRouterName;

    public IReadOnlyList<string> Sources => From.Split(';', StringSplitOptions.TrimEntries);

    /// <summary>Permits http and private addresses.</summary>
    public bool AllowInside { get; init; }

    /// <summary>Whether every part of a text is a source.</summary>
    public static bool AreSources(string text) => text.Split(';', StringSplitOptions.TrimEntries)
        .All(s => s is PriceDocument.OpenRouterName or PriceDocument.CatalogName || PriceFetcher.IsAddress(s));

    public static bool IsSchedule(string text) => CronExpression.TryParse(text, out _);
}

public static class CatalogSyncServices
{
    /// <summary>Needs a <see cref="Database"/> among the services. Without a schedule nothing is added.</summary>
    public static IServiceCollection AddCatalogSync(this IServiceCollection services, CatalogOptions options)
    {
        if (options.Schedule is null) return services;
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton(options).AddHostedService<CatalogSyncJob>();
    }
}

/// <summary>
/// Looks for new prices on schedule, for every organization: proposals, never changes. Of several workers one looks at each instant.
/// </summary>
internal sealed partial class CatalogSyncJob(
    Database database, CatalogOptions options, TimeProvider time, ILogger<CatalogSyncJob> logger) : BackgroundService
{
    private const string Look = "catalog";

    // Sources are read once for all organizations: the look is of none of them.
    private static readonly Guid OfAll = Guid.Empty;

    private readonly AlertBook _looks = new(database, time);

    // Timers take no more than some fifty days at a time; waking up in between costs nothing.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => LookUntilAsync(stoppingToken);

    internal async Task LookUntilAsync(CancellationToken stoppingToken)
    {
        var schedule = CronExpression.Parse(options.Schedule!);
        try
        {
            while (schedule.GetNextOccurrence(time.GetUtcNow(), TimeZoneInfo.Utc) is { } next)
            {
                await WaitUntilAsync(next, stoppingToken);
                await LookSafelyAsync(next, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    /// <summary>One look for every organization. A source is read once.</summary>
    internal async Task RunAsync(CancellationToken cancel)
    {
        using var fetcher = new PriceFetcher(options.AllowInside);
        var organizations = await new GovernanceReader(database).ListOrganizationsAsync(cancel);
        foreach (var source in options.Sources)
        {
            var startedAt = Micros.Now(time);
            var document = await PriceSync.ReadAsync(source, fetcher, time, cancel);
            foreach (var organization in organizations) Log(organization, await PriceSync.RunAsync(database, organization, document, startedAt, time, cancel));
        }
    }

    private void Log(OrganizationName organization, SyncResult result)
    {
        var run = result.Run;
        if (run.Outcome == SyncOutcome.Failed) LogFailedRun(logger, organization.Slug, run.Source, run.Failure!);
        else if (run.Outcome == SyncOutcome.Proposed) LogProposed(logger, run.ProposalId!.Value, organization.Slug, run.Source, result.Comparison!.Changes.Length);
    }

    private async Task WaitUntilAsync(DateTimeOffset next, CancellationToken cancel)
    {
        while (next - time.GetUtcNow() is var left && left > TimeSpan.Zero)
            await Task.Delay(left < LongestWait ? left : LongestWait, time, cancel);
    }

    /// <summary>The look of an instant, unless another worker has taken it.</summary>
    internal async Task LookAsync(DateTimeOffset instant, CancellationToken cancel)
    {
        // Clocks of workers differ by less than half of what is between two instants.
        var untilNext = CronExpression.Parse(options.Schedule!).GetNextOccurrence(instant, TimeZoneInfo.Utc) - instant ?? LongestWait;
        if (await _looks.TakeAsync(OfAll, Look, untilNext / 2, cancel) is not null) await RunAsync(cancel);
    }

    private async Task LookSafelyAsync(DateTimeOffset instant, CancellationToken cancel)
    {
        try
        {
            await LookAsync(instant, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFailed(logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Information,
        Message = "Proposal {ProposalId} of {Organization}: {Count} prices of {Source} differ from the book; 'spendra prices approve' takes them")]
    private static partial void LogProposed(ILogger logger, Guid proposalId, string organization, string source, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No prices for {Organization} from {Source}: {Failure}")]
    private static partial void LogFailedRun(ILogger logger, string organization, string source, string failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking for new prices failed; it is tried again on schedule")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
