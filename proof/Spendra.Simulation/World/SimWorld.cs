using Spendra.Simulation.Clients;
using Spendra.Simulation.Provider;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;

namespace Spendra.Simulation.World;

/// <summary>
/// One world of one seed: several gateways and workers over one database and one provider, clients that call, an
/// administrator who changes the rules, and faults. First a safety phase in which anything may happen, then a healing
/// phase in which everything must come to rest.
/// </summary>
internal sealed class SimWorld
{
    /// <summary>The longest that healing may take: a reservation's whole time, the lease, and some sweeps.</summary>
    private const long MaxHealing = 150_000_000;

    private readonly SimRandom _faults;
    private readonly SimWorldParts _parts;
    private readonly List<SimGateway> _gateways = [];
    private readonly List<SimWorker> _workers = [];
    private readonly List<SimClient> _clients = [];

    public SimWorld(ulong seed, bool keepsTrace, SimTampering? tampering = null)
    {
        var random = new SimRandom(seed);
        Plan = SimPlan.Draw(random.Fork());
        Loop = new SimLoop(random.Fork()) { Paused = () => Tally.Count(FaultKind.Pause) };
        var server = new SimServer(Loop, random.Fork()) { Faults = Plan.Store, Tally = Tally };
        var store = new SimStore(Loop, server);
        var provider = new SimProvider(Loop, random.Fork()) { Faults = Plan.Provider, Tally = Tally };
        _parts = new SimWorldParts(Loop, store, provider, new SimIds(random.Fork()), new SimTrace(Loop, keepsTrace), Tally) { Tampering = tampering ?? new() };
        _faults = random.Fork();
        var rules = random.Fork();
        Organizations = [SimRules.Make(0, rules), SimRules.Make(1, rules)];
        Keys = [.. Organizations.SelectMany(o => o.Keys)];
        Watch = new LedgerWatch(_parts, Keys);
        foreach (var organization in Organizations) Watch.Found(organization.Rows);
        provider.Sent = new DispatchWatch(this, new Excuses(this)).Check;
    }

    public SimPlan Plan { get; }

    public SimLoop Loop { get; }

    public SimStore Store => _parts.Store;

    public SimProvider Provider => _parts.Provider;

    public SimTrace Trace => _parts.Trace;

    public LedgerWatch Watch { get; }

    public IReadOnlyList<SimRules> Organizations { get; }

    public IReadOnlyList<SimKey> Keys { get; }

    /// <summary>Gateways that were stopped or killed.</summary>
    public List<SimGateway> Retired { get; } = [];

    /// <summary>Every attempt, by its number.</summary>
    public List<SimExchange> Exchanges { get; } = [];

    /// <summary>Every process that ever was.</summary>
    public List<SimProcess> Processes { get; } = [];

    public FaultTally Tally { get; } = new();

    /// <summary>When the database was away, in the world's time.</summary>
    public List<(long From, long Until)> Outages { get; } = [];

    /// <summary>Processes that died while something else of theirs could have run at the same instant.</summary>
    public int CrashesInBurst { get; private set; }

    /// <summary>Processes that died with a transaction open: its locks held, nothing committed.</summary>
    public int CrashesInTransaction { get; private set; }

    public bool MayFail(FaultKind kind) => !IsHealing && Plan.Has(kind);

    /// <summary>No new faults, and no new calls but the probes.</summary>
    public bool IsHealing { get; private set; }

    public bool HasGateway => _gateways.Exists(g => g.IsReady);

    public SimGateway? PickGateway(SimRandom random)
    {
        SimGateway[] ready = [.. _gateways.Where(g => g.IsReady)];
        return ready.Length == 0 ? null : random.Pick(ready);
    }

    public SimExchange Send(SimGateway gateway, SimCall call)
    {
        var isSlow = MayFail(FaultKind.SlowClient) && _faults.Chance(300);
        if (isSlow) Tally.Count(FaultKind.SlowClient);
        var exchange = new SimExchange(Loop, gateway.Process, call, Exchanges.Count, isSlow);
        Exchanges.Add(exchange);
        gateway.Receive(exchange);
        return exchange;
    }

    /// <summary>Runs both phases and the probes; false when the world did not come to rest.</summary>
    public bool Run()
    {
        Loop.PausePerMille = Plan.Has(FaultKind.Pause) ? 3 : 0;
        for (var i = 0; i < Plan.Gateways; i++) StartGateway();
        for (var i = 0; i < Plan.Workers; i++) StartWorker();
        for (var i = 0; i < Plan.Clients; i++) _clients.Add(new SimClient(this, NewProcess("client"), _faults.Fork(), i));
        DrawFaults();
        Loop.RunUntil(() => false, Plan.Duration);
        Heal();
        if (!Loop.RunUntil(IsAtRest, MaxHealing)) return false;
        // Lanes that are still pausing after an outage find the database again, and processes that stood still wake up.
        // A worker too: it may sleep with the lock that a probe needs.
        var paused = Processes.Where(p => p.IsAlive).Max(p => p.PausedUntil) - Loop.Now;
        Loop.RunUntil(() => false, Math.Max(15_000_000, paused + 1_000_000));
        new SimProbes(this).SendAll();
        return Loop.RunUntil(IsAtRest, MaxHealing);
    }

    /// <summary>Every call has ended everywhere, and nothing is held.</summary>
    private bool IsAtRest() =>
        Store.Tables.Open.Count == 0 && _clients.TrueForAll(c => c.Done.IsCompleted) && Exchanges.TrueForAll(e => e.IsOver);

