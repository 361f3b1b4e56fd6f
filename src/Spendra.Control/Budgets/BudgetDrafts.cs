using Spendra.Control.Shell;
using Spendra.Core.Budgets;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Control.Budgets;

/// <summary>Reads what a budget shall be, beside what is there: pure.</summary>
internal static class BudgetDrafts
{
    public static Outcome<Budget> Read(Draft draft, NewBudget body)
    {
        var kind = GovernanceNames.FindPeriodKind(body.Period)!.Value;
        if (RuleProblems.Of(BudgetRules.Faults(kind, field => Has(body, field))) is { } wrong) return wrong;
        if (body is { From: { } from, To: { } last })
        {
            if (!BudgetRules.IsDay(from)) return Problem.Field("from", "is no day that windows can begin with");
            if (!BudgetRules.IsDay(last)) return Problem.Field("to", "is no day that windows can end with");
            if (BudgetRules.RangeFault(from, last) is { } fault) return RuleProblems.Of(fault);
        }
        if (ZoneName.Find(body.TimeZone ?? draft.State.Organization!.TimeZone) is not { } zone)
            return Problem.Field("timeZone", "is no known time zone: expected an IANA name such as Europe/Madrid or UTC");
        if (draft.FindScope(body.Scope) is not { } scope) return Problem.Field("scope", "names no scope that is there and that you see");
        return Outcome<Budget>.Done(new Budget
        {
            BudgetId = Guid.CreateVersion7(),
            Slug = body.Slug,
            ScopeId = scope.Scope.ScopeId,
            Amount = body.AmountUsd,
            Period = new Period
            {
                Kind = kind,
                WeekStart = body.WeekStart is { } day ? GovernanceNames.FindWeekDay(day)!.Value : DayOfWeek.Monday,
                FiscalStartMonth = body.FiscalStartMonth ?? 1,
                RangeStart = body.From,
                RangeEnd = body.To?.AddDays(1),
            },
            Zone = zone,
        });
    }

    /// <summary>The budget with another amount; a problem when its increases do not fit on top of that.</summary>
    public static Outcome<Budget> WithAmount(Budget budget, NanoUsd amount)
    {
        var sum = budget.Increases.Aggregate((Int128)amount.Value, (total, increase) => total + increase.Amount.Value);
        return sum > long.MaxValue
            ? Problem.Field("amountUsd", "is too large with the increases on top of it")
            : Outcome<Budget>.Done(budget.WithBaseAmount(amount));
    }

    /// <summary>What still counts on a budget and keeps it from being archived; null when nothing does.</summary>
    public static Problem? InUse(Draft draft, Budget budget)
    {
        string[] uses = [.. draft.State.Policies.Where(p => !p.IsArchived && p.Policy.BudgetId == budget.BudgetId).Select(p => p.Policy.Slug)];
        return uses.Length == 0 ? null : new Problem(ProblemKind.InUse,
            $"Archive first the policies that watch it: {string.Join(", ", uses.Take(10))}{(uses.Length > 10 ? $" and {uses.Length - 10} more" : "")}.");
    }

    private static bool Has(NewBudget body, string field) => field switch
    {
        "weekStart" => body.WeekStart is not null,
        "fiscalStartMonth" => body.FiscalStartMonth is not null,
        "from" => body.From is not null,
        "to" => body.To is not null,
        _ => throw new InvalidOperationException($"a rule asks for '{field}', which no budget has here"),
    };
}
