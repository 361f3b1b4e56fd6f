using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;
using Spendra.Storage.Periods;

namespace Spendra.Control.Ledger;

/// <summary>
/// Corrections of the ledger: proposed with a reason, decided by somebody else, and booked with the approval as an entry of their
/// own. A correction of a request moves the windows that its first event moved, also when they have ended: what a period cost is
/// what its requests cost. A correction of an account moves none.
/// </summary>
internal static class AdjustmentEndpoints
{
    public static void Map(IEndpointRouteBuilder ledger)
    {
        var group = ledger.MapGroup("/adjustments");
        var example = new NewAdjustment { Account = "main", DifferenceUsd = "-12.5", Reason = "Credit note 4711 of October" };
        group.MapGet("", ListAsync).ForMembers("listAdjustments", "List corrections of the ledger, the newest first", Capability.LedgerRead);
        group.MapGet("/{id:guid}", GetAsync).ForMembers("getAdjustment", "Get a correction of the ledger", Capability.LedgerRead);
        group.MapPost("", ProposeAsync).ForMembers("proposeAdjustment", "Propose a correction of a request or a provider account", Capability.LedgerAdjust, example, ProblemKind.WrongState, ProblemKind.IdempotencyMismatch);
        group.MapPost("/{id:guid}/approve", (Guid id, EntityTag match, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
                DecideAsync(id, match, true, caller, desk, database, cancel))
            .ForMembers("approveAdjustment", "Approve a correction that somebody else proposed, and book it", Capability.LedgerApprove, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{id:guid}/reject", (Guid id, EntityTag match, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
                DecideAsync(id, match, false, caller, desk, database, cancel))
            .ForMembers("rejectAdjustment", "Reject a correction that somebody else proposed", Capability.LedgerApprove, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<Page<AdjustmentView>>> ListAsync(
        [AsParameters] PageQuery query, [AsParameters] AdjustmentFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var (page, before, problem) = query.ReadById("-time");
        if (problem is not null) return problem;
        // What people say about an account's bill is not a scope's: whoever sees some scopes only sees none of it.
        if (!caller.Coverage.IsEverything) return Outcome<Page<AdjustmentView>>.Done(new Page<AdjustmentView>([], null));
        var rows = await AdjustmentReader.ListAsync(database, caller.OrganizationId, filter.State, before, page!.Limit + 1, cancel);
        return Outcome<Page<AdjustmentView>>.Done(page.Take(rows, AdjustmentView.Of, r => [r.AdjustmentId.ToString()]));
    }

    private static async Task<Answer<AdjustmentView>> GetAsync(Guid id, Caller caller, Database database, CancellationToken cancel) =>
        caller.Coverage.IsEverything && await AdjustmentReader.FindAsync(database, caller.OrganizationId, id, cancel) is { } row
            ? Outcome<AdjustmentView>.Done(AdjustmentView.Of(row), row.Version)
            : Problem.NotFound;

    private static async Task<CreationAnswer<AdjustmentView>> ProposeAsync(
        NewAdjustment body, Repetition repetition, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
        await desk.CreateAsync<AdjustmentView>(caller, repetition, StateParts.Accounts, async draft =>
        {
            if ((body.RequestId is null) == (body.Account is null))
                return Problem.Field(body.RequestId is null ? "account" : "requestId", "is wrong: expected one of 'requestId' and 'account'");
            _ = NanoUsd.TryParse(body.DifferenceUsd, out var difference);
            var row = new AdjustmentRow
            {
                AdjustmentId = Guid.CreateVersion7(),
                AccountId = Guid.Empty,
                Difference = difference,
                Reason = body.Reason,
                ProposedAt = draft.NowMicros,
                ProposedBy = caller.Actor,
                ProposerId = caller.MemberId,
                Month = body.Month,
            };
            draft.About(new GovernanceWrite.AddAdjustment(row));
            if (AccountingPeriod.TryParse(body.Month, out var period) && period.StartsAt > draft.NowMicros) return Problem.Field("month", "has not begun yet");
            if (body.RequestId is { } requestId)
            {
                var state = await LedgerBooks.LoadAsync(draft.Transaction, database, requestId, cancel);
                var key = new RowKey(caller.OrganizationId, requestId);
                if (!state.Spent.TryGetValue(key, out var spent))
                {
                    return state.Released.Contains(key) || state.StillOpen.Contains(key)
                        ? new Problem(ProblemKind.WrongState, "Only what was spent can be corrected: this request is open, or was given back.")
                        : Problem.Field("requestId", "names no request that was spent");
                }
                row = row with { ReservationId = requestId, AccountId = spent.Reservation.AccountId, AfterEvent = spent.LastEventNumber };
                row = row with { Account = SlugOf(draft, row.AccountId) };
                if (Booking(state, row, spent, draft.NowMicros).Problem is { } impossible) return impossible;
            }
            else
            {
                if (draft.State.Accounts.FirstOrDefault(a => a.Account.Slug == body.Account) is not { } account) return Problem.Field("account", "names no provider account");
                row = row with { AccountId = account.Account.AccountId, Account = account.Account.Slug };
            }
            draft.Change(new GovernanceWrite.AddAdjustment(row), "propose", "adjustment", row.AdjustmentId.ToString(), null, Description.Of(row));
            return Outcome<AdjustmentView>.Done(AdjustmentView.Of(row), row.Version, $"/api/v1/organizations/{caller.Organization}/ledger/adjustments/{row.AdjustmentId}");
        }, cancel);

    private static async Task<Answer<AdjustmentView>> DecideAsync(
        Guid id, EntityTag match, bool isApproval, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
        await desk.RunAsync<AdjustmentView>(caller, StateParts.Scopes, async draft =>
        {
            if (!draft.Authority.CoversEverything || await LedgerBooks.FindAdjustmentAsync(draft.Transaction, id, cancel) is not { } row) return Problem.NotFound;
            draft.About(new GovernanceWrite.DecideAdjustment(row, caller.MemberId, null));
            if (match.Check(row.Version) is { } stale) return stale;
            if (row.Decision is { } already) return new Problem(ProblemKind.WrongState, $"It is {already} already.");
            LedgerWrites? writes = null;
            if (isApproval)
            {
                var (booked, problem) = await BookAsync(draft, row, database, cancel);
                if (problem is not null) return problem;
                writes = booked;
            }
            var after = row with
            {
                Decision = isApproval ? "approved" : "rejected",
                DecidedAt = draft.NowMicros,
                DecidedBy = caller.Actor,
                DeciderId = caller.MemberId,
                EntrySequence = writes?.Entries.Single().Sequence,
                EventNumber = writes?.Entries.Single().EventNumber,
                BookedMonth = isApproval ? await PeriodReader.BookedMonthAsync(draft.Transaction, row.Month, cancel) : null,
                Version = row.Version + 1,
            };
            draft.Change(new GovernanceWrite.DecideAdjustment(row, caller.MemberId, writes) { BookedMonth = after.BookedMonth }, isApproval ? "approve" : "reject", "adjustment", id.ToString(),
                Description.Of(row), Description.Of(after));
            return Outcome<AdjustmentView>.Done(AdjustmentView.Of(after), after.Version);
        }, cancel);

    private static async Task<(LedgerWrites? Writes, Problem? Problem)> BookAsync(Draft draft, AdjustmentRow row, Database database, CancellationToken cancel)
    {
        if (row.ReservationId is not { } requestId)
        {
            var counters = await LedgerBooks.LoadCountersAsync(draft.Transaction, cancel);
            return (LedgerMachine.AdjustAccount(counters, new AccountAdjustment(row.AdjustmentId, row.AccountId, row.Difference, row.Reason), draft.NowMicros), null);
        }
        var state = await LedgerBooks.LoadAsync(draft.Transaction, database, requestId, cancel);
        return state.Spent.TryGetValue(new RowKey(draft.State.OrganizationId, requestId), out var spent)
            ? Booking(state, row, spent, draft.NowMicros)
            : (null, new Problem(ProblemKind.WrongState, "The request is not in the ledger any more: run 'spendra verify'."));
    }

    /// <summary>What the ledger would write, decided by the same code as settlements.</summary>
    private static (LedgerWrites? Writes, Problem? Problem) Booking(LedgerState state, AdjustmentRow row, SpentReservation spent, long nowMicros)
    {
        var command = new AdjustCommand(spent.Reservation.OrganizationId, spent.Reservation.ReservationId, spent.Reservation.WindowIds, row.Difference, row.Reason)
        {
            AfterEvent = row.AfterEvent,
        };
        var decision = LedgerMachine.Decide(state, [command], nowMicros);
        return decision.Outcomes[0] switch
        {
            LedgerOutcome.Ended => (decision.Writes, null),
            LedgerOutcome.AlreadyEnded => (null, new Problem(ProblemKind.WrongState, "The request was corrected by something else since this was proposed. Reject it and propose what is still missing.")),
            LedgerOutcome.Failed { Error: ArgumentException or OverflowException } failed => (null, Problem.Field("differenceUsd", $"is not possible: {failed.Error.Message}")),
            var other => (null, new Problem(ProblemKind.WrongState, $"The ledger cannot book this ({(other as LedgerOutcome.Failed)?.Error.Message ?? other.GetType().Name}): run 'spendra verify'.")),
        };
    }

    private static string SlugOf(Draft draft, Guid accountId) => accountId == ProviderAccount.SandboxId ? "sandbox"
        : draft.State.Accounts.FirstOrDefault(a => a.Account.AccountId == accountId)?.Account.Slug ?? "unknown";
}
