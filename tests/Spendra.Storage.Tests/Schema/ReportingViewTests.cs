using Dapper;
using Spendra.Core.Budgets;
using Spendra.Core.Ledger;
using Spendra.Core.Pricing;
using Spendra.Storage.Tests.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Schema;

/// <summary>What reporting tools see on PostgreSQL: exact dollars, exact instants, names instead of ids.</summary>
public sealed class ReportingViewTests
{
    // 2023-11-14 22:13:20.123457 UTC: not a number of milliseconds, and not exact as seconds in floating point.
    private const long Micros = 1_700_000_000_123_457;
    private static readonly DateTime Instant = new DateTime(2023, 11, 14, 22, 13, 20, DateTimeKind.Utc).AddTicks(1_234_570);

    [Fact]
    public Task Organizations_and_scopes_have_names() => RunAsync(async (world, tenant, _) =>
    {
        var organization = await RowAsync(world, "SELECT * FROM reporting.organizations");
        organization["slug"].Should().Be("org-0");
        organization["created_at"].Should().Be(Instant.AddTicks(-10));
        var agent = Guid.CreateVersion7();
        await world.ExecuteAsync(
            """
            INSERT INTO scopes (organization_id, scope_id, kind, slug, name, parent_id, archived_at, changed_epoch)
            VALUES (@OrganizationId, @agent, 'agent', 'bot', 'Bot', @EmployeeId, @Micros, 1)
            """, new { tenant.OrganizationId, agent, tenant.EmployeeId, Micros });
        (await ListAsync(world, "SELECT reference FROM reporting.scopes"))
            .Should().BeEquivalentTo("organization", "employee/ada", "agent/bot");
        var row = await RowAsync(world, "SELECT * FROM reporting.scopes WHERE slug = 'bot'");
        (row["parent_reference"], row["archived_at"]).Should().Be(("employee/ada", Instant));
    });

    [Fact]
    public Task Budgets_and_windows_say_what_is_left_to_the_nano() => RunAsync(async (world, tenant, lane) =>
    {
        var total = await tenant.BudgetAsync(9_000_000_000_000_000_007);
        var month = await tenant.BudgetAsync(50, Enforcement.Observed, PeriodKind.Month);
        var (open, spent) = (tenant.Reserve(1_000_000_001, total), tenant.Reserve(40, total, month));
        await lane.ReserveAsync(open);
        await lane.ReserveAsync(spent);
        await lane.EndAsync(Settle(spent, 60));

        var budget = await RowAsync(world, "SELECT * FROM reporting.budgets WHERE budget = 'budget-0'");
        (budget["amount_usd"], budget["scope"], budget["period"]).Should().Be((9_000_000_000.000000007m, "organization", "total"));
        ((string[])budget["hard_caps"]!).Should().Equal("cap-budget-0");
        var never = await RowAsync(world, "SELECT * FROM reporting.budget_windows WHERE budget = 'budget-0'");
        (never["limit_usd"], never["settled_usd"], never["reserved_usd"], never["remaining_usd"]).Should()
            .Be((9_000_000_000.000000007m, 0.00000006m, 1.000000001m, 8_999_999_998.999999946m));
        never["ends_at"].Should().BeNull();
        var cut = await RowAsync(world, "SELECT * FROM reporting.budget_windows WHERE budget = 'budget-1'");
        (cut["remaining_usd"], cut["excess_usd"]).Should().Be((-0.00000001m, 0.00000002m));
        cut["ends_at"].Should().Be(Storage.Micros.ToInstant(month.Window.Span.EndsAt).UtcDateTime);
        cut["starts_at"].Should().Be(Storage.Micros.ToInstant(month.Window.Span.StartsAt).UtcDateTime);
    });

    [Fact]
    public Task Spend_events_name_everything_they_belong_to() => RunAsync(async (world, tenant, lane) =>
    {
        var held = await SpendAsync(tenant, lane);
        await lane.EndAsync(Adjust(held, -7));

        var first = await RowAsync(world, "SELECT * FROM reporting.spend_events WHERE event_number = 0");
        (first["kind"], first["cost_usd"], first["reserved_usd"]).Should().Be(("settled", 0.123456789m, 1m));
        (first["reserved_at"], first["key"], first["actor"], first["provider_account"]).Should()
            .Be((Instant, "ada-key", "employee/ada", "openai-main"));
        ((string[])first["scopes"]!).Should().Equal("organization", "employee/ada");
        ((string[])first["budgets"]!).Should().Equal("budget-1", "budget-0");
        (first["input_units"], first["cached_input_units"], first["cache_write_units"], first["output_units"], first["reasoning_units"])
            .Should().Be((30L, 20L, 5L, 10L, 4L));
        first["occurred_at"].Should().BeOfType<DateTime>().Which.Should().BeCloseTo(DateTime.UtcNow, TimeSpan.FromMinutes(2));
        var second = await RowAsync(world, "SELECT * FROM reporting.spend_events WHERE event_number = 1");
        (second["kind"], second["cost_usd"], second["reason"]).Should().Be(("adjusted", -0.000000007m, "the invoice says so"));
        (await RowAsync(world, "SELECT sum(cost_usd) AS usd, scope FROM reporting.spend_events_by_scope WHERE scope_kind = 'employee' GROUP BY scope"))
            .Should().BeEquivalentTo(new Dictionary<string, object?> { ["usd"] = 0.123456782m, ["scope"] = "employee/ada" });
        (await ListAsync(world, "SELECT scope FROM reporting.spend_events_by_scope WHERE event_number = 0 ORDER BY scope"))
            .Should().Equal("employee/ada", "organization");
    });

