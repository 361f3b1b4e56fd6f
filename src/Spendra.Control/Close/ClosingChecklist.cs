using Spendra.Control.Dashboard;

namespace Spendra.Control.Close;

/// <summary>One thing that is looked at before a month is locked.</summary>
/// <param name="Text">What was found, in a sentence.</param>
/// <param name="IsFine">Nothing stands in the way.</param>
/// <param name="CanBeWaived">A reason is enough where it does.</param>
internal sealed record ClosingItem(string Text, bool IsFine, bool CanBeWaived = false);

/// <summary>What is checked before a month is locked, as a list to go through.</summary>
internal static class ClosingChecklist
{
    public static IReadOnlyList<ClosingItem> Of(PeriodView period)
    {
        var found = new List<ClosingItem>();
        if (period.OpenReservations == 0) found.Add(new ClosingItem("Every request that was made before its end has ended.", true));
        if (period is { UnbalancedEntries: 0 } && period.TrialBalanceUsd.Value == 0) found.Add(new ClosingItem("Debits are credits, entry by entry and together.", true));
        if (!period.IsLocked) found.AddRange(period.Obstacles.Select(o => new ClosingItem(o, false)));
        found.Add(period switch
        {
            { Accounts.Count: 0 } => new ClosingItem("No provider account was used.", true),
            { Unexplained.Count: 0 } => new ClosingItem("Every bill is explained within the tolerance.", true),
            _ => new ClosingItem($"Bills are not explained within the tolerance: {string.Join(", ", period.Unexplained)}.", false, CanBeWaived: true),
        });
        if (period.InDoubt > 0) found.Add(new ClosingItem($"{Amounts.Count(period.InDoubt)} requests stand at their bound. They stop nothing; the bill tells what they cost.", true));
        return found;
    }
}
