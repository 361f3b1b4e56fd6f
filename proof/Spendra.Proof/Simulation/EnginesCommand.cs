using System.CommandLine;
using System.Diagnostics;
using Spendra.Simulation.Engines;
using Spendra.Simulation.Scheduling;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Proof.Simulation;

/// <summary>
/// <c>engines</c>: the same workload on real SQLite and PostgreSQL, its total order replayed through the model; and
/// scripts on which the simulated store and the real ones must agree row by row.
/// </summary>
internal static class EnginesCommand
{
    private const int CallsPerCaller = 80;
    private const int Steps = 80;

    private static readonly Option<ulong> First = new("--seed") { Description = "The first seed.", DefaultValueFactory = _ => 1 };
    private static readonly Option<double> Minutes = new("--minutes") { Description = "Go on from seed to seed for so long.", DefaultValueFactory = _ => 1 };
    private static readonly Option<long> Floor = new("--floor") { Description = "Fewer rounds than this end with 3: floor not reached." };

    public static Command Create()
    {
        var command = new Command("engines", "Hold the real engines against the model and against the simulated store.") { First, Minutes, Floor };
        command.SetAction((arguments, _) => RunAsync(
            arguments.GetValue(First), TimeSpan.FromMinutes(arguments.GetValue(Minutes)), arguments.GetValue(Floor)));
        return command;
    }

    private static async Task<int> RunAsync(ulong first, TimeSpan limit, long floor)
    {
        var clock = Stopwatch.StartNew();
        int rounds = 0, violations = 0;
        long decisions = 0, losses = 0, steps = 0;
        await using var progress = Progress.EverySecond(
            () => $"{rounds} rounds, {decisions} batches replayed, {losses} answers lost, {violations} violations");
        for (var seed = first; rounds == 0 || clock.Elapsed < limit; seed++)
        {
            foreach (var engine in Enum.GetValues<DatabaseEngine>())
            {
                var replay = await ReplayAsync(engine, seed);
                var differences = await CompareAsync(engine, seed);
                (decisions, losses, steps, rounds) = (decisions + replay.Decisions, losses + replay.Losses, steps + Steps, rounds + 1);
                foreach (var violation in replay.Violations.Concat(differences))
                {
                    violations++;
                    Console.WriteLine($"VIOLATION {engine}, seed {seed}: {violation}");
                }
            }
        }
        Console.WriteLine("== summary");
        Console.WriteLine($"{rounds} rounds on SQLite and PostgreSQL from seed {first}: {decisions} batches of three concurrent lanes replayed through the model,");
        Console.WriteLine($"{losses} answers lost on purpose before a transaction, before its commit and after it; {steps} scripted steps equal row by row to the simulated store; {violations} violations");
        return Verdict.Of(violations, rounds, floor);
    }

    private static async Task<(int Decisions, int Losses, IReadOnlyList<string> Violations)> ReplayAsync(DatabaseEngine engine, ulong seed)
    {
        using var folder = new TempFolder();
        var target = await TargetAsync(engine, folder);
        await using var real = await RealLedger.FoundAsync(target, 0, new SimRandom(seed));
        var replay = new ConcurrentReplay(real, target, seed);
        var violations = await replay.RunAsync(CallsPerCaller);
        return (replay.Decisions, replay.Losses, violations);
    }

    private static async Task<IReadOnlyList<string>> CompareAsync(DatabaseEngine engine, ulong seed)
    {
        using var folder = new TempFolder();
        await using var real = await RealLedger.FoundAsync(await TargetAsync(engine, folder), 0, new SimRandom(seed));
        return await StoreComparison.CompareAsync(real, seed, Steps);
    }

    private static async Task<DatabaseTarget> TargetAsync(DatabaseEngine engine, TempFolder folder) => engine == DatabaseEngine.Sqlite
        ? DatabaseTarget.Folder(folder.Path)
        : DatabaseTarget.Address(PostgresCluster.ToUrl(await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync("engines")));
}
