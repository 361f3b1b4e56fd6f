using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Alerts;
using Spendra.Control.Tests.Api;
using Spendra.Core.Ledger;
using Spendra.Storage;
using Spendra.Storage.Alerts;
using Spendra.Storage.Ledger;

namespace Spendra.Control.Tests.Alerts;

/// <summary>What real spend, real prices and real doubts raise, on either engine.</summary>
public abstract class ConditionContract(DatabaseEngine engine)
{
    private const string Money = """
        organization: {slug: acme, name: Acme}
        teams: [{slug: search}]
        employees: [{slug: e1001, team: search}]
        budgets:
          - {slug: search-total, scope: team/search, amountUsd: 100, period: total}
          - {slug: search-soft, scope: team/search, amountUsd: 10, period: total}
        policies:
          - {slug: cap, kind: hard_cap, scope: team/search, budget: search-total}
          - {slug: soft, kind: soft_cap, scope: team/search, budget: search-soft}
          - {slug: steps, kind: alert, scope: team/search, budget: search-soft, thresholdsPercent: [50, 80]}
        keys: [{slug: ada, actor: employee/e1001}]
        """;

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Spend_raises_what_caps_and_thresholds_say_and_more_money_resolves_it()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        await world.Api.ApplyAsync(Money);
        await using var spending = new Spending(world.Api);
        await spending.SpendAsync("ada", "6");
        await LookAsync(world);
        (await OfSoftAsync(world)).Should().Equal("limit_threshold Budget search-soft has spent 50 % of its limit");

        await spending.SpendAsync("ada", "5");
        await LookAsync(world);
        await LookAsync(world);
        (await OfSoftAsync(world)).Should().BeEquivalentTo("limit_threshold Budget search-soft has spent 50 % of its limit",
            "limit_threshold Budget search-soft has spent 80 % of its limit", "soft_cap Budget search-soft has spent more than its soft cap soft lets it");
        (await world.Finance.GetAsync("/alerts?kind=soft_cap")).Items("scope").Should().Equal("team/search");

