using Spendra.Simulation.Scheduling;
using Spendra.Simulation.World;

namespace Spendra.Simulation.Clients;

/// <summary>
/// A caller that makes one call after another through any gateway, hangs up at times, tries again what failed, and
/// whose requests the network may deliver twice.
/// </summary>
internal sealed class SimClient
{
    private const int MaxAttempts = 3;

    private readonly SimWorld _world;
    private readonly SimRandom _random;
    private readonly int _number;

    public SimClient(SimWorld world, SimProcess process, SimRandom random, int number)
    {
        (_world, _random, _number) = (world, random, number);
        Done = process.Run(RunAsync);
    }

    /// <summary>Ends when every call has been answered or given up.</summary>
    public Task Done { get; }

    private async Task RunAsync()
    {
        var plan = _world.Plan;
        await _world.Loop.DelayAsync(_random.Between(0, plan.Duration / 3));
        for (var i = 0; i < plan.CallsPerClient && !_world.IsHealing; i++)
        {
            var answered = await CallAsync(MakeCall(i));
            if (answered?.StartedId is { } id) await FetchAsync(answered.Call.Key, id);
            await _world.Loop.DelayAsync(_random.Between(0, plan.Duration / plan.CallsPerClient));
        }
    }

    private SimCall MakeCall(int number)
    {
        var key = _random.Pick(_world.Keys);
        var model = _random.Pick(SimRules.Models);
        var maxTokens = 1 + _random.Below(_random.Chance(100) ? 4_000 : 60);
        var prompt = new string('x', _random.Below(60));
        var call = _random.Chance(150)
            ? SimCall.Start(key, model, maxTokens, prompt)
            : SimCall.Chat(key, model, maxTokens, isStream: _random.Chance(500), prompt);
        return call with { IdempotencyKey = _random.Chance(500) ? $"call-{_number}-{number}" : null };
    }

    /// <summary>Asks for what was started, until it is done or patience ends; at times by two requests at once.</summary>
    private async Task FetchAsync(SimKey key, string id)
    {
        for (var i = _random.Below(4); i > 0 && !_world.IsHealing; i--)
        {
            await _world.Loop.DelayAsync(_random.Between(100_000, 25_000_000));
            if (_random.Chance(300) && _world.PickGateway(_random) is { } other) _world.Send(other, SimCall.Fetch(key, id));
            await CallAsync(SimCall.Fetch(key, id));
        }
    }

    /// <summary>The attempt that was answered for good, or null.</summary>
    private async Task<SimExchange?> CallAsync(SimCall call)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (_world.PickGateway(_random) is not { } gateway)
            {
                await _world.Loop.DelayAsync(300_000);
                continue;
            }
            var exchange = _world.Send(gateway, call);
            if (_world.MayFail(FaultKind.DuplicateDelivery) && call.IdempotencyKey is not null && _random.Chance(200))
                DeliverAgain(call);
            if (_world.MayFail(FaultKind.ClientLeaves) && _random.Chance(200))
                _world.Loop.After(_random.Between(100, 600_000), () => Leave(exchange));
            await exchange.Over;
            // A client repeats what failed on the way or what it is told to try again. Whoever hangs up is done.
            if (exchange.HasClientLeft || (exchange.IsComplete && exchange.Status is not (429 or >= 500))) return exchange;
            await _world.Loop.DelayAsync(_random.Between(50_000, 1_000_000));
        }
        return null;
    }

    private void DeliverAgain(SimCall call) => _world.Loop.After(_random.Between(0, 500_000), () =>
    {
        if (_world.PickGateway(_random) is not { } other) return;
        _world.Tally.Count(FaultKind.DuplicateDelivery);
        _world.Send(other, call);
    });

    private void Leave(SimExchange exchange)
    {
        if (!exchange.IsOver) _world.Tally.Count(FaultKind.ClientLeaves);
        exchange.Leave();
    }
}
