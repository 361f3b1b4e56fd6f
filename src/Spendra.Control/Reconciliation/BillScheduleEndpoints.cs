using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>Schedules by which workers fetch bills, and how that went.</summary>
internal static class BillScheduleEndpoints
{
    public static void Map(RouteGroupBuilder reconciliation)
    {
        var schedule = new NewBillSchedule { Account = "main", Cron = "30 6 * * *", Days = 3, IsCompared = true };
        reconciliation.MapGet("/schedules", ListAsync).ForMembers("listBillSchedules", "List schedules by which bills are fetched, the newest first", Capability.LedgerRead);
        reconciliation.MapPost("/schedules", CreateAsync).ForMembers("createBillSchedule", "Fetch a bill again and again by a schedule", Capability.ReconciliationWrite, schedule,
            ProblemKind.IdempotencyMismatch);
        reconciliation.MapPost("/schedules/{id:guid}/end", EndAsync).ForMembers("endBillSchedule", "End a schedule by which a bill is fetched", Capability.ReconciliationWrite, null,
            ProblemKind.WrongState);
    }

    private static async Task<Answer<Page<BillScheduleView>>> ListAsync([AsParameters] PageQuery query, Caller caller, Database database, CancellationToken cancel)
    {
        var (page, before, problem) = query.ReadById("-time");
        if (problem is not null) return problem;
        // A bill is of all who used the account: whoever sees some scopes only sees none of it.
        if (!caller.Coverage.IsEverything) return Outcome<Page<BillScheduleView>>.Done(new Page<BillScheduleView>([], null));
        var rows = await BillSchedules.ListAsync(database, caller.OrganizationId, before, page!.Limit + 1, cancel);
        return Outcome<Page<BillScheduleView>>.Done(page.Take(rows, BillScheduleView.Of, r => [r.ScheduleId.ToString()]));
    }

    private static async Task<CreationAnswer<BillScheduleView>> CreateAsync(
        NewBillSchedule body, Repetition repetition, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.CreateAsync<BillScheduleView>(caller, repetition, StateParts.Accounts, draft =>
        {
            AccountRow? Find(string slug) => draft.State.Accounts.FirstOrDefault(a => a.Account.Slug == slug);
            var account = Find(body.Account);
            var credential = body.CredentialOf is { } other ? Find(other) : account;
            if (account is null) return Problem.Field("account", "names no provider account");
            if (credential is null || credential.IsArchived || credential.Account.Provider != account.Account.Provider) return Problem.Field("credentialOf", "names no provider account of the same provider");
            if (BillFetcher.FormatOf(account.Account.Provider) is null) return Problem.Field("account", "is of a provider without an interface for bills: import its export as a file");
            var row = new BillSchedule
            {
                OrganizationId = caller.OrganizationId, ScheduleId = Guid.CreateVersion7(), AccountId = account.Account.AccountId, Account = account.Account.Slug,
                CredentialAccountId = credential.Account.AccountId, CredentialAccount = credential.Account.Slug, Cron = body.Cron,
                DayCount = body.Days ?? NewBillSchedule.DefaultDays, IsCompared = body.IsCompared ?? false, NextAt = CronTimes.NextAfter(body.Cron, draft.NowMicros),
                CreatedAt = draft.NowMicros, CreatedBy = caller.Actor, Version = 1,
            };
            if (row.NextAt is null) return Problem.Field("cron", "never comes");
            draft.Change(new GovernanceWrite.PutBillSchedule(row), "create", "bill_schedule", row.ScheduleId.ToString(), null, BillScheduleView.Describe(row));
            return Outcome<BillScheduleView>.Done(BillScheduleView.Of(row), location: $"/api/v1/organizations/{caller.Organization}/reconciliation/schedules/{row.ScheduleId}");
        }, cancel);

    private static async Task<Answer<BillScheduleView>> EndAsync(Guid id, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<BillScheduleView>(caller, StateParts.Scopes, async draft =>
        {
            if (!draft.Authority.CoversEverything || await BillSchedules.FindAsync(draft.Transaction, id, cancel) is not { } row) return Problem.NotFound;
            var ended = row with { NextAt = null, Version = row.Version + 1 };
            draft.About(new GovernanceWrite.PutBillSchedule(ended));
            if (row.EndedAt is not null) return new Problem(ProblemKind.WrongState, "This schedule has been ended before.");
            draft.Change(new GovernanceWrite.PutBillSchedule(ended), "end", "bill_schedule", id.ToString(), BillScheduleView.Describe(row), BillScheduleView.Describe(ended));
            return Outcome<BillScheduleView>.Done(BillScheduleView.Of(ended));
        }, cancel);
}
