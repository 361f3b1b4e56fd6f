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
        await using (Progress.EverySecond(() => tally.Progress)) await plan.RunAsync(tally, cancel);
        Report(plan, tally);
        return Verdict.Of(tally.Violations.Count == 0, plan.IsReached(tally));
    }

    private static void Report(KillPlan plan, Tally tally)
    {
        Console.WriteLine("== summary");
        foreach (var engine in plan.Engines)
        {
            var reachable = PointDeck.Reachable(engine);
            Console.WriteLine($"{engine}: killed at {tally.PointsOf(engine)} of {reachable.Count} points");
            foreach (var point in reachable.Where(p => plan.EveryPoint && !tally.ByPoint.ContainsKey($"{engine} {p}"))) Console.WriteLine($"       not reached: {point}");
        }
        foreach (var violation in tally.Violations.Take(50)) Console.WriteLine($"VIOLATION {violation}");
        Console.WriteLine($"{tally.Line}; {tally.Attempts} calls");
        if (!plan.IsReached(tally)) Console.WriteLine($"the floor was not reached: {plan.Floor}");
    }
}

/// <summary>The size of a campaign.</summary>
internal sealed record KillPlan
{
    // The rest of the time is for immediate stops.
    private const double ShareOfKills = 0.7;

    // Without a time: so many kills must have had a chance to reach every point.
    private const int Enough = 500;

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

    /// <summary>How many of the kills must be at points.</summary>
    public int AtPoints { get; init; }

    /// <summary>When set, everything goes on until the time is up, and the counts are judged then.</summary>
    public TimeSpan? Limit { get; init; }

    public string Floor => $"{Kills} kills{(EveryPoint ? " and every point" : "")}, {ExpectedStops} stops, {ExpectedPowerCuts} power cuts";

    public int ExpectedPowerCuts => Engines.Contains(DatabaseEngine.Sqlite) ? PowerCuts : 0;

    public int ExpectedStops => Engines.Contains(DatabaseEngine.Postgres) ? Stops : 0;

    public bool IsReached(Tally tally) => HasKills(tally) && tally.Stops >= ExpectedStops && tally.PowerCuts >= ExpectedPowerCuts
        && Engines.All(e => HasEveryPoint(e, tally));

    /// <summary>First the kills, on all engines at once; then the stops of the database server.</summary>
    public async Task RunAsync(Tally tally, CancellationToken cancel)
    {
        using var postgres = Engines.Contains(DatabaseEngine.Postgres) ? await PostgresCluster.StartNewAsync() : null;
        using var end = Deadline(1, cancel);
        using (var killsEnd = Deadline(postgres is null || Stops == 0 ? 1 : ShareOfKills, cancel))
        {
            var timeUp = killsEnd.Token;
            await Task.WhenAll(Engines.Select(engine => KillAsync(engine, postgres, tally, timeUp)).Append(CutPowerAsync(tally, timeUp)));
        }
        if (postgres is null || Stops == 0) return;
        await using var world = await World.CreateAsync("stops", DatabaseEngine.Postgres, postgres);
        var faults = new PostgresFaults(world, postgres, tally);
        await faults.StopAgainAndAgainAsync(Limit is null ? Stops : int.MaxValue, end.Token);
        tally.Attempted(world.Journal.Count);
    }

    private CancellationTokenSource Deadline(double share, CancellationToken cancel)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (Limit is { } limit) source.CancelAfter(limit * share);
        return source;
    }

    private async Task KillAsync(DatabaseEngine engine, PostgresCluster? postgres, Tally tally, CancellationToken timeUp)
    {
        var deck = new PointDeck(engine, Points);
        await Task.WhenAll(Enumerable.Range(0, Worlds).Select(async number =>
        {
            await using var world = await World.CreateAsync($"{engine}{number}".ToLowerInvariant(), engine, postgres);
            await new KillCampaign(world, deck, tally).RunAsync(() => IsEnough(engine, tally), timeUp);
        }));
    }

    private async Task CutPowerAsync(Tally tally, CancellationToken timeUp)
    {
        if (ExpectedPowerCuts == 0) return;
        await using var world = await World.CreateAsync("power", DatabaseEngine.Sqlite, null);
        var campaign = new KillCampaign(world, new PointDeck(DatabaseEngine.Sqlite, Points), tally) { LosesPower = true, SyncLies = SyncLies };
        await campaign.RunAsync(() => Limit is null && tally.PowerCuts >= PowerCuts, timeUp);
    }

    /// <summary>A point that cannot be reached must not keep a campaign for ever: it is named at the end.</summary>
    private bool IsEnough(DatabaseEngine engine, Tally tally) =>
        Limit is null && HasKills(tally) && (HasEveryPoint(engine, tally) || tally.Kills >= Math.Max(Kills, Enough) * 2);

    private bool HasKills(Tally tally) => tally.Kills >= Kills && tally.KillsAtPoints >= AtPoints;

    private bool HasEveryPoint(DatabaseEngine engine, Tally tally) =>
        !EveryPoint || tally.PointsOf(engine) >= PointDeck.Reachable(engine).Count;
}
