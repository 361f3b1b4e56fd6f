using System.Security.Cryptography;
using Spendra.Proof.Kills;
using Spendra.Proof.Worlds;
using Spendra.Storage;

namespace Spendra.Proof.Tests;

/// <summary>What counts as a kill: an end by SIGKILL that was ordered, and nothing else.</summary>
public sealed class EndingTests : IAsyncLifetime
{
    private readonly Tally _tally = new(TextWriter.Null);
    private World _world = null!;

    public async ValueTask InitializeAsync() => _world = await World.CreateAsync("ends", DatabaseEngine.Sqlite, postgres: null);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_server_that_cannot_start_is_a_violation_and_no_kill()
    {
        await using var host = Start(masterKey: Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        (await host.ListeningAsync()).Should().BeNull();

        await CountAsync(host);

        _tally.Violations.Should().ContainSingle().Which.Should().Contain("it ended with").And.Contain("master key");
        (_tally.Kills + _tally.Missed + _tally.Idle + _tally.StoppedInPeace).Should().Be(0);
    }

    [Fact]
    public async Task A_stop_in_peace_is_no_kill()
    {
        await using var host = Start();
        await host.ListeningAsync();
        await host.StopAsync();

        await CountAsync(host);

        _tally.Violations.Should().BeEmpty();
        (_tally.Kills, _tally.StoppedInPeace).Should().Be((0, 1));
    }

    [Fact]
    public async Task A_kill_is_one_at_random_a_miss_or_idle_as_it_was_ordered()
    {
        await using var random = Start();
        await random.ListeningAsync();
        await CountAsync(random);
        await using var missed = Start();
        await missed.ListeningAsync();
        await CountAsync(missed, new PointDeck(DatabaseEngine.Sqlite, _ => true).NextGatewayDeath());
        await using var idle = Start();
        await idle.ListeningAsync();
        await CountAsync(idle, isIdle: true);

        _tally.Violations.Should().BeEmpty();
        (_tally.Kills, _tally.KillsAtPoints, _tally.Random, _tally.Missed, _tally.Idle).Should().Be((1, 0, 1, 1, 1));
    }

    [Fact]
    public async Task A_server_that_was_given_up_is_a_violation_and_no_kill()
    {
        await using var host = Start();
        await host.ListeningAsync();
        host.Give("it did not answer");

        await CountAsync(host);

        _tally.Violations.Should().ContainSingle().Which.Should().Contain("it did not answer");
        _tally.Kills.Should().Be(0);
    }

    [Fact]
    public async Task A_death_whose_power_was_cut_is_no_kill_of_its_own()
    {
        var campaign = new KillCampaign(_world, new PointDeck(DatabaseEngine.Sqlite, _ => true), _tally) { LosesPower = true };
        await using var host = campaign.StartServer();
        await host.ListeningAsync();
        await campaign.CountAsync(host, death: null);

        (_tally.Kills, _tally.PowerCuts + _tally.EmptyPowerCuts).Should().Be((0, 1));
    }

    [Fact]
    public void Kills_of_one_engine_do_not_fill_the_floor_of_the_other()
    {
        var plan = new KillPlan { Kills = 4, Engines = Enum.GetValues<DatabaseEngine>(), Stops = 0, AtPoints = 2 };
        for (var i = 0; i < 4; i++) _tally.Died(DatabaseEngine.Sqlite, "Upstream.Send/after");
        plan.IsReached(_tally).Should().BeFalse();

        _tally.Died(DatabaseEngine.Postgres, "Upstream.Send/after");
        _tally.KilledAtRandom(DatabaseEngine.Postgres);
        plan.IsReached(_tally).Should().BeTrue();
    }

    [Fact]
    public void A_campaign_that_mostly_misses_has_not_done_its_part()
    {
        var plan = new KillPlan { Kills = 1, Engines = [DatabaseEngine.Sqlite], Stops = 0 };
        _tally.KilledAtRandom(DatabaseEngine.Sqlite);
        for (var i = 0; i < 20; i++) _tally.MissedItsPoint();
        plan.IsReached(_tally).Should().BeTrue();

        _tally.MissedItsPoint();
        plan.IsReached(_tally).Should().BeFalse();
    }

    private Task CountAsync(HostProcess host, Death? death = null, bool isIdle = false) =>
        new KillCampaign(_world, new PointDeck(DatabaseEngine.Sqlite, _ => true), _tally).CountAsync(host, death, isIdle);

    private HostProcess Start(string? masterKey = null) => HostProcess.Start(new HostOrder
    {
        Engine = DatabaseEngine.Sqlite, Location = _world.Location, MasterKey = masterKey ?? _world.MasterKeyText,
    });
}
