using System.ComponentModel.DataAnnotations;
using Spendra.Control.Shell;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Budgets;

/// <summary>A budget as callers see it.</summary>
/// <param name="Slug">Its name; never changes.</param>
/// <param name="Scope">Whose it is.</param>
/// <param name="AmountUsd">The amount for good, without increases.</param>
/// <param name="Increases">What is added for a time.</param>
/// <param name="Period"><c>day</c>, <c>week</c>, <c>month</c>, <c>quarter</c>, <c>year</c>, <c>range</c> or <c>total</c>.</param>
/// <param name="TimeZone">Whose days these are.</param>
/// <param name="WeekStart">Of a week.</param>
/// <param name="FiscalStartMonth">Of a quarter or year.</param>
/// <param name="From">First day of a range.</param>
/// <param name="To">Last day of a range.</param>
/// <param name="Window">How it stands in the window that is running; absent when none is.</param>
/// <param name="IsArchived">Nothing counts on an archived budget.</param>
/// <param name="Version">For If-Match; of what was only tried, absent.</param>
/// <param name="Simulation">Of what was only tried: what it would have done.</param>
internal sealed record BudgetView(
    string Slug, string Scope, NanoUsd AmountUsd, IReadOnlyList<BudgetIncreaseView> Increases, string Period, string TimeZone, string? WeekStart,
    int? FiscalStartMonth, DateOnly? From, DateOnly? To, WindowView? Window, bool IsArchived, long? Version, SimulationView? Simulation = null)
{
    public static BudgetView Of(BudgetRow row, string scope, WindowRow? window, long nowMicros)
    {
        var (budget, period) = (row.Budget, row.Budget.Period);
        return new BudgetView(
            budget.Slug, scope, budget.BaseAmount, [.. budget.Increases.Select(BudgetIncreaseView.Of)], GovernanceNames.Of(period.Kind), budget.Zone.Id,
            period.Kind == PeriodKind.Week ? GovernanceNames.Of(period.WeekStart) : null,
            period.Kind is PeriodKind.Quarter or PeriodKind.Year ? period.FiscalStartMonth : null,
            period.RangeStart, period.RangeEnd?.AddDays(-1), row.IsArchived ? null : WindowView.Running(budget, window, nowMicros),
            row.IsArchived, row.ChangedEpoch);
    }
}

/// <summary>Money that is part of a budget for a time.</summary>
internal sealed record BudgetIncreaseView(Guid Id, NanoUsd AmountUsd, DateTime Until)
{
    public static BudgetIncreaseView Of(BudgetIncrease increase) => new(increase.IncreaseId, increase.Amount, Micros.ToInstant(increase.Until).UtcDateTime);
}

/// <summary>A budget in one period. Times are UTC.</summary>
/// <param name="Start">Inclusive; absent when it always ran.</param>
/// <param name="End">Exclusive; absent when it never ends.</param>
/// <param name="LimitUsd">What may be spent.</param>
/// <param name="SettledUsd">Spent.</param>
/// <param name="ReservedUsd">Held by requests in flight.</param>
/// <param name="RemainingUsd">What may still be held; negative above the limit.</param>
/// <param name="PerDayUsd">Spend by 24 hours so far; absent of a window that is over.</param>
/// <param name="AtEndUsd">What will be spent by its end if that goes on; absent of a window without end.</param>
/// <param name="ExhaustedAt">When the limit is reached if that goes on; absent when not within the window.</param>
internal sealed record WindowView(
    DateTime? Start, DateTime? End, NanoUsd LimitUsd, NanoUsd SettledUsd, NanoUsd ReservedUsd, NanoUsd RemainingUsd, NanoUsd? PerDayUsd,
    NanoUsd? AtEndUsd, DateTime? ExhaustedAt)
{
    /// <summary>The window that holds an instant, as stored or as it would begin; null outside a range.</summary>
    public static WindowView? Running(Budget budget, WindowRow? stored, long nowMicros)
    {
        if (budget.WindowAt(nowMicros) is not { } window) return null;
        var row = stored?.WindowId == window.WindowId ? stored : null;
        // An increase whose time is over covers nothing, though the window may still have it.
        var limit = NanoUsd.Min(row?.Limit ?? budget.Amount, budget.AmountAt(nowMicros));
        var (settled, reserved) = (row?.Settled ?? NanoUsd.Zero, row?.Reserved ?? NanoUsd.Zero);
        var pace = BudgetPace.Of(window.Span, budget.CreatedAt, limit, settled, reserved, nowMicros);
        return Of(window.Span, limit, settled, reserved) with
        {
            PerDayUsd = pace?.PerDay, AtEndUsd = pace?.AtEnd, ExhaustedAt = pace?.ExhaustedAt is { } at ? Utc(at) : null,
        };
    }

    public static WindowView Of(WindowRow row) => Of(row.Span, row.Limit, row.Settled, row.Reserved);

    private static WindowView Of(WindowSpan span, NanoUsd limit, NanoUsd settled, NanoUsd reserved) => new(
        span.StartsAt == 0 && span.EndsAt == WindowSpan.Never ? null : Utc(span.StartsAt), span.EndsAt == WindowSpan.Never ? null : Utc(span.EndsAt),
        limit, settled, reserved, limit - settled - reserved, null, null, null);

    private static DateTime Utc(long micros) => Micros.ToInstant(micros).UtcDateTime;
}

/// <summary>A new budget.</summary>
public sealed record NewBudget
{
    /// <summary>Its name; never changes.</summary>
    [Slug]
    public required string Slug { get; init; }

    /// <summary>Whose: <c>organization</c>, <c>team/search</c>.</summary>
    [Plain]
    public required string Scope { get; init; }

    /// <summary>Of each window; zero closes the scope.</summary>
    public required NanoUsd AmountUsd { get; init; }

    [AllowedTexts("day", "week", "month", "quarter", "year", "range", "total")]
    public required string Period { get; init; }

    /// <summary>An IANA name; the organization's when absent.</summary>
    [Plain(64)]
    public string? TimeZone { get; init; }

    [AllowedTexts("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")]
    public string? WeekStart { get; init; }

    [Range(1, 12)]
    public int? FiscalStartMonth { get; init; }

    /// <summary>First day of a range.</summary>
    public DateOnly? From { get; init; }

    /// <summary>Last day of a range.</summary>
    public DateOnly? To { get; init; }
}

/// <summary>A budget as it shall be: only the amount can change, since windows are named after all the rest.</summary>
public sealed record EditedBudget
{
    public required NanoUsd AmountUsd { get; init; }
}
