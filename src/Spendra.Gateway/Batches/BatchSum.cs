using Spendra.Core.Metering;
using Spendra.Core.Pricing;

namespace Spendra.Gateway.Batches;

/// <summary>The bounds of lines, added up: of those that stay in the first context band, and of those that may leave it.</summary>
internal sealed class BatchSum
{
    public UnitBound Within { get; private set; }

    public UnitBound Beyond { get; private set; }

    public UnitBound Total => Plus(Within, Beyond) with { Kinds = Within.Kinds | Beyond.Kinds | TokenKinds.ManyCalls };

    /// <summary>False when the sum is more than a usage can be, so that it could not be told from a broken one.</summary>
    public bool TryAdd(UnitBound line, PriceVersion price)
    {
        if (line.Input > price.LongContext?.AboveInputUnits) Beyond = Plus(Beyond, line);
        else Within = Plus(Within, line);
        var total = Plus(Within, Beyond);
        if (total.Input > Usage.MaxUnits || total.Output > Usage.MaxUnits) return false;
        foreach (var (_, count) in total.Pieces)
        {
            if (count > Usage.MaxUnits) return false;
        }
        return true;
    }

    private static UnitBound Plus(UnitBound a, UnitBound b)
    {
        var pieces = a.Pieces;
        foreach (var (unit, count) in b.Pieces) pieces = pieces.With(unit, checked((pieces.Find(unit) ?? 0) + count));
        return new UnitBound(checked(a.Input + b.Input), checked(a.Output + b.Output)) { Kinds = a.Kinds | b.Kinds, Pieces = pieces };
    }
}
