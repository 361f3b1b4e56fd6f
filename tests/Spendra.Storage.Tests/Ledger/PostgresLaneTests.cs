using System.Globalization;
using Spendra.Core.Ledger;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>What the lane asks of PostgreSQL: limits of its session, one order of locks, and all the time a commit takes.</summary>
public sealed class PostgresLaneTests
{
    private const string NoteSettings =
        """
        CREATE TABLE seen_settings (name text PRIMARY KEY, setting text NOT NULL);
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
    /// Two lanes, each with a batch that names the same organizations and windows, one from the first to the last
    /// and one from the last to the first.
    /// </summary>
    [Fact]
    public async Task Lanes_that_serve_organizations_in_opposite_order_never_deadlock()
    {
        const int rounds = 40, count = 24;
        await using var world = await LedgerWorld.OpenAsync(DatabaseEngine.Postgres);
        var tenants = new List<(Tenant Tenant, WindowClaim Cap)>();
        for (var i = 0; i < count; i++)
        {
            var tenant = await world.AddTenantAsync();
            tenants.Add((tenant, await tenant.BudgetAsync(1_000_000)));
        }
        var (forth, back) = (world.OpenGatedLane(), world.OpenGatedLane());
        for (var round = 0; round < rounds; round++)
        {
            var (first, second) = (forth.Engine.HoldBegin(), back.Engine.HoldBegin());
            var there = tenants.Select(t => forth.Lane.ReserveAsync(t.Tenant.Reserve(1, t.Cap))).ToList();
            var thence = Enumerable.Reverse(tenants).Select(t => back.Lane.ReserveAsync(t.Tenant.Reserve(1, t.Cap))).ToList();
            await Task.WhenAll(first.Reached, second.Reached);
            first.Open();
            second.Open();
            (await Task.WhenAll([.. there, .. thence])).Should().AllBeOfType<LedgerOutcome.Admitted>();
        }

        forth.Engine.Begun.Should().HaveCountLessThan(3 * rounds, "most of a round is one batch");
        await world.VerifyAsync();
        (await DeadlocksAsync(world)).Should().Be(0);
    }

    /// <summary>A session tells its deadlocks at the latest when it ends.</summary>
    private static async Task<long> DeadlocksAsync(LedgerWorld world)
    {
        while (await world.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'spendra-ledger' AND datname = current_database()") > 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        return await world.ScalarAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    }
}
