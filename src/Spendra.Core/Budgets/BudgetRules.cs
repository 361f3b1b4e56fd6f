using Spendra.Core.Governance;

namespace Spendra.Core.Budgets;

/// <summary>What a budget of a period may and must say, wherever it is written.</summary>
public static class BudgetRules
{
    /// <summary>Fields that the period has no use for, and fields that it cannot do without.</summary>
    /// <param name="kind">The period.</param>
    /// <param name="has">Whether a field is there.</param>
    public static IReadOnlyList<RuleFault> Faults(PeriodKind kind, Func<string, bool> has)
    {
        var faults = new List<RuleFault>();
        OnlyFor("weekStart", kind is PeriodKind.Week, "period: week");
        OnlyFor("fiscalStartMonth", kind is PeriodKind.Quarter or PeriodKind.Year, "period: quarter or year");
        OnlyFor("from", kind is PeriodKind.Range, "period: range");
        OnlyFor("to", kind is PeriodKind.Range, "period: range");
        if (kind != PeriodKind.Range) return faults;
        if (!has("from")) faults.Add(new("from", "the first day of the range, such as 2026-07-01", IsMissing: true));
        if (!has("to")) faults.Add(new("to", "the last day of the range, such as 2026-09-30", IsMissing: true));
        return faults;

        void OnlyFor(string field, bool isAllowed, string where)
        {
            if (!isAllowed && has(field)) faults.Add(new(field, $"has no meaning here: expected only with {where}"));
        }
    }

    /// <summary>People name the last day of a range; what is kept is the day after it.</summary>
    public static RuleFault? RangeFault(DateOnly from, DateOnly last) =>
        last < from ? new RuleFault("to", "is before 'from': expected the last day of the range") : null;

    /// <summary>Days that windows may begin and end with: the calendar has room around them.</summary>
    public static bool IsDay(DateOnly day) => day.Year is >= 1970 and < 9999;
}
