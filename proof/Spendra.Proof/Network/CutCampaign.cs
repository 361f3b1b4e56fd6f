using System.Collections.Concurrent;
using Spendra.Proof.Worlds;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Proof.Network;

/// <summary>Which exchanges are cut, and how densely.</summary>
internal sealed record CutPlan
{
    /// <summary>Servers at a time, each with its own database, provider and client.</summary>
    public int Sites { get; init; } = 4;

    /// <summary>Every so many-th byte; 1 is every byte.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>So many times sparser on connections that are being set up: those are long, and mostly the same statements.</summary>
    public int FreshStride { get; init; } = 16;

    /// <summary>All three ends of a connection at every offset, instead of one in turn.</summary>
    public bool EveryFault { get; init; }

    /// <summary>A stall at every so many-th of the offsets: each lasts until a patience ends.</summary>
    public int StallStride { get; init; } = 16;

    /// <summary>A database that is silent until a second client has been refused, at every so many-th of the offsets: each takes the gateway's own patience.</summary>
    public int SilenceStride { get; init; } = 512;

    /// <summary>
    /// The rules of a key change after every so many cuts, and the same cut strikes the call that has to learn of it.
    /// </summary>
    public int RuleStride { get; init; } = 32;

    /// <summary>Every cut of one direction of an exchange.</summary>
    public IEnumerable<Cut> CutsOf(Recording recording)
    {
        for (long offset = 0, number = 0; offset <= recording.Bytes; offset += StrideOf(recording), number++)
        {
            Fault[] ends = [Fault.Close, Fault.Reset, Fault.HalfClose];
            foreach (var fault in EveryFault ? ends : [ends[number % ends.Length]]) yield return new Cut(recording.Direction, offset, fault);
            if (number % StallStride == 0) yield return new Cut(recording.Direction, offset, Fault.Stall);
            if (recording.Link == Link.Database && number % SilenceStride == SilenceStride / 2) yield return new Cut(recording.Direction, offset, Fault.Silence);
        }
    }

    private int StrideOf(Recording recording) => Stride * (recording.Link == Link.FreshDatabase ? FreshStride : 1);

    public IReadOnlyList<(DatabaseEngine Engine, Link Link, CallKind Kind)> Exchanges { get; init; } =
    [
        (DatabaseEngine.Sqlite, Link.Client, CallKind.Chat),
        (DatabaseEngine.Sqlite, Link.Client, CallKind.Stream),
        (DatabaseEngine.Sqlite, Link.Provider, CallKind.Chat),
        (DatabaseEngine.Sqlite, Link.Provider, CallKind.Stream),
        (DatabaseEngine.Postgres, Link.Database, CallKind.Chat),
        (DatabaseEngine.Postgres, Link.FreshDatabase, CallKind.Chat),
    ];
}

/// <summary>
/// Records an exchange and then has it again and again, each time with another byte as the last one that passes. The
/// books are compared when a site has been stopped.
/// </summary>
internal sealed class CutCampaign(CutPlan plan, CutTally tally)
{
    // Statements are prepared at their second use: after it an exchange on PostgreSQL is as short as it gets.
    private const int WarmCalls = 3;

    private readonly ConcurrentQueue<Recording> _recordings = new();
    private int _number;

    public IReadOnlyCollection<Recording> Recordings => _recordings;

    public async Task RunAsync(CancellationToken cancel)
    {
        var usesPostgres = plan.Exchanges.Any(e => e.Engine == DatabaseEngine.Postgres);
        using var postgres = usesPostgres ? await PostgresCluster.StartNewAsync() : null;
        foreach (var engine in plan.Exchanges.GroupBy(e => e.Engine)) await RunAsync(engine.Key, [.. engine], postgres, cancel);
    }

    private async Task RunAsync(
        DatabaseEngine engine, (DatabaseEngine Engine, Link Link, CallKind Kind)[] exchanges, PostgresCluster? postgres, CancellationToken cancel)
    {
        var sites = await Task.WhenAll(Enumerable.Range(0, plan.Sites).Select(n => CutSite.StartAsync($"{engine}{n}".ToLowerInvariant(), engine, postgres, v => tally.Found(v, tally.Doing))));
        try
        {
            foreach (var (_, link, kind) in exchanges)
            {
                if (cancel.IsCancellationRequested) break;
                tally.Doing = $"{engine} {link} {kind}";
                var recorded = await RecordAsync(sites[0], engine, link, kind);
                var cuts = new ConcurrentQueue<(Recording Recording, Cut Cut)>(recorded.SelectMany(r => plan.CutsOf(r).Select(c => (r, c))));
                await Task.WhenAll(sites.Select(async site =>
                {
                    while (!site.IsStuck && !cancel.IsCancellationRequested && cuts.TryDequeue(out var next)) await CutAsync(site, next.Recording, next.Cut);
                }));
            }
            foreach (var site in sites) tally.Checked(await site.UnreachableAsync(), $"{site.World.Journal.Name}, provider unreachable");
            foreach (var site in sites) tally.Checked(await site.InspectAsync(), $"{site.World.Journal.Name}, books");
        }
        finally
        {
            foreach (var site in sites) await site.DisposeAsync();
        }
    }

