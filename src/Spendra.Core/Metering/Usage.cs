namespace Spendra.Core.Metering;

/// <summary>
/// What a call used, in classes that never overlap. Each dialect maps its provider's numbers into this shape,
/// so that a token is priced exactly once. Counts are units (tokens); <c>default</c> is nothing used.
/// </summary>
public readonly record struct Usage
{
    /// <summary>
    /// The largest count of one class that is believed. Above it the provider's number is treated as hostile
    /// or broken: no context window comes near, and products with any rate stay far inside <see cref="Int128"/>.
    /// </summary>
    public const long MaxUnits = 1_000_000_000;

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

    /// <summary>All input classes together: what decides a context band.</summary>
    public long TotalInput => Input + CachedInput + CacheWrite;

    /// <summary>True when every class lies in 0..<see cref="MaxUnits"/>.</summary>
    public bool IsPlausible =>
        Plausible(Input) && Plausible(CachedInput) && Plausible(CacheWrite) && Plausible(Output)
        && Plausible(ReasoningWithinOutput);

    /// <summary>What one usage has beyond another, class by class; negative where it has less. For corrections.</summary>
    public static Usage operator -(in Usage a, in Usage b) => new()
    {
        Input = checked(a.Input - b.Input),
        CachedInput = checked(a.CachedInput - b.CachedInput),
        CacheWrite = checked(a.CacheWrite - b.CacheWrite),
        Output = checked(a.Output - b.Output),
        ReasoningWithinOutput = checked(a.ReasoningWithinOutput - b.ReasoningWithinOutput),
    };

    private static bool Plausible(long units) => units is >= 0 and <= MaxUnits;
}
