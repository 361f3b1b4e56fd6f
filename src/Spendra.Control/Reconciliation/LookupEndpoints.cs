using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>
/// Requests that were booked at their bound, asked for one by one where the provider can tell what a single one cost. What it says
/// is proposed as a correction of the request.
/// </summary>
internal static class LookupEndpoints
{
    public static void Map(RouteGroupBuilder reconciliation) =>
        reconciliation.MapPost("/lookups", LookUpAsync).ForMembers("lookUpEstimates", "Ask the provider for requests that were booked at their bound, and propose what they cost",
            Capability.LedgerAdjust, new NewLookup { Account = "main", Month = "2026-10" }, ProblemKind.WrongState, ProblemKind.IdempotencyMismatch);

    private static async Task<CreationAnswer<LookupView>> LookUpAsync(
        NewLookup body, Repetition repetition, Caller caller, ChangeDesk desk, Database database, GenerationLookup lookup, CancellationToken cancel)
    {
        // 1. Which requests.
        _ = AccountingPeriod.TryParse(body.Month, out var period);
        if (!caller.Coverage.IsEverything) return Problem.NotFound;
        if (await AccountLists.FindAsync(database, caller.OrganizationId, isMcp: false, body.Account, cancel) is not { IsArchived: false, Account: { } account })
            return Problem.Field("account", "names no provider account");
        if (account.Provider != KnownProvider.OpenRouter) return new Problem(ProblemKind.WrongState, "This account is not of OpenRouter: no other provider tells what a single request cost.");
        var after = body.After ?? Guid.Empty;
        var page = await EstimatedSpends.ReadAsync(database, caller.OrganizationId, account.AccountId, period, after, GenerationLookup.MostAtOnce + 1, cancel);
        if (page.CorrectedByBill != NanoUsd.Zero) return AlreadyByBill;

        // 2. What they cost; nobody waits for a provider under the lock.
        var found = await lookup.AskAsync(caller.OrganizationId, account, [.. page.Rows.Take(GenerationLookup.MostAtOnce)], cancel);
        if (found is { Last: null, Stopped: { } reason }) return new Problem(ProblemKind.WrongState, $"Nothing was looked up: {reason}.");

        // 3. Proposed, as far as nobody did anything about them meanwhile.
        return await desk.CreateAsync<LookupView>(caller, repetition, StateParts.Scopes, async draft =>
        {
            if (!draft.Authority.CoversEverything) return Problem.NotFound;
            draft.About();
            var still = await EstimatedSpends.ReadAsync(draft.Transaction, account.AccountId, period, after, GenerationLookup.MostAtOnce, cancel);
            if (still.CorrectedByBill != NanoUsd.Zero) return AlreadyByBill;
            var lookupId = Guid.CreateVersion7();
            var known = still.Rows.Where(r => found.Costs.ContainsKey(r.ReservationId)).ToList();
            var proposed = known.Where(r => found.Costs[r.ReservationId] != r.Booked)
                .Select(r => Propose(draft, lookupId, account, period, r, found.Costs[r.ReservationId] - r.Booked)).ToList();
            var next = found.Stopped is not null || page.Rows.Count > GenerationLookup.MostAtOnce ? found.Last : null;
            return Outcome<LookupView>.Done(
                new LookupView(proposed, known.Count - proposed.Count, found.Unknown, found.Unbelievable, still.WithoutId, next, found.Stopped),
                location: $"/api/v1/organizations/{caller.Organization}/ledger/adjustments");
        }, cancel);
    }

    private static Problem AlreadyByBill { get; } =
        new(ProblemKind.WrongState, "Estimates of this month were corrected as a whole, by a comparison: each of them would be corrected a second time.");

    private static LookedUpView Propose(Draft draft, Guid lookupId, ProviderAccount account, AccountingPeriod period, EstimatedSpend request, NanoUsd difference)
    {
        var kind = DifferenceKinds.NameOf(DifferenceKind.EstimatedSettlement);
        var row = new AdjustmentRow
        {
            AdjustmentId = Guid.CreateVersion7(),
            ReservationId = request.ReservationId,
            AfterEvent = 0,
            AccountId = account.AccountId,
            Account = account.Slug,
            Difference = difference,
            Reason = $"Reconciliation of {period}: {kind}, what the provider says that this request cost",
            Month = period.ToString(),
            ProposedAt = draft.NowMicros,
            ProposedBy = draft.Caller.Actor,
            ProposerId = draft.Caller.MemberId,
        };
        draft.Change(new GovernanceWrite.AddAdjustment(row), "propose", "adjustment", row.AdjustmentId.ToString(), null, Description.Of(row));
        draft.Change(new GovernanceWrite.LinkProposal(new ReconciliationProposal(row.AdjustmentId, lookupId, account.AccountId, period, DifferenceKind.EstimatedSettlement)),
            "link", "reconciliation", lookupId.ToString(), null, new Description([("kind", kind), ("adjustment", row.AdjustmentId.ToString())]));
        return new LookedUpView(row.AdjustmentId, request.ReservationId, difference);
    }
}

/// <summary>Requests to ask a provider for.</summary>
public sealed record NewLookup
{
    /// <summary>The slug of a provider account of OpenRouter.</summary>
    [Slug]
    public required string Account { get; init; }

    /// <summary>The month that they were made in, UTC: <c>2026-10</c>.</summary>
    [Month]
    public required string Month { get; init; }

    /// <summary>Go on after this request: <c>next</c> of the answer before.</summary>
    public Guid? After { get; init; }
}

/// <summary>What a provider said of requests that were booked at their bound.</summary>
/// <param name="Proposals">Corrections that were proposed, each of one request.</param>
/// <param name="Agreeing">Requests that cost what is booked.</param>
/// <param name="Unknown">Requests that the provider does not know.</param>
/// <param name="Unbelievable">Requests of which it says what cannot be believed.</param>
/// <param name="WithoutId">Requests of the month that it never gave an id: nobody can ask for them.</param>
/// <param name="Next">Where to go on; null after the last one.</param>
/// <param name="Stopped">Why it stopped before the end, in one sentence.</param>
internal sealed record LookupView(
    IReadOnlyList<LookedUpView> Proposals, int Agreeing, int Unknown, int Unbelievable, long WithoutId, Guid? Next, string? Stopped);

/// <summary>A correction of one request that was proposed.</summary>
/// <param name="AdjustmentId">Which one: somebody else approves it under the ledger's corrections.</param>
/// <param name="RequestId">The request.</param>
/// <param name="DifferenceUsd">What it cost minus what is booked.</param>
internal sealed record LookedUpView(Guid AdjustmentId, Guid RequestId, NanoUsd DifferenceUsd);
