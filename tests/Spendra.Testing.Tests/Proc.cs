namespace Spendra.Testing.Tests;

/// <summary>What the kernel says about processes that are not our children, so that only looking helps.</summary>
internal static class Proc
{
    public static bool IsAlive(int id) =>
        File.Exists($"/proc/{id}/stat") && !File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);

    public static Task GoneAsync(int id) => UntilAsync(() => !IsAlive(id), $"process {id} is gone");

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"Not within 30 s: {what}");
            await Task.Delay(20, CancellationToken.None);
        }
    }
}
