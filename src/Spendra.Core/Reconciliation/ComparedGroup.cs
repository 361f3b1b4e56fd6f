using Spendra.Core.Metering;
using Spendra.Core.Money;

namespace Spendra.Core.Reconciliation;

/// <summary>A model on a day, in the order in which they are compared.</summary>
internal readonly record struct GroupKey(string Model, long Day) : IComparable<GroupKey>
{
    public int CompareTo(GroupKey other)
    {
        var byModel = string.CompareOrdinal(Model, other.Model);
        return byModel != 0 ? byModel : Day.CompareTo(other.Day);
    }
}

/// <summary>The two sides of one model on one day.</summary>
internal sealed class ComparedGroup(GroupKey key)
{
    private readonly SortedDictionary<int, ComparedCell> _cells = [];
    private bool _isByModel;

    /// <summary>What is booked at a bound.</summary>
    public NanoUsd Estimated { get; private set; }

    public IEnumerable<ComparedCell> Cells => _cells.Values;

    public ComparedCell? Find(UnitClass? unit) => _cells.GetValueOrDefault(OrderOf(unit));

    public static SortedDictionary<GroupKey, ComparedGroup> Pair(IReadOnlyList<BilledLine> billed, IReadOnlyList<SettledLine> booked)
    {
        var groups = new SortedDictionary<GroupKey, ComparedGroup>();
        booked = WithoutModels(billed, booked);
        foreach (var line in billed) Group(line.Model, line.Day)._isByModel |= line.Class is null;
        foreach (var line in booked) Group(line.Model, line.Day)._isByModel |= line is { Class: null, IsEstimated: false } && line.Amount != NanoUsd.Zero;
        foreach (var line in billed)
        {
            var group = Group(line.Model, line.Day);
            group.Cell(line.Class).AddBilled(line, group._isByModel);
        }
        foreach (var line in booked)
        {
            var group = Group(line.Model, line.Day);
            if (line.IsEstimated) group.Estimated += line.Amount;
            else if (line.Amount != NanoUsd.Zero || line.Quantity != 0) group.Cell(line.Class).AddBooked(line, group._isByModel);
        }
        return groups;

        ComparedGroup Group(string model, long day)
        {
            var key = new GroupKey(model, day);
            if (!groups.TryGetValue(key, out var group)) groups.Add(key, group = new ComparedGroup(key));
            return group;
        }
    }

    /// <summary>
    /// Some charges (searches) are billed without a model. What the ledger holds of their class is compared without it too, except
    /// for models that the bill names with the class.
    /// </summary>
    private static List<SettledLine> WithoutModels(IReadOnlyList<BilledLine> billed, IReadOnlyList<SettledLine> booked)
    {
        var unnamed = billed.Where(l => l.Model.Length == 0 && l.Class is not null).Select(l => l.Class).ToHashSet();
        var named = billed.Where(l => l.Model.Length > 0).Select(l => (l.Model, l.Class)).ToHashSet();
        return [.. booked.Select(l => l.Class is { } unit && unnamed.Contains(unit) && !named.Contains((l.Model, unit)) ? l with { Model = "" } : l)];
    }

    /// <summary>Finds what each cell differs by.</summary>
    public void Open()
    {
        foreach (var cell in Cells) cell.Open();
    }

    public Difference TellEstimated(NanoUsd amount) =>
        new(key.Day, key.Model, null, DifferenceKind.EstimatedSettlement, amount) { Booked = Estimated };

    private ComparedCell Cell(UnitClass? unit)
    {
        var of = _isByModel ? null : unit;
        if (!_cells.TryGetValue(OrderOf(of), out var cell)) _cells.Add(OrderOf(of), cell = new ComparedCell(key, of));
        return cell;
    }

    private static int OrderOf(UnitClass? unit) => unit is { } known ? (int)known : -1;
}

/// <summary>The two sides of one class of a model on a day, and what of their difference has no reason yet.</summary>
internal sealed class ComparedCell(GroupKey key, UnitClass? unit)
{
    private NanoUsd _billed;
    private NanoUsd _booked;
    private long? _billedQuantity = 0;
    private long? _bookedQuantity = 0;
    private long _requests;
    private int? _sourceLine;

    public UnitClass? Class => unit;

    public bool HasBooked { get; private set; }

    public bool HasBoth => HasBooked && _sourceLine is not null;

    /// <summary>Units billed beyond what was booked; null when one of the sides counts none. Zero once they have a reason.</summary>
    public long? MissingUnits { get; private set; }

    /// <summary>What is explained by neither price nor any reason so far.</summary>
    public NanoUsd Pending { get; private set; }

    public bool IsDone { get; private set; }

    /// <summary>What the units that both sides have differ by.</summary>
    public NanoUsd PricePart { get; private set; }

    public void AddBilled(BilledLine line, bool isByModel)
    {
        _billed += line.Amount;
        // Units of different classes make no sum.
        _billedQuantity = isByModel || line.Quantity is null ? null : checked(_billedQuantity + line.Quantity);
        _sourceLine ??= line.SourceLine;
    }

    public void AddBooked(SettledLine line, bool isByModel)
    {
        HasBooked = true;
        _booked += line.Amount;
        _bookedQuantity = isByModel ? null : checked(_bookedQuantity + line.Quantity);
        _requests = checked(_requests + line.Requests);
    }

    public void Open()
    {
        var difference = _billed - _booked;
        Pending = difference;
        if (_billedQuantity is not { } billed || _bookedQuantity is not { } booked) return;
        MissingUnits = checked(billed - booked);
        if (booked <= 0 || billed == 0) return;
        Pending = AtBookedPrice(MissingUnits.Value, booked);
        PricePart = difference - Pending;
    }

    public bool IsRounding(NanoUsd amount, ComparisonRules rules) => Int128.Abs(amount.Value) <= (Int128)rules.Rounding.Value + _requests;

    /// <summary>Takes what has no reason yet, to give it one.</summary>
    public NanoUsd Take()
    {
        var taken = Pending;
        (Pending, IsDone) = (NanoUsd.Zero, true);
        if (MissingUnits is not null) MissingUnits = 0;
        return taken;
    }

    public void Reduce(NanoUsd amount) => Pending -= amount;

    public Difference Tell(DifferenceKind kind, NanoUsd amount) => new(key.Day, key.Model, unit, kind, amount)
    {
        Billed = _billed, Booked = _booked, BilledQuantity = _billedQuantity, BookedQuantity = _bookedQuantity, SourceLine = _sourceLine,
    };

    /// <summary>So many units at what the ledger's cost on average, toward zero.</summary>
    private NanoUsd AtBookedPrice(long units, long booked)
    {
        var amount = (Int128)_booked.Value * units / booked;
        if (amount > long.MaxValue || amount < long.MinValue) throw new OverflowException("a difference exceeds what amounts can hold");
        return new NanoUsd((long)amount);
    }
}
