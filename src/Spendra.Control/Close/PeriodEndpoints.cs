using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;
using Spendra.Storage.Periods;

namespace Spendra.Control.Close;

/// <summary>
/// The months of the books: checked, locked in order, opened again with a reason, and exported. What a locked month adds up to
/// does not change: what is booked later belongs to a later one and names what it corrects.
/// </summary>
internal static class PeriodEndpoints
{
    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/periods").WithTags("Periods");
        group.MapGet("/locks", ListAsync).ForMembers("listPeriodLocks", "List locks of accounting periods, the newest first", Capability.LedgerRead);
        group.MapGet("/rules", RulesAsync).ForMembers("getClosingRules", "Get what is asked for before a period is locked", Capability.LedgerRead);
        group.MapPut("/rules", PutRulesAsync).ForMembers("putClosingRules", "Set what is asked for before a period is locked", Capability.PeriodsClose,
            new ClosingRulesBody { ToleranceBasisPoints = 50 }, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapGet("/{month}", GetAsync).ForMembers("getPeriod", "Get an accounting period and what stands against locking it", Capability.LedgerRead);
        group.MapPost("/{month}/lock", LockAsync).ForMembers("lockPeriod", "Lock an accounting period", Capability.PeriodsClose,
            new PeriodToLock { Waiver = "The provider's bill comes next week" }, ProblemKind.WrongState);
        group.MapPost("/{month}/reopen", ReopenAsync).ForMembers("reopenPeriod", "Open the latest locked period again", Capability.PeriodsReopen,
            new PeriodToReopen { Reason = "The credit note of October came late" }, ProblemKind.WrongState);
        group.MapGet("/{month}/journal", JournalAsync).ForMembers("exportPeriodJournal", "Export the journal of a period by account and cost centre as CSV", Capability.LedgerRead);
    }

    private static async Task<Answer<Page<PeriodLockView>>> ListAsync([AsParameters] PageQuery query, Caller caller, Database database, CancellationToken cancel)
    {
        var (page, before, problem) = query.ReadById("-time");
        if (problem is not null) return problem;
        // The books of everybody: whoever sees some scopes only sees none of them.
        if (!caller.Coverage.IsEverything) return Outcome<Page<PeriodLockView>>.Done(new Page<PeriodLockView>([], null));
        var rows = await PeriodReader.ListAsync(database, caller.OrganizationId, before, page!.Limit + 1, cancel);
        return Outcome<Page<PeriodLockView>>.Done(page.Take(rows, PeriodLockView.Of, r => [r.LockId.ToString()]));
    }

    private static async Task<Answer<ClosingRulesView>> RulesAsync(Caller caller, Database database, CancellationToken cancel)
    {
        var rules = await PeriodReader.RulesAsync(database, caller.OrganizationId, cancel);
        return Outcome<ClosingRulesView>.Done(new ClosingRulesView(rules.ToleranceBasisPoints, rules.Version), rules.Version);
    }

