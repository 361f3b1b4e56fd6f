using System.CommandLine;
using Spendra.Storage;

namespace Spendra.Proof.Network;

/// <summary><c>cuts</c>: connections fail at every byte, and the books still agree.</summary>
internal static class CutsCommand
{
    // An answer may be a digit or two shorter than the recorded one.
    private const int Slack = 4;

    public static Command Create()
    {
        var stride = new Option<int>("--stride") { Description = "Cut at every so many-th byte", DefaultValueFactory = _ => 1 };
        var sites = new Option<int>("--sites") { Description = "Servers at a time", DefaultValueFactory = _ => 4 };
        var every = new Option<bool>("--every-fault") { Description = "Close, reset and half-close at every offset, instead of one in turn" };
        var stalls = new Option<int>("--stalls") { Description = "Stall at every so many-th of the offsets", DefaultValueFactory = _ => 16 };
        var engine = new Option<DatabaseEngine?>("--engine") { Description = "sqlite or postgres; default: both" };
        var command = new Command("cuts", "Cut connections at every byte, and compare the books.") { stride, sites, every, stalls, engine };
        command.SetAction((arguments, cancel) =>
        {
            var plan = new CutPlan
            {
                Stride = arguments.GetValue(stride),
                Sites = arguments.GetValue(sites),
                EveryFault = arguments.GetValue(every),
                StallStride = arguments.GetValue(stalls),
            };
            if (arguments.GetValue(engine) is { } one) plan = plan with { Exchanges = [.. plan.Exchanges.Where(e => e.Engine == one)] };
            return RunAsync(plan, cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(CutPlan plan, CancellationToken cancel)
    {
        var tally = new CutTally();
        var campaign = new CutCampaign(plan, tally);
        await using (Progress.EverySecond(() => tally.Line)) await campaign.RunAsync(cancel);
        Console.WriteLine("== summary");
        foreach (var line in tally.Coverage()) Console.WriteLine(line);
        foreach (var violation in tally.Violations.Take(50)) Console.WriteLine($"VIOLATION {violation}");
        Console.WriteLine(tally.Line);
        var uncovered = plan.Stride == 1 ? tally.Uncovered(campaign.Recordings.Where(r => r.Link != Link.FreshDatabase), Slack) : 0;
        if (uncovered > 0) Console.WriteLine($"{uncovered} offsets were not cut");
        return uncovered == 0 && tally.Violations.Count == 0 && tally.Cuts > 0 ? 0 : 1;
    }
}
