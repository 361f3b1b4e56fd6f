namespace Spendra.Simulation.Scheduling;

/// <summary>
/// The only source of chance in a simulation: SplitMix64 (Steele, Lea, Flood 2014). Its sequence belongs to this code
/// and never changes with the runtime, so a seed means the same history for ever.
/// </summary>
internal sealed class SimRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong NextBits()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 up to and without <paramref name="end"/>.</summary>
    public int Below(int end) => (int)Math.BigMul(NextBits(), (ulong)end, out _);

    public long Between(long least, long most) => least + (long)Math.BigMul(NextBits(), (ulong)(most - least + 1), out _);

    public bool Chance(int perMille) => Below(1000) < perMille;

    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>A sequence of its own, so that one part's draws do not shift another's.</summary>
    public SimRandom Fork() => new(NextBits());
}
