using System.Globalization;
using Spendra.Testing;

namespace Spendra.Proof.LargeLedger;

/// <summary>Processor time and memory, as Linux counts them; they do not depend on who else uses the machine.</summary>
internal static class ProcessorTime
{
    private const int TicksPerSecond = 100;

    // Fields of /proc/PID/stat after the name: user, system, and both of children that have ended.
    private const int FirstField = 11;
    private const int Fields = 4;

    public static TimeSpan OfThisProcess => Environment.CpuUsage.TotalTime;

    /// <summary>Of a server and all of its processes.</summary>
    public static TimeSpan OfServer(PostgresCluster cluster)
    {
        var postmaster = File.ReadLines(Path.Combine(cluster.Folder, "data", "postmaster.pid")).First();
        var children = File.ReadAllText($"/proc/{postmaster}/task/{postmaster}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return TimeSpan.FromSeconds((double)children.Append(postmaster).Sum(TicksOf) / TicksPerSecond);
    }

    /// <summary>Forgets the highest memory of this process so far.</summary>
    public static void ForgetPeak()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        File.WriteAllText("/proc/self/clear_refs", "5");
    }

    public static long PeakMegabytes()
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private static long TicksOf(string process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields.Skip(FirstField).Take(Fields).Sum(f => long.Parse(f, CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return 0; // It ended just now; its parent has counted it.
        }
    }
}
