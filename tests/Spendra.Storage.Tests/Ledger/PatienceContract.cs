using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>What ends a reservation waits a moment for a reservation to share a commit with; a reservation never waits.</summary>
public abstract class PatienceContract(DatabaseEngine engine)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(2);

    [Fact]
    public Task Lone_settlement_is_written_when_patience_ends() => RunAsync(async (tenant, cap, lane, gated, time) =>
    {
        var held = tenant.Reserve(1, cap);
        await lane.ReserveAsync(held);
        gated.Commits.Should().Be(1, "no clock moved: the reservation did not wait");

        var settled = lane.EndAsync(Settle(held, 1));
        await time.PatienceBeganAsync();
        time.Advance(Patience - TimeSpan.FromTicks(1));
        (settled.IsCompleted, gated.Commits).Should().Be((false, 1));
        time.Advance(TimeSpan.FromTicks(1));
        (await settled).Should().BeOfType<LedgerOutcome.Ended>();
        gated.Commits.Should().Be(2);
    });

    [Fact]
    public Task Settlement_and_the_next_reservation_share_a_commit() => RunAsync(async (tenant, cap, lane, gated, time) =>
    {
        var held = tenant.Reserve(1, cap);
        await lane.ReserveAsync(held);

        var settled = lane.EndAsync(Settle(held, 1));
        await time.PatienceBeganAsync();
        (await lane.ReserveAsync(tenant.Reserve(1, cap))).Should().BeOfType<LedgerOutcome.Admitted>();
        (await settled).Should().BeOfType<LedgerOutcome.Ended>();
        (gated.Commits, gated.Begun[^1]).Should().Be((2, 2));
    });

    [Fact]
    public Task Money_that_a_waiting_release_frees_admits_the_reservation_that_comes() => RunAsync(async (tenant, _, lane, gated, time) =>
    {
        var narrow = await tenant.BudgetAsync(1);
        var held = tenant.Reserve(1, narrow);
        await lane.ReserveAsync(held);

        var released = lane.EndAsync(Release(held));
        await time.PatienceBeganAsync();
        (await lane.ReserveAsync(tenant.Reserve(1, narrow))).Should().BeOfType<LedgerOutcome.Admitted>();
        (await released).Should().BeOfType<LedgerOutcome.Ended>();
        gated.Commits.Should().Be(2);
    });

    [Fact]
    public Task Closing_does_not_wait_for_patience() => RunAsync(async (tenant, cap, lane, gated, time) =>
    {
        var held = tenant.Reserve(1, cap);
        await lane.ReserveAsync(held);
        var settled = lane.EndAsync(Settle(held, 1));
        await time.PatienceBeganAsync();
        await lane.DisposeAsync();
        (await settled).Should().BeOfType<LedgerOutcome.Ended>();
        gated.Commits.Should().Be(2);
    });

    [Fact]
    public Task Refused_reservation_commits_nothing() => RunAsync(async (tenant, cap, lane, gated, _) =>
    {
        (await lane.ReserveAsync(tenant.Reserve(1_001, cap))).Should().BeOfType<LedgerOutcome.Refused>();
        gated.Commits.Should().Be(0);
    });

    private Task RunAsync(Func<Tenant, WindowClaim, LedgerLane, GatedEngine, WatchedTime, Task> test) =>
        LedgerWorld.RunAsync(engine, async (world, tenant) =>
        {
            var time = new WatchedTime(Patience);
            var (lane, gated) = world.OpenGatedLane(new LaneOptions { Patience = Patience }, time);
            await test(tenant, await tenant.BudgetAsync(1_000), lane, gated, time);
        });

    /// <summary>Time that stands still until it is moved, and that tells when the lane begins to wait.</summary>
    private sealed class WatchedTime(TimeSpan patience) : FakeTimeProvider(TimeProvider.System.GetUtcNow())
    {
        private readonly Channel<bool> _began = Channel.CreateUnbounded<bool>();

        public async Task PatienceBeganAsync() => await _began.Reader.ReadAsync(TestContext.Current.CancellationToken);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime == patience) _began.Writer.TryWrite(true);
            return timer;
        }
    }
}

public sealed class PatienceOnSqliteTests() : PatienceContract(DatabaseEngine.Sqlite);

public sealed class PatienceOnPostgresTests() : PatienceContract(DatabaseEngine.Postgres);
