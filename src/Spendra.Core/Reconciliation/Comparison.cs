using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Core.Reconciliation;

/// <summary>
/// Compares the bill of one account with the ledger, by day, model and class, and says of every nano-dollar between them why it
/// is there. Each line's difference is split into the part that its units make and the part that their price makes, so that
/// the reasons always add up; what no rule explains is <see cref="DifferenceKind.Unknown"/>.
/// </summary>
public static class Comparison
{
    /// <exception cref="OverflowException">The sums exceed what <see cref="NanoUsd"/> can hold.</exception>
    public static ComparisonResult Of(IReadOnlyList<BilledLine> billed, IReadOnlyList<SettledLine> booked, ComparisonRules rules)
    {
        // 1. Put the two sides beside each other; where one of them knows no classes, compare by model.
        var groups = ComparedGroup.Pair(billed, booked);
        foreach (var group in groups.Values) group.Open();

        // 2. Price: as many units, another amount.
        var found = new List<Difference>();
        foreach (var cell in groups.Values.SelectMany(g => g.Cells)) TypePrice(cell, rules, found);

        // 3. Units, by the rules that explain the most first.
        foreach (var group in groups.Values) TypeCacheClasses(group, found);
        TypeLate(groups, rules, found);
        foreach (var group in groups.Values) TypeEstimates(group, found);
        foreach (var cell in groups.Values.SelectMany(g => g.Cells)) TypeRest(cell, found);

        // 4. The days beside the span were looked at, and are not its own.
        return new ComparisonResult(
            Sum(billed.Where(l => rules.Holds(l.Day)).Select(l => l.Amount)), Sum(booked.Where(l => rules.Holds(l.Day)).Select(l => l.Amount)),
            [.. found.Where(d => rules.Holds(d.Day)).OrderBy(d => d.Day).ThenBy(d => d.Model, StringComparer.Ordinal).ThenBy(d => d.Class).ThenBy(d => d.Kind)]);
    }

    private static NanoUsd Sum(IEnumerable<NanoUsd> amounts) => amounts.Aggregate(NanoUsd.Zero, (sum, amount) => sum + amount);

    private static void TypePrice(ComparedCell cell, ComparisonRules rules, List<Difference> found)
    {
        if (cell.PricePart != NanoUsd.Zero)
            found.Add(cell.Tell(cell.IsRounding(cell.PricePart, rules) ? DifferenceKind.Rounding : DifferenceKind.PriceDrift, cell.PricePart));
        // Without quantities a small difference is rounding; with them units are units.
        if (cell.MissingUnits is not null || cell.Pending == NanoUsd.Zero || !cell.HasBoth || !cell.IsRounding(cell.Pending, rules)) return;
        found.Add(cell.Tell(DifferenceKind.Rounding, cell.Take()));
    }

    /// <summary>Input tokens that moved between classes: none too many and none too few together.</summary>
    private static void TypeCacheClasses(ComparedGroup group, List<Difference> found)
    {
        var family = group.Cells.Where(c => c.Class is UnitClass.Input or UnitClass.CachedInput or UnitClass.CacheWrite or UnitClass.CacheWriteLong).ToList();
        if (family.Exists(c => c.MissingUnits is null)) return;
        if (family.TrueForAll(c => c.MissingUnits == 0) || family.Aggregate((Int128)0, (sum, c) => sum + c.MissingUnits!.Value) != 0) return;
        foreach (var cell in family.Where(c => c.MissingUnits != 0)) TellPending(cell, DifferenceKind.CacheClass, found);
    }

    /// <summary>What lacks on one day and is too much on the next one, or the other way round.</summary>
    private static void TypeLate(SortedDictionary<GroupKey, ComparedGroup> groups, ComparisonRules rules, List<Difference> found)
    {
        foreach (var (key, group) in groups)
        {
            if (!groups.TryGetValue(key with { Day = key.Day + 1 }, out var next)) continue;
            foreach (var cell in group.Cells)
            {
                if (next.Find(cell.Class) is not { } other || !IsOpposite(cell, other, rules)) continue;
                TellPending(cell, DifferenceKind.Late, found);
                TellPending(other, DifferenceKind.Late, found);
            }
        }
    }

    private static bool IsOpposite(ComparedCell cell, ComparedCell other, ComparisonRules rules)
    {
        if (cell.IsDone || other.IsDone) return false;
        if (cell.MissingUnits is { } units && other.MissingUnits is { } others) return units != 0 && units == -others;
        return cell.Pending != NanoUsd.Zero && cell.Pending.IsNegative != other.Pending.IsNegative
            && cell.IsRounding(cell.Pending + other.Pending, rules);
    }

    /// <summary>
    /// Estimates are booked at their bound: what was billed beyond the measured units is what they really used, and what is left
    /// of the bound was not billed.
    /// </summary>
    private static void TypeEstimates(ComparedGroup group, List<Difference> found)
    {
        if (group.Estimated == NanoUsd.Zero) return;
        var left = group.Estimated;
        foreach (var cell in group.Cells.Where(c => c.Pending > NanoUsd.Zero))
        {
            var used = NanoUsd.Min(cell.Pending, left);
            cell.Reduce(used);
            left -= used;
        }
        if (left != NanoUsd.Zero) found.Add(group.TellEstimated(-left));
    }

    private static void TypeRest(ComparedCell cell, List<Difference> found)
    {
        if (cell.Pending == NanoUsd.Zero) return;
        var isOutside = cell.Pending > NanoUsd.Zero && (cell.MissingUnits > 0 || !cell.HasBooked);
        TellPending(cell, isOutside ? DifferenceKind.OutsideGateway : DifferenceKind.Unknown, found);
    }

    private static void TellPending(ComparedCell cell, DifferenceKind kind, List<Difference> found)
    {
        var amount = cell.Take();
        if (amount != NanoUsd.Zero) found.Add(cell.Tell(kind, amount));
    }
}
