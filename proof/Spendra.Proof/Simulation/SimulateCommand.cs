using System.CommandLine;
using System.Diagnostics;
using Spendra.Simulation;

namespace Spendra.Proof.Simulation;

/// <summary><c>simulate</c>: as many seeds as asked for or as time allows, each in a world of its own.</summary>
internal static class SimulateCommand
{
    private static readonly Option<ulong> First = new("--seed") { Description = "The first seed; alone with --trace, the one to replay.", DefaultValueFactory = _ => 1 };
    private static readonly Option<int> Count = new("--count") { Description = "How many seeds.", DefaultValueFactory = _ => 1 };
    private static readonly Option<double?> Minutes = new("--minutes") { Description = "Go on from seed to seed for so long." };
    private static readonly Option<int> Threads = new("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
    private static readonly Option<bool> Trace = new("--trace") { Description = "Print everything that happens." };
    private static readonly Option<bool> Twice = new("--twice") { Description = "Run each seed twice and compare the hashes." };

    public static Command Create()
    {
        var command = new Command("simulate", "Run the gateways in a simulated world, one seed after the other.") { First, Count, Minutes, Threads, Trace, Twice };
        command.SetAction(arguments =>
        {
            var first = arguments.GetValue(First);
            if (arguments.GetValue(Trace)) return Replay(first);
            var limit = arguments.GetValue(Minutes) is { } minutes ? TimeSpan.FromMinutes(minutes) : (TimeSpan?)null;
            var count = limit is null ? arguments.GetValue(Count) : int.MaxValue;
            return Run(first, count, limit, arguments.GetValue(Threads), arguments.GetValue(Twice));
        });
        return command;
    }

    private static int Replay(ulong seed)
    {
        var report = Simulator.Run(seed, keepsTrace: true);
        foreach (var line in report.Trace) Console.WriteLine(line);
        foreach (var violation in report.Violations) Console.WriteLine($"VIOLATION {violation}");
        Console.WriteLine($"seed {seed}: hash {report.Hash:x16}, {report.Violations.Count} violations");
        return report.Violations.Count == 0 ? 0 : 1;
    }

    private static int Run(ulong first, int count, TimeSpan? limit, int threads, bool runsTwice)
    {
        var summary = new SimulationSummary();
        var clock = Stopwatch.StartNew();
        var next = -1L;
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            while (Interlocked.Increment(ref next) is var number && number < count && (limit is null || clock.Elapsed < limit))
                summary.Add(RunSeed(first + (ulong)number, runsTwice));
        })).ToList();
        foreach (var worker in workers) worker.Start();
        while (workers.Exists(w => !w.Join(TimeSpan.FromMilliseconds(1_000.0 / workers.Count)))) summary.PrintProgress(clock.Elapsed);
        summary.Print(first, clock.Elapsed);
        return summary.Violations == 0 ? 0 : 1;
    }

    private static SimulationReport RunSeed(ulong seed, bool runsTwice)
    {
        var report = Simulator.Run(seed);
        if (!runsTwice || Simulator.Run(seed).Hash == report.Hash) return report;
        return report with { Violations = [.. report.Violations, "the same seed gave another history"] };
    }
}
