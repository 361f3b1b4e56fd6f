using System.Globalization;
using Dapper;
using Spendra.Core.Ledger;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>What the lane asks of PostgreSQL: limits of its session, one order of locks, and all the time a commit takes.</summary>
public sealed class PostgresLaneTests
{
    private const string NoteSettings =
        """
        CREATE TABLE seen_settings (name text PRIMARY KEY, setting text NOT NULL);
        GRANT ALL ON seen_settings TO spendra_ledger;
        CREATE FUNCTION note_settings() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO seen_settings SELECT name, setting FROM pg_settings ON CONFLICT (name) DO UPDATE SET setting = excluded.setting;
            RETURN NULL;
        END $$;
        CREATE TRIGGER note_settings AFTER INSERT ON open_reservations FOR EACH STATEMENT EXECUTE FUNCTION note_settings();
        """;

    private const string SleepAtCommit =
        """
        CREATE FUNCTION sleep_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2.5); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER sleep_at_commit AFTER INSERT ON open_reservations DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION sleep_at_commit();
        """;

    private const string WaitingLanes =
        """
        SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'spendra-ledger' AND datname = current_database() AND wait_event_type = 'Lock'
        """;

    public static TheoryData<string, string> Settings() => new()
    {
        { "lock_timeout", "20000" },
        { "idle_in_transaction_session_timeout", "30000" },
        { "tcp_keepalives_idle", "10" },
        { "tcp_keepalives_interval", "5" },
        { "tcp_keepalives_count", "3" },
        { "enable_seqscan", "off" },
        { "enable_bitmapscan", "off" },
        { "enable_hashjoin", "off" },
        { "enable_mergejoin", "off" },
        { "plan_cache_mode", "force_generic_plan" },
        { "jit", "off" },
        { "statement_timeout", "0" },
        { "transaction_isolation", "read committed" },
    };

    [Fact]
    public Task The_lanes_session_is_limited_where_it_may_hang_and_planned_for_probes() =>
        LedgerWorld.RunAsync(DatabaseEngine.Postgres, async (world, tenant) =>
        {
            await world.ExecuteAsync(NoteSettings);
            await world.OpenLane().ReserveAsync(tenant.Reserve(1, await tenant.BudgetAsync(10)));

            foreach (var (name, expected) in Settings().Select(row => row.Data))
            {
                (await world.ScalarAsync<string>("SELECT setting FROM seen_settings WHERE name = @name", new { name }))
                    .Should().Be(expected, name);
            }
        });

    [Fact]
    public Task A_server_that_vanishes_is_noticed_by_keepalives_of_the_lanes_socket() =>
        LedgerWorld.RunAsync(DatabaseEngine.Postgres, async (world, tenant) =>
        {
            await world.OpenLane().ReserveAsync(tenant.Reserve(1, await tenant.BudgetAsync(10)));
            var port = await world.ScalarAsync<int>(
                "SELECT client_port FROM pg_stat_activity WHERE application_name = 'spendra-ledger' AND datname = current_database()");

            // Column 5 is `timer:jiffies`; 02 is the keepalive timer of a socket on which nothing is outstanding
            // (Linux, Documentation/networking/proc_net_tcp.rst).
            var local = $":{port.ToString("X4", CultureInfo.InvariantCulture)}";
            var sockets = await File.ReadAllLinesAsync("/proc/self/net/tcp", TestContext.Current.CancellationToken);
            var socket = sockets.Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Single(c => c[1].EndsWith(local, StringComparison.Ordinal) && c[3] == "01");
            socket[5].Should().StartWith("02:");
        });

    [Fact]
    public Task A_commit_that_takes_long_is_waited_for() =>
        LedgerWorld.RunAsync(DatabaseEngine.Postgres, async (world, tenant) =>
        {
            var cap = await tenant.BudgetAsync(10);
            var (lane, gated) = world.OpenGatedLane();
            (await lane.ReserveAsync(tenant.Reserve(1, cap))).Should().BeOfType<LedgerOutcome.Admitted>();
            await world.ExecuteAsync(SleepAtCommit);

            (await lane.ReserveAsync(tenant.Reserve(1, cap))).Should().BeOfType<LedgerOutcome.Admitted>();

            gated.Begun.Should().Equal([1, 1], "nothing was given up and tried again");
        });

    /// <summary>
    /// Two lanes, each with a batch that names the same three organizations, one forth and one back, and somebody who
    /// holds the one in the middle until both wait. Locked as they are named, each would then hold what the other wants.
    /// </summary>
    [Fact]
    public async Task Lanes_that_serve_organizations_in_opposite_order_never_deadlock()
    {
        await using var world = await LedgerWorld.OpenAsync(DatabaseEngine.Postgres);
        var tenants = new List<(Tenant Tenant, WindowClaim Cap)>();
        for (var i = 0; i < 3; i++)
        {
            var tenant = await world.AddTenantAsync();
            tenants.Add((tenant, await tenant.BudgetAsync(100)));
        }
        var middle = tenants.Select(t => t.Tenant.OrganizationId).Order().ElementAt(1);
        tenants.Sort((a, b) => a.Tenant.OrganizationId.CompareTo(b.Tenant.OrganizationId));
        await using var other = await world.Database.ConnectAsync(TestContext.Current.CancellationToken);
        var held = await world.Database.BeginWriteAsync(other, TestContext.Current.CancellationToken);
        await other.ExecuteAsync("SELECT 1 FROM organizations WHERE organization_id = @middle FOR UPDATE", new { middle }, held);

        var forth = await ReserveTogetherAsync(world, tenants);
        var back = await ReserveTogetherAsync(world, Enumerable.Reverse(tenants));
        while (await world.ScalarAsync<long>(WaitingLanes) < 2) await Task.Delay(10, TestContext.Current.CancellationToken);
        await held.RollbackAsync(TestContext.Current.CancellationToken);

        (await Task.WhenAll([.. forth, .. back])).Should().AllBeOfType<LedgerOutcome.Admitted>();
        await world.VerifyAsync();
        (await DeadlocksAsync(world)).Should().Be(0);
    }

    /// <summary>One reservation for each of some tenants in their order, all in one batch of a lane of its own.</summary>
    private static async Task<Task<LedgerOutcome>[]> ReserveTogetherAsync(LedgerWorld world, IEnumerable<(Tenant Tenant, WindowClaim Cap)> tenants)
    {
        var (lane, gated) = world.OpenGatedLane();
        var gate = gated.HoldBegin();
        // A note locks no organization: the lane is busy while the batch behind it gathers.
        var plug = lane.BeatAsync(Guid.CreateVersion7(), 1, 1);
        await gate.Reached;
        var reserved = tenants.Select(t => lane.ReserveAsync(t.Tenant.Reserve(1, t.Cap))).ToArray();
        gate.Open();
        await plug;
        return reserved;
    }

    /// <summary>A session tells its deadlocks at the latest when it ends.</summary>
    private static async Task<long> DeadlocksAsync(LedgerWorld world)
    {
        while (await world.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'spendra-ledger' AND datname = current_database()") > 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        return await world.ScalarAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    }
}
