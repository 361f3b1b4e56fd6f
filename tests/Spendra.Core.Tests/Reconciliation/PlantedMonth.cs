using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;

namespace Spendra.Core.Tests.Reconciliation;

/// <summary>
/// A month of traffic of which the bill agrees with the ledger to the nano-dollar, until differences are planted in it: each in a
/// place of its own, with what must be found there.
/// </summary>
internal sealed class PlantedMonth
{
    public const int Days = 30;
    public const long FirstDay = 20_000;

    private static readonly UnitClass[] Classes = [UnitClass.Input, UnitClass.CachedInput, UnitClass.CacheWrite, UnitClass.Output];
    private static readonly long[] NanosPerUnit = [1_250, 125, 1_562, 10_000];
    private static readonly Guid Account = Guid.Parse("0199c3e4-8f1a-7b52-a3c1-5d0f6a2e9b10");

    private readonly Dictionary<(string Model, long Day, UnitClass Class), (long Units, NanoUsd Amount)> _billed = [];
    private readonly List<SettledLine> _booked = [];
    private readonly List<BilledLine> _extra = [];

    private PlantedMonth(int models, Random random)
    {
        Models = [.. Enumerable.Range(0, models).Select(m => $"model-{m}")];
        foreach (var model in Models)
        {
            for (var day = FirstDay; day < FirstDay + Days; day++)
            {
                for (var c = 0; c < Classes.Length; c++)
                {
                    var units = random.NextInt64(1_000, 5_000_000);
                    var amount = new NanoUsd(units * NanosPerUnit[c]);
                    _billed[(model, day, Classes[c])] = (units, amount);
                    _booked.Add(new SettledLine { Day = day, Model = model, Class = Classes[c], Quantity = units, Amount = amount, Requests = 3 });
                }
            }
        }
    }

    public IReadOnlyList<string> Models { get; }

    /// <summary>What must be found: kind, day, model and the sum of the amounts there.</summary>
    public List<(DifferenceKind Kind, long Day, string Model, NanoUsd Amount)> Planted { get; } = [];

    public static ComparisonRules Rules => new(FirstDay, FirstDay + Days, ComparisonRules.DefaultRounding);

    public IReadOnlyList<SettledLine> Booked => _booked;

    public IReadOnlyList<BilledLine> Billed
    {
        get
        {
            var lines = _billed.Select(b => (b.Key, b.Value)).OrderBy(b => b.Key).Select((b, i) => new BilledLine
            {
                AccountId = Account, Day = b.Key.Day, Model = b.Key.Model, Class = b.Key.Class, Quantity = b.Value.Units, Amount = b.Value.Amount,
                SourceLine = i + 1,
            });
            return [.. lines, .. _extra];
        }
    }

    /// <summary>Plants one difference of each kind of a list, in order of model and then of time, none beside another.</summary>
    public static PlantedMonth Plant(int seed, IReadOnlyList<DifferenceKind> kinds)
    {
        const int gap = 4; // what was billed late takes two days, and looks at those beside them
        var perModel = Days / gap;
        var random = new Random(seed);
        var month = new PlantedMonth(kinds.Count / perModel + 1, random);
        for (var i = 0; i < kinds.Count; i++)
            month.Plant(kinds[i], month.Models[i / perModel], FirstDay + i % perModel * gap + 1, random);
        return month;
    }

    private void Plant(DifferenceKind kind, string model, long day, Random random)
    {
        switch (kind)
        {
            case DifferenceKind.OutsideGateway:
                Planted.Add((kind, day, model, random.Next(2) == 0 ? PlantStrangeModel(model, day, random) : Bill(model, day, UnitClass.Output, random.NextInt64(1, 900))));
                return;
            case DifferenceKind.PriceDrift:
                var dearer = new NanoUsd(_billed[(model, day, UnitClass.Input)].Amount.Value / random.Next(5, 50));
                Change(model, day, UnitClass.Input, 0, dearer);
                Planted.Add((kind, day, model, dearer));
                return;
            case DifferenceKind.CacheClass:
                var moved = random.NextInt64(1, 900);
                Planted.Add((kind, day, model, Bill(model, day, UnitClass.CachedInput, -moved) + Bill(model, day, UnitClass.Input, moved)));
                return;
            case DifferenceKind.Late:
                var late = random.NextInt64(1, 900);
                Planted.Add((kind, day, model, Bill(model, day, UnitClass.Output, -late)));
                Planted.Add((kind, day + 1, model, Bill(model, day + 1, UnitClass.Output, late)));
                return;
            case DifferenceKind.Rounding:
                var rounded = new NanoUsd(random.Next(1, 1_000) * (random.Next(2) == 0 ? 1 : -1));
                Change(model, day, UnitClass.Output, 0, rounded);
                Planted.Add((kind, day, model, rounded));
                return;
            case DifferenceKind.EstimatedSettlement:
                var bound = new NanoUsd(random.NextInt64(50_000_000, 90_000_000));
                _booked.Add(new SettledLine { Day = day, Model = model, Amount = bound, Requests = 1, IsEstimated = true });
                var real = Bill(model, day, UnitClass.Input, random.NextInt64(1, 900)) + Bill(model, day, UnitClass.Output, random.NextInt64(1, 900));
                Planted.Add((kind, day, model, real - bound));
                return;
            default:
                Planted.Add((DifferenceKind.Unknown, day, model, Bill(model, day, UnitClass.Output, -random.NextInt64(1, 900))));
                return;
        }
    }

    private NanoUsd PlantStrangeModel(string model, long day, Random random)
    {
        var amount = new NanoUsd(random.NextInt64(1, 1_000_000_000));
        // As if somebody had used another model with the credential: the name tells which plant it is.
        var strange = $"{model}-strange";
        _extra.Add(new BilledLine { AccountId = Account, Day = day, Model = strange, Class = UnitClass.Output, Quantity = 12, Amount = amount, SourceLine = 900_000 });
        return amount;
    }

    private NanoUsd Bill(string model, long day, UnitClass unit, long units)
    {
        var amount = new NanoUsd(units * NanosPerUnit[Array.IndexOf(Classes, unit)]);
        Change(model, day, unit, units, amount);
        return amount;
    }

    private void Change(string model, long day, UnitClass unit, long units, NanoUsd amount)
    {
        var before = _billed[(model, day, unit)];
        _billed[(model, day, unit)] = (before.Units + units, before.Amount + amount);
    }
}
