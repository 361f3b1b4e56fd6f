using System.CommandLine;
using Spendra.Storage;

namespace Spendra.Proof.Kills;

/// <summary><c>kills</c>: processes and databases die at chosen and at random moments, and the books still agree.</summary>
internal static class KillsCommand
{
    public static Command Create()
    {
        var count = new Option<int>("--count") { Description = "Processes to kill, over both engines", DefaultValueFactory = _ => 120 };
        var points = new Option<bool>("--every-point") { Description = "Until every point was somebody's last" };
        var engine = new Option<DatabaseEngine?>("--engine") { Description = "sqlite or postgres; default: both" };
        var stops = new Option<int>("--stops") { Description = "Immediate stops of PostgreSQL in mid-load", DefaultValueFactory = _ => 10 };
        var power = new Option<int>("--power-cuts") { Description = "Kills after which SQLite's files lose what was not synced", DefaultValueFactory = _ => 10 };
        var worlds = new Option<int>("--worlds") { Description = "Databases at a time for each engine", DefaultValueFactory = _ => 2 };
        var minutes = new Option<double?>("--minutes") { Description = "Go on for so long; the counts are then what must be reached" };
        var command = new Command("kills", "Kill servers and databases at every point, and compare the books.") { count, points, engine, stops, power, worlds, minutes };
        command.SetAction((arguments, cancel) => RunAsync(new KillPlan
        {
            Kills = arguments.GetValue(count),
            Engines = arguments.GetValue(engine) is { } one ? [one] : Enum.GetValues<DatabaseEngine>(),
            Stops = arguments.GetValue(stops),
            PowerCuts = arguments.GetValue(power),
            Worlds = arguments.GetValue(worlds),
            EveryPoint = arguments.GetValue(points),
            Limit = arguments.GetValue(minutes) is { } limit ? TimeSpan.FromMinutes(limit) : null,
        }, cancel));
        return command;
    }

    private static async Task<int> RunAsync(KillPlan plan, CancellationToken cancel)
    {
        var tally = new Tally();
        return await Verdict.OfAsync(
            async () =>
            {
                await using (Progress.EverySecond(() => tally.Progress)) await plan.RunAsync(tally, cancel);
            },
            () => Report(plan, tally),
            () => tally.Violations.Count == 0, () => plan.IsReached(tally));
    }

    private static void Report(KillPlan plan, Tally tally)
    {
        Console.WriteLine("== summary");
        foreach (var engine in plan.Engines)
        {
            var reachable = PointDeck.Reachable(engine);
            Console.WriteLine($"{engine}: killed {tally.KillsOf(engine)} times, at {tally.PointsOf(engine)} of {reachable.Count} points");
            foreach (var point in reachable.Where(p => plan.EveryPoint && !tally.ByPoint.ContainsKey($"{engine} {p}"))) Console.WriteLine($"       not reached: {point}");
        }
        foreach (var violation in tally.Violations.Take(50)) Console.WriteLine($"VIOLATION {violation}");
        Console.WriteLine($"{tally.Line}; {tally.Attempts} calls");
        if (!plan.IsReached(tally)) Console.WriteLine($"the floor was not reached: {plan.Floor}");
    }
}