    private static async Task<Answer<ClosingRulesView>> PutRulesAsync(
        ClosingRulesBody body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<ClosingRulesView>(caller, StateParts.Scopes, async draft =>
        {
            var before = await PeriodReader.RulesAsync(draft.Transaction, cancel);
            var after = new ClosingRules(body.ToleranceBasisPoints, before.Version + 1);
            draft.About(new GovernanceWrite.PutClosingRules(after));
            if (match.Check(before.Version) is { } stale) return stale;
            draft.Change(new GovernanceWrite.PutClosingRules(after), "change", "closing_rules", "closing", Describe(before), Describe(after));
            return Outcome<ClosingRulesView>.Done(new ClosingRulesView(after.ToleranceBasisPoints, after.Version), after.Version);
        }, cancel);

    private static async Task<Answer<PeriodView>> GetAsync(string month, Caller caller, Database database, TimeProvider time, CancellationToken cancel)
    {
        if (!caller.Coverage.IsEverything || !AccountingPeriod.TryParse(month, out var period)) return Problem.NotFound;
        var checks = await PeriodBooks.CheckAsync(database, caller.OrganizationId, period, cancel);
        var rules = await PeriodReader.RulesAsync(database, caller.OrganizationId, cancel);
        var locks = await PeriodReader.InForceAsync(database, caller.OrganizationId, cancel);
        return Outcome<PeriodView>.Done(ClosingCheck.View(period, locks, checks, rules, Micros.Now(time)));
    }

    private static async Task<Answer<PeriodLockView>> LockAsync(
        string month, PeriodToLock body, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel)
    {
        if (!AccountingPeriod.TryParse(month, out var period)) return Problem.NotFound;
        // 1. Add up what there is, while others go on booking.
        var seen = await PeriodBooks.CheckAsync(database, caller.OrganizationId, period, cancel);
        return await desk.RunAsync<PeriodLockView>(caller, StateParts.Scopes, async draft =>
        {
            var row = new PeriodLock
            {
                LockId = Guid.CreateVersion7(),
                Period = period,
                LastSequence = 0,
                EntryCount = 0,
                Expense = NanoUsd.Zero,
                Waiver = body.Waiver,
                LockedAt = draft.NowMicros,
                LockedBy = caller.Actor,
            };
            draft.About(new GovernanceWrite.LockPeriod(row));

            // 2. Under the lock nothing is booked: add what came since, and check.
            var calendar = PeriodReader.ToCalendar(await PeriodReader.InForceAsync(draft.Transaction, cancel));
            var checks = await PeriodBooks.GoOnAsync(draft.Transaction, period, calendar, seen, cancel);
            var rules = await PeriodReader.RulesAsync(draft.Transaction, cancel);
            if (ClosingCheck.Obstacles(period, calendar, checks, draft.NowMicros) is { Count: > 0 } obstacles)
                return new Problem(ProblemKind.WrongState, $"{period} cannot be locked. {string.Join(" ", obstacles)}");
            if (body.Waiver is null && ClosingCheck.Unexplained(checks, rules) is { Count: > 0 } unexplained)
                return new Problem(ProblemKind.WrongState, $"The bills of these accounts are not explained within the tolerance: {string.Join(", ", unexplained)}. Reconcile them after the month's end and the last import of their bills, or give a reason as 'waiver'.");

            // 3. Lock, with the number of the last entry: whatever is booked later is later.
            var counters = await LedgerBooks.LoadCountersAsync(draft.Transaction, cancel);
            row = row with { LastSequence = counters.EntrySequence, EntryCount = checks.Totals.EntryCount, Expense = checks.Totals.Expense };
            draft.Change(new GovernanceWrite.LockPeriod(row), "lock", "period", period.ToString(), null, PeriodLockView.Describe(row));
            return Outcome<PeriodLockView>.Done(PeriodLockView.Of(row));
        }, cancel);
    }

    private static async Task<Answer<PeriodLockView>> ReopenAsync(string month, PeriodToReopen body, Caller caller, ChangeDesk desk, CancellationToken cancel)
    {
        if (!AccountingPeriod.TryParse(month, out var period)) return Problem.NotFound;
        return await desk.RunAsync<PeriodLockView>(caller, StateParts.Scopes, async draft =>
        {
            var latest = (await PeriodReader.InForceAsync(draft.Transaction, cancel)).MaxBy(l => l.Period);
            // Which period it is makes no difference to who may.
            if (latest is null) draft.About(); else draft.About(new GovernanceWrite.ReopenPeriod(latest));
            if (latest is null || latest.Period < period) return new Problem(ProblemKind.WrongState, $"{period} is not locked.");
            if (latest.Period != period) return new Problem(ProblemKind.WrongState, $"Periods are opened from the latest on: {latest.Period} first.");
            var after = latest with { ReopenedAt = draft.NowMicros, ReopenedBy = caller.Actor, ReopenReason = body.Reason };
            draft.Change(new GovernanceWrite.ReopenPeriod(after), "reopen", "period", period.ToString(), PeriodLockView.Describe(latest), PeriodLockView.Describe(after));
            return Outcome<PeriodLockView>.Done(PeriodLockView.Of(after));
        }, cancel);
    }

    private static async Task<FileAnswer> JournalAsync(string month, Caller caller, Database database, CancellationToken cancel)
    {
        if (!caller.Coverage.IsEverything || !AccountingPeriod.TryParse(month, out var period)) return new FileAnswer(Problem.NotFound, "", "");
        var lines = await PeriodJournal.ReadAsync(database, caller.OrganizationId, period, cancel);
        return new FileAnswer(null, $"journal-{period}.csv", JournalFile.Write(period, lines));
    }

    private static Description Describe(ClosingRules rules) =>
        new([("toleranceBasisPoints", rules.ToleranceBasisPoints.ToString(System.Globalization.CultureInfo.InvariantCulture))]);

    /// <summary>A file to save, or why there is none.</summary>
    internal sealed class FileAnswer(Problem? problem, string name, string text) : IResult, IEndpointMetadataProvider
    {
        public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
            builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/csv"]));

        public Task ExecuteAsync(HttpContext httpContext)
        {
            if (problem is not null) return problem.WriteAsync(httpContext);
            httpContext.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
            return TypedResults.Text(text, JournalFile.ContentType).ExecuteAsync(httpContext);
        }
    }
}
