using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Budgets;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Requests;

/// <summary>Increases of a budget for a time, by whoever sets budgets from above: given and ended without a request.</summary>
internal static class IncreaseEndpoints
{
    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/budgets/{slug}/increases").WithTags("Requests");
        group.MapPost("", GiveAsync).ForMembers("createBudgetIncrease", "Add money to a budget for a time", Capability.BudgetsWrite,
            new NewIncrease { AmountUsd = NanoUsd.FromUsd(100), Until = DateTimeOffset.Parse("2026-12-31T23:59:59Z", null), Reason = "Year end" },
            ProblemKind.WrongState, ProblemKind.InUse, ProblemKind.IdempotencyMismatch);
        group.MapPost("/{id}/end", EndAsync).ForMembers("endBudgetIncrease", "End an increase before its time", Capability.BudgetsWrite,
            null, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<CreationAnswer<IncreaseView>> GiveAsync(
        string slug, NewIncrease body, Repetition repetition, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.CreateAsync<IncreaseView>(caller, repetition, StateParts.Budgets, draft =>
        {
            if (Find(draft, slug) is not { } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.PutBudget(before, before));
            if (RequestRules.Positive(body.AmountUsd) is { } zero) return zero;
            var (until, wrongEnd) = RequestRules.EndOf(body.Until, before.Budget, draft.NowMicros);
            if (wrongEnd is not null) return wrongEnd;
            var increase = new BudgetIncrease(Guid.CreateVersion7(Micros.ToInstant(draft.NowMicros)), body.AmountUsd, until);
            var increased = RequestRules.Increase(before, increase, draft.NowMicros, draft.NextVersion);
            if (!increased.IsDone) return increased.Problem;
            var row = increased.Value;
            draft.Change(new GovernanceWrite.PutBudget(row, before), "increase", "budget", slug,
                Description.Of(before.Budget, draft.NameOf), Because(Description.Of(row.Budget, draft.NameOf), body.Reason));
            return Outcome<IncreaseView>.Done(View(row, increase), row.ChangedEpoch,
                $"/api/v1/organizations/{caller.Organization}/budgets/{slug}/increases/{increase.IncreaseId}");
        }, cancel);

    private static async Task<Answer<IncreaseView>> EndAsync(
        string slug, Guid id, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<IncreaseView>(caller, StateParts.Budgets, draft =>
        {
            if (Find(draft, slug) is not { } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.PutBudget(before, before));
            if (before.Budget.Increases.FirstOrDefault(i => i.IncreaseId == id) is not { } increase) return Problem.NotFound;
            if (match.Check(before.ChangedEpoch) is { } stale) return stale;
            var budget = before.Budget with { Amount = before.Budget.Amount - increase.Amount, Increases = before.Budget.Increases.Remove(increase) };
            var row = before with { Budget = budget, ChangedEpoch = draft.NextVersion };
            draft.Change(new GovernanceWrite.PutBudget(row, before), "end_increase", "budget", slug,
                Description.Of(before.Budget, draft.NameOf), Description.Of(budget, draft.NameOf));
            return Outcome<IncreaseView>.Done(View(row, increase with { Until = draft.NowMicros }), row.ChangedEpoch);
        }, cancel);

    private static BudgetRow? Find(Draft draft, string slug) =>
        draft.State.Budgets.FirstOrDefault(b => b.Budget.Slug == slug) is { } row
        && draft.Authority.Covers(draft.Scopes, row.Budget.ScopeId) ? row : null;

    private static Description Because(Description description, string reason) => new([.. description.Fields, ("reason", reason)]);

    private static IncreaseView View(BudgetRow row, BudgetIncrease increase) => new(increase.IncreaseId, row.Budget.Slug, increase.Amount,
        Micros.ToInstant(increase.Until).UtcDateTime, row.Budget.Amount, row.ChangedEpoch);
}
