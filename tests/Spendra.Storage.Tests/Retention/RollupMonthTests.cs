using System.Text.RegularExpressions;
using Dapper;
using Npgsql;
using Spendra.Core.Ledger;
using Spendra.Storage.Retention;
using Spendra.Storage.Rollups;
using Spendra.Storage.Schema;
using Spendra.Storage.Tests.Ledger;
using Spendra.Storage.Tests.Rollups;

namespace Spendra.Storage.Tests.Retention;

/// <summary>Rollups by month on PostgreSQL: made ahead, behind the same wall, dropped whole, and in nobody's way.</summary>
public sealed partial class RollupMonthTests
{
    private const DatabaseEngine Engine = DatabaseEngine.Postgres;
    private const string Script = "0026-rollup-partitions.postgres.sql";

    private static readonly RetentionLimits OneMonth = new() { HourlyRollupMonths = 1 };
    private static readonly TimeProvider Later = new LaterTime(TimeSpan.FromDays(70));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Rows_from_before_there_were_months_are_carried_over() => LedgerWorld.RunAsync(Engine, async (world, tenant) =>
    {
        await UndoAsync(world);
        (await world.ScalarAsync<string>("SELECT relkind FROM pg_class WHERE oid = to_regclass('usage_rollups')")).Should().Be("r");
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 120);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world));
        foreach (var table in RollupWriter.Tables)
            await world.ExecuteAsync($"UPDATE {table} SET starts_at = starts_at - 86400000000 * 100 WHERE span = 0 AND starts_at = (SELECT min(starts_at) FROM {table} WHERE span = 0)");
        var before = await RollupWorld.DumpAsync(world);

        (await Migrator.MigrateAsync(world.Target, Cancel)).Should().Equal(Script);

        (await RollupWorld.DumpAsync(world)).Should().Equal(before);
        foreach (var table in RollupWriter.Tables)
        {
            (await world.ScalarAsync<long>($"SELECT count(*) FROM partitions.{table}_default")).Should().Be(0, "its months were made");
            (await MonthsAsync(world, table)).Should().HaveCountGreaterThan(1);
            (await world.ScalarAsync<bool>("SELECT to_regclass(@old) IS NULL", new { old = $"{table}_old" })).Should().BeTrue();
        }
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 30);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world, Later), Later);
        (await RollupWorld.DumpAsync(world)).Should().NotEqual(before);
    });

    [Fact]
    public Task Months_are_made_ahead_once_by_several_workers_while_others_count() => LedgerWorld.RunAsync(Engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        var cap = await tenant.BudgetAsync(1_000_000);
        var workers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => new DetailRemoval(world.Database, OneMonth, TimeProvider.System).MakeMonthsAsync(3, Cancel), Cancel)).ToList();
        var positions = RollupWorld.Positions(world);
        for (var i = 0; i < 3; i++)
        {
            await RollupWorld.SpendAsync(tenant, lane, cap, 40);
            await RollupWorld.TakeAllAsync(world, positions);
        }
        var made = (await Task.WhenAll(workers)).Sum();
        made += await new DetailRemoval(world.Database, OneMonth, TimeProvider.System).MakeMonthsAsync(3, Cancel);

        var now = AccountingPeriod.Of(Micros.Now(TimeProvider.System));
        string[] expected = [Name(now), Name(now.Next), Name(now.Next.Next), Name(now.Next.Next.Next)];
        foreach (var table in RollupWriter.Tables) (await MonthsAsync(world, table)).Should().Contain(expected.Select(m => $"{table}_{m}"));
        made.Should().BeGreaterThanOrEqualTo(16);
        (await new DetailRemoval(world.Database, OneMonth, TimeProvider.System).MakeMonthsAsync(3, Cancel)).Should().Be(0, "all are there");
        await RollupWorld.ShouldAddUpAsync(world, tenant);
        foreach (var table in RollupWriter.Tables) (await world.ScalarAsync<long>($"SELECT count(*) FROM partitions.{table}_default")).Should().Be(0);
    });

    [Fact]
    public Task What_has_no_month_is_taken_all_the_same_and_moves_when_its_month_is_made() => LedgerWorld.RunAsync(Engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 90);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world));
        (await MonthsAsync(world, "usage_rollups")).Should().BeEmpty();
        (await world.ScalarAsync<long>("SELECT count(*) FROM partitions.usage_rollups_default")).Should().BePositive();
        await RollupWorld.ShouldAddUpAsync(world, tenant);
        var before = await RollupWorld.DumpAsync(world);

        // Long after: its month is none of those that come.
        (await new DetailRemoval(world.Database, OneMonth, Later).MakeMonthsAsync(3, Cancel)).Should().BeGreaterThanOrEqualTo(20);

        (await world.ScalarAsync<long>("SELECT count(*) FROM partitions.usage_rollups_default")).Should().Be(0);
        (await RollupWorld.DumpAsync(world)).Should().Equal(before);
        await RollupWorld.ShouldAddUpAsync(world, tenant);
    });

    [Fact]
    public Task Rebuild_makes_the_months_that_it_writes() => LedgerWorld.RunAsync(Engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 60);
        (await new RollupRebuild(world.Database, RollupWorld.Positions(world)).RunAsync(tenant.OrganizationId, progress: null, Cancel)).Should().BeTrue();

        (await MonthsAsync(world, "usage_rollups")).Should().NotBeEmpty();
        (await world.ScalarAsync<long>("SELECT count(*) FROM partitions.usage_rollups_default")).Should().Be(0);
        await RollupWorld.ShouldAddUpAsync(world, tenant);
    });

    [Fact]
    public Task Rows_are_found_wherever_they_are_whatever_is_asked_for() => LedgerWorld.RunAsync(Engine, async (world, tenant) =>
    {
        // A month, and hours before, in and behind it: planners have left out default partitions by mistake.
        await world.ExecuteAsync("SELECT partitions.make_month(5270400000000)");
        foreach (var (span, at) in new[] { (0, 3_600_000_000L), (0, 5_270_400_000_000), (0, 9_000_000_000_000), (1, 3_600_000_000L), (1, 5_270_400_000_000) })
        {
            await world.ExecuteAsync("INSERT INTO latency_rollups (organization_id, span, starts_at, series_id, latency_class, requests, total_micros) VALUES (@OrganizationId, @span, @at, @OrganizationId, 1, 1, 1)",
                new { tenant.OrganizationId, span, at });
        }
        foreach (var (condition, rows) in new[]
        {
            ("span = 0 AND starts_at < 7200000000", 1), ("span = 0 AND starts_at > 0", 3), ("span = 0 AND starts_at BETWEEN 1 AND 5270400000001", 2),
            ("span IN (0, 1) AND starts_at >= 0 AND starts_at < 5270400000000", 2), ("span = 1 AND starts_at > 0", 2), ("starts_at > 8000000000000", 1), ("span = 0", 3),
        })
            (await world.ScalarAsync<long>($"SELECT count(*) FROM latency_rollups WHERE {condition}")).Should().Be(rows, condition);
    });

    [Fact]
    public Task Months_made_later_are_behind_the_wall_and_closed_to_every_role() => LedgerWorld.RunAsync(Engine, async (world, tenant) =>
    {
        var other = await world.AddTenantAsync();
        var lane = world.OpenLane();
        foreach (var one in new[] { tenant, other }) await RollupWorld.SpendAsync(one, lane, await one.BudgetAsync(1_000_000), 20);
        await new DetailRemoval(world.Database, OneMonth, TimeProvider.System).MakeMonthsAsync(3, Cancel);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world));
        var month = (await MonthsAsync(world, "usage_rollups"))[0];
        string[] parts = [month, "usage_rollups_days", "usage_rollups_hours", "usage_rollups_default"];
        (await world.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relnamespace = 'partitions'::regnamespace AND relkind IN ('r', 'p') AND NOT relrowsecurity")).Should().Be(0);

        await using var connection = await world.Database.ConnectAsync(Cancel);
        await using (var transaction = await world.Database.BeginWriteAsync(connection, Cancel))
        {
            await world.Database.EnterAsync(connection, transaction, tenant.OrganizationId, Cancel);
            (await connection.QueryAsync<Guid>("SELECT DISTINCT organization_id FROM usage_rollups")).Should().Equal(tenant.OrganizationId);
            (await connection.ExecuteAsync("UPDATE usage_rollups SET requests = 0 WHERE organization_id = @OrganizationId", other)).Should().Be(0);
            (await connection.ExecuteAsync("DELETE FROM usage_rollups WHERE organization_id = @OrganizationId", other)).Should().Be(0);
        }
        foreach (var role in new[] { "spendra_app", "spendra_ledger" })
        {
            foreach (var statement in parts.Select(p => $"SELECT count(*) FROM partitions.{p}").Concat([$"DELETE FROM partitions.{month}", $"DROP TABLE partitions.{month}",
                "SELECT partitions.make_month(0)", $"ALTER TABLE usage_rollups DISABLE ROW LEVEL SECURITY", "CREATE TABLE partitions.mine (a integer)"]))
            {
                await using var transaction = await world.Database.BeginWriteAsync(connection, Cancel);
                await connection.ExecuteAsync($"SET LOCAL ROLE {role}; SET LOCAL spendra.organization = '{tenant.OrganizationId}'");
                await connection.Invoking(c => c.ExecuteAsync(statement)).Should().ThrowAsync<PostgresException>(statement).Where(e => e.SqlState == "42501");
            }
        }

        // Were the schema opened by mistake, its tables would still show nothing.
        await using var opened = await world.Database.BeginWriteAsync(connection, Cancel);
        await connection.ExecuteAsync("GRANT USAGE ON SCHEMA partitions TO spendra_app; GRANT SELECT ON ALL TABLES IN SCHEMA partitions TO spendra_app; SET LOCAL ROLE spendra_app");
        foreach (var part in parts) (await connection.ExecuteScalarAsync<long>($"SELECT count(*) FROM partitions.{part}")).Should().Be(0, part);
    });

    [Fact]
    public Task Old_months_are_dropped_whole_and_said_so() => LedgerWorld.RunAsync(Engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 90);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world));
        await new DetailRemoval(world.Database, OneMonth, TimeProvider.System).MakeMonthsAsync(0, Cancel);
        var hours = await world.ScalarAsync<long>("SELECT count(*) FROM usage_rollups WHERE span = 0");
        var days = (await RollupWorld.DumpAsync(world)).Where(line => !line.Contains(" span=0 ")).ToList();

        var removed = new List<RemovedDetail>();
        await foreach (var one in new DetailRemoval(world.Database, OneMonth, Later).RemoveHoursAsync(Cancel)) removed.Add(one);

        removed.Should().NotBeEmpty().And.OnlyContain(r => r.Month != null);
        removed.Where(r => r.Table == "usage_rollups").Sum(r => r.Rows).Should().Be(hours);
        (await RollupWorld.DumpAsync(world)).Should().Equal(days);
        foreach (var table in RollupWriter.Tables) (await MonthsAsync(world, table)).Should().BeEmpty();
    });

    [Fact]
    public Task Several_workers_drop_a_month_once_while_others_make_months() => LedgerWorld.RunAsync(Engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 90);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world));
        await new DetailRemoval(world.Database, OneMonth, TimeProvider.System).MakeMonthsAsync(0, Cancel);
        var hours = await world.ScalarAsync<long>("SELECT count(*) FROM usage_rollups WHERE span = 0");

        var turns = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var removal = new DetailRemoval(world.Database, OneMonth, Later);
            await removal.MakeMonthsAsync(12, Cancel);
            return await RetentionWorld.RemoveAsync(removal);
        }, Cancel)));

        turns.Sum(t => t.GetValueOrDefault("usage_rollups")).Should().Be(hours);
        (await world.ScalarAsync<long>("SELECT count(*) FROM usage_rollups WHERE span = 0")).Should().Be(0);
        (await MonthsAsync(world, "usage_rollups")).Should().HaveCount(13);
    });

    [Fact]
    public Task A_month_that_is_read_or_still_counted_into_stays_until_the_next_time() => LedgerWorld.RunAsync(Engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 30);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world));
        var removal = new DetailRemoval(world.Database, OneMonth, Later);
        await new DetailRemoval(world.Database, OneMonth, TimeProvider.System).MakeMonthsAsync(0, Cancel);
        var rows = await world.CountAsync("usage_rollups");
        var (end, months) = (AccountingPeriod.Of(Micros.Now(Later)).StartsAt, world.Database.Months!);

        (await months.DropAsync(end, Cancel)).IsComplete.Should().BeFalse("nobody was told that these hours go");
        (await world.CountAsync("usage_rollups")).Should().Be(rows);
        await using (var connection = await world.Database.ConnectAsync(Cancel))
        await using (var transaction = await world.Database.BeginSnapshotAsync(connection, tenant.OrganizationId, Cancel))
        {
            (await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM usage_rollups")).Should().Be(rows);
            await foreach (var one in removal.RemoveHoursAsync(Cancel)) one.Table.Should().BeEmpty("it is being read");
        }
        (await world.CountAsync("usage_rollups")).Should().Be(rows);

        (await RetentionWorld.RemoveAsync(removal)).Should().NotBeEmpty();
        (await world.ScalarAsync<long>("SELECT count(*) FROM usage_rollups WHERE span = 0")).Should().Be(0);
    });

    private static string Name(AccountingPeriod month) => month.ToString().Replace('-', '_');

    private static async Task<List<string>> MonthsAsync(LedgerWorld world, string table)
    {
        await using var connection = await world.Database.ConnectAsync(Cancel);
        return (await connection.QueryAsync<string>(
            "SELECT relname FROM pg_class WHERE relnamespace = 'partitions'::regnamespace AND relkind = 'r' AND relname ~ ('^' || @table || '_[0-9]') ORDER BY relname", new { table })).AsList();
    }

    /// <summary>As it was before months.</summary>
    private static async Task UndoAsync(LedgerWorld world)
    {
        using var reader = new StreamReader(typeof(Migrator).Assembly.GetManifestResourceStream("0023-rollups.sql")!);
        var tables = Tables().Matches(await reader.ReadToEndAsync(Cancel)).Select(m => m.Value.Replace("$uuid$", "uuid").Replace("$ledger_table$", "")).ToList();
        tables.Should().HaveCount(4);
        await world.ExecuteAsync($"DROP TABLE {string.Join(", ", RollupWriter.Tables)}; DROP SCHEMA partitions CASCADE");
        await world.ExecuteAsync(string.Join('\n', tables));
        await world.ExecuteAsync("DELETE FROM schema_versions WHERE scriptname = @Script", new { Script });
        await world.ExecuteAsync("GRANT ALL ON usage_rollups, unit_rollups, refusal_rollups, latency_rollups TO spendra_app");
    }

    [GeneratedRegex(@"CREATE TABLE (usage|unit|refusal|latency)_rollups \(.*?\) \$ledger_table\$;", RegexOptions.Singleline)]
    private static partial Regex Tables();
}
