namespace Spendra.Proof;

/// <summary>One line a second, while something long runs.</summary>
internal static class Progress
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static IAsyncDisposable EverySecond(Func<string> line)
    {
        var started = TimeProvider.System.GetTimestamp();
        return new Timer(_ => Console.WriteLine($"{TimeProvider.System.GetElapsedTime(started).TotalSeconds,6:F0} s  {line()}"), null, Second, Second);
    }
}
