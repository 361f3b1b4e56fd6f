namespace Spendra.Proof.Simulation;

/// <summary>How a part ends. That it had too little time is another thing than that a promise was broken.</summary>
internal static class Verdict
{
    public const int Kept = 0;
    public const int Broken = 1;

    /// <summary>Nothing was broken, and too little was tried to say more.</summary>
    public const int FloorNotReached = 3;

    public static int Of(long violations, long reached, long floor)
    {
        if (violations > 0) return Broken;
        if (reached >= floor) return Kept;
        Console.WriteLine($"floor not reached: {reached} of {floor}");
        return FloorNotReached;
    }
}
