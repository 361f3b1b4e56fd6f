using System.Runtime.InteropServices;

namespace Spendra.Proof.Kills;

/// <summary>Kills the process that it runs in, for real, when it passes a point for the given time.</summary>
/// <param name="point">One of <see cref="Points.All"/>, or null for none.</param>
/// <param name="passage">From 1 on: which passage is the last.</param>
/// <param name="seen">Hears of every passage.</param>
internal sealed class Trigger(string? point, int passage, Action<string>? seen = null)
{
    public const string LastWords = "dying at ";

    private const int SigKill = 9;
    private int _left = passage;

    public void Pass(string name, string side)
    {
        seen?.Invoke(name + side);
        if (point is null || point.Length != name.Length + side.Length) return;
        if (!point.StartsWith(name, StringComparison.Ordinal) || !point.EndsWith(side, StringComparison.Ordinal)) return;
        if (Interlocked.Decrement(ref _left) == 0) Die(point);
    }

    /// <summary>Nothing runs after it: no finally, no flush, no goodbye to the database.</summary>
    public static void Die(string where)
    {
        Console.Out.WriteLine(LastWords + where);
        Console.Out.Flush();
        _ = SendSignal(Environment.ProcessId, SigKill);
        Thread.Sleep(Timeout.Infinite);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int processId, int signal);
}
