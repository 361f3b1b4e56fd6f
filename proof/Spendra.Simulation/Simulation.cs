using Spendra.Simulation.World;

namespace Spendra.Simulation;

/// <summary>What became of one seed.</summary>
/// <param name="Seed">Replays it.</param>
/// <param name="Hash">Everything that happened, as one number.</param>
/// <param name="Violations">Promises that were broken. Empty is what is hoped for.</param>
public sealed record SimulationReport(ulong Seed, ulong Hash, IReadOnlyList<string> Violations)
{
    /// <summary>Ledger commands that were committed.</summary>
    public long Operations { get; init; }

    /// <summary>Attempts of clients.</summary>
    public int Calls { get; init; }

    /// <summary>Continuations and events that were run.</summary>
    public long Steps { get; init; }

    /// <summary>How many kinds of fault struck; changes of rules are none.</summary>
    public int FaultKinds { get; init; }

    /// <summary>What struck, by kind, changes of rules included.</summary>
    public IReadOnlyDictionary<string, int> Faults { get; init; } = new Dictionary<string, int>();

    /// <summary>Processes that died while something else of theirs was ready to run.</summary>
    public int CrashesInBurst { get; init; }

    /// <summary>Processes that died between the begin and the commit of a transaction.</summary>
    public int CrashesInTransaction { get; init; }

    /// <summary>The history in lines, when it was asked for.</summary>
    public IReadOnlyList<string> Trace { get; init; } = [];

    public string ReplayCommand => $"dotnet run --project proof/Spendra.Proof -c Release -- simulate --trace --seed {Seed}";
}

/// <summary>
/// Deterministic simulation: production gateways, lanes and sweeps in one thread, over a database, providers, clients,
/// clocks and a network that obey a seed.
/// </summary>
public static class Simulator
{
    public static SimulationReport Run(ulong seed, bool keepsTrace = false) => Run(seed, () => new SimWorld(seed, keepsTrace));

    /// <summary>Whatever goes wrong, an exception of the world or of its judge included, is told as a violation of this seed.</summary>
    internal static SimulationReport Run(ulong seed, Func<SimWorld> make)
    {
        SimWorld? world = null;
        var failures = new List<string>();
        try
        {
            world = make();
            if (!world.Run()) world.Watch.Violations.Add($"the world did not come to rest: {Unrest(world)}");
            new Judgement(world).Pass();
            foreach (var exchange in world.Exchanges) world.Trace.Add("answer", exchange.RequestId, $"{exchange.Status} {exchange.ErrorCode}");
        }
        catch (Exception e)
        {
            failures.Add($"the simulation itself failed: {e}");
        }
        if (world is null) return new SimulationReport(seed, 0, failures);
        return new SimulationReport(seed, world.Trace.Hash, [.. failures, .. world.Watch.Violations])
        {
            Operations = world.Watch.Commands,
            Calls = world.Exchanges.Count,
            Steps = world.Loop.Steps,
            FaultKinds = world.Tally.Kinds,
            Faults = world.Tally.Counts,
            CrashesInBurst = world.CrashesInBurst,
            CrashesInTransaction = world.CrashesInTransaction,
            Trace = world.Trace.Lines,
        };
    }

    private static string Unrest(SimWorld world) =>
        $"{world.Store.Tables.Open.Count} reservations open, {world.Exchanges.Count(e => !e.IsOver)} calls unanswered";
}
