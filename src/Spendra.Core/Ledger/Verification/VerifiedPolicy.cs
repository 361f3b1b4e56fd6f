using Spendra.Core.Governance;

namespace Spendra.Core.Ledger.Verification;

/// <summary>A policy, as far as reservations that name it can be checked. Its kind never changes, its budget may.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="BudgetId">The budget that it points at now; null for the kinds that have none.</param>
public sealed record VerifiedPolicy(PolicyKind Kind, Guid? BudgetId)
{
    /// <summary>The epoch of its last change. Reservations of this epoch and later were decided by the row as it is.</summary>
    public long ChangedEpoch { get; init; }

    /// <summary>Budgets that it pointed at before.</summary>
    public IReadOnlyList<Guid> EarlierBudgets { get; init; } = [];

    /// <summary>In microseconds since the Unix epoch; null while it is in force.</summary>
    public long? ArchivedAt { get; init; }
}
