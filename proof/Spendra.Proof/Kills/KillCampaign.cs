using Spendra.Proof.Power;
using Spendra.Proof.Worlds;
using Spendra.Settings;
using Spendra.Storage;

namespace Spendra.Proof.Kills;

/// <summary>
/// One world whose servers are killed one after the other. Round after round: start what is to die, load it, let it
/// die, go on with what was not answered. Every few rounds the sweep is left in peace until nothing is held, and the
/// books are compared.
/// </summary>
internal sealed class KillCampaign(World world, PointDeck deck, Tally tally)
{
    /// <summary>Every death is a power cut as well: what was not synced is lost. Only with SQLite.</summary>
    public bool LosesPower { get; init; }

    /// <summary>The disk only says that it has synced.</summary>
    public bool SyncLies { get; init; }

    private string WriteLogFolder => world.Location + "-writes";

    private const int Callers = 6;
    private const int RoundsBetweenChecks = 25;
    // One round in so many is killed at a random moment, its start included.
    private const int OneRandomIn = 4;

    // The lease of the sweep when no gateway lives: what is silent is dead.
    private const int ShortLease = 1;

    // After so many answers, or a sweep's worth of waiting, a point is not on the way of this round.
    private const int AnswersOfRound = 150;

    // A start writes a few pages, each commit ten or so.
    private const int MostWrites = 300;

    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan RoundPatience = TimeSpan.FromSeconds(20);

    /// <summary>Rounds until <paramref name="isEnough"/> or until there is no more time, then the last check.</summary>
    public async Task RunAsync(Func<bool> isEnough, CancellationToken timeUp)
    {
        // Where power is cut, what an administrator writes has to be in the log of unsynced writes: it is done by what is killed.
        await using (LosesPower ? null : world.Administrator.ChangeOn(tally.Found))
        {
            for (var round = 1; !isEnough() && !timeUp.IsCancellationRequested; round++)
            {
                if (Random.Shared.Next(3) == 0 && await world.CountOpenAsync() > 0) await DeathOfWorkerAsync(deck.NextWorkerDeath());
                else await GatewayRoundAsync();
                if (round % RoundsBetweenChecks == 0) await CheckAsync();
            }
        }
        await CheckAsync();
        tally.RulesChanged(world.Administrator.Book);
        tally.Attempted(world.Journal.Count);
    }

    private async Task GatewayRoundAsync()
    {
        if (LosesPower && !SyncLies && Random.Shared.Next(3) > 0)
        {
            await DeathAtWriteAsync();
            return;
        }
        // Several gateways share a server; a data folder is usually one process's.
        var hosts = world.Engine == DatabaseEngine.Postgres ? 2 : 1;
        await Task.WhenAll(Enumerable.Range(0, hosts).Select(_ => Random.Shared.Next(OneRandomIn) == 0
            ? RandomDeathAsync()
            : DeathAsync(deck.NextGatewayDeath())));
    }

    private async Task DeathAsync(Death death)
    {
        tally.Doing(world.Journal.Name, death.Point);
        await using var host = Start(death.Role, death, leaseSeconds: 5);
        if (await host.ListeningAsync() is { } url)
        {
            await using var load = world.StartLoad(url, Callers);
            if (death.NeedsStop) await StopUnderLoadAsync(host, load);
            else if (death.NeedsFailure) await FailUntilDeadAsync(host);
            await RoundAsync(host, load);
            host.Kill();
        }
        await CountAsync(host, death);
    }

    /// <summary>The power goes between a write and its sync.</summary>
    private async Task DeathAtWriteAsync()
    {
        tally.Doing(world.Journal.Name, "an unsynced write");
        await using var host = Start(Role.All, death: null, leaseSeconds: 5, lastWrite: Random.Shared.Next(1, MostWrites));
        if (await host.ListeningAsync() is { } url)
        {
            await using var load = world.StartLoad(url, Callers);
            await RoundAsync(host, load);
            host.Kill();
        }
        await CountAsync(host, death: null);
    }

    /// <summary>Until it dies or has had its chance. One that is only slow answers one call more; one that does not is no server.</summary>
    private static async Task RoundAsync(HostProcess host, Load load)
    {
        var answered = load.Reached(AnswersOfRound);
        await Task.WhenAny(host.EndsWithinAsync(RoundPatience), answered);
        if (!answered.IsCompleted && !host.HasExited) await AnswersAsync(host, load, 1);
    }

    private static async Task StopUnderLoadAsync(HostProcess host, Load load)
    {
        if (await AnswersAsync(host, load, 3)) await host.StopAsync();
    }

    /// <summary>Until it has answered so many calls or has ended; one that does neither is no server.</summary>
    private static async Task<bool> AnswersAsync(HostProcess host, Load load, int calls)
    {
        var answered = load.Reached(calls);
        await Task.WhenAny(answered, host.EndsWithinAsync(AnswerPatience));
        if (answered.IsCompleted) return true;
        if (!host.HasExited) host.Give($"it did not answer {calls} calls within {AnswerPatience.TotalSeconds:F0} s");
        return false;
    }

