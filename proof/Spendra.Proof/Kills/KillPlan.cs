using Spendra.Proof.Worlds;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Proof.Kills;

/// <summary>The size of a campaign.</summary>
internal sealed record KillPlan
{
    // The rest of the time is for immediate stops.
    private const double ShareOfKills = 0.7;

    // Without a time: so many kills must have had a chance to reach every point.
    private const int Enough = 500;

    // So many deaths may come to nothing because their point was not passed in time; beyond it, no more than came to something.
    private const int MostMissed = 20;

    /// <summary>Over all engines; each must have its equal part of them.</summary>
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

    /// <summary>How many of the kills must be at points; again in equal parts.</summary>
    public int AtPoints { get; init; }

    /// <summary>When set, everything goes on until the time is up, and the counts are judged then.</summary>
    public TimeSpan? Limit { get; init; }

    public string Floor => $"{PartOf(Kills)} kills of each engine{(EveryPoint ? " and every point" : "")}, no more misses than {MostMissed} or kills at points, "
        + $"{ExpectedStops} stops, {ExpectedPowerCuts} power cuts";

    public int ExpectedPowerCuts => Engines.Contains(DatabaseEngine.Sqlite) ? PowerCuts : 0;

    public int ExpectedStops => Engines.Contains(DatabaseEngine.Postgres) ? Stops : 0;

    public bool IsReached(Tally tally) => tally.Stops >= ExpectedStops && tally.PowerCuts >= ExpectedPowerCuts
        && tally.Missed <= Math.Max(MostMissed, tally.KillsAtPoints)
        && Engines.All(e => HasKills(e, tally) && HasEveryPoint(e, tally));

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
        Limit is null && HasKills(engine, tally) && (HasEveryPoint(engine, tally) || tally.KillsOf(engine) >= PartOf(Math.Max(Kills, Enough) * 2));

    private bool HasKills(DatabaseEngine engine, Tally tally) =>
        tally.KillsOf(engine) >= PartOf(Kills) && tally.KillsAtPointsOf(engine) >= PartOf(AtPoints);

    private int PartOf(int count) => (count + Engines.Count - 1) / Engines.Count;

    private bool HasEveryPoint(DatabaseEngine engine, Tally tally) =>
        !EveryPoint || tally.PointsOf(engine) >= PointDeck.Reachable(engine).Count;
}
