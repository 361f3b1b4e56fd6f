using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Requests;

public static class IncreaseEndingServices
{
    /// <summary>Needs a <see cref="Database"/> and a <see cref="TimeProvider"/> among the services.</summary>
    public static IServiceCollection AddIncreaseEnding(this IServiceCollection services) => services.AddHostedService<IncreaseEnding>();
}

/// <summary>
/// Takes back what was added to budgets for a time, once the time is over. No admission waits for it: the ledger refuses by
/// the clock what only an ended increase would cover. Several workers may run it; the second finds nothing to do.
/// </summary>
internal sealed partial class IncreaseEnding(Database database, TimeProvider time, ILogger<IncreaseEnding> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private static readonly ChangeAuthor Author = new("spendra", "worker", "the time of the increase is over");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do await EndAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    /// <summary>
    /// Ends every increase whose time is over now, in all organizations. One that cannot be written keeps no other waiting.
    /// </summary>
    internal async Task EndAsync(CancellationToken cancel)
    {
        foreach (var organizationId in await SafelyAsync(() => BudgetRequestReader.OrganizationsWithIncreasesAsync(database, cancel), cancel) ?? [])
            await SafelyAsync(() => EndAsync(organizationId, cancel), cancel);
    }

    private async Task<long> EndAsync(Guid organizationId, CancellationToken cancel)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(database, organizationId, time, cancel);
        var state = await transaction.LoadStateAsync(cancel, StateParts.Budgets);
        var names = state.Scopes.ToDictionary(s => s.Scope.ScopeId, s => s.Scope.Reference);
        var changes = new List<GovernanceChange>();
        foreach (var before in state.Budgets)
        {
            var budget = RequestRules.WithoutEnded(before.Budget, transaction.NowMicros);
            if (budget.Increases.Length == before.Budget.Increases.Length) continue;
            changes.Add(new GovernanceChange(new GovernanceWrite.PutBudget(before with { Budget = budget }, before), new ChangeNote("end_increase", "budget",
                budget.Slug, Description.Of(before.Budget, id => names[id]).ToJson(), Description.Of(budget, id => names[id]).ToJson())));
        }
        return changes.Count > 0 ? await transaction.ApplyAsync(changes, Author, cancel) : state.Epoch;
    }

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

    [LoggerMessage(Level = LogLevel.Warning, Message = "increases whose time is over could not be taken back; they cover nothing, and it is tried again")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
