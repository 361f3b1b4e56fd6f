namespace Spendra.Proof;

/// <summary>One line now and then, while something long runs.</summary>
internal static class Progress
{
    public static IAsyncDisposable Every(TimeSpan interval, Func<string> line)
    {
        var started = TimeProvider.System.GetTimestamp();
        return new Timer(_ => Console.WriteLine($"{TimeProvider.System.GetElapsedTime(started).TotalSeconds,6:F0} s  {line()}"), null, interval, interval);
    }
}
