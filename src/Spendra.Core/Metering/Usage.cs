namespace Spendra.Core.Metering;

/// <summary>
/// What a call used, in classes that never overlap. Each dialect maps its provider's numbers into this shape,
/// so that a unit is priced exactly once. <c>default</c> is nothing used.
/// </summary>
public readonly record struct Usage
{
    /// <summary>
    /// The largest count of one class that is believed. Above it the provider's number is treated as hostile
    /// or broken: no context window comes near, and products with any rate stay far inside <see cref="Int128"/>.
    /// </summary>
    public const long MaxUnits = 1_000_000_000;

    /// <summary>The largest plausible count of <see cref="UnitClass.ToolCharges"/>: a thousand dollars.</summary>
    public const long MaxCharges = 1_000_000_000_000;

    /// <summary>Input tokens that were neither read from nor written to a cache.</summary>
    public long Input { get; init; }

    /// <summary>Input tokens read from the provider's prompt cache.</summary>
    public long CachedInput { get; init; }

    /// <summary>Input tokens written to the provider's prompt cache.</summary>
    public long CacheWrite { get; init; }

    /// <summary>Output tokens, reasoning included.</summary>
    public long Output { get; init; }

    /// <summary>How many of <see cref="Output"/> were reasoning; for information, never priced again.</summary>
    public long ReasoningWithinOutput { get; init; }

    /// <summary>Counts of every other class; one that is zero is left out. <see cref="Plus"/> keeps that.</summary>
    public UnitMap<long> Others { get; init; }

    /// <summary>
    /// Code ran in containers, and no provider tells how long they did; or maps grounded an answer, and none tells by how many
    /// queries. They are charged as what was held for them, while everything else is measured.
    /// </summary>
    public bool IsEstimatedInPart => Others.Find(UnitClass.CodeSessions) is not null || Others.Find(UnitClass.MapQueries) is not null;

    /// <summary>All input tokens together: what decides a context band.</summary>
    public long TotalInput
    {
        get
        {
            var total = Input + CachedInput + CacheWrite;
            foreach (var (unit, count) in Others)
            {
                if (unit.IsInput()) total += count;
            }
            return total;
        }
    }

    /// <summary>True when every class lies in 0..<see cref="MaxUnits"/>, charges in 0..<see cref="MaxCharges"/>.</summary>
    public bool IsPlausible
    {
        get
        {
            foreach (var (unit, count) in Others)
            {
                if (count < 0 || count > (unit == UnitClass.ToolCharges ? MaxCharges : MaxUnits)) return false;
            }
            return Plausible(Input) && Plausible(CachedInput) && Plausible(CacheWrite) && Plausible(Output)
                && Plausible(ReasoningWithinOutput);
        }
    }

    /// <summary>The usage with so many units more of one of the other classes.</summary>
    /// <exception cref="OverflowException">The sum does not fit.</exception>
    public Usage Plus(UnitClass unit, long count) => Combine(unit, count, static (a, b) => checked(a + b));

    /// <summary>What one usage has beyond another, class by class; negative where it has less. For corrections.</summary>
    public static Usage operator -(in Usage a, in Usage b)
    {
        var difference = new Usage
        {
            Input = checked(a.Input - b.Input),
            CachedInput = checked(a.CachedInput - b.CachedInput),
            CacheWrite = checked(a.CacheWrite - b.CacheWrite),
            Output = checked(a.Output - b.Output),
            ReasoningWithinOutput = checked(a.ReasoningWithinOutput - b.ReasoningWithinOutput),
            Others = a.Others,
        };
        foreach (var (unit, count) in b.Others) difference = difference.Combine(unit, count, static (x, y) => checked(x - y));
        return difference;
    }

    /// <summary>
    /// The sum of usages that were read back. Later events carry differences, which may be negative; rows that are
    /// corrupt wrap around and are implausible.
    /// </summary>
    public static Usage SumUnchecked(in Usage a, in Usage b)
    {
        var sum = new Usage
        {
            Input = unchecked(a.Input + b.Input),
            CachedInput = unchecked(a.CachedInput + b.CachedInput),
            CacheWrite = unchecked(a.CacheWrite + b.CacheWrite),
            Output = unchecked(a.Output + b.Output),
            ReasoningWithinOutput = unchecked(a.ReasoningWithinOutput + b.ReasoningWithinOutput),
            Others = a.Others,
        };
        foreach (var (unit, count) in b.Others) sum = sum.Combine(unit, count, static (x, y) => unchecked(x + y));
        return sum;
    }

    private Usage Combine(UnitClass unit, long count, Func<long, long, long> combine)
    {
        // Text tokens have fields: counted in both places they would be priced twice.
        if (unit <= UnitClass.Output) throw new ArgumentOutOfRangeException(nameof(unit), unit, "has a field of its own");
        var combined = combine(Others.Find(unit) ?? 0, count);
        var others = default(UnitMap<long>);
        foreach (var (known, value) in Others)
        {
            if (known != unit) others = others.With(known, value);
        }
        return this with { Others = combined == 0 ? others : others.With(unit, combined) };
    }

    private static bool Plausible(long units) => units is >= 0 and <= MaxUnits;
}
