using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Money;

namespace Spendra.Storage.Ledger;

/// <summary>A budget with the name of its scope and those of its windows that hold an instant.</summary>
public sealed record BudgetWithWindows(Budget Budget, string Scope, IReadOnlyList<WindowRow> Windows);

/// <summary>A reservation that has not ended.</summary>
/// <param name="Id">Also the request id.</param>
/// <param name="Key">The key's slug.</param>
/// <param name="Actor">Whom the key speaks for: <c>employee/ada</c>.</param>
/// <param name="Route">For example <c>chat.completions</c>.</param>
/// <param name="Model">The requested model.</param>
/// <param name="AmountUsd">What is held in each of its windows.</param>
/// <param name="ReservedAt">UTC.</param>
/// <param name="ExpiresAt">UTC; from then on it is in doubt.</param>
public sealed record OpenReservation(
    Guid Id, string Key, string Actor, string Route, string Model, NanoUsd AmountUsd, DateTime ReservedAt, DateTime ExpiresAt);
