using Dapper;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>Each organization's entries and outbox rows are numbered without gaps, whoever writes them.</summary>
public abstract class SequenceContract(DatabaseEngine engine)
{
    [Fact]
    public Task Two_lanes_and_four_organizations_leave_no_gap() => LedgerWorld.RunAsync(engine, async (world, first) =>
    {
        Tenant[] tenants = [first, await world.AddTenantAsync(), await world.AddTenantAsync(), await world.AddTenantAsync()];
        var caps = new WindowClaim[tenants.Length];
        for (var i = 0; i < caps.Length; i++) caps[i] = await tenants[i].BudgetAsync(1_000_000);
        LedgerLane[] lanes = [world.OpenLane(), world.OpenLane()];

        await Task.WhenAll(Enumerable.Range(0, 400).Select(async i =>
        {
            var (tenant, cap) = (tenants[i % 4], caps[i % 4]);
            var held = tenant.Reserve(10, cap);
            await lanes[i % 2].ReserveAsync(held);
            LedgerCommand ending = (i / 4 % 4) switch { 0 => Release(held), 1 => Expire(held), _ => Settle(held, 11) };
            await lanes[i / 2 % 2].EndAsync(ending);
            if (ending is ExpireCommand) await lanes[i % 2].EndAsync(Settle(held, 3));
        }));

        foreach (var tenant in tenants)
        {
            // 25 of each kind: two events for what expired, one for each of the two settled, and none but an announcement for what was released.
            (await NumbersAsync(world, tenant, "journal_entries", "entry_sequence")).Should().Equal(Enumerable.Range(1, 100).Select(n => (long)n));
            (await NumbersAsync(world, tenant, "outbox", "sequence")).Should().Equal(Enumerable.Range(1, 125).Select(n => (long)n));
        }
    });

    [Fact]
    public Task Organizations_in_one_transaction_keep_their_own_numbers() => LedgerWorld.RunAsync(engine, async (world, first) =>
    {
        Tenant[] tenants = [first, await world.AddTenantAsync(), await world.AddTenantAsync()];
        var (lane, gated) = world.OpenGatedLane();
        var held = new List<ReserveCommand>();
        foreach (var tenant in tenants)
        {
            var cap = await tenant.BudgetAsync(1_000);
            for (var i = 0; i < 3; i++) held.Add(tenant.Reserve(1, cap));
        }
        foreach (var command in held) await lane.ReserveAsync(command);

        var gate = gated.HoldBegin();
        var plug = lane.EndAsync(Settle(held[0], 1));
        await gate.Reached;
        var others = Task.WhenAll(held.Skip(1).Select(h => lane.EndAsync(Settle(h, 1))));
        gate.Open();
        await plug;
        (await others).Should().AllBeOfType<LedgerOutcome.Ended>();

        gated.Begun[^1].Should().Be(8);
        foreach (var tenant in tenants) (await NumbersAsync(world, tenant, "journal_entries", "entry_sequence")).Should().Equal(1, 2, 3);
    });

    private static async Task<List<long>> NumbersAsync(LedgerWorld world, Tenant tenant, string table, string column)
    {
        await using var connection = await world.Database.ConnectAsync(TestContext.Current.CancellationToken);
        return (await connection.QueryAsync<long>(
            $"SELECT {column} FROM {table} WHERE organization_id = @id ORDER BY {column}", new { id = tenant.OrganizationId })).AsList();
    }
}

public sealed class SequenceOnSqliteTests() : SequenceContract(DatabaseEngine.Sqlite);

public sealed class SequenceOnPostgresTests() : SequenceContract(DatabaseEngine.Postgres);
