using Spendra.Simulation.Clients;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;
using Spendra.Simulation.World;

namespace Spendra.Simulation.Tests;

/// <summary>What befell somebody else is no excuse.</summary>
public sealed class ExcuseTests
{
    private readonly SimWorld _world = new(1, keepsTrace: false);
    private readonly SimProcess _gateway;
    private readonly SimProcess _sleeper;

    public ExcuseTests()
    {
        _gateway = Add("gateway");
        _sleeper = Add("worker");
    }

    [Fact]
    public void Whoever_stood_still_without_a_lock_excuses_nobody_else() => IsExcused(0).Should().BeFalse();

    [Fact]
    public void Whoever_stood_still_with_a_lock_excuses_those_who_need_it()
    {
        Lock(_sleeper, 0);

        IsExcused(0).Should().BeTrue();
        IsExcused(1).Should().BeFalse("nobody held the lock of that organization");
    }

    [Fact]
    public void The_excuse_ends_with_the_lock()
    {
        var transaction = Lock(_sleeper, 0);

        IsExcused(0).Should().BeTrue();
        _world.Store.End(transaction);
        Wait(1);

        IsExcused(0).Should().BeFalse();
    }

    [Fact]
    public void A_gateway_whose_lane_waits_for_a_lock_of_the_sleeper_is_excused_for_all_that_waits_behind_it()
    {
        var held = Lock(_sleeper, 0);
        Lock(_gateway, 0);

        IsExcused(1).Should().BeTrue();
        _world.Store.End(held);

        IsExcused(1).Should().BeTrue("it has waited until now");
    }

    [Fact]
    public void A_lane_that_dies_while_it_waits_for_the_sleeper_has_waited_too()
    {
        Lock(_sleeper, 0);
        var waiting = Lock(_gateway, 0);

        IsExcused(1, meanwhile: () => _world.Store.End(waiting)).Should().BeTrue();
    }

    [Fact]
    public void A_lock_that_waits_for_a_lock_of_the_sleeper_holds_up_others_alike()
    {
        Lock(_sleeper, 1);
        Lock(Add("gateway"), 0, 1);

        IsExcused(0).Should().BeTrue();
    }

    private bool IsExcused(int organization, Action? meanwhile = null)
    {
        if (_sleeper.Pauses.Count == 0) _sleeper.StandStill(_world.Loop.Now + 30_000_000);
        var key = _world.Keys.First(k => k.OrganizationId == IdOf(organization));
        var exchange = new SimExchange(_world.Loop, _gateway, SimCall.Chat(key, SimRules.Models[0], 1, isStream: false, "x"), 0, isSlowReader: false);
        Wait(1_000);
        meanwhile?.Invoke();
        exchange.Leave();
        return new Excuses(_world).LedgerWasAway(exchange);
    }

    private SimTransaction Lock(SimProcess owner, params int[] organizations)
    {
        var transaction = new SimTransaction(owner, [], [.. organizations.Select(IdOf).Order()]);
        _world.Store.Begin(transaction, () => { });
        return transaction;
    }

    /// <summary>In the order in which locks are taken.</summary>
    private Guid IdOf(int organization) => _world.Organizations.Select(o => o.Rows.OrganizationId).Order().ElementAt(organization);

    private void Wait(long micros)
    {
        var isOver = false;
        _world.Loop.After(micros, () => isOver = true);
        _world.Loop.RunUntil(() => isOver, micros);
    }

    private SimProcess Add(string name)
    {
        var process = new SimProcess(_world.Loop, name, 0);
        _world.Processes.Add(process);
        return process;
    }
}
