using Spendra.Core.Ledger;
using Spendra.Storage.Retention;
using Spendra.Storage.Rollups;
using Spendra.Storage.Tests.Ledger;
using Spendra.Storage.Tests.Rollups;

namespace Spendra.Storage.Tests.Retention;

/// <summary>Old detail goes, and nothing else, on either engine.</summary>
public abstract class RetentionContract(DatabaseEngine engine)
{
    private static readonly RetentionLimits Shortest = new()
    {
        HourlyRollupMonths = 1, DeliveryMonths = 1, ExportMonths = 1, ReplacedBillMonths = 1, ReceiptDays = 1,
    };

    private static readonly RetentionLimits ForEver = new()
    {
        HourlyRollupMonths = 0, DeliveryMonths = 0, ExportMonths = 0, ReplacedBillMonths = 0, ReceiptDays = 0,
    };

    // Hours of today are older than one month then.
    private static readonly TimeProvider Later = new LaterTime(TimeSpan.FromDays(70));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Each_rule_removes_what_is_old_and_leaves_the_rest() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var now = Micros.Now(Later);
        await RetentionWorld.FillAsync(world, tenant, RetentionLimits.KeptFrom(1, now)!.Value - 90_000_000_000, now);

        var removed = await RetentionWorld.RemoveAsync(new DetailRemoval(world.Database, Shortest, Later));

