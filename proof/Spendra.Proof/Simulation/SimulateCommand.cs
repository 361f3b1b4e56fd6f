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
    private static readonly Option<int> TwiceShare = new("--twice-share") { Description = "Per cent of the seeds that are run twice and compared." };
    private static readonly Option<long?> Qualifying = new("--qualifying") { Description = "Go on until so many histories had five kinds of fault or more; --minutes ends it all the same." };
    private static readonly Option<long> Floor = new("--floor") { Description = "Fewer histories with five kinds of fault than this end with 3: floor not reached." };

    public static Command Create()
    {
        var command = new Command("simulate", "Run the gateways in a simulated world, one seed after the other.")
        {
            First, Count, Minutes, Threads, Trace, Twice, TwiceShare, Qualifying, Floor,
        };
        command.SetAction(arguments =>
        {
            var first = arguments.GetValue(First);
            if (arguments.GetValue(Trace)) return Replay(first);
            var limit = arguments.GetValue(Minutes) is { } minutes ? TimeSpan.FromMinutes(minutes) : (TimeSpan?)null;
            var qualifying = arguments.GetValue(Qualifying);
            var summary = new SimulationSummary();
            Run(summary, new Campaign(first, arguments.GetValue(Threads), arguments.GetValue(Twice) ? 100 : arguments.GetValue(TwiceShare))
            {
                Count = limit is null && qualifying is null ? arguments.GetValue(Count) : long.MaxValue,
                Limit = limit ?? TimeSpan.MaxValue,
                Qualifying = qualifying ?? long.MaxValue,
            });
            return Verdict.Of(summary.Violations, summary.Qualifying, arguments.GetValue(Floor));
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

    private static void Run(SimulationSummary summary, Campaign campaign)
    {
        var clock = Stopwatch.StartNew();
        var next = -1L;
        var workers = Enumerable.Range(0, campaign.Threads).Select(_ => new Thread(() =>
        {
            while (Interlocked.Increment(ref next) is var number && number < campaign.Count
                && clock.Elapsed < campaign.Limit && summary.Qualifying < campaign.Qualifying)
                summary.Add(RunSeed(campaign.First + (ulong)number, campaign.IsTwice(number)));
        })).ToList();
        foreach (var worker in workers) worker.Start();
        while (workers.Exists(w => !w.Join(TimeSpan.FromMilliseconds(1_000.0 / workers.Count)))) summary.PrintProgress(clock.Elapsed);
        summary.Print(campaign.First, clock.Elapsed);
    }

    private static (SimulationReport Report, bool WasTwice) RunSeed(ulong seed, bool runsTwice)
    {
        var report = Simulator.Run(seed);
        if (!runsTwice || Simulator.Run(seed).Hash == report.Hash) return (report, runsTwice);
        return (report with { Violations = [.. report.Violations, "the same seed gave another history"] }, true);
    }

    /// <summary>Ends with whichever comes first of the count, the time and the number of histories that qualify.</summary>
    private sealed record Campaign(ulong First, int Threads, int TwicePercent)
    {
        public required long Count { get; init; }

        public required TimeSpan Limit { get; init; }

        public required long Qualifying { get; init; }

        /// <summary>Spread evenly over the seeds.</summary>
        public bool IsTwice(long number) => (number + 1) * TwicePercent / 100 > number * TwicePercent / 100;
    }
}