    [Fact]
    public Task Bounds_stand_beside_what_was_used() => RunAsync(async (world, tenant, lane) =>
    {
        var held = await SpendAsync(tenant, lane);
        await lane.EndAsync(Adjust(held, -7));

        var bound = await RowAsync(world, "SELECT * FROM reporting.bounds");
        (bound["bound_basis"], bound["bound_usd"], bound["actual_usd"], bound["tightness"]).Should().Be(("bytes", 1m, 0.123456782m, 0.123457m));
        // 30 and 20 from the cache and 5 into it, of 100.
        (bound["input_units"], bound["bound_input_units"], bound["input_tightness"], bound["is_estimated"]).Should().Be((55m, 100L, 0.55m, false));
        (bound["served_price_id"], bound["served_price_reason"]).Should().Be((null, null));
    });

    [Fact]
    public Task Bounds_tell_what_they_were_found_by_and_at_which_price_they_were_settled() => RunAsync(async (world, tenant, lane) =>
    {
        var held = tenant.Reserve(1_000, await tenant.BudgetAsync(2_000));
        held = held with { Reservation = held.Reservation with { BoundBasis = BoundBasis.Counted } };
        await lane.ReserveAsync(held);
        var settle = Settle(held, 100);
        var served = Guid.CreateVersion7();
        await lane.EndAsync(settle with { Settlement = settle.Settlement with { ServedPriceId = served, ServedModel = "other" } });

        var bound = await RowAsync(world, "SELECT * FROM reporting.bounds");
        (bound["bound_basis"], bound["tightness"]).Should().Be(("counted", 0.1m));
        (bound["served_price_id"], bound["served_model"], bound["served_price_reason"]).Should().Be((served, "other", "served_model_has_its_own_price"));
    });

    [Fact]
    public Task A_bound_that_was_booked_as_an_estimate_has_no_tightness_until_it_is_settled() => RunAsync(async (world, tenant, lane) =>
    {
        var held = tenant.Reserve(1_000, await tenant.BudgetAsync(2_000));
        await lane.ReserveAsync(held);
        await lane.EndAsync(new ExpireCommand(held.OrganizationId, held.ReservationId, held.WindowIds));
        var expired = await RowAsync(world, "SELECT * FROM reporting.bounds");
        (expired["is_estimated"], expired["tightness"], expired["input_tightness"]).Should().Be((true, null, null));

        await lane.EndAsync(Settle(held, 250));

        var late = await RowAsync(world, "SELECT * FROM reporting.bounds");
        (late["is_estimated"], late["actual_usd"], late["tightness"]).Should().Be((false, 0.00000025m, 0.25m));
    });

    [Fact]
    public Task Journal_shows_balanced_postings_with_account_names() => RunAsync(async (world, tenant, lane) =>
    {
        var held = await SpendAsync(tenant, lane);
        await lane.EndAsync(Adjust(held, 1));
        (await ListAsync(world,
            """
            SELECT concat_ws('|', entry_sequence, line, kind, account, provider_account, amount_usd, corrects_sequence)
            FROM reporting.journal_entries ORDER BY entry_sequence, line
            """)).Should().Equal(
            "1|1|settlement|expense|openai-main|0.123456789", "1|2|settlement|payable|openai-main|-0.123456789",
            "2|1|adjustment|expense|openai-main|0.000000001|1", "2|2|adjustment|payable|openai-main|-0.000000001|1");
    });

    [Fact]
    public Task Open_reservations_say_who_holds_what() => RunAsync(async (world, tenant, lane) =>
    {
        await lane.ReserveAsync(At(tenant.Reserve(1_000_000_000, await tenant.BudgetAsync(2_000_000_000))));
        var row = await RowAsync(world, "SELECT * FROM reporting.open_reservations");
        (row["amount_usd"], row["actor"], row["key"], row["reserved_at"]).Should().Be((1m, "employee/ada", "ada-key", Instant));
        ((string[])row["scopes"]!).Should().Equal("organization", "employee/ada");
        ((string[])row["budgets"]!).Should().Equal("budget-0");
    });

