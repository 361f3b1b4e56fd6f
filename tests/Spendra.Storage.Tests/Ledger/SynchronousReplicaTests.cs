using System.Globalization;
using Npgsql;
using Spendra.Core.Ledger;
using Spendra.Storage.Governance;
using Spendra.Storage.Ledger;
using Spendra.Testing;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>
/// A commit that waits for its synchronous replica is already written on the primary. Whoever ends the wait makes it
/// visible there, and the next failover loses it: it must not count before a replica has it.
/// </summary>
public sealed class SynchronousReplicaTests
{
    private const string Waiting =
        """
        SELECT pid || '@' || query_start FROM pg_stat_activity
        WHERE wait_event = 'SyncRep' AND pid || '@' || query_start <> @before LIMIT 1
        """;

    private const string Cancel = "SELECT pg_cancel_backend(@pid)";
    private const string Terminate = "SELECT pg_terminate_backend(@pid)";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Cancel, "warning")]
    [InlineData(Cancel, "error")]
    [InlineData(Terminate, "warning")]
    public Task Reservation_is_not_admitted_before_a_replica_has_it(string strike, string shownMessages) => RunAsync(async (cluster, world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(100);
        await world.ExecuteAsync($"ALTER ROLE postgres SET client_min_messages = {shownMessages}");
        await RequireReplicaAsync(world);
        var lane = world.OpenLane(new LaneOptions { ReserveTimeout = Patience });

        var reserved = lane.ReserveAsync(tenant.Once(10, key: 1, body: 1, cap));
        await StrikeTwiceAsync(world, reserved, strike);

        await using var replica = PostgresReplica.Start(cluster);
        (await reserved.WaitAsync(Patience, Cancelled)).Should().BeOfType<LedgerOutcome.Admitted>();
        (await world.TotalsAsync(cap.WindowId)).Should().Be((10, 0));
    });

    [Theory]
    [InlineData(Cancel)]
    [InlineData(Terminate)]
    public Task Settlement_is_kept_until_a_replica_has_it(string strike) => RunAsync(async (cluster, world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var lane = world.OpenLane();
        var held = tenant.Reserve(10, cap);
        await lane.ReserveAsync(held);
        await RequireReplicaAsync(world);

        var settled = lane.EndAsync(Settle(held, 7));
        await StrikeTwiceAsync(world, settled, strike);

        await using var replica = PostgresReplica.Start(cluster);
        (await settled.WaitAsync(Patience, Cancelled)).Should().Be(LedgerOutcome.AlreadyEnded.Instance);
        (await world.TotalsAsync(cap.WindowId)).Should().Be((0, 7));
    });

    [Fact]
    public Task Change_of_rules_is_not_reported_before_a_replica_has_it() => RunAsync(async (cluster, world, _) =>
    {
        await RequireReplicaAsync(world);
        var created = CreateOrganizationAsync(world.Database);
        await StrikeTwiceAsync(world, created, Cancel);

        await using (PostgresReplica.Start(cluster)) await created.WaitAsync(Patience, Cancelled);
        (await world.CountAsync("organization_directory WHERE slug = 'acme'")).Should().Be(1);

        // Whoever hears that nothing was to be changed relies on it just as much.
        var same = ApplyNothingAsync(world.Database);
        await WaitAnewAsync(world, same);
        await using (PostgresReplica.Start(cluster)) await same.WaitAsync(Patience, Cancelled);
    });

    [Fact]
    public Task Change_of_rules_waits_for_a_replica_longer_than_for_an_answer() => RunAsync(async (cluster, world, _) =>
    {
        await RequireReplicaAsync(world);
        var hasty = new NpgsqlConnectionStringBuilder(world.ConnectionString);
        await using var database = Database.Open(DatabaseTarget.Address(PostgresCluster.ToUrl(hasty.ConnectionString) + "?CommandTimeout=1"));
        var created = CreateOrganizationAsync(database);
        await WaitAnewAsync(world, created);
        // Longer than the driver's timeout, and than it gives a cancelled statement to end.
        await Task.WhenAny(created, Task.Delay(TimeSpan.FromSeconds(4), Cancelled));
        created.IsCompleted.Should().BeFalse("a commit has no timeout");

        await using var replica = PostgresReplica.Start(cluster);
        await created.WaitAsync(Patience, Cancelled);
    });

    /// <summary>Ends the wait twice; each time the command must come to wait anew, and its caller with it.</summary>
    private static async Task StrikeTwiceAsync(LedgerWorld world, Task command, string strike)
    {
        var wait = "";
        for (var number = 0; number < 2; number++)
        {
            wait = await WaitAnewAsync(world, command, wait);
            await world.ScalarAsync<bool>(strike, new { pid = int.Parse(wait.Split('@')[0], CultureInfo.InvariantCulture) });
        }
        await WaitAnewAsync(world, command, wait);
    }

    /// <returns>Which backend waits for a replica, and since when: another wait than the one before.</returns>
    private static async Task<string> WaitAnewAsync(LedgerWorld world, Task command, string before = "")
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            command.IsCompleted.Should().BeFalse("no replica has the commit");
            if (await world.ScalarAsync<string?>(Waiting, new { before }) is { } wait) return wait;
            await Task.Delay(5, patience.Token);
        }
    }

    private static async Task RequireReplicaAsync(LedgerWorld world)
    {
        await world.ExecuteAsync($"ALTER SYSTEM SET synchronous_standby_names = '{PostgresReplica.Name}'");
        await world.ExecuteAsync("SELECT pg_reload_conf()");
        while (await world.ScalarAsync<string>("SHOW synchronous_standby_names") != PostgresReplica.Name) { }
    }

    private static async Task CreateOrganizationAsync(Database database)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(database, "acme", TimeProvider.System, Cancelled);
        var row = new Governance.OrganizationRow(transaction.OrganizationId, "acme", "Acme", "USD", "UTC");
        await GovernanceEdits.ApplyAsync(transaction, new GovernanceWrite.PutOrganization(row));
    }

    private static async Task ApplyNothingAsync(Database database)
    {
        await using var transaction = await GovernanceTransaction.BeginAsync(database, "acme", TimeProvider.System, Cancelled);
        await GovernanceEdits.ApplyAsync(transaction);
    }

    private static async Task RunAsync(Func<PostgresCluster, LedgerWorld, Tenant, Task> test)
    {
        using var cluster = await PostgresCluster.StartNewAsync();
        await using var world = await LedgerWorld.OpenAsync(DatabaseEngine.Postgres, cluster);
        var tenant = await world.AddTenantAsync();
        try
        {
            await test(cluster, world, tenant);
        }
        finally
        {
            await world.ExecuteAsync("ALTER SYSTEM RESET synchronous_standby_names");
            await world.ExecuteAsync("SELECT pg_reload_conf()");
        }
        await world.VerifyAsync();
    }
}
