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
        var fresh = new Option<int>("--fresh-stride") { Description = "So many times sparser on new connections to the database; 1: every byte", DefaultValueFactory = _ => 16 };
        var silences = new Option<int>("--silences") { Description = "A silent database at every so many-th of the offsets", DefaultValueFactory = _ => 512 };
        var minutes = new Option<double?>("--minutes") { Description = "End after so long, at whatever offset" };
        var sites = new Option<int>("--sites") { Description = "Servers at a time", DefaultValueFactory = _ => 4 };
        var every = new Option<bool>("--every-fault") { Description = "Close, reset and half-close at every offset, instead of one in turn" };
        var stalls = new Option<int>("--stalls") { Description = "Stall at every so many-th of the offsets", DefaultValueFactory = _ => 16 };
        var engine = new Option<DatabaseEngine?>("--engine") { Description = "sqlite or postgres; default: both" };
        var command = new Command("cuts", "Cut connections at every byte, and compare the books.") { stride, fresh, sites, every, stalls, silences, engine, minutes };
        command.SetAction((arguments, cancel) =>
        {
            var plan = new CutPlan
            {
                Stride = arguments.GetValue(stride),
                Sites = arguments.GetValue(sites),
                EveryFault = arguments.GetValue(every),
                FreshStride = arguments.GetValue(fresh),
                SilenceStride = arguments.GetValue(silences),
                StallStride = arguments.GetValue(stalls),
            };
            if (arguments.GetValue(engine) is { } one) plan = plan with { Exchanges = [.. plan.Exchanges.Where(e => e.Engine == one)] };
            return RunAsync(plan, arguments.GetValue(minutes) is { } limit ? TimeSpan.FromMinutes(limit) : null, cancel);
        });
        return command;
    }

    private static async Task<int> RunAsync(CutPlan plan, TimeSpan? limit, CancellationToken cancel)
    {
        var tally = new CutTally();
        var campaign = new CutCampaign(plan, tally);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (limit is { } most) end.CancelAfter(most);
        return await Verdict.OfAsync(
            async () =>
            {
                await using (Progress.EverySecond(() => $"{tally.Line}; {tally.Doing}")) await campaign.RunAsync(end.Token);
            },
            () => Report(plan, campaign, tally),
            () => tally.Violations.Count == 0, () => IsWhole(plan, campaign, tally));
    }

    private static void Report(CutPlan plan, CutCampaign campaign, CutTally tally)
    {
        Console.WriteLine("== summary");
        foreach (var line in tally.Coverage()) Console.WriteLine(line);
        foreach (var violation in tally.Violations.Take(50)) Console.WriteLine($"VIOLATION {violation}");
        Console.WriteLine(tally.Line);
        if (IsWhole(plan, campaign, tally)) return;
        Console.WriteLine($"the floor was not reached: {campaign.Recordings.Count / 2} of {plan.Exchanges.Count} exchanges were recorded, "
            + $"{tally.Uncovered(campaign.Recordings, plan, Slack)} of their cuts struck nothing, and {tally.RuledCuts} calls under new rules were cut");
    }

    private static bool IsWhole(CutPlan plan, CutCampaign campaign, CutTally tally) => tally.Cuts > 0 && tally.RuledCuts > 0
        && campaign.Recordings.Count == plan.Exchanges.Count * 2 && tally.Uncovered(campaign.Recordings, plan, Slack) == 0;
}
