using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Control.Alerts;
using Spendra.Core.Rollups;
using Spendra.Storage;
using Spendra.Storage.Alerts;

namespace Spendra.Control.Tests.Alerts;

/// <summary>What rollups tell is raised: an hour that is far above the usual, refusals likewise, and rollups that are behind.</summary>
public abstract class ActivityContract(DatabaseEngine engine)
{
    private const long Hour = 3_600_000_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_hour_that_runs_wild_is_told_and_so_is_its_end()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        var hour = RollupSpans.StartOf(RollupSpan.Hour, Micros.Now(world.Time));
        // Two dollars an hour for two days; a team without any of it is not named.
        for (var ago = 1; ago <= 48; ago++) await SpendAsync(world, hour - ago * Hour, 2_000_000_000 + ago);
        await SpendAsync(world, hour, 2_500_000_000);
        await LookAsync(world);
        (await OpenAsync(world)).Should().BeEmpty("half a dollar more is nothing");

        await world.Api.Store.ExecuteAsync($"UPDATE usage_rollups SET cost_nanos = 90000000000 WHERE starts_at = {hour}");
        await LookAsync(world);
        (await OpenAsync(world)).Should().Equal("burn_rate organization/acme spends far more in an hour than usual");

        await world.Api.Store.ExecuteAsync($"UPDATE usage_rollups SET cost_nanos = 2000000000 WHERE starts_at = {hour}");
        await LookAsync(world);
        (await OpenAsync(world)).Should().BeEmpty();
    }

    [Fact]
    public async Task What_runs_wild_over_the_turn_of_hours_is_told_once_and_not_missed()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        var hour = RollupSpans.StartOf(RollupSpan.Hour, Micros.Now(world.Time)) + 2 * Hour;
        for (var ago = 2; ago <= 48; ago++) await SpendAsync(world, hour - ago * Hour, 2_000_000_000 + ago);
        // In the last seconds of an hour: nobody looks before the next one.
        await SpendAsync(world, hour - Hour, 90_000_000_000);
        await LookAtAsync(hour);
        (await OpenAsync(world)).Should().Equal("burn_rate organization/acme spends far more in an hour than usual");

        // It goes on, and that an hour has only just begun does not end it.
        await SpendAsync(world, hour, 80_000_000_000);
        await LookAtAsync(hour + 30 * 60_000_000L);
        await LookAtAsync(hour + Hour);
        await SpendAsync(world, hour + Hour, 2_000_000_000);
        await LookAtAsync(hour + Hour + 59 * 60_000_000L);
        (await world.Finance.GetAsync("/alerts")).Items("state").Should().Equal("open");

        // After a whole hour of peace.
        await LookAtAsync(hour + 2 * Hour);
        (await world.Finance.GetAsync("/alerts")).Items("state").Should().Equal("resolved");

        Task LookAtAsync(long at)
        {
            world.Time.SetUtcNow(Micros.ToInstant(at).AddSeconds(-50));
            return LookAsync(world);
        }
    }

    [Fact]
    public async Task Refusals_that_pile_up_are_told_of_whoever_is_known_for_a_day()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        var hour = RollupSpans.StartOf(RollupSpan.Hour, Micros.Now(world.Time));
        await SpendAsync(world, hour - 20 * Hour, 1);
        await world.Api.Store.ExecuteAsync($"""
            INSERT INTO refusal_rollups (organization_id, span, starts_at, subject_id, series_id, code, refusals)
            SELECT organization_id, 0, {hour}, organization_id, organization_id, 'budget_exceeded', 5000 FROM organizations
            """);
        await LookAsync(world);
        (await OpenAsync(world)).Should().BeEmpty("nobody knows yet what is usual");
        await SpendAsync(world, hour - 30 * Hour, 1);
        await LookAsync(world);
        (await OpenAsync(world)).Should().Equal("unusual_refusals Far more requests of organization/acme are refused than usual");
    }

    [Fact]
    public async Task Rollups_that_are_behind_are_told_for_their_organization_alone()
    {
        await using var world = await AlertWorld.StartAsync(engine);
        await world.Api.ApplyAsync(Files.Acme.Replace("slug: acme", "slug: other", StringComparison.Ordinal));
        var old = Micros.Now(world.Time) - 5 * 60_000_000;
        await world.Api.Store.ExecuteAsync($"""
            INSERT INTO outbox (organization_id, sequence, topic, subject_id, event_number, created_at)
            SELECT organization_id, 1, 'spend', organization_id, 0, {old} FROM organizations WHERE slug = 'acme'
            """);
        await world.Api.Store.ExecuteAsync("UPDATE organizations SET outbox_sequence = 1 WHERE slug = 'acme'");
        await world.Api.Store.ExecuteAsync($"""
            INSERT INTO outbox_positions (organization_id, consumer, sequence, holder_id, held_until, is_rebuilding)
            SELECT organization_id, 'rollups', 0, NULL, 0, (1 = 0) FROM organizations
            """);
        await LookAsync(world);
        (await OpenAsync(world)).Should().ContainSingle().Which.Should().StartWith("outbox_lag Rollups and alerts are");
    }

    private static Task SpendAsync(AlertWorld world, long startsAt, long nanos) => world.Api.Store.ExecuteAsync($"""
        INSERT INTO usage_rollups (organization_id, span, starts_at, subject_id, series_id, requests, releases, cost_nanos, corrected_nanos,
            estimated_requests, estimated_nanos, measured_held_nanos, measured_nanos, input_units, cached_input_units, cache_write_units,
            output_units, reasoning_units)
        SELECT organization_id, 0, {startsAt}, organization_id, organization_id, 1, 0, {nanos}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM organizations
        """);

    private static async Task LookAsync(AlertWorld world)
    {
        world.Time.Advance(TimeSpan.FromMinutes(1));
        using var job = new ActivityJob(
            world.Api.Store.Database, new AlertBook(world.Api.Store.Database, world.Time), world.Time, NullLogger<ActivityJob>.Instance);
        await job.LookAsync(Cancel);
    }

    private static async Task<IReadOnlyList<string>> OpenAsync(AlertWorld world)
    {
        var list = await world.Finance.GetAsync("/alerts?state=open");
        return [.. list.Items("kind").Zip(list.Items("title"), (kind, title) => $"{kind} {title}")];
    }
}

public sealed class SqliteActivityTests() : ActivityContract(DatabaseEngine.Sqlite);

public sealed class PostgresActivityTests() : ActivityContract(DatabaseEngine.Postgres);