        await world.Api.ApplyAsync(Money.Replace("amountUsd: 10,", "amountUsd: 20,", StringComparison.Ordinal));
        await LookAsync(world);
        (await OfSoftAsync(world)).Should().Equal("limit_threshold Budget search-soft has spent 50 % of its limit");
    }

    [Fact]
    public async Task What_is_spent_at_the_end_of_a_window_is_told_after_it_and_what_is_booked_later_still()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        await world.Api.ApplyAsync(Money.Replace("amountUsd: 10, period: total}", "amountUsd: 10, period: day}", StringComparison.Ordinal));
        await using var spending = new Spending(world.Api);
        var held = await spending.HoldAsync("ada", "5");
        await spending.SpendAsync("ada", "7");
        await LookAsync(world);
        (await OfSoftAsync(world)).Should().Equal("limit_threshold Budget search-soft has spent 50 % of its limit");
        await spending.SpendAsync("ada", "2");
        var end = Micros.ToInstant(await world.Api.Store.ScalarAsync<long>("SELECT min(ends_at) FROM windows"));

        _time.SetUtcNow(end.AddSeconds(5));
        // What the budget becomes now is of the new window.
        await world.Api.Store.ExecuteAsync("UPDATE budgets SET amount_nanos = 4000000000 WHERE slug = 'search-soft'");
        await LookAsync(world);
        (await OfSoftAsync(world)).Should().BeEquivalentTo("limit_threshold Budget search-soft has spent 50 % of its limit", "limit_threshold Budget search-soft has spent 80 % of its limit");

        await using var lane = new LedgerLane(world.Api.Store.Database, new LaneOptions(), TimeProvider.System, NullLogger<LedgerLane>.Instance);
        await lane.EndAsync(new SettleCommand(held.OrganizationId, held.ReservationId, held.WindowIds, new Settlement
        {
            Cost = new(5_000_000_000), Usage = new() { Input = 1, Output = 1 }, UpstreamStatus = 200,
        }));
        await LookAsync(world);
        (await OfSoftAsync(world)).Should().Contain("soft_cap Budget search-soft has spent more than its soft cap soft lets it");

        _time.SetUtcNow(end.AddMinutes(30));
        await LookAsync(world);
        await LookAsync(world);
        (await OfSoftAsync(world)).Should().BeEmpty("it is over");
    }

    [Fact]
    public async Task What_is_only_held_raises_nothing()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        await world.Api.ApplyAsync(Money);
        await using var spending = new Spending(world.Api);
        await spending.HoldAsync("ada", "9");

        await LookAsync(world);

        (await OpenAsync(world)).Should().BeEmpty();
    }

    [Fact]
    public async Task Bookings_in_doubt_stand_until_they_are_known_and_prices_grow_old()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        await world.Api.ApplyAsync(Money);
        await using var spending = new Spending(world.Api);
        var held = await spending.HoldAsync("ada", "2");
        await using var lane = new LedgerLane(world.Api.Store.Database, new LaneOptions(), TimeProvider.System, NullLogger<LedgerLane>.Instance);
        await lane.EndAsync(new ExpireCommand(held.OrganizationId, held.ReservationId, held.WindowIds));
        await LookAsync(world);
        (await OpenAsync(world)).Should().Equal("in_doubt_settlements 1 request was booked at the bound, since nobody knows the cost");

        await lane.EndAsync(new SettleCommand(held.OrganizationId, held.ReservationId, held.WindowIds, new Settlement
        {
            Cost = new(1_000_000_000), Usage = new() { Input = 1, Output = 1 }, UpstreamStatus = 200,
        }));
        await LookAsync(world);
        (await OpenAsync(world)).Should().BeEmpty();

        _time.Advance(TimeSpan.FromDays(31));
        await LookAsync(world);
        (await OpenAsync(world)).Should().ContainSingle().Which.Should().StartWith("stale_catalog Nobody has looked for new prices in 31 days");
        await world.Api.Store.ExecuteAsync("""
            INSERT INTO price_sync_runs (organization_id, run_id, started_at, ended_at, source, outcome, prices_read)
            VALUES (@Acme, @id, 1, @now, 'test', 'unchanged', 1)
            """, new { world.Acme, id = Guid.CreateVersion7(), now = Micros.Now(_time) });
        await LookAsync(world);
        (await OpenAsync(world)).Should().BeEmpty();
    }

    [Fact]
    public async Task One_organization_that_cannot_be_looked_at_keeps_no_other_waiting()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        await world.Api.ApplyAsync(Money);
        await world.Api.ApplyAsync(Money.Replace("slug: acme", "slug: aardvark", StringComparison.Ordinal));
        await world.Api.Store.ExecuteAsync(
            "UPDATE budgets SET time_zone = 'Nowhere/Land' WHERE organization_id = (SELECT organization_id FROM organizations WHERE slug = 'aardvark')");
        await using var spending = new Spending(world.Api);
        await spending.SpendAsync("ada", "6");

        await LookAsync(world);

        (await OpenAsync(world)).Should().ContainSingle();
    }

    private async Task LookAsync(AlertWorld world)
    {
        _time.Advance(world.Options.LookInterval);
        var (database, book) = (world.Api.Store.Database, new AlertBook(world.Api.Store.Database, _time));
        using var job = new ConditionJob(database, book, new ConditionReader(database), world.Options, _time, NullLogger<ConditionJob>.Instance);
        await job.LookAsync(Cancel);
    }

    /// <summary>Whether other budgets will last depends on the day of the week.</summary>
    private static async Task<IReadOnlyList<string>> OfSoftAsync(AlertWorld world) =>
        [.. (await OpenAsync(world)).Where(alert => alert.Contains("search-soft", StringComparison.Ordinal))];

    private static async Task<IReadOnlyList<string>> OpenAsync(AlertWorld world)
    {
        var list = await world.Finance.GetAsync("/alerts?state=open");
        return [.. list.Items("kind").Zip(list.Items("title"), (kind, title) => $"{kind} {title}")];
    }
}

public sealed class SqliteConditionTests() : ConditionContract(DatabaseEngine.Sqlite);

public sealed class PostgresConditionTests() : ConditionContract(DatabaseEngine.Postgres);
