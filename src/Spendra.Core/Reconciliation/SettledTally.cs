using Spendra.Core.Ledger;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Reconciliation;

/// <summary>One spend event as the tally takes it.</summary>
public sealed record TalliedEvent
{
    public required int EventNumber { get; init; }

    public required SpendKind Kind { get; init; }

    /// <summary>Days since the Unix epoch, UTC, of the request, whenever the event was booked.</summary>
    public required long Day { get; init; }

    /// <summary>The model that served.</summary>
    public required string Model { get; init; }

    /// <summary>The version that it was settled at; null where nothing was priced.</summary>
    public PriceVersion? Price { get; init; }

    /// <summary>The multiplier of the tier in hundredths of a per cent.</summary>
    public required int TierHundredths { get; init; }

    public required Usage Usage { get; init; }

    public required NanoUsd Cost { get; init; }

    public bool IsEstimated { get; init; }

    public bool IsBilled { get; init; }
}

/// <summary>
/// Many requests of one day, model, price, tier and context band. Only what was measured and priced by text tokens is added up
/// like this.
/// </summary>
/// <param name="First">The price, tier, day and model that all share; its usage and cost are the sums.</param>
/// <param name="IsLongContext">The band that all are in.</param>
/// <param name="Requests">How many.</param>
public sealed record TalliedSum(TalliedEvent First, bool IsLongContext, long Requests);

/// <summary>
/// Divides what the ledger holds among the classes that it was spent on: exact products of units and rates, as prices are
/// reckoned, rounded once per day, model and class. The lines of a model and day add up to what was booked, to the
/// nano-dollar; what cannot be divided (a provider's own bill, corrections, estimates) is a line without a class.
/// </summary>
public sealed class SettledTally
{
    // Products are nano-dollars times this.
    private static readonly Int128 Scale = (Int128)Rate.UnitsPerRate * Cost.DefaultTierPercent * Cost.HundredthsOfPercent;

    private readonly SortedDictionary<GroupKey, Group> _groups = [];

    public void Add(TalliedSum sum)
    {
        var group = GroupOf(sum.First);
        group.Requests += sum.Requests;
        var card = sum.First.Price is not { } price ? null : sum.IsLongContext && price.LongContext is { } band ? band.Rates : price.Rates;
        if (card is null || !group.TryDivide(card, sum.First.Usage, sum.First.TierHundredths, sum.First.Cost, sum.Requests)) group.AddUndivided(sum.First.Cost);
    }

    /// <summary>All events of one reservation that <see cref="Add"/> was not given, in order: corrections alone, where the first was.</summary>
    public void AddReservation(IReadOnlyList<TalliedEvent> events)
    {
        // Corrections change what a request cost and not when it was made: all count for the first one's day.
        var isMeasured = !events[0].IsEstimated || events.Any(e => e.Kind == SpendKind.Late);
        var served = events.Last(e => e.Kind != SpendKind.Adjusted || e == events[0]);
        var group = GroupOf(served);
        var total = events.Aggregate(NanoUsd.Zero, (sum, e) => sum + e.Cost);
        if (events[0].EventNumber == 0) group.Requests++;
        if (!isMeasured)
        {
            group.Estimated += total;
            return;
        }
        var corrections = events.Where(e => e.Kind == SpendKind.Adjusted).Aggregate(NanoUsd.Zero, (sum, e) => sum + e.Cost);
        var settled = total - corrections;
        var usage = events.Aggregate(default(Usage), (sum, e) => Usage.SumUnchecked(sum, e.Usage));
        var isDivided = !events.Any(e => e.IsBilled) && events[0].EventNumber == 0 && served.Price is not null && usage.IsPlausible
            && group.TryDivide(served.Price.CardFor(usage.TotalInput), usage, served.TierHundredths, settled, requests: 1);
        group.AddUndivided(isDivided ? corrections : total);
    }

    /// <summary>By model, day and class.</summary>
    public IReadOnlyList<SettledLine> Complete() => [.. _groups.SelectMany(g => g.Value.Lines(g.Key))];

    private Group GroupOf(TalliedEvent of)
    {
        var key = new GroupKey(of.Model, of.Day);
        if (!_groups.TryGetValue(key, out var group)) _groups.Add(key, group = new Group());
        return group;
    }

    private sealed class Group
    {
        private readonly SortedDictionary<UnitClass, (long Units, Int128 Products)> _classes = [];
        private NanoUsd _divided;
        private NanoUsd _undivided;

        public long Requests { get; set; }

        public NanoUsd Estimated { get; set; }

        public void AddUndivided(NanoUsd cost) => _undivided += cost;

        /// <summary>False when units times rates are not what was booked: then something else made the cost.</summary>
        public bool TryDivide(RateCard card, in Usage usage, int tierHundredths, NanoUsd cost, long requests)
        {
            var parts = new List<(UnitClass Class, long Units, Int128 Product)>();
            foreach (var (unit, count) in CountsOf(usage))
            {
                if (count == 0) continue;
                if (card.RateOf(unit) is not { } rate) return false;
                var tier = unit.IsToken() ? tierHundredths : Cost.DefaultTierPercent * Cost.HundredthsOfPercent;
                parts.Add((unit, count, checked(rate.Times(count) * tier)));
            }
            var products = parts.Aggregate((Int128)0, (sum, part) => checked(sum + part.Product));
            if (Int128.Abs(products - cost.Value * Scale) * 2 > Scale * requests) return false;
            foreach (var (unit, units, product) in parts)
            {
                var before = _classes.GetValueOrDefault(unit);
                _classes[unit] = checked((before.Units + units, before.Products + product));
            }
            _divided += cost;
            return true;
        }

        public IEnumerable<SettledLine> Lines(GroupKey key)
        {
            var amounts = _classes.ToDictionary(c => c.Key, c => HalfEven(c.Value.Products));
            if (amounts.Count > 0)
            {
                // Each event was rounded by itself; what that makes in all goes where it weighs the least.
                var largest = amounts.MaxBy(a => (a.Value.Value, a.Key)).Key;
                amounts[largest] += _divided - amounts.Values.Aggregate(NanoUsd.Zero, (sum, amount) => sum + amount);
            }
            foreach (var (unit, amount) in amounts.OrderBy(a => a.Key))
                yield return new SettledLine { Day = key.Day, Model = key.Model, Class = unit, Quantity = _classes[unit].Units, Amount = amount, Requests = Requests };
            if (_undivided != NanoUsd.Zero) yield return new SettledLine { Day = key.Day, Model = key.Model, Amount = _undivided, Requests = Requests };
            if (Estimated != NanoUsd.Zero) yield return new SettledLine { Day = key.Day, Model = key.Model, Amount = Estimated, Requests = Requests, IsEstimated = true };
        }

        private static IEnumerable<(UnitClass Class, long Count)> CountsOf(Usage usage)
        {
            yield return (UnitClass.Input, usage.Input);
            yield return (UnitClass.CachedInput, usage.CachedInput);
            yield return (UnitClass.CacheWrite, usage.CacheWrite);
            yield return (UnitClass.Output, usage.Output);
            foreach (var (unit, count) in usage.Others) yield return (unit, count);
        }

        private static NanoUsd HalfEven(Int128 products)
        {
            var (quotient, remainder) = Int128.DivRem(products, Scale);
            var twice = remainder * 2;
            return new NanoUsd(checked((long)(twice > Scale || (twice == Scale && Int128.IsOddInteger(quotient)) ? quotient + 1 : quotient)));
        }
    }
}