        foreach (var (table, column) in RetentionWorld.Named)
        {
            var left = await RetentionWorld.NamesAsync(world, table, column);
            left.Should().NotBeEmpty().And.OnlyContain(name => name.StartsWith("stays"), table);
            removed[table].Should().BePositive(table);
        }
        removed.Values.Sum().Should().Be(2 + 2 + 4 + 2 + 1 + 2);
        (await RetentionWorld.RemoveAsync(new DetailRemoval(world.Database, Shortest, Later))).Should().BeEmpty("it is gone");
    });

    [Fact]
    public Task Month_limits_are_whole_months_and_nothing_goes_before_its_time() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var now = Micros.Now(Later);
        var before = AccountingPeriod.Of(now).Previous.StartsAt;
        await RetentionWorld.FillAsync(world, tenant, before + 2, now);

        var removed = await RetentionWorld.RemoveAsync(new DetailRemoval(world.Database, Shortest, Later));

        removed.Keys.Should().BeEquivalentTo("creation_receipts", "sessions", "sign_in_tickets");
        RetentionLimits.KeptFrom(1, now).Should().Be(before);
        RetentionLimits.KeptFrom(13, now).Should().Be(Enumerable.Range(0, 13).Aggregate(AccountingPeriod.Of(now), (p, _) => p.Previous).StartsAt);
    });

    [Fact]
    public Task For_ever_is_for_ever_but_for_sign_ins_that_have_ended() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 30);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world));
        await RetentionWorld.FillAsync(world, tenant, 1_000, Micros.Now(TimeProvider.System));

        (await RetentionWorld.RemoveAsync(new DetailRemoval(world.Database, ForEver, new LaterTime(TimeSpan.FromDays(40_000))))).Keys
            .Should().BeEquivalentTo("sessions", "sign_in_tickets");
        (await world.ScalarAsync<long>("SELECT max(hours_from) FROM outbox_positions")).Should().Be(0);
    });

    [Fact]
    public Task Ledger_audit_and_all_that_is_kept_are_the_same_to_the_last_byte_however_late_it_is() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var kept = TableFates.All.Where(f => f.Value != TableFate.Detail).Select(f => f.Key).Except(["outbox_positions"]).ToList();
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 90);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world));
        await RetentionWorld.FillAsync(world, tenant, 1_000, 2_000);
        var before = await RetentionWorld.DumpAsync(world, kept);
        before.Should().Contain(line => line.StartsWith("spend_events ")).And.Contain(line => line.StartsWith("refusals ")).And.Contain(line => line.StartsWith("outbox "));

        (await RetentionWorld.RemoveAsync(new DetailRemoval(world.Database, Shortest, new LaterTime(TimeSpan.FromDays(4_000))))).Should().NotBeEmpty();

        (await RetentionWorld.DumpAsync(world, kept)).Should().Equal(before);
    });

    [Fact]
    public Task Hours_that_are_old_go_days_stay_and_what_comes_late_is_in_its_day_alone() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        var cap = await tenant.BudgetAsync(1_000_000);
        var positions = RollupWorld.Positions(world);
        var late = tenant.Reserve(50, cap);
        await lane.ReserveAsync(late);
        await RollupWorld.SpendAsync(tenant, lane, cap, 90);
        await RollupWorld.TakeAllAsync(world, positions);
        var days = (await RollupWorld.DumpAsync(world)).Where(line => !IsHour(line)).ToList();
        (await RollupWorld.DumpAsync(world)).Where(IsHour).Should().NotBeEmpty();

        var removed = await RetentionWorld.RemoveAsync(new DetailRemoval(world.Database, Shortest, Later));
        removed.Keys.Should().BeEquivalentTo("usage_rollups", "unit_rollups", "refusal_rollups", "latency_rollups");
        (await RollupWorld.DumpAsync(world)).Should().Equal(days);

        await lane.EndAsync(Tenant.Settle(late, 21));
        await RollupWorld.TakeAllAsync(world, positions);
        var taken = await RollupWorld.DumpAsync(world);
        taken.Should().NotEqual(days, "the settlement is counted").And.NotContain(line => IsHour(line), "its hour is gone");

        // From nothing it comes to the same rows, and brings no hour back.
        (await new RollupRebuild(world.Database, positions).RunAsync(tenant.OrganizationId, progress: null, Cancel)).Should().BeTrue();
        (await RollupWorld.DumpAsync(world)).Should().Equal(taken);
    });

    [Fact]
    public Task Hours_of_one_organization_that_are_young_stay_beside_old_ones() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 30);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world));
        var young = await RollupWorld.DumpAsync(world);
        var columns = "requests, releases, cost_nanos, corrected_nanos, estimated_requests, estimated_nanos, measured_held_nanos, measured_nanos, input_units, cached_input_units, cache_write_units, output_units, reasoning_units";
        await world.ExecuteAsync($"INSERT INTO usage_rollups (organization_id, span, starts_at, subject_id, series_id, {columns}) SELECT organization_id, span, 3600000000, subject_id, series_id, {columns} FROM usage_rollups WHERE span = 0 AND starts_at = (SELECT max(starts_at) FROM usage_rollups WHERE span = 0)");

        var removed = await RetentionWorld.RemoveAsync(new DetailRemoval(world.Database, Shortest, TimeProvider.System));

        removed.Should().ContainKey("usage_rollups").And.HaveCount(1);
        (await RollupWorld.DumpAsync(world)).Should().Equal(young);
    });

    [Fact]
    public Task Many_rows_go_a_few_at_a_time_and_of_several_workers_each_removes_others() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        const int Rows = 2_300;
        await world.ExecuteAsync("""
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2300)
            INSERT INTO creation_receipts (organization_id, member_id, key_digest, request_digest, location, created_at)
            SELECT @o, @o, CAST(CAST(i AS text) AS {0}), @digest, '/', 1 FROM n
            """.Replace("{0}", engine == DatabaseEngine.Sqlite ? "blob" : "bytea"), new { o = tenant.OrganizationId, digest = Tenant.Digest(1) });
        (await world.CountAsync("creation_receipts")).Should().Be(Rows);
        var lane = world.OpenLane();
        var cap = await tenant.BudgetAsync(1_000_000);

        var workers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => RetentionWorld.RemoveAsync(new DetailRemoval(world.Database, Shortest, TimeProvider.System)), Cancel)).ToList();
        await RollupWorld.SpendAsync(tenant, lane, cap, 60);

        (await Task.WhenAll(workers)).Sum(w => w.GetValueOrDefault("creation_receipts")).Should().Be(Rows);
        (await world.CountAsync("creation_receipts")).Should().Be(0);
    });

    [Fact]
    public Task Whoever_is_stopped_has_removed_some_and_the_next_goes_on() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        foreach (var i in Enumerable.Range(0, 4)) await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 100);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world));
        await RetentionWorld.FillAsync(world, tenant, 1_000, Micros.Now(Later));
        var removal = new DetailRemoval(world.Database, Shortest, Later);
        await foreach (var removed in removal.RemoveHoursAsync(Cancel))
        {
            removed.Rows.Should().BePositive();
            break;
        }
        (await RollupWorld.DumpAsync(world)).Should().Contain(line => IsHour(line));

        await RetentionWorld.RemoveAsync(removal);
        (await RollupWorld.DumpAsync(world)).Should().NotContain(line => IsHour(line)).And.NotBeEmpty();
    });

    private static bool IsHour(string line) => line.Contains(" span=0 ", StringComparison.Ordinal);
}

public sealed class SqliteRetentionTests() : RetentionContract(DatabaseEngine.Sqlite);

public sealed class PostgresRetentionTests() : RetentionContract(DatabaseEngine.Postgres);
