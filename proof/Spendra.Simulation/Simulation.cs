using Spendra.Simulation.World;

namespace Spendra.Simulation;

/// <summary>What became of one seed.</summary>
/// <param name="Seed">Replays it.</param>
/// <param name="Hash">Everything that happened, as one number.</param>
/// <param name="Operations">Ledger commands that were committed.</param>
/// <param name="Calls">Attempts of clients.</param>
/// <param name="Steps">Continuations and events that were run.</param>
/// <param name="FaultKinds">How many kinds of fault were allowed to strike.</param>
/// <param name="Faults">Faults that struck, by kind.</param>
/// <param name="Violations">Promises that were broken. Empty is what is hoped for.</param>
/// <param name="Trace">The history in lines, when it was asked for.</param>
public sealed record SimulationReport(
    ulong Seed, ulong Hash, long Operations, int Calls, long Steps, int FaultKinds, IReadOnlyDictionary<string, int> Faults,
    IReadOnlyList<string> Violations, IReadOnlyList<string> Trace);

/// <summary>
/// Deterministic simulation: production gateways, lanes and sweeps in one thread, over a database, providers, clients,
/// clocks and a network that obey a seed.
/// </summary>
public static class Simulator
{
    public static SimulationReport Run(ulong seed, bool keepsTrace = false)
    {
        var world = new SimWorld(seed, keepsTrace);
        if (!world.Run()) world.Watch.Violations.Add($"the world did not come to rest: {Unrest(world)}");
        new Judgement(world).Pass();
        foreach (var exchange in world.Exchanges) world.Trace.Add("answer", exchange.RequestId, $"{exchange.Status} {exchange.ErrorCode}");
        var faults = new[] { world.Store.Server.Drawn, world.Provider.Drawn, world.Struck }
            .SelectMany(d => d).GroupBy(p => p.Key).ToDictionary(g => g.Key, g => g.Sum(p => p.Value));
        if (world.Loop.PausesDrawn > 0) faults["Pause"] = world.Loop.PausesDrawn;
        return new SimulationReport(seed, world.Trace.Hash, world.Watch.Commands, world.Exchanges.Count, world.Loop.Steps,
            world.Plan.Faults.Count, faults, world.Watch.Violations, world.Trace.Lines);
    }

    private static string Unrest(SimWorld world) =>
        $"{world.Store.Tables.Open.Count} reservations open, {world.Exchanges.Count(e => !e.IsOver)} calls unanswered";
}
