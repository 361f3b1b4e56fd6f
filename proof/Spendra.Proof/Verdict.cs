namespace Spendra.Proof;

/// <summary>How a command ends. 2 is a command line that cannot be read.</summary>
internal static class Verdict
{
    public const int Kept = 0;
    public const int Broken = 1;
    public const int Unread = 2;
    /// <summary>No promise was broken, and less was done than was asked for.</summary>
    public const int FloorNotReached = 3;
    /// <summary>The machinery itself failed, and says nothing about the promises.</summary>
    public const int Failed = 4;

    public static int Of(long violations, long reached, long floor)
    {
        if (violations == 0 && reached < floor) Console.WriteLine($"floor not reached: {reached} of {floor}");
        return Of(violations == 0, reached >= floor);
    }

    /// <summary>
    /// Runs a campaign and reports what it did, also when it breaks off. Machinery that fails takes back no promise that was
    /// found broken before.
    /// </summary>
    public static async Task<int> OfAsync(Func<Task> run, Action report, Func<bool> isKept, Func<bool> isFloorReached)
    {
        try
        {
            await run();
        }
        catch (Exception e)
        {
            report();
            Console.Error.WriteLine(e);
            return isKept() ? Failed : Broken;
        }
        report();
        return Of(isKept(), isFloorReached());
    }

    public static int Of(bool isKept, bool isFloorReached) => !isKept ? Broken : isFloorReached ? Kept : FloorNotReached;
}
