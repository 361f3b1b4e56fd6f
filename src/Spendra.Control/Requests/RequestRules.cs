using Spendra.Control.Shell;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Requests;

/// <summary>What may be asked for and granted: pure.</summary>
internal static class RequestRules
{
    public const int MostIncreases = 20;

    private const long MicrosPerDay = 86_400_000_000;
    private const long LongestMicros = 366 * MicrosPerDay;
    private const long ReviewMicros = 7 * MicrosPerDay;

    /// <summary>When something ends that is asked for now: as wanted, else with the window, else after some days.</summary>
    public static (long Until, Problem? Problem) EndOf(DateTimeOffset? wanted, Budget? budget, long nowMicros)
    {
        var latest = nowMicros + LongestMicros;
        if (wanted is { } at)
        {
            var micros = Micros.Of(at);
            return micros > nowMicros && micros <= latest ? (micros, null) : (0, Problem.Field("until", "is not between now and a year from now"));
        }
        var end = budget is null ? nowMicros + ReviewMicros : budget.WindowAt(nowMicros)?.Span.EndsAt ?? nowMicros + ReviewMicros;
        return (Math.Min(end, latest), null);
    }

    public static Problem? Positive(NanoUsd amount, string field = "amountUsd") =>
        amount > NanoUsd.Zero ? null : Problem.Field(field, "is zero: expected an amount above it");

    /// <summary>The request that a refusal gives rise to, or why it gives rise to none.</summary>
    public static Outcome<BudgetRequest> Ask(Draft draft, RefusedCall refused, NewRequest body)
    {
        if (Positive(body.AmountUsd) is { } zero) return zero;
        var isReview = refused.Code == Refusal.NameOf(RefusalCode.ReviewRequired);
        if (!isReview && refused.Code != Refusal.NameOf(RefusalCode.BudgetExceeded))
        {
            return new Problem(ProblemKind.WrongState,
                $"That request was refused with {refused.Code}, which neither more money nor an approval would change.");
        }
        var budget = isReview ? null : draft.State.Budgets.FirstOrDefault(b => !b.IsArchived && b.Budget.BudgetId == refused.BudgetId)?.Budget;
        var policy = isReview ? draft.State.Policies.FirstOrDefault(p => !p.IsArchived && p.Policy.PolicyId == refused.PolicyId)?.Policy : null;
        if (budget is null && policy is null) return new Problem(ProblemKind.WrongState, "The rule that refused is gone. Make the call again.");
        var (until, wrongEnd) = EndOf(body.Until, budget, draft.NowMicros);
        if (wrongEnd is not null) return wrongEnd;
        return Outcome<BudgetRequest>.Done(new BudgetRequest
        {
            RequestId = Guid.CreateVersion7(Micros.ToInstant(draft.NowMicros)),
            Kind = isReview ? BudgetRequestKind.Review : BudgetRequestKind.Increase,
            RefusalId = refused.RefusalId,
            KeyId = refused.KeyId,
            ActorId = refused.ActorId,
            ScopeId = budget?.ScopeId ?? policy!.ScopeId,
            BudgetId = budget?.BudgetId,
            PolicyId = policy?.PolicyId,
            Amount = body.AmountUsd,
            Until = until,
            Reason = body.Reason,
            RequestedBy = draft.Caller.MemberId,
            CreatedAt = draft.NowMicros,
        });
    }

    /// <summary>The request as granted, or why it cannot be granted so.</summary>
    public static Outcome<BudgetRequest> Approve(Draft draft, BudgetRequest asked, Approval body)
    {
        if (asked.State != BudgetRequestState.Open) return Ended(asked);
        var amount = body.AmountUsd ?? asked.Amount;
        if (Positive(amount) is { } zero) return zero;
        if (amount > asked.Amount) return Problem.Field("amountUsd", $"is above the {asked.Amount} USD that were asked for");
        var until = body.Until is { } at ? Micros.Of(at) : asked.Until;
        if (until <= draft.NowMicros || until > asked.Until) return Problem.Field("until", "is not between now and the end that was asked for");
        return Outcome<BudgetRequest>.Done(asked with
        {
            State = BudgetRequestState.Approved, DecidedBy = draft.Caller.MemberId, DecidedAt = draft.NowMicros, DecisionReason = body.Reason,
            Granted = amount, GrantedUntil = until, Version = asked.Version + 1,
        });
    }

    /// <summary>One refusal is granted once.</summary>
    public static Problem Standing(BudgetRequestState state) => new(ProblemKind.WrongState, state == BudgetRequestState.Open
        ? "This refusal has an open request already. Take that one back, or wait for the decision."
        : "What was asked for after this refusal was granted already. Make the call again.");

    public static Problem Ended(BudgetRequest request) =>
        new(ProblemKind.WrongState, $"This request is {request.State.ToString().ToLowerInvariant()} already.");

    /// <summary>The budget with an increase on top, those that are over left out; or why it can take none.</summary>
    public static Outcome<BudgetRow> Increase(BudgetRow row, BudgetIncrease increase, long nowMicros, long version)
    {
        if (row.IsArchived) return new Problem(ProblemKind.WrongState, "The budget is archived.");
        var live = WithoutEnded(row.Budget, nowMicros);
        if (live.Increases.Length >= MostIncreases) return new Problem(ProblemKind.InUse, $"A budget holds {MostIncreases} increases at most. End one first.");
        if ((Int128)live.Amount.Value + increase.Amount.Value > long.MaxValue) return Problem.Field("amountUsd", "is too large for this budget");
        var budget = live with { Amount = live.Amount + increase.Amount, Increases = live.Increases.Add(increase) };
        return Outcome<BudgetRow>.Done(row with { Budget = budget, ChangedEpoch = version });
    }

    /// <summary>The budget without the increases whose time is over.</summary>
    public static Budget WithoutEnded(Budget budget, long nowMicros) => budget with
    {
        Amount = budget.AmountAt(nowMicros),
        Increases = budget.Increases.RemoveAll(i => i.Until <= nowMicros),
    };
}