    [Fact]
    public Task Refusals_name_the_rule_and_the_figures() => RunAsync(async (world, tenant, lane) =>
    {
        var claim = await tenant.BudgetAsync(1_500_000_000);
        var refused = (LedgerOutcome.Refused)await lane.ReserveAsync(tenant.Reserve(1_500_000_001, claim));
        await lane.RecordAsync(new RefusalRecord
        {
            OrganizationId = tenant.OrganizationId,
            RequestId = Guid.CreateVersion7(),
            KeyId = tenant.KeyId,
            RefusedAt = Micros,
            Route = "chat.completions",
            Refusal = refused.Refusal,
        });
        var row = await RowAsync(world, "SELECT * FROM reporting.refusals");
        (row["code"], row["policy"], row["budget"], row["actor"]).Should().Be(("budget_exceeded", "cap-budget-0", "budget-0", "employee/ada"));
        (row["limit_usd"], row["needed_usd"], row["settled_usd"]).Should().Be((1.5m, 1.500000001m, 0m));
        (row["refused_at"], row["window_ends_at"]).Should().Be((Instant, null));
    });

    [Fact]
    public Task Prices_are_dollars_per_million() => RunAsync(async (world, tenant, _) =>
    {
        await world.ExecuteAsync(
            """
            INSERT INTO prices (organization_id, price_id, provider, model, input_rate, cached_input_rate, cache_write_rate,
                output_rate, tier_percents, effective_from, recorded_at, source, changed_epoch)
            VALUES (@OrganizationId, @OrganizationId, 'openai', 'gpt-6-sol', 2500000000, 250000001, 0, 10000000000, '{"flex":50}',
                @Micros, 0, 'test', 1)
            """, new { tenant.OrganizationId, Micros });
        var row = await RowAsync(world, "SELECT *, tier_percents ->> 'flex' AS flex FROM reporting.prices");
        (row["input_usd"], row["cached_input_usd"], row["output_usd"], row["long_input_usd"]).Should().Be((2.5m, 0.250000001m, 10m, null));
        (row["flex"], row["effective_from"]).Should().Be(("50", Instant));
    });

    [Theory]
    [InlineData(0, "1970-01-01 00:00:00+00")]
    [InlineData(-1, "1969-12-31 23:59:59.999999+00")]
    [InlineData(1_700_000_000_123_457, "2023-11-14 22:13:20.123457+00")]
    [InlineData(4_102_444_799_999_999, "2099-12-31 23:59:59.999999+00")]
    [InlineData(9_007_199_254_740_993, "2255-06-05 23:47:34.740993+00")]
    [InlineData(long.MaxValue, null)]
    public Task Instants_are_exact_to_the_microsecond(long micros, string? expected) => RunAsync(async (world, _, _) =>
        (await ListAsync(world, $"SELECT to_char(reporting.instant({micros}) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"))[0]
            .Should().Be(expected is null ? null : expected.Replace("+00", expected.Contains('.') ? "" : ".000000")));

    private static async Task<ReserveCommand> SpendAsync(Tenant tenant, Storage.Ledger.LedgerLane lane)
    {
        var (first, second) = (await tenant.BudgetAsync(2_000_000_000), await tenant.BudgetAsync(2_000_000_000));
        var held = At(tenant.Reserve(1_000_000_000, second, first));
        await lane.ReserveAsync(held);
        (await lane.EndAsync(Settle(held, 123_456_789))).Should().BeOfType<LedgerOutcome.Ended>();
        return held;
    }

    private static ReserveCommand At(ReserveCommand command) =>
        command with { Reservation = command.Reservation with { ReservedAt = Micros } };

    private static Task RunAsync(Func<LedgerWorld, Tenant, Storage.Ledger.LedgerLane, Task> test) =>
        LedgerWorld.RunAsync(DatabaseEngine.Postgres, (world, tenant) => test(world, tenant, world.OpenLane()));

    private static async Task<IDictionary<string, object?>> RowAsync(LedgerWorld world, string sql)
    {
        await using var connection = await world.Database.ConnectAsync(TestContext.Current.CancellationToken);
        return (IDictionary<string, object?>)await connection.QuerySingleAsync(sql);
    }

    private static async Task<List<string?>> ListAsync(LedgerWorld world, string sql)
    {
        await using var connection = await world.Database.ConnectAsync(TestContext.Current.CancellationToken);
        return (await connection.QueryAsync<string?>(sql)).AsList();
    }
}
