using System.Globalization;
using System.Text;
using Spendra.Core.Metering;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;

namespace Spendra.Control.Tests.Reconciliation;

/// <summary>
/// Spends every day of a month with some models and writes the bill that its provider would send, with twenty differences in it.
/// </summary>
internal sealed class PlantedBill
{
    private const int Days = 28;
    private const int Gap = 4;

    private static readonly (UnitClass Class, long Nanos)[] Rates = [(UnitClass.Input, 1_250), (UnitClass.CachedInput, 125), (UnitClass.Output, 10_000)];

    private readonly SortedDictionary<(string Model, int Day, UnitClass Class), (long Units, long Nanos)> _billed = [];

    /// <summary>What must be found: kind, day of the month, model and sum.</summary>
    public List<(string Kind, int Day, string Model, NanoUsd Amount)> Planted { get; } = [];

    /// <summary>The file, with the columns day, model, class, units and usd.</summary>
    public string Csv
    {
        get
        {
            var file = new StringBuilder("day,model,class,units,usd\n");
            foreach (var ((model, day, unit), (units, nanos)) in _billed.Where(b => b.Value.Units != 0))
                file.Append(CultureInfo.InvariantCulture, $"{PastBooks.Month}-{day:D2},{model},{BilledClasses.NameOf(unit)},{units},{new NanoUsd(nanos)}\n");
            return file.ToString();
        }
    }

    public static async Task<PlantedBill> SpendAsync(PastBooks books)
    {
        var bill = new PlantedBill();
        var random = new Random(20);
        DifferenceKind[] kinds = [.. Enumerable.Range(0, 20).Select(i => DifferenceKinds.All[i % DifferenceKinds.All.Count])];
        var models = Enumerable.Range(0, kinds.Length / (Days / Gap) + 1).Select(m => $"house-model-{m}").ToList();
        foreach (var model in models)
        {
            for (var day = 1; day <= Days; day++) await bill.AddAsync(books, day, model, random);
        }
        for (var i = 0; i < kinds.Length; i++) await bill.PlantAsync(books, kinds[i], models[i / (Days / Gap)], i % (Days / Gap) * Gap + 2, random);
        return bill;
    }

    private async Task AddAsync(PastBooks books, int day, string model, Random random)
    {
        // Every seventh cannot be added up by the database, because it was settled after it had expired.
        var usage = new Usage { Input = random.Next(1_000, 90_000), CachedInput = random.Next(1_000, 90_000), Output = random.Next(1_000, 90_000) };
        if (day % 7 == 0)
        {
            var held = await books.HoldAsync(PastBooks.Noon(day));
            await books.ExpireAsync(held, PastBooks.Noon(day) + 900_000_000);
            await books.SettleAsync(held, usage, PastBooks.Noon(day) + 901_000_000, model);
        }
        else
        {
            await books.SpendAsync(PastBooks.Noon(day), usage, model);
        }
        foreach (var (unit, units) in new[] { (UnitClass.Input, usage.Input), (UnitClass.CachedInput, usage.CachedInput), (UnitClass.Output, usage.Output) }) Bill(model, day, unit, units);
    }

    private async Task PlantAsync(PastBooks books, DifferenceKind kind, string model, int day, Random random)
    {
        var units = random.Next(1, 900);
        switch (kind)
        {
            case DifferenceKind.OutsideGateway:
                Plant(kind, day, model, Bill(model, day, UnitClass.Output, units));
                break;
            case DifferenceKind.PriceDrift:
                Plant(kind, day, model, Bill(model, day, UnitClass.Input, 0, units * 10_000));
                break;
            case DifferenceKind.CacheClass:
                Plant(kind, day, model, Bill(model, day, UnitClass.CachedInput, -units) + Bill(model, day, UnitClass.Input, units));
                break;
            case DifferenceKind.Late:
                Plant(kind, day, model, Bill(model, day, UnitClass.Output, -units));
                Plant(kind, day + 1, model, Bill(model, day + 1, UnitClass.Output, units));
                break;
            case DifferenceKind.Rounding:
                Plant(kind, day, model, Bill(model, day, UnitClass.Output, 0, -units));
                break;
            case DifferenceKind.EstimatedSettlement:
                await books.SpendAsync(PastBooks.Noon(day) + 60_000_000, new Usage { Input = 2_000_000, Output = 200_000 }, model, isEstimated: true);
                var bound = Core.Pricing.Cost.Bound(books.Price, new Core.Pricing.UnitBound(2_000_000, 200_000))!.Value;
                Plant(kind, day, model, Bill(model, day, UnitClass.Input, units) + Bill(model, day, UnitClass.Output, units) - bound.Value);
                break;
            default:
                Plant(kind, day, model, Bill(model, day, UnitClass.Output, -units));
                break;
        }
    }

    private void Plant(DifferenceKind kind, int day, string model, long nanos) => Planted.Add((DifferenceKinds.NameOf(kind), day, model, new NanoUsd(nanos)));

    private long Bill(string model, int day, UnitClass unit, long units, long moreNanos = 0)
    {
        var nanos = units * Rates.Single(r => r.Class == unit).Nanos + moreNanos;
        var before = _billed.GetValueOrDefault((model, day, unit));
        _billed[(model, day, unit)] = (before.Units + units, before.Nanos + nanos);
        return nanos;
    }
}
