using Spendra.Core.Money;

namespace Spendra.Core.Budgets;

/// <summary>Money that was added to a budget for a time. It is part of the budget's amount until it is taken back.</summary>
/// <param name="IncreaseId">Of the request that was granted.</param>
/// <param name="Amount">Above zero.</param>
/// <param name="Until">Microseconds since the Unix epoch; from then on it covers nothing.</param>
public sealed record BudgetIncrease(Guid IncreaseId, NanoUsd Amount, long Until);
