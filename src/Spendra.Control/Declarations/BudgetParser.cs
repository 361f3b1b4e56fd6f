using Spendra.Core.Budgets;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Control.Declarations;

internal static class BudgetParser
{
    private static readonly string[] Fields =
        ["slug", "scope", "amountUsd", "period", "timeZone", "weekStart", "fiscalStartMonth", "from", "to"];

    public static BudgetItem Parse(MapNode node, ErrorList errors)
    {
        var fields = new FieldReader(node, "budget", Fields, errors);
        var slug = fields.Slug();
        if (!fields.Has("scope")) fields.Missing("scope", "'organization' or a scope such as team/search");
        if (!fields.Has("amountUsd")) fields.Missing("amountUsd", "an amount in USD such as 250");
        return new BudgetItem(fields.Line, slug, fields.Amount("amountUsd") ?? NanoUsd.Zero, ReadPeriod(fields))
        {
            Scope = References.Scope(fields, "scope"),
            Zone = fields.Zone("timeZone"),
        };
    }

    private static Period ReadPeriod(FieldReader fields)
    {
        var allowed = GovernanceNames.PeriodKinds;
        if (!fields.Has("period")) fields.Missing("period", $"one of {string.Join(", ", allowed)}");
        var found = fields.OneOf("period", GovernanceNames.FindPeriodKind, allowed);
        // After a complaint the kind is unknown: the other fields are then read, not judged.
        var kind = found ?? PeriodKind.Total;
        if (found is not null)
        {
            foreach (var fault in BudgetRules.Faults(kind, fields.Has)) fields.Complain(fault);
        }
        var (from, end) = kind == PeriodKind.Range ? ReadRange(fields) : (null, null);
        return new Period
        {
            Kind = kind,
            WeekStart = fields.OneOf("weekStart", GovernanceNames.FindWeekDay, GovernanceNames.WeekDays) ?? DayOfWeek.Monday,
            FiscalStartMonth = (int)(fields.Whole("fiscalStartMonth", 1, 12) ?? 1),
            RangeStart = from,
            RangeEnd = end,
        };
    }

    /// <summary>Files name the last day, as people do; the stored end is the day after it.</summary>
    private static (DateOnly? From, DateOnly? End) ReadRange(FieldReader fields)
    {
        if (fields.Day("from") is not { } from || fields.Day("to") is not { } last) return (null, null);
        if (BudgetRules.RangeFault(from, last) is { } fault) fields.Complain(fault);
        return (from, last.AddDays(1));
    }
}