    private async Task FailUntilDeadAsync(HostProcess host)
    {
        for (var i = 0; i < 20 && !host.HasExited; i++)
        {
            tally.TerminatedConnections(await PostgresFaults.TerminateAsync(world, "spendra-ledger"));
            if (await host.EndsWithinAsync(TimeSpan.FromMilliseconds(100))) return;
        }
    }

    private async Task DeathOfWorkerAsync(Death death)
    {
        tally.Doing(world.Journal.Name, death.Point);
        await using var host = Start(Role.Worker, death, ShortLease);
        if (await host.ListeningAsync() is not null) await host.EndsWithinAsync(RoundPatience);
        await CountAsync(host, death);
    }

    /// <summary>From the first instruction of its start on, at any time.</summary>
    private async Task RandomDeathAsync()
    {
        tally.Doing(world.Journal.Name, "any moment");
        await using var host = Start(world.Engine == DatabaseEngine.Sqlite ? Role.All : Role.Gateway, death: null, leaseSeconds: 5);
        var listening = host.ListeningAsync();
        if (Random.Shared.Next(4) == 0)
        {
            await host.EndsWithinAsync(TimeSpan.FromMilliseconds(Random.Shared.Next(1_000)));
            host.Kill();
            await listening;
        }
        else if (await listening is { } url)
        {
            await using var load = world.StartLoad(url, Callers);
            await AnswersAsync(host, load, Random.Shared.Next(1, 60));
            host.Kill();
        }
        await CountAsync(host, death: null);
    }

    /// <summary>The process is gone and nobody has the files open.</summary>
    private void LosePower()
    {
        if (!LosesPower || !Directory.Exists(WriteLogFolder)) return;
        // A disk that lies has parts of transactions that it called whole: only without any of them can the file be read.
        var keepsSome = !SyncLies && Random.Shared.Next(2) == 0;
        tally.LostPower(PowerCut.Strike(WriteLogFolder, world.Location, Random.Shared, keepsSome));
    }

    /// <summary>Only an end by SIGKILL that was ordered is a kill; what nobody ordered is a violation.</summary>
    internal async Task CountAsync(HostProcess host, Death? death, bool isIdle = false)
    {
        var ending = await host.EndAsync();
        world.Administrator.Unfollow();
        switch (ending)
        {
            // Counted once, as what the power cut: by what was lost.
            case Ending.AtItsPoint or Ending.Killed when LosesPower: break;
            case Ending.AtItsPoint when death is not null: tally.Died(world.Engine, death.Point); break;
            case Ending.AtItsPoint: tally.KilledAtRandom(world.Engine); break;
            case Ending.Killed when isIdle: tally.KilledIdle(); break;
            case Ending.Killed when death is null: tally.KilledAtRandom(world.Engine); break;
            case Ending.Killed: tally.MissedItsPoint(); break;
            case Ending.Stopped: tally.StoppedPeacefully(); break;
            case Ending.Unexpected:
                tally.Found($"{world.Journal.Name}: a server whose end was to be {death?.Point ?? "a kill"} came to another: {host.Trouble}");
                break;
        }
        if (death is not null && ending != Ending.AtItsPoint) deck.Return(death);
        LosePower();
    }

    /// <summary>Lets the sweep end what is in doubt, and compares the books.</summary>
    public async Task CheckAsync()
    {
        tally.Doing(world.Journal.Name, "comparing the books");
        await ConvergeAsync();
        tally.Checked(await Inspection.RunAsync(world));
    }

    private async Task ConvergeAsync()
    {
        if (await world.CountOpenAsync() == 0) return;
        await using var host = Start(Role.Worker, death: null, ShortLease);
        await host.ListeningAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await world.CountOpenAsync() > 0 && !host.HasExited && !patience.IsCancellationRequested)
            await host.EndsWithinAsync(TimeSpan.FromMilliseconds(100));
        await CountAsync(host, death: null, isIdle: true);
    }

    /// <summary>A whole server that dies when somebody wants it.</summary>
    internal HostProcess StartServer() => Start(Role.All, death: null, leaseSeconds: 5);

    private HostProcess Start(Role role, Death? death, int leaseSeconds, int? lastWrite = null)
    {
        // One process at a time has the files; a disk that lies is found out by its calls.
        var administers = LosesPower && !SyncLies && role == Role.All;
        var host = HostProcess.Start(new HostOrder
        {
            Engine = world.Engine,
            Location = world.Location,
            MasterKey = world.MasterKeyText,
            Role = role,
            Point = death?.Point,
            Passage = death?.Passage ?? 1,
            LeaseSeconds = leaseSeconds,
            WriteLogFolder = LosesPower ? WriteLogFolder : null,
            SyncLies = SyncLies,
            LastWrite = lastWrite,
            Rules = administers ? world.Administrator.State : null,
            Provider = administers ? world.Sandbox.BaseUrl : null,
        });
        if (administers) world.Administrator.Follow(() => host.Lines, tally.Found);
        return host;
    }
}