    private async Task<IReadOnlyList<Recording>> RecordAsync(CutSite site, DatabaseEngine engine, Link link, CallKind kind)
    {
        await WarmAsync(site, kind);
        if (link == Link.FreshDatabase) site[link].DropConnections();
        site[link].Arm(null);
        var attempt = await site.CallAsync(kind);
        await site.RestAsync();
        if (!attempt.IsComplete) throw new InvalidOperationException($"the exchange to be recorded failed with {attempt.Status}");
        var recorded = Enum.GetValues<Direction>().Select(d => new Recording(engine, link, kind, d, site[link].Passed(d))).ToList();
        foreach (var recording in recorded) _recordings.Enqueue(recording);
        return recorded;
    }

    private async Task CutAsync(CutSite site, Recording recording, Cut cut)
    {
        // The lane's connection of before the last cut is gone; the exchange that was recorded had a warm one.
        if (recording.Link == Link.Database) await WarmAsync(site, recording.Kind);
        var proxy = site[recording.Link];
        if (recording.Link == Link.FreshDatabase) proxy.DropConnections();
        proxy.Arm(cut);
        var attempt = await site.CallAsync(recording.Kind, isImpatient: recording.Link == Link.Client && cut.Fault == Fault.Stall);
        // What is held ends when the database is heard again; a settlement may run into the silence after its client has its answer.
        var rest = site.RestAsync();
        if (cut.Fault == Fault.Silence)
        {
            await Task.WhenAny(proxy.Struck, rest);
            if (proxy.HasStruck) tally.Checked(await site.RefusesInSilenceAsync(recording.Kind), $"{recording} {cut}");
            proxy.Wake();
        }
        await rest;
        Judge(site, recording, cut, attempt);
        tally.Struck(recording, cut, proxy.HasStruck);
        proxy.Arm(null);
        // The client tries again: whatever became of the first attempt, the provider works once.
        tally.Checked(await site.RepeatAsync(attempt, mayHaveBeenCutOnItsWay: recording.Link == Link.Provider), $"{recording} {cut}");
        if (cut.Fault != Fault.Silence && Interlocked.Increment(ref _number) % plan.RuleStride == 0) await CutUnderNewRulesAsync(site, recording, cut);
    }

    /// <summary>
    /// The call that is cut does not know of the change yet; whoever calls next over connections that hold meets the new rules.
    /// </summary>
    private async Task CutUnderNewRulesAsync(CutSite site, Recording recording, Cut cut)
    {
        await site.World.Administrator.ChangeAsync();
        var proxy = site[recording.Link];
        if (recording.Link == Link.FreshDatabase) proxy.DropConnections();
        proxy.Arm(cut);
        var attempt = await site.CallRuledAsync(site.World.Administrator.DrawKey(), isImpatient: recording.Link == Link.Client && cut.Fault == Fault.Stall);
        await site.RestAsync();
        Judge(site, recording, cut, attempt);
        var hasStruck = proxy.HasStruck;
        proxy.Arm(null);
        tally.Ruled(hasStruck);
        foreach (var key in site.World.Administrator.LastKeys)
            tally.Checked(await site.MeetsTheRulesAsync(key), $"{recording} {cut}, new rules");
    }

    private void Judge(CutSite site, Recording recording, Cut cut, Attempt attempt)
    {
        site.World.Disturbances.Judged(attempt);
        tally.Checked(CutAnswers.ViolationsOf(attempt, recording.Link, cut, site[recording.Link].HasStruck), $"{recording} {cut}");
    }

    private static async Task WarmAsync(CutSite site, CallKind kind)
    {
        for (var i = 0; i < WarmCalls; i++)
        {
            await site.CallAsync(kind);
            await site.RestAsync();
        }
    }
}
