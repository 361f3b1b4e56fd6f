using Spendra.Core.Ledger;
using Spendra.Model;
using Spendra.Simulation.World;

namespace Spendra.Simulation.Tests;

/// <summary>Does the judge of the simulated world see? Each test plants a bug and looks for it among the violations.</summary>
public sealed class JudgeTests
{
    private static readonly SimTampering Unchanged = new();

    [Fact]
    public void A_request_that_reaches_the_provider_without_a_reservation_is_reported_with_its_seed()
    {
        var report = RunWith(SeedWith(), Unchanged with { Engine = e => new ForgetfulEngine(e, commands => commands.Any(c => c.Reserves)) });

        report.Violations.Should().Contain(v => v.Contains("sent to the provider without a committed reservation"));
        report.Violations.Should().Contain(v => v.Contains("reached the provider, and nothing was ever held for it"));
        report.Violations.Should().NotContain(v => v.Contains("simulation itself failed"));
        report.ReplayCommand.Should().EndWith($"--seed {report.Seed}");
    }

    [Fact]
    public void An_exception_in_the_world_is_a_violation_of_its_seed()
    {
        var report = Simulator.Run(3, () =>
        {
            var world = new SimWorld(3, keepsTrace: false);
            world.Loop.After(1_000_000, () => throw new InvalidOperationException("planted"));
            return world;
        });

        report.Seed.Should().Be(3);
        report.Violations.Should().ContainSingle().Which.Should().Contain("the simulation itself failed").And.Contain("planted");
    }

    [Fact]
    public void An_exception_before_the_world_is_there_is_a_violation_too() =>
        Simulator.Run(3, () => throw new InvalidOperationException("planted")).Violations.Should().ContainSingle().Which.Should().Contain("planted");

    [Fact]
    public void A_process_that_fails_is_a_violation() =>
        RunWith(SeedWith(), Unchanged with { Engine = _ => throw new InvalidOperationException("planted") })
            .Violations.Should().Contain(v => v.Contains("gateway-0 failed") && v.Contains("planted"));

    [Fact]
    public void A_call_that_never_reached_the_provider_must_be_released() =>
        ViolationsOf(FaultKind.ProviderUnreachable, Unchanged with { Upstream = h => new VagueConnections(h) })
            .Should().Contain(v => v.Contains("although the provider did nothing; it should be released"));

    [Fact]
    public void A_call_that_was_refused_before_any_work_must_be_released() =>
        ViolationsOf(FaultKind.ProviderRefuses, Unchanged with { Upstream = h => new HarshRefusals(h) })
            .Should().Contain(v => v.Contains("although the provider did nothing; it should be released"));

    [Fact]
    public void A_settlement_that_is_lost_is_not_excused_by_stops_outages_and_clocks_elsewhere()
    {
        var seed = SeedWith(FaultKind.GatewayStop, FaultKind.StoreOutage, FaultKind.ClockSkew, FaultKind.GatewayCrash);

        RunWith(seed, Unchanged with { Engine = e => new ForgetfulEngine(e, commands => commands.All(c => c is SettleCommand)) })
            .Violations.Should().Contain(v => v.Contains("booked as an estimate although its usage was read"));
    }

    [Fact]
    public void A_release_that_is_lost_is_not_excused_by_clocks_that_might_have_been_wrong() =>
        ViolationsOf(FaultKind.ClockSkew, Unchanged with { Engine = e => new ForgetfulEngine(e, commands => commands.All(c => c is ReleaseCommand)) })
            .Should().Contain(v => v.Contains("was booked (Expired") && v.Contains("although the provider did nothing"));

    [Fact]
    public void A_stream_on_which_the_gateway_hangs_up_is_noticed() =>
        Enumerable.Range(1, 10).SelectMany(seed => RunWith((ulong)seed, Unchanged with { Client = ImpatientBody.Put }).Violations)
            .Should().Contain(v => v.Contains("broke off, and nothing on its way explains it"));

    [Fact]
    public void A_stream_that_ends_before_its_end_is_noticed() =>
        Enumerable.Range(1, 10).SelectMany(seed => RunWith((ulong)seed, Unchanged with { Client = ForgetfulBody.Put }).Violations)
            .Should().Contain(v => v.Contains("was told that it has everything, and the end is missing"));

    [Fact]
    public void A_repetition_that_is_told_another_code_than_its_own_is_noticed() =>
        Enumerable.Range(1, 40).SelectMany(seed => RunWith((ulong)seed, Unchanged with { Engine = e => new ShortSightedEngine(e) }).Violations)
            .Should().Contain(v => v.Contains("was refused as idempotency_replay_unavailable") && v.Contains("IdempotencyInProgress"));

    [Fact]
    public void A_request_that_is_sent_when_its_reservation_has_ended_is_noticed()
    {
        var seed = SeedWith();
        var report = Simulator.Run(seed, () =>
        {
            SimWorld world = null!;
            world = new SimWorld(seed, keepsTrace: false, Unchanged with
            {
                Upstream = h => new EagerRetries(h, action => world.Loop.After(15_000_000, action)),
            });
            return world;
        });

        report.Violations.Should().Contain(v => v.Contains("was sent to the provider when its reservation") && v.Contains("had ended"));
        report.Violations.Should().Contain(v => v.Contains("was dispatched 2 times"));
    }

    [Fact]
    public void An_error_of_the_judge_is_told_and_does_not_reach_the_product()
    {
        var world = new SimWorld(1, keepsTrace: false);
        var command = new ExpireCommand(Guid.NewGuid(), Guid.NewGuid(), []);

        world.Store.Committed!([command]);

        world.Watch.Violations.Should().ContainSingle().Which.Should().Contain("cannot be followed");
    }

    [Fact]
    public void Writes_that_no_table_takes_are_a_violation_and_change_nothing()
    {
        var report = RunWith(SeedWith(), Unchanged with { Engine = e => new StutteringEngine(e) });

        report.Violations.Should().Contain(v => v.Contains("the store cannot take what was decided: open reservation"));
        report.Violations.Should().NotContain(v => v.Contains("has (reserved, settled, limit)"), "tables and model both were left as they were");
    }

    [Fact]
    public void Tables_take_writes_whole_or_not_at_all()
    {
        var tables = new LedgerTables();
        var organization = new OrganizationRow(Guid.NewGuid(), 1, 0, 0);
        var writes = new LedgerWrites(decidedAt: 0);
        writes.Organizations.Add(organization);
        writes.Closed.Add(new RowKey(organization.OrganizationId, Guid.NewGuid()));

        tables.Invoking(t => t.Apply(writes)).Should().Throw<InvalidOperationException>();

        tables.Organizations.Should().BeEmpty();
    }

    private static SimulationReport RunWith(ulong seed, SimTampering tampering) =>
        Simulator.Run(seed, () => new SimWorld(seed, keepsTrace: false, tampering));

    /// <summary>In the first worlds that may have a fault.</summary>
    private static IEnumerable<string> ViolationsOf(FaultKind kind, SimTampering tampering) =>
        Enumerable.Range(1, 40).Select(seed => (ulong)seed).Where(seed => new SimWorld(seed, keepsTrace: false).Plan.Has(kind))
            .SelectMany(seed => RunWith(seed, tampering).Violations);

    /// <summary>The first seed whose world may have these faults.</summary>
    private static ulong SeedWith(params FaultKind[] kinds)
    {
        var seed = 1UL;
        while (!kinds.All(new SimWorld(seed, keepsTrace: false).Plan.Has)) seed++;
        return seed;
    }
}
