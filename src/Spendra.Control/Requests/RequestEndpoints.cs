using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Requests;

/// <summary>
/// Requests for budget and reviews: whoever may act for a refused key asks, somebody above the rule that refused decides,
/// never on a request of their own, and what is granted ends by itself.
/// </summary>
internal static class RequestEndpoints
{
    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/requests").WithTags("Requests");
        group.MapGet("", ListAsync).ForMembers("listRequests", "List requests for budget and reviews, newest first", Capability.RequestsRead);
        group.MapGet("/{id}", GetAsync).ForMembers("getRequest", "Get a request", Capability.RequestsRead);
        group.MapPost("", AskAsync).ForMembers("createRequest", "Ask for what a refused call lacked", Capability.RequestsCreate,
            new NewRequest { Refusal = Guid.Parse("0199c3e4-8f1a-7b52-a3c1-5d0f6a2e9b10"), AmountUsd = NanoUsd.FromUsd(50), Reason = "Release week" },
            ProblemKind.WrongState, ProblemKind.IdempotencyMismatch);
        group.MapPost("/{id}/approve", ApproveAsync).ForMembers("approveRequest", "Grant a request, as it was asked or less", Capability.RequestsDecide,
            new Approval { AmountUsd = NanoUsd.FromUsd(25), Reason = "Half now" }, ProblemKind.WrongState, ProblemKind.InUse, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{id}/decline", DeclineAsync).ForMembers("declineRequest", "Decline a request", Capability.RequestsDecide,
            new Declination { Reason = "Use the smaller model" }, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{id}/withdraw", WithdrawAsync).ForMembers("withdrawRequest", "Take back a request of your own", Capability.RequestsCreate,
            null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<Page<RequestView>>> ListAsync(
        [AsParameters] PageQuery query, [AsParameters] RequestFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var (page, after, problem) = query.ReadById("-created");
        if (problem is not null) return problem;
        BudgetRequestState? state = filter.State is { } name ? Enum.Parse<BudgetRequestState>(name, ignoreCase: true) : null;
        var rows = await BudgetRequestReader.ListAsync(database, caller.Coverage, state, filter.Mine == "true", after, page!.Limit + 1, cancel);
        return Outcome<Page<RequestView>>.Done(page.Take(rows, View, r => [r.Request.RequestId.ToString()]));
    }

    private static async Task<Answer<RequestView>> GetAsync(Guid id, Caller caller, Database database, CancellationToken cancel) =>
        await BudgetRequestReader.FindAsync(database, caller.Coverage, id, cancel) is { } found
            ? Outcome<RequestView>.Done(View(found), found.Request.Version)
            : Problem.NotFound;

    private static async Task<CreationAnswer<RequestView>> AskAsync(
        NewRequest body, Repetition repetition, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.CreateAsync<RequestView>(caller, repetition, StateParts.Budgets | StateParts.Policies | StateParts.Keys, async draft =>
        {
            var refused = await BudgetRequestReader.FindRefusalAsync(draft.Transaction, body.Refusal, cancel);
            if (refused is null || !draft.Authority.Covers(draft.Scopes, refused.ActorId))
                return Problem.Field("refusal", "names no refused request that you may see");
            // Who covers the actor may ask: the capability was looked at when the call was let in.
            draft.About();
            if (await BudgetRequestReader.FindStandingAsync(draft.Transaction, body.Refusal, cancel) is { } standing) return RequestRules.Standing(standing);
            var asked = RequestRules.Ask(draft, refused, body);
            if (!asked.IsDone) return asked.Problem;
            var request = asked.Value;
            draft.Change(new GovernanceWrite.AskForBudget(request), "create", "request", request.RequestId.ToString(), null, Describe(draft, request));
            return Outcome<RequestView>.Done(View(Listed(draft, request)), request.Version,
                $"/api/v1/organizations/{caller.Organization}/requests/{request.RequestId}");
        }, cancel);

    private static Task<Answer<RequestView>> ApproveAsync(
        Guid id, Approval body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        EndAsync(id, match, caller, desk, "approve", BudgetRequestState.Approved, (draft, asked) =>
        {
            var approved = RequestRules.Approve(draft, asked, body);
            return approved.IsDone && Grant(draft, approved.Value) is { } problem ? problem : approved;
        }, cancel);

    private static Task<Answer<RequestView>> DeclineAsync(
        Guid id, Declination body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        EndAsync(id, match, caller, desk, "decline", BudgetRequestState.Declined, (draft, asked) => asked.State != BudgetRequestState.Open ? RequestRules.Ended(asked)
            : Outcome<BudgetRequest>.Done(Ended(draft, asked, BudgetRequestState.Declined) with { DecisionReason = body.Reason }), cancel);

    private static Task<Answer<RequestView>> WithdrawAsync(Guid id, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        EndAsync(id, match, caller, desk, "withdraw", BudgetRequestState.Withdrawn, (draft, asked) => asked.State != BudgetRequestState.Open ? RequestRules.Ended(asked)
            : Outcome<BudgetRequest>.Done(Ended(draft, asked, BudgetRequestState.Withdrawn)), cancel);

    private static async Task<Answer<RequestView>> EndAsync(Guid id, EntityTag match, Caller caller, ChangeDesk desk, string action, BudgetRequestState state,
        Func<Draft, BudgetRequest, Outcome<BudgetRequest>> end, CancellationToken cancel) =>
        await desk.RunAsync<RequestView>(caller, StateParts.Budgets | StateParts.Policies | StateParts.Keys, async draft =>
        {
            var found = await BudgetRequestReader.FindAsync(draft.Transaction, id, cancel);
            if (found is null || !draft.Authority.Covers(draft.Scopes, found.Request.ActorId)) return Problem.NotFound;
            draft.About(new GovernanceWrite.EndRequest(found.Request with { State = state }));
            if (match.Check(found.Request.Version) is { } stale) return stale;
            var ended = end(draft, found.Request);
            if (!ended.IsDone) return ended.Problem;
            draft.Change(new GovernanceWrite.EndRequest(ended.Value), action, "request", id.ToString(),
                Describe(draft, found.Request), Describe(draft, ended.Value));
            return Outcome<RequestView>.Done(View(found with { Request = ended.Value, DecidedBy = caller.Member.Email }), ended.Value.Version);
        }, cancel);

    private static BudgetRequest Ended(Draft draft, BudgetRequest asked, BudgetRequestState state) => asked with
    {
        State = state, DecidedBy = draft.Caller.MemberId, DecidedAt = draft.NowMicros, Version = asked.Version + 1,
    };

    /// <summary>Changes the rule that refused as a request was granted; a problem when it is gone or cannot take it.</summary>
    private static Problem? Grant(Draft draft, BudgetRequest granted)
    {
        if (granted.Kind == BudgetRequestKind.Increase)
        {
            if (draft.State.Budgets.FirstOrDefault(b => b.Budget.BudgetId == granted.BudgetId) is not { } budget) return Problem.NotFound;
            var increase = new BudgetIncrease(granted.RequestId, granted.Granted!.Value, granted.GrantedUntil!.Value);
            var increased = RequestRules.Increase(budget, increase, draft.NowMicros, draft.NextVersion);
            if (!increased.IsDone) return increased.Problem;
            draft.Change(new GovernanceWrite.GrantIncrease(increased.Value, increase), "increase", "budget", budget.Budget.Slug,
                Description.Of(budget.Budget, draft.NameOf), Description.Of(increased.Value.Budget, draft.NameOf));
            return null;
        }
        if (draft.State.Policies.FirstOrDefault(p => p.Policy.PolicyId == granted.PolicyId) is not { IsArchived: false } policy)
            return new Problem(ProblemKind.WrongState, "The review is archived.");
        var approval = new ReviewApproval(granted.RequestId, granted.KeyId, granted.Granted!.Value, granted.GrantedUntil!.Value);
        var live = policy.Policy.Approvals.RemoveAll(a => a.Until <= draft.NowMicros);
        var row = policy with { Policy = policy.Policy with { Approvals = live.Add(approval) }, ChangedEpoch = draft.NextVersion };
        draft.Change(new GovernanceWrite.ApproveReview(row, approval), "approve", "policy", policy.Policy.Slug,
            Description.Of(policy.Policy, draft.NameOf), Description.Of(row.Policy, draft.NameOf));
        return null;
    }

    private static ListedRequest Listed(Draft draft, BudgetRequest request) => new(request,
        draft.State.Keys.First(k => k.Key.KeyId == request.KeyId).Key.Slug, draft.NameOf(request.ActorId),
        request.BudgetId is { } budget ? draft.NameOf(budget) : null,
        draft.State.Policies.FirstOrDefault(p => p.Policy.PolicyId == request.PolicyId)?.Policy.Slug, draft.Caller.Member.Email, null);

    private static Description Describe(Draft draft, BudgetRequest request) => new(
    [
        ("kind", NameOf(request.Kind)), ("state", NameOf(request.State)), ("refusal", request.RefusalId.ToString()),
        ("key", draft.State.Keys.FirstOrDefault(k => k.Key.KeyId == request.KeyId)?.Key.Slug),
        ("budget", request.BudgetId is { } budget ? draft.NameOf(budget) : null),
        ("policy", draft.State.Policies.FirstOrDefault(p => p.Policy.PolicyId == request.PolicyId)?.Policy.Slug),
        ("amountUsd", request.Amount.ToString()), ("until", InstantText.Of(request.Until)), ("reason", request.Reason),
        ("grantedUsd", request.Granted?.ToString()), ("grantedUntil", request.GrantedUntil is { } end ? InstantText.Of(end) : null),
        ("decisionReason", request.DecisionReason),
    ]);

    private static RequestView View(ListedRequest listed)
    {
        var r = listed.Request;
        return new RequestView(r.RequestId, NameOf(r.Kind), NameOf(r.State), r.RefusalId, listed.Key, listed.Actor, listed.Budget, listed.Policy,
            r.Amount, Utc(r.Until), r.Reason, listed.RequestedBy, Utc(r.CreatedAt), listed.DecidedBy,
            r.DecidedAt is { } decided ? Utc(decided) : null, r.DecisionReason, r.Granted, r.GrantedUntil is { } end ? Utc(end) : null, r.Version);
    }

    private static string NameOf<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static DateTime Utc(long micros) => Micros.ToInstant(micros).UtcDateTime;
}
