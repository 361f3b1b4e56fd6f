using Spendra.Core.Budgets;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Control.Budgets;

/// <summary>How one budget stands in the window that holds an instant. Times are UTC.</summary>
public sealed record BudgetStanding
{
    public required string Slug { get; init; }

    /// <summary><c>team/search</c>, or <c>organization</c>.</summary>
    public required string Scope { get; init; }

    /// <summary>Null when the budget has no window now: a range that has not begun or is over.</summary>
    public required DateTime? WindowStart { get; init; }

    /// <summary>Null when the window never ends, and when there is none.</summary>
    public required DateTime? WindowEnd { get; init; }

    public required NanoUsd LimitUsd { get; init; }

    public required NanoUsd SettledUsd { get; init; }

    public required NanoUsd ReservedUsd { get; init; }

    /// <summary>What may still be reserved; negative above the limit, zero without a window.</summary>
    public required NanoUsd RemainingUsd { get; init; }
}

/// <summary>The budgets of an organization, by slug.</summary>
public sealed record BudgetReport(IReadOnlyList<BudgetStanding> Budgets)
{
    public static async Task<BudgetReport> ReadAsync(Database database, Guid organizationId, long nowMicros, CancellationToken cancel)
    {
        var budgets = await new LedgerQueries(database).ListBudgetsAsync(organizationId, nowMicros, cancel);
        return new BudgetReport([.. budgets.Select(b => StandingOf(b, nowMicros))]);
    }

    /// <summary>A window without a row has not been used yet: it begins empty, with the budget's amount.</summary>
    private static BudgetStanding StandingOf(BudgetWithWindows found, long nowMicros)
    {
        var budget = found.Budget;
        var window = budget.WindowAt(nowMicros);
        var row = window is null ? null : found.Windows.FirstOrDefault(w => w.WindowId == window.WindowId);
        return new BudgetStanding
        {
            Slug = budget.Slug,
            Scope = found.Scope,
            WindowStart = window is null ? null : Micros.ToInstant(window.Span.StartsAt).UtcDateTime,
            WindowEnd = window is null || window.Span.EndsAt == WindowSpan.Never ? null : Micros.ToInstant(window.Span.EndsAt).UtcDateTime,
            LimitUsd = row?.Limit ?? budget.Amount,
            SettledUsd = row?.Settled ?? NanoUsd.Zero,
            ReservedUsd = row?.Reserved ?? NanoUsd.Zero,
            RemainingUsd = row?.Remaining ?? (window is null ? NanoUsd.Zero : budget.Amount),
        };
    }
}
