using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Spendra.Control.Shell;
using Spendra.Core.Ledger;
using Spendra.Core.Reconciliation;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Reconciliation;

public static class BillFetchServices
{
    /// <summary>Needs a <see cref="Database"/>, a <see cref="MasterKey"/>, <see cref="BillFetchOptions"/> and a <see cref="TimeProvider"/> among the services.</summary>
    public static IServiceCollection AddBillFetches(this IServiceCollection services)
    {
        services.TryAddSingleton(provider => new BillFetcher(provider.GetRequiredService<MasterKey>(), provider.GetRequiredService<BillFetchOptions>()));
        return services.AddHostedService<BillFetchJob>();
    }
}

/// <summary>
/// Fetches bills on schedule and imports them: at each instant of a schedule the last whole days anew, since providers correct what
/// they said, and further back what was missed. Several workers share the schedules; each is at one of its own at a time. What goes
/// wrong is noted at the schedule and tried again.
/// </summary>
internal sealed partial class BillFetchJob(Database database, BillFetcher fetcher, TimeProvider time, ILogger<BillFetchJob> logger) : BackgroundService
{
    /// <summary>How far back providers tell; OpenRouter no further.</summary>
    public const int MostDays = 30;

    // A provider that takes its time holds up no other.
    private const int AtOnce = 4;

    // How often it looks.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    // The hold is longer: nobody else begins while this one goes on.
    private static readonly TimeSpan LongestAttempt = TimeSpan.FromMinutes(10);

    private readonly BillScheduleHold _hold = new(database, Guid.CreateVersion7(), time);

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

