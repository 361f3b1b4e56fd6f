using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;

namespace Spendra.Simulation.Tests;

/// <summary>The simulated world does what a real one does, or a violation found in it says nothing.</summary>
public sealed class WorldTests
{
    private readonly SimLoop _loop = new(new SimRandom(7));

    /// <summary>Histories in which the world was wrong once, or the gateway: each had a violation.</summary>
    [Theory]
    [InlineData(9733848404907)] // a shorter pause within a longer one woke half of a process
    [InlineData(9733848474138)] // a heartbeat that could not be written ended the gateway as it stopped
    [InlineData(9733848478032)] // whoever waited for a lock while the database went down never heard of it
    [InlineData(9733848492952)]
    [InlineData(9733848625422)]
    [InlineData(77012675)] // a lane that died while it waited for a sleeper's lock did not count as held up
    [InlineData(6151306270793)] // a transaction that the server had lost did not count as a lost connection
    public void Nothing_is_found_any_more(ulong seed) => Simulator.Run(seed).Violations.Should().BeEmpty();

    [Fact]
    public void A_shorter_pause_within_a_longer_one_wakes_nobody()
    {
        var process = new SimProcess(_loop, "gateway", clockSkew: 0);
        var ranAt = new List<long>();
        process.StandStill(10_000);
        Begin();
        _loop.RunUntil(() => false, 1);

        process.StandStill(5_000);
        Begin();
        _loop.RunUntil(() => false, 20_000);

        ranAt.Should().Equal(10_000, 10_000);

        void Begin() => process.Run(() =>
        {
            ranAt.Add(_loop.Now);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public void Whoever_waits_for_a_lock_learns_that_the_server_went_down()
    {
        var store = new SimStore(_loop, new SimServer(_loop, new SimRandom(8)));
        var process = new SimProcess(_loop, "gateway", clockSkew: 0);
        Guid[] locked = [new Guid(1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1])];
        var wasGranted = false;
        var holder = store.Server.AskAsync<bool>(process, (answer, _) => store.Begin(new SimTransaction(process, [], locked), () => answer(true)));
        _loop.RunUntil(() => holder.IsCompleted, 1_000_000);
        var waiting = store.Server.AskAsync<bool>(process, (_, fail) => store.Begin(
            new SimTransaction(process, [], locked), () => wasGranted = true, () => fail(new SimConnectionException("gone"))));
        _loop.RunUntil(() => false, 1_000_000);
        waiting.IsCompleted.Should().BeFalse("the lock is held");

        store.LoseTransactions();
        _loop.RunUntil(() => waiting.IsCompleted, 1_000_000);

        waiting.Exception!.InnerException.Should().BeOfType<SimConnectionException>();
        wasGranted.Should().BeFalse("nobody gets the locks of a server that went down");
        process.ConnectionLosses.Should().ContainSingle();
    }
}
