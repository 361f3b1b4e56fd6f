using Npgsql;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;
using Spendra.Testing;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>The connection to PostgreSQL breaks while a COMMIT is on its way.</summary>
public sealed class UnclearCommitTests
{
    [Fact]
    public Task Commit_whose_answer_is_swallowed_admits_once() => RunAsync(async (world, tenant, proxy, lane, gated) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var earlier = tenant.Reserve(20, cap);
        await lane.ReserveAsync(earlier);

        var gate = gated.HoldCommit();
        var settled = lane.EndAsync(Settle(earlier, 15));
        await gate.Reached;
        proxy.SwallowNextAnswer();
        gate.Open();
        (await settled).Should().Be(LedgerOutcome.AlreadyEnded.Instance, "the first commit went through");

        gate = gated.HoldCommit();
        var reserved = lane.ReserveAsync(tenant.Once(10, key: 1, body: 1, cap));
        await gate.Reached;
        proxy.SwallowNextAnswer();
        gate.Open();
        (await reserved).Should().BeOfType<LedgerOutcome.Admitted>();
        (await world.TotalsAsync(cap.WindowId)).Should().Be((10, 15));
        gated.Commits.Should().Be(3, "each commit whose answer was lost is confirmed by another one");
    });

    [Fact]
    public Task Commit_that_never_reaches_the_server_is_made_again() => RunAsync(async (world, tenant, proxy, lane, gated) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var gate = gated.HoldCommit();
        var reserved = lane.ReserveAsync(tenant.Reserve(10, cap));
        await gate.Reached;
        proxy.CutBeforeNextRequest();
        gate.Open();
        (await reserved).Should().BeOfType<LedgerOutcome.Admitted>();
        (await world.TotalsAsync(cap.WindowId)).Should().Be((10, 0));
    });

    [Fact]
    public Task Reservation_of_an_unclear_commit_is_given_back_when_the_server_stays_away() =>
        RunAsync(async (world, tenant, proxy, lane, gated) =>
        {
            var cap = await tenant.BudgetAsync(10);
            await lane.EndAsync(Release(tenant.Reserve(1, cap)));
            var gate = gated.HoldCommit();
            var reserved = lane.ReserveAsync(tenant.Reserve(10, cap));
            await gate.Reached;
            (proxy.IsDown, var held) = (true, 0L);
            proxy.SwallowNextAnswer();
            gate.Open();
            await FluentActions.Awaiting(() => reserved).Should().ThrowAsync<LedgerUnavailableException>();
            held = (await world.TotalsAsync(cap.WindowId)).Reserved;
            held.Should().Be(10, "the server did commit");

            proxy.IsDown = false;
            (await lane.ReserveAsync(tenant.Reserve(10, cap))).Should().BeOfType<LedgerOutcome.Admitted>();
            (await world.CountAsync("released_reservations")).Should().Be(1);
        });

    [Fact]
    public Task Commits_cut_in_flight_are_never_counted_twice_or_forgotten() => RunAsync(async (world, tenant, proxy, lane, gated) =>
    {
        var traffic = new Traffic(world, tenant, [await tenant.BudgetAsync(1_000_000)]);
        for (var call = 0; call < 40; call++)
        {
            var gate = gated.HoldCommit();
            var calling = traffic.CallAsync(lane, call);
            await gate.Reached;
            proxy.CutAfterNextRequest();
            gate.Open();
            await calling;
        }
        traffic.Admitted.Should().Be(40, "a connection that is back at once is no outage");
        await traffic.ShouldHaveLostNothingAsync();
    });

    private static async Task RunAsync(Func<LedgerWorld, Tenant, CuttingProxy, LedgerLane, GatedEngine, Task> test)
    {
        await using var world = await LedgerWorld.OpenAsync(DatabaseEngine.Postgres);
        var server = new NpgsqlConnectionStringBuilder(world.ConnectionString);
        await using var proxy = new CuttingProxy(server.Port);
        var through = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Port = proxy.Port };
        var (lane, gated) = world.OpenGatedLane(
            new LaneOptions { Patience = TimeSpan.Zero, FirstRetryDelay = TimeSpan.FromMilliseconds(2), LastRetryDelay = TimeSpan.FromMilliseconds(50) },
            target: DatabaseTarget.Address(PostgresCluster.ToUrl(through.ConnectionString)));
        await test(world, await world.AddTenantAsync(), proxy, lane, gated);
        await world.VerifyAsync();
    }
}