    /// <summary>Fetches all that is due and that nobody else is at.</summary>
    internal async Task TurnAsync(CancellationToken cancel) => await Parallel.ForEachAsync(
        await BillSchedules.ListDueAsync(database, Micros.Now(time), cancel), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel },
        async (key, stop) =>
        {
            if (await _hold.TakeAsync(key.OrganizationId, key.ScheduleId, stop) is { } schedule) await FetchSafelyAsync(schedule, stop);
        });

    private async Task FetchSafelyAsync(BillSchedule schedule, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(LongestAttempt, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            if (await FetchAsync(schedule, stop.Token) is not { } failure) return;
            LogFailed(logger, schedule.Account, schedule.ScheduleId, failure);
            await _hold.FailAsync(schedule, failure, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            await _hold.LetGoAsync(schedule, CancellationToken.None);
            throw;
        }
        catch (OperationCanceledException)
        {
            await _hold.FailAsync(schedule, $"it took longer than {LongestAttempt.TotalMinutes:0} minutes", cancel);
        }
        catch (Exception e)
        {
            LogBroken(logger, schedule.Account, schedule.ScheduleId, e);
            await _hold.FailAsync(schedule, e is DatabaseUnavailableException ? "the database could not be reached" : "the bill could not be imported or compared", cancel);
        }
    }

    /// <summary>Null when the schedule has gone on to its next instant, or somebody ended it; otherwise why not.</summary>
    private async Task<string?> FetchAsync(BillSchedule schedule, CancellationToken cancel)
    {
        var credential = await AccountLists.FindAsync(database, schedule.OrganizationId, schedule.CredentialAccountId, cancel);
        var account = await AccountLists.FindAsync(database, schedule.OrganizationId, schedule.AccountId, cancel);
        if (account is null || credential is null || credential.IsArchived) return "the account whose credential is used was archived: end this schedule, or restore the account";

        // 1. Which days: the last whole ones, and those that came since the last time.
        var endDay = BilledDay.Of(Micros.Now(time));
        var firstDay = Math.Max(endDay - MostDays, Math.Min(endDay - schedule.DayCount, schedule.FetchedEndDay ?? long.MaxValue));

        // 2. From the provider; nobody waits for it under a lock.
        var (content, failure) = await fetcher.FetchAsync(schedule.OrganizationId, schedule.AccountId, credential.Account, BilledDay.ToDate(firstDay), BilledDay.ToDate(endDay - 1), cancel);
        if (content is null) return failure;
        var (bill, fault) = BillParser.Read(content);
        if (bill is null) return $"what came is no bill: {fault}";

        // 3. Into the books, unless the same is there.
        var author = new ChangeAuthor($"schedule {schedule.ScheduleId}", "worker");
        var staged = await BillIntake.StageAsync(database, schedule.OrganizationId, schedule.AccountId, bill, cancel);
        Guid importId;
        await using (var transaction = await GovernanceTransaction.BeginAsync(database, schedule.OrganizationId, time, cancel))
        {
            if (await BillSchedules.FindAsync(transaction, schedule.ScheduleId, cancel) is not { NextAt: not null } current || current.HolderId != _hold.HolderId) return null;
            var (import, change) = await BillIntake.PlanAsync(transaction, staged, schedule.AccountId, schedule.Account, content.Format, bill, author.Actor, cancel);
            importId = import.ImportId;
            if (change is not null) await transaction.ApplyAsync([change], author, cancel);
        }

        // 4. Compared with the ledger, and on to the next instant.
        var changes = new List<GovernanceChange>();
        if (schedule.IsCompared)
        {
            foreach (var period in MonthsOf(firstDay, endDay))
            {
                if (await ReconciliationDesk.CompareAsync(database, schedule.OrganizationId, account.Account, period, ComparisonRules.DefaultRounding, cancel) is not { } made) continue;
                changes.Add(new GovernanceChange(new GovernanceWrite.AddRun(made.Run, made.Differences),
                    new ChangeNote("compare", "reconciliation", made.Run.RunId.ToString(), null, RunView.Describe(made.Run).ToJson())));
            }
        }
        await MoveAsync(schedule, importId, endDay, changes, author, cancel);
        LogFetched(logger, schedule.Account, bill.Lines.Count, content.From, content.To);
        return null;
    }

    private async Task MoveAsync(BillSchedule schedule, Guid importId, long endDay, List<GovernanceChange> changes, ChangeAuthor author, CancellationToken cancel)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(database, schedule.OrganizationId, time, cancel);
        if (await BillSchedules.FindAsync(transaction, schedule.ScheduleId, cancel) is not { NextAt: not null } current || current.HolderId != _hold.HolderId) return;
        // Instants that passed meanwhile are served by this one.
        var next = current with
        {
            NextAt = CronTimes.NextAfter(current.Cron, transaction.NowMicros), FetchedAt = transaction.NowMicros, FetchedEndDay = endDay, ImportId = importId,
            Version = current.Version + 1,
        };
        changes.Add(new GovernanceChange(new GovernanceWrite.PutBillSchedule(next),
            new ChangeNote("update", "bill_schedule", schedule.ScheduleId.ToString(), BillScheduleView.Describe(current).ToJson(), BillScheduleView.Describe(next).ToJson())));
        await transaction.ApplyAsync(changes, author, cancel);
    }

    private static IEnumerable<AccountingPeriod> MonthsOf(long firstDay, long endDay)
    {
        var last = AccountingPeriod.Of(BilledDay.StartMicros(endDay - 1));
        for (var period = AccountingPeriod.Of(BilledDay.StartMicros(firstDay)); period <= last; period = period.Next) yield return period;
    }

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

    [LoggerMessage(Level = LogLevel.Information, Message = "The bill of {Account} is fetched: {Lines} lines from {From} to {To}")]
    private static partial void LogFetched(ILogger logger, string account, int lines, DateOnly? from, DateOnly? to);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The bill of {Account} was not fetched by schedule {ScheduleId}: {Reason}; it is tried again")]
    private static partial void LogFailed(ILogger logger, string account, Guid scheduleId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The bill of {Account} could not be imported or compared by schedule {ScheduleId}; it is tried again")]
    private static partial void LogBroken(ILogger logger, string account, Guid scheduleId, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Schedules of bills could not be looked after ({Reason}); it is tried again")]
    private static partial void LogUnavailable(ILogger logger, string reason);
}
