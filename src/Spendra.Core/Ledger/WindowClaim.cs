using Spendra.Core.Budgets;
using Spendra.Core.Money;

namespace Spendra.Core.Ledger;

public enum Enforcement
{
    /// <summary>The claim must fit, or the whole reservation is refused.</summary>
    Hard,
    /// <summary>The claim is counted and never refuses: soft caps and alerts.</summary>
    Observed,
}

/// <summary>One window that a reservation wants to hold money in.</summary>
public readonly record struct WindowClaim(BudgetWindow Window, Guid PolicyId, string PolicySlug, Enforcement Enforcement)
{
    public Guid WindowId => Window.WindowId;
}

/// <summary>
/// One budget in one period, as stored. Invariants, asserted whenever a value is made: the limit and both totals
/// are not negative.
/// </summary>
public sealed record WindowRow
{
    public required Guid OrganizationId { get; init; }

    public required Guid WindowId { get; init; }

    public required Guid BudgetId { get; init; }

    public required WindowSpan Span { get; init; }

    public required NanoUsd Limit { get; init => field = NotNegative(value); }

    /// <summary>The sum of open reservations on this window.</summary>
    public required NanoUsd Reserved { get; init => field = NotNegative(value); }

    /// <summary>The sum of spend events on this window, corrections included.</summary>
    public required NanoUsd Settled { get; init => field = NotNegative(value); }

    /// <summary>What may still be reserved; negative when the window stands above its limit.</summary>
    public NanoUsd Remaining => Limit - Settled - Reserved;

    // Int128: an absurd amount does not fit, rather than overflow and fail.
    public bool Fits(NanoUsd amount) => (Int128)Settled.Value + Reserved.Value + amount.Value <= Limit.Value;

    /// <summary>Whether the amount would fit if every open reservation were given back.</summary>
    public bool FitsWithoutHolds(NanoUsd amount) => (Int128)Settled.Value + amount.Value <= Limit.Value;

    private static NanoUsd NotNegative(NanoUsd amount) =>
        amount.IsNegative ? throw new LedgerInvariantException($"a window total is negative: {amount} USD") : amount;
}

/// <summary>
/// The ledger contradicts itself. Whoever meets it stops: the command fails alone, nothing is written for it.
/// </summary>
public sealed class LedgerInvariantException(string message) : Exception(message);
