using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;
using Spendra.Testing;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>PostgreSQL goes away under load; what was acknowledged stays, the rest is refused or written later.</summary>
public sealed class PostgresTroubleTests
{
    private const string KillLanes =
        """
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE application_name = 'spendra-ledger' AND datname = current_database()
        """;

    private static readonly LaneOptions Quick = new()
    {
        FirstRetryDelay = TimeSpan.FromMilliseconds(2),
        LastRetryDelay = TimeSpan.FromMilliseconds(50),
        ReserveTimeout = TimeSpan.FromSeconds(3),
    };

    [Fact]
    public async Task Killing_the_lanes_connections_under_load_loses_nothing()
    {
        await using var world = await LedgerWorld.OpenAsync(DatabaseEngine.Postgres);
        var tenant = await world.AddTenantAsync();
        var traffic = new Traffic(world, tenant, [await tenant.BudgetAsync(1_000_000_000), await tenant.BudgetAsync(1_000_000_000)]);
        using var stop = new CancellationTokenSource();
        var running = traffic.RunAsync([world.OpenLane(Quick), world.OpenLane(Quick)], callers: 16, stop.Token);
        var (killed, random) = (0L, new Random(7));
        for (var (strike, before) = (0, 0); strike < 40;)
        {
            // Not a wait for anything: the strikes come at moments that nothing else decides.
            await Task.Delay(random.Next(2, 40), TestContext.Current.CancellationToken);
            if (traffic.Admitted == before) continue;
            before = traffic.Admitted;
            killed += await world.ScalarAsync<long>(KillLanes);
            strike++;
        }
        await stop.CancelAsync();
        await running;

        await traffic.ShouldHaveLostNothingAsync();
        killed.Should().BeGreaterThan(20);
    }

    [Fact]
    public async Task Crash_of_the_server_under_load_loses_nothing()
    {
        using var cluster = await PostgresCluster.StartNewAsync();
        await using var world = await LedgerWorld.OpenAsync(DatabaseEngine.Postgres, cluster);
        var tenant = await world.AddTenantAsync();
        var claim = await tenant.BudgetAsync(1_000_000_000);
        var traffic = new Traffic(world, tenant, [claim]);
        var lane = world.OpenLane(Quick);
        using var stop = new CancellationTokenSource();
        var running = traffic.RunAsync([lane], callers: 16, stop.Token);
        while (traffic.Admitted < 200) await traffic.CallAsync(lane, 2);
        await cluster.StopImmediateAsync();

        var asked = TimeProvider.System.GetTimestamp();
        (await lane.Invoking(l => l.ReserveAsync(tenant.Reserve(1, claim))).Should().ThrowAsync<LedgerUnavailableException>())
            .Which.Message.Should().NotContain("\n");
        TimeProvider.System.GetElapsedTime(asked).Should().BeLessThan(Quick.ReserveTimeout + TimeSpan.FromSeconds(2));
        await stop.CancelAsync();
        await running;
        traffic.Unavailable.Should().BePositive();

        await cluster.StartAsync();
        await ForgetConnectionsAsync(world);
        await traffic.ShouldHaveLostNothingAsync();
        var again = world.OpenLane();
        (await again.ReserveAsync(tenant.Reserve(1, claim))).Should().BeOfType<LedgerOutcome.Admitted>();
    }

    /// <summary>The pool still holds connections to the server that crashed; each fails once.</summary>
    private static async Task ForgetConnectionsAsync(LedgerWorld world)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            try
            {
                await world.CountAsync("organizations");
                return;
            }
            catch (NpgsqlException)
            {
                // One less.
            }
        }
    }

    [Fact]
    public async Task Lost_lane_takes_the_idle_connections_of_before_with_it()
    {
        await using var world = await LedgerWorld.OpenAsync(DatabaseEngine.Postgres);
        var tenant = await world.AddTenantAsync();
        var claim = await tenant.BudgetAsync(100);
        await using var database = Database.Open(world.Target);
        var idle = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => database.ConnectAsync(TestContext.Current.CancellationToken)));
        foreach (var connection in idle) await connection.DisposeAsync();
        await using var lane = new LedgerLane(database, Quick, TimeProvider.System, NullLogger<LedgerLane>.Instance);
        await lane.ReserveAsync(tenant.Reserve(1, claim));

        await world.ExecuteAsync("""
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
            """);
        (await lane.ReserveAsync(tenant.Reserve(1, claim))).Should().BeOfType<LedgerOutcome.Admitted>();
        for (var read = 0; read < idle.Length; read++) await DatabaseHealth.PingAsync(database, TestContext.Current.CancellationToken);
    }

    // After a failover the old connection may lead to a server that will never take a write again.
    [Fact]
    public async Task Connection_that_only_reads_is_not_kept()
    {
        await using var world = await LedgerWorld.OpenAsync(DatabaseEngine.Postgres);
        var tenant = await world.AddTenantAsync();
        var claim = await tenant.BudgetAsync(100);
        var lane = world.OpenLane(Quick);
        var held = tenant.Reserve(1, claim);
        await lane.ReserveAsync(held);
        var name = new NpgsqlConnectionStringBuilder(world.ConnectionString).Database;

        await world.ExecuteAsync($"ALTER DATABASE {name} SET default_transaction_read_only = on");
        await world.ExecuteAsync(KillLanes);
        (await lane.Invoking(l => l.ReserveAsync(tenant.Reserve(1, claim))).Should().ThrowAsync<LedgerUnavailableException>())
            .WithMessage("*read-only*");
        var settled = lane.EndAsync(Settle(held, 1));
        await world.ExecuteAsync($"SET default_transaction_read_only = off; ALTER DATABASE {name} RESET default_transaction_read_only");

        (await settled.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).Should().BeOfType<LedgerOutcome.Ended>();
        (await lane.ReserveAsync(tenant.Reserve(1, claim))).Should().BeOfType<LedgerOutcome.Admitted>();
        await world.VerifyAsync();
    }
}
