using System.CommandLine;
using Spendra.Proof.Worlds;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Proof.Kills;

/// <summary><c>kills</c>: processes and databases die at chosen and at random moments, and the books still agree.</summary>
internal static class KillsCommand
{
    public static Command Create()
    {
        var count = new Option<int>("--count") { Description = "Processes to kill, over both engines, until every point was one's last", DefaultValueFactory = _ => 120 };
        var engine = new Option<DatabaseEngine?>("--engine") { Description = "sqlite or postgres; default: both" };
        var stops = new Option<int>("--stops") { Description = "Immediate stops of PostgreSQL in mid-load", DefaultValueFactory = _ => 10 };
        var power = new Option<int>("--power-cuts") { Description = "Kills after which SQLite's files lose what was not synced", DefaultValueFactory = _ => 10 };
        var worlds = new Option<int>("--worlds") { Description = "Databases at a time for each engine", DefaultValueFactory = _ => 2 };
        var command = new Command("kills", "Kill servers and databases at every point, and compare the books.") { count, engine, stops, power, worlds };
        command.SetAction((arguments, cancel) => RunAsync(new KillPlan
        {
            Kills = arguments.GetValue(count),
            Engines = arguments.GetValue(engine) is { } one ? [one] : Enum.GetValues<DatabaseEngine>(),
            Stops = arguments.GetValue(stops),
            PowerCuts = arguments.GetValue(power),
            Worlds = arguments.GetValue(worlds),
            EveryPoint = arguments.GetValue(count) > 0,
        }, cancel));
        return command;
    }

    private static async Task<int> RunAsync(KillPlan plan, CancellationToken cancel)
    {
        var tally = new Tally();
        await using (Progress.Every(TimeSpan.FromSeconds(10), () => tally.Line)) await plan.RunAsync(tally, cancel);
        return Report(plan, tally) ? 0 : 1;
    }

    private static bool Report(KillPlan plan, Tally tally)
    {
        Console.WriteLine("== summary");
        foreach (var (point, kills) in tally.ByPoint.OrderBy(p => p.Key, StringComparer.Ordinal)) Console.WriteLine($"{kills,5}  {point}");
        foreach (var engine in plan.Engines)
        {
            var reachable = PointDeck.Reachable(engine);
            Console.WriteLine($"{engine}: killed at {tally.PointsOf(engine)} of {reachable.Count} points");
            foreach (var point in reachable.Where(p => !tally.ByPoint.ContainsKey($"{engine} {p}"))) Console.WriteLine($"       not reached: {point}");
        }
        foreach (var violation in tally.Violations.Take(50)) Console.WriteLine($"VIOLATION {violation}");
        Console.WriteLine($"{tally.Line}; {tally.Attempts} calls; {tally.Missed} points were missed in time");
        if (!plan.IsReached(tally)) Console.WriteLine($"the floor was not reached: {plan.Kills} kills at every point, {plan.ExpectedStops} stops, {plan.ExpectedPowerCuts} power cuts");
        return plan.IsReached(tally) && tally.Violations.Count == 0;
    }
}

/// <summary>The size of a campaign.</summary>
internal sealed record KillPlan
{
    public required int Kills { get; init; }

    public required IReadOnlyList<DatabaseEngine> Engines { get; init; }

    public required int Stops { get; init; }

    /// <summary>Kills that lose what SQLite has not synced, besides the others.</summary>
    public int PowerCuts { get; init; }

    /// <summary>The control of the power cuts: a disk that only says that it has synced must be found out.</summary>
    public bool SyncLies { get; init; }

    public int Worlds { get; init; } = 1;

    /// <summary>The kills go on until every reachable point was one's last.</summary>
    public bool EveryPoint { get; init; }

    /// <summary>Which points are anybody's last; by default all that can be reached.</summary>
    public Func<string, bool> Points { get; init; } = static _ => true;

    public int ExpectedPowerCuts => Engines.Contains(DatabaseEngine.Sqlite) ? PowerCuts : 0;

    public int ExpectedStops => Engines.Contains(DatabaseEngine.Postgres) ? Stops : 0;

    public bool IsReached(Tally tally) => tally.Kills >= Kills && tally.Stops >= ExpectedStops && tally.PowerCuts >= ExpectedPowerCuts
        && Engines.All(e => HasEveryPoint(e, tally));

    /// <summary>First the kills, on all engines at once; then the stops of the database server.</summary>
    public async Task RunAsync(Tally tally, CancellationToken cancel)
    {
        using var postgres = Engines.Contains(DatabaseEngine.Postgres) ? await PostgresCluster.StartNewAsync() : null;
        await Task.WhenAll(Engines.Select(engine => KillAsync(engine, postgres, tally, cancel)).Append(CutPowerAsync(tally, cancel)));
        if (postgres is null || Stops == 0) return;
        await using var world = await World.CreateAsync("stops", DatabaseEngine.Postgres, postgres);
        var faults = new PostgresFaults(world, postgres, tally);
        await faults.StopAgainAndAgainAsync(Stops, cancel);
        tally.Attempted(world.Journal.Count);
    }

    private async Task KillAsync(DatabaseEngine engine, PostgresCluster? postgres, Tally tally, CancellationToken cancel)
    {
        var deck = new PointDeck(engine, Points);
        await Task.WhenAll(Enumerable.Range(0, Worlds).Select(async number =>
        {
            await using var world = await World.CreateAsync($"{engine}{number}".ToLowerInvariant(), engine, postgres);
            await new KillCampaign(world, deck, tally).RunAsync(() => IsEnough(engine, tally), cancel);
        }));
    }

    private async Task CutPowerAsync(Tally tally, CancellationToken cancel)
    {
        if (ExpectedPowerCuts == 0) return;
        await using var world = await World.CreateAsync("power", DatabaseEngine.Sqlite, null);
        var campaign = new KillCampaign(world, new PointDeck(DatabaseEngine.Sqlite, Points), tally) { LosesPower = true, SyncLies = SyncLies };
        await campaign.RunAsync(() => tally.PowerCuts >= PowerCuts, cancel);
    }

    /// <summary>A point that cannot be reached must not keep a campaign for ever: it is named at the end.</summary>
    private bool IsEnough(DatabaseEngine engine, Tally tally) =>
        tally.Kills >= Kills && (HasEveryPoint(engine, tally) || tally.Kills >= Kills * 2);

    private bool HasEveryPoint(DatabaseEngine engine, Tally tally) =>
        !EveryPoint || tally.PointsOf(engine) >= PointDeck.Reachable(engine).Count;
}