    private void DrawFaults()
    {
        Strike(FaultKind.GatewayCrash, 4, () => OnSome(_gateways, g => Doom(FaultKind.GatewayCrash, g.Process, () => Crash(g))));
        Strike(FaultKind.GatewayStop, 2, () => OnSome(_gateways, Stop));
        Strike(FaultKind.WorkerCrash, 2, () =>
        {
            var worker = _faults.Pick(_workers);
            Doom(FaultKind.WorkerCrash, worker.Process, () => Crash(worker));
        });
        Strike(FaultKind.StoreOutage, 2, BreakDown);
        Strike(FaultKind.ClockSkew, 4, SetAClock);
        Strike(FaultKind.LongPause, 3, StandStill);
        var administrator = new SimAdministrator(NewProcess("administrator"), _parts, _faults.Fork());
        Strike(FaultKind.RuleChange, 6, () =>
        {
            Tally.Count(FaultKind.RuleChange);
            administrator.ChangeSomething(Organizations);
        });
    }

    private void Strike(FaultKind kind, int most, Action fault)
    {
        if (!Plan.Has(kind)) return;
        for (var i = _faults.Below(most); i >= 0; i--)
        {
            Loop.After(_faults.Between(0, Plan.Duration - 1), () =>
            {
                if (IsHealing) return;
                Trace.Add(kind.ToString());
                fault();
            });
        }
    }

    private void OnSome(List<SimGateway> gateways, Action<SimGateway> fault)
    {
        if (gateways.Count > 0) fault(_faults.Pick(gateways));
    }

    /// <summary>
    /// The process dies in the place of one of its next steps: in the middle of what is ready at that instant, between
    /// any two continuations. A death at a time alone would strike only when everything at that time has run.
    /// </summary>
    private void Doom(FaultKind kind, SimProcess process, Action crash)
    {
        // Most of a process's life is quiet. Half of the deaths wait for a time when it is not.
        var mustBeBusy = _faults.Chance(500);
        process.DieAfter(
            _faults.Below(1 << _faults.Below(mustBeBusy ? 5 : 9)),
            () => !mustBeBusy || Loop.IsReady(process) || Store.IsInTransaction(process),
            () =>
            {
                Tally.Count(kind);
                if (Loop.IsReady(process)) CrashesInBurst++;
                if (Store.IsInTransaction(process)) CrashesInTransaction++;
                Trace.Add("dies", detail: process.Name);
                crash();
            });
    }

    private void Crash(SimGateway gateway)
    {
        gateway.Kill(Loop);
        Store.LoseTransactionsOf(gateway.Process);
        // One that was stopping has been replaced already.
        if (_gateways.Contains(gateway)) Replace(gateway);
    }

    private void Stop(SimGateway gateway)
    {
        if (!gateway.IsReady) return;
        Tally.Count(FaultKind.GatewayStop);
        gateway.Stop();
        Replace(gateway);
    }

    private void Replace(SimGateway gateway)
    {
        Retired.Add(gateway);
        _gateways.Remove(gateway);
        // Another one takes over after a while; the world is never without any for ever.
        Loop.After(_faults.Between(1_000, 3_000_000), StartGateway);
    }

    private void Crash(SimWorker worker)
    {
        _workers.Remove(worker);
        worker.Process.Kill();
        Store.LoseTransactionsOf(worker.Process);
        StartWorker();
    }

    private void BreakDown()
    {
        Store.Server.IsDown = true;
        Store.LoseTransactions();
        Tally.Count(FaultKind.StoreOutage);
        var length = _faults.Between(1_000, 8_000_000);
        Outages.Add((Loop.Now, Loop.Now + length));
        Loop.After(length, () => Store.Server.IsDown = false);
    }

    /// <summary>Longer than the lease at times: what the process holds is booked meanwhile, and then it wakes up.</summary>
    private void StandStill()
    {
        var process = AnyProcess();
        Tally.Count(FaultKind.LongPause);
        process.StandStill(Loop.Now + _faults.Between(100_000, 40_000_000));
    }

    private SimProcess AnyProcess()
    {
        SimProcess[] all = [.. _gateways.Select(g => g.Process), .. _workers.Select(w => w.Process)];
        return _faults.Pick(all);
    }

    private void SetAClock()
    {
        Tally.Count(FaultKind.ClockSkew);
        AnyProcess().Clock.Skew = _faults.Between(-30_000_000, 30_000_000);
    }

    private void Heal()
    {
        IsHealing = true;
        Trace.Add("healing");
        Loop.PausePerMille = 0;
        Store.Server.Faults = new StoreFaults();
        Store.Server.IsDown = false;
        Provider.Faults = new ProviderFaults();
        foreach (var process in Processes) process.Spare();
        foreach (var gateway in _gateways) gateway.Process.Clock.Skew = 0;
        foreach (var worker in _workers) worker.Process.Clock.Skew = 0;
        if (_gateways.Count == 0) StartGateway();
    }

    private void StartGateway() => _gateways.Add(new SimGateway(NewProcess("gateway"), _parts));

    private void StartWorker() => _workers.Add(new SimWorker(NewProcess("worker"), _parts));

    private SimProcess NewProcess(string kind)
    {
        var skew = MayFail(FaultKind.ClockSkew) ? _faults.Between(-5_000_000, 5_000_000) : 0;
        var process = new SimProcess(Loop, $"{kind}-{Processes.Count}", skew);
        Processes.Add(process);
        return process;
    }
}
