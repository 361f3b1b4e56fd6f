using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Gateway;
using Spendra.Gateway.Forwarding;
using Spendra.Simulation.Clients;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;
using Spendra.Storage;
using Spendra.Storage.Ledger;

namespace Spendra.Simulation.World;

/// <summary>One gateway process: the production gateway and lane over the simulated world.</summary>
internal sealed class SimGateway
{
    private static readonly GatewayOptions Options = new()
    {
        ReservationSeconds = 60,
        BackgroundReservationSeconds = 50,
        UpstreamTimeoutSeconds = 20,
        StreamIdleSeconds = 10,
        DetachedSeconds = 10,
        DrainSeconds = 45,
    };

    private readonly List<SimExchange> _exchanges = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly SimIds _ids;
    private readonly SimLoop _loop;
    private readonly SimTampering _tampering;
    private GatewayParts? _parts;
    private GovernedRequest? _governed;
    private LedgerLane? _lane;

    public SimGateway(SimProcess process, SimWorldParts world)
    {
        Process = process;
        _ids = world.Ids;
        _loop = world.Loop;
        _tampering = world.Tampering;
        process.Run(() => ServeAsync(world));
    }

    public SimProcess Process { get; }

    /// <summary>Takes requests: it has started and does not stop.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Requests that an orderly stop did not wait for. There are none, or the stop is broken.</summary>
    public List<SimExchange> LeftBehind { get; } = [];

    /// <summary>A request arrives.</summary>
    public void Receive(SimExchange exchange)
    {
        _exchanges.RemoveAll(e => e.IsOver);
        _exchanges.Add(exchange);
        Process.Run(() => HandleAsync(exchange));
    }

    /// <summary>kill -9: whoever waits for it sees the connection break.</summary>
    public void Kill(SimLoop loop)
    {
        IsReady = false;
        Process.KilledAt = loop.Now;
        Process.Kill();
        foreach (var exchange in _exchanges.Where(e => !e.IsOver)) loop.After(300, exchange.Break);
    }

    /// <summary>A graceful stop: no new requests, those in flight end, what is queued is written.</summary>
    public void Stop()
    {
        IsReady = false;
        Process.Run(StopAsync);
    }

    private async Task ServeAsync(SimWorldParts world)
    {
        var clock = Process.Clock;
        _lane = new LedgerLane(world.Tampering.Engine(new SimEngine(world.Store, Process)), new LaneOptions(), clock, NullLogger<LedgerLane>.Instance);
        var sources = new SimSources(world.Store, Process);
        var environment = new GatewayEnvironment
        {
            Governance = sources,
            Objects = sources,
            Reservations = sources,
            Upstream = new UpstreamClient(world.Tampering.Upstream(world.Provider)),
            Time = clock,
            Ids = world.Ids,
        };
        _parts = new GatewayParts(Options, environment, _lane, SimRules.MasterKey, NullLogger.Instance);
        _governed = new GovernedRequest(_parts);
        var heartbeat = new GatewayHeartbeat(_parts);
        await heartbeat.BeatAsync(Micros.Now(clock));
        IsReady = true;
        await heartbeat.BeatUntilAsync(_stopping.Token);
    }

    private async Task HandleAsync(SimExchange exchange)
    {
        // A server that stops takes no more requests before it waits for those that it has.
        if (!IsReady)
        {
            exchange.Break();
            return;
        }
        Exception? escaped = null;
        try
        {
            _tampering.Client(exchange.Context);
            var handled = _governed!.HandleAsync(exchange.Context, exchange.Call.Route);
            // Its id is the first thing that a request gets, before anything is awaited.
            exchange.RequestId = _ids.Last;
            await handled;
        }
        catch (Exception e)
        {
            escaped = e;
        }
        exchange.Finish(escaped);
    }

    private async Task StopAsync()
    {
        await _parts!.Requests.DrainAsync();
        // The server ends the responses of what it has let in.
        for (var i = 0; i < 1_000 && _exchanges.Exists(e => !e.IsOver && e.RequestId != default); i++) await _loop.DelayAsync(1_000);
        _stopping.Cancel();
        await _lane!.DisposeAsync();
        LeftBehind.AddRange(_exchanges.Where(e => !e.IsOver && e.RequestId != default));
        foreach (var exchange in _exchanges.Where(e => !e.IsOver)) exchange.Break();
        Process.Kill();
    }
}
