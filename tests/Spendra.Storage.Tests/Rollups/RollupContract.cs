using Microsoft.Extensions.Time.Testing;
using Spendra.Storage.Outbox;
using Spendra.Storage.Rollups;
using Spendra.Storage.Tests.Ledger;

namespace Spendra.Storage.Tests.Rollups;

/// <summary>Rollups are the ledger added up: by whomever, however often interrupted, from the outbox or from nothing.</summary>
public abstract class RollupContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task What_was_taken_in_adds_up_to_the_ledger_and_so_does_what_was_rebuilt() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(1_000_000);
        var lane = world.OpenLane();
        var positions = RollupWorld.Positions(world);
        await RollupWorld.SpendAsync(tenant, lane, cap, 90);
        await RollupWorld.TakeAllAsync(world, positions);
        await RollupWorld.SpendAsync(tenant, lane, cap, 70);
        await RollupWorld.TakeAllAsync(world, positions);
        await RollupWorld.ShouldAddUpAsync(world, tenant);
        var taken = await RollupWorld.DumpAsync(world);

        // Whatever stood there before.
        await world.ExecuteAsync("UPDATE usage_rollups SET cost_nanos = cost_nanos + 1, requests = 7");
        await world.ExecuteAsync("UPDATE usage_rollups SET starts_at = starts_at - 3600000000 WHERE releases > 0 AND span = 0 AND starts_at = (SELECT min(starts_at) FROM usage_rollups WHERE releases > 0 AND span = 0)");
        await world.ExecuteAsync("DELETE FROM latency_rollups");
        (await new RollupRebuild(world.Database, positions).RunAsync(tenant.OrganizationId, progress: null, Cancel)).Should().BeTrue();
        (await RollupWorld.DumpAsync(world)).Should().Equal(taken);
        // Each hour in a transaction of its own.
        await world.ExecuteAsync("UPDATE usage_rollups SET requests = 8");
        var byHours = new RollupRebuild(world.Database, positions) { RowsAtOnce = 1 };
        (await byHours.RunAsync(tenant.OrganizationId, progress: null, Cancel)).Should().BeTrue();
        (await RollupWorld.DumpAsync(world)).Should().Equal(taken);
        (await positions.HoldAsync(tenant.OrganizationId, Cancel))!.IsBehind.Should().BeFalse("a rebuild has counted what waited");
    });

    [Fact]
    public Task Nothing_is_counted_twice_whoever_takes_in_what_and_is_stopped_when() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        Tenant[] tenants = [tenant, await world.AddTenantAsync()];
        var lane = world.OpenLane();
        // Holds end at once: every worker may take every position from every other.
        var workers = Enumerable.Range(1, 4).Select(seed => WorkAsync(world, seed)).ToArray();
        foreach (var one in tenants) await RollupWorld.SpendAsync(one, lane, await one.BudgetAsync(1_000_000), 120);
        await Task.WhenAll(workers);
        await RollupWorld.TakeAllAsync(world, RollupWorld.Positions(world, new LateTime()), new LateTime());
        foreach (var one in tenants) await RollupWorld.ShouldAddUpAsync(world, one);
    });

    [Fact]
    public Task Row_that_cannot_be_taken_in_holds_up_nothing_is_tried_again_and_dies() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        await RollupWorld.SpendAsync(tenant, lane, await tenant.BudgetAsync(1_000_000), 30);
        var sequence = await world.ScalarAsync<long>("SELECT min(sequence) FROM outbox WHERE topic = 'spend' AND event_number = 0");
        await world.ExecuteAsync("UPDATE outbox SET topic = 'unknown' WHERE sequence = @sequence", new { sequence });
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var positions = RollupWorld.Positions(world, time);
        var intake = new RollupIntake(world.Database, positions, time);

        await RollupWorld.TakeAllAsync(world, positions, time);

        (await positions.HoldAsync(tenant.OrganizationId, Cancel))!.IsBehind.Should().BeFalse();
        (await FailuresAsync()).Should().ContainSingle().Which.Should().BeEquivalentTo(new { Sequence = sequence, Attempts = 1, IsDead = false, Topic = "unknown" });
        (await intake.RetryAsync(tenant.OrganizationId, 10, Cancel)).Should().Be(0, "it is not due");
        for (var attempt = 2; attempt <= OutboxFailures.MostAttempts; attempt++)
        {
            time.Advance(TimeSpan.FromMinutes(30));
            (await intake.RetryAsync(tenant.OrganizationId, 10, Cancel)).Should().Be(1);
            (await FailuresAsync()).Should().ContainSingle().Which.Attempts.Should().Be(attempt);
        }
        (await FailuresAsync())[0].IsDead.Should().BeTrue();
        (await OutboxPositions.ReadLagAsync(world.Database, RollupIntake.Consumer, Cancel)).Dead.Should().Be(1);
        time.Advance(TimeSpan.FromDays(1));
        (await intake.RetryAsync(tenant.OrganizationId, 10, Cancel)).Should().Be(0, "the dead are not tried again by themselves");

        await world.ExecuteAsync("UPDATE outbox SET topic = 'spend' WHERE sequence = @sequence", new { sequence });
        await AgainAsync(world, tenant, sequence, Micros.Now(time));
        (await intake.RetryAsync(tenant.OrganizationId, 10, Cancel)).Should().Be(1);
        (await FailuresAsync()).Should().BeEmpty();
        await RollupWorld.ShouldAddUpAsync(world, tenant);

        Task<IReadOnlyList<OutboxFailure>> FailuresAsync() => OutboxFailures.ListAsync(world.Database, tenant.OrganizationId, 0, 10, Cancel);
    });

    [Fact]
    public Task Rebuild_goes_on_past_rows_that_it_cannot_read_and_each_counts_once_when_it_can_be_read_again() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 60);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var positions = RollupWorld.Positions(world, time);
        var intake = new RollupIntake(world.Database, positions, time);
        await RollupWorld.TakeAllAsync(world, positions, time);
        var spent = await world.ScalarAsync<Guid>("SELECT reservation_id FROM spend_events WHERE cost_nanos > 0 AND event_number = 0 ORDER BY reservation_id LIMIT 1");
        var sequence = await world.ScalarAsync<long>("SELECT sequence FROM outbox WHERE topic = 'spend' AND subject_id = @spent AND event_number = 0", new { spent });
        var units = await world.ScalarAsync<string?>("SELECT other_units FROM spend_events WHERE reservation_id = @spent AND event_number = 0", new { spent });
        await world.ExecuteAsync("UPDATE spend_events SET other_units = 'damaged' WHERE reservation_id = @spent AND event_number = 0", new { spent });

        (await new RollupRebuild(world.Database, positions).RunAsync(tenant.OrganizationId, progress: null, Cancel)).Should().BeTrue();

        (await FailuresAsync()).Should().ContainSingle().Which.Should().BeEquivalentTo(new { Sequence = sequence, Attempts = 1, IsDead = false, Topic = "spend" });
        time.Advance(TimeSpan.FromMinutes(1));
        (await intake.RetryAsync(tenant.OrganizationId, 10, Cancel)).Should().Be(1);
        (await FailuresAsync()).Should().ContainSingle().Which.Attempts.Should().Be(2, "it is damaged still");
        (await new RollupRebuild(world.Database, positions).RunAsync(tenant.OrganizationId, progress: null, Cancel)).Should().BeTrue();
        (await FailuresAsync()).Should().ContainSingle().Which.Attempts.Should().Be(1, "it was read anew");

        await world.ExecuteAsync("UPDATE spend_events SET other_units = @units WHERE reservation_id = @spent AND event_number = 0", new { spent, units });
        time.Advance(TimeSpan.FromMinutes(1));
        (await intake.RetryAsync(tenant.OrganizationId, 10, Cancel)).Should().Be(1);
        (await intake.RetryAsync(tenant.OrganizationId, 10, Cancel)).Should().Be(0);
        (await FailuresAsync()).Should().BeEmpty();
        await RollupWorld.ShouldAddUpAsync(world, tenant);

        Task<IReadOnlyList<OutboxFailure>> FailuresAsync() => OutboxFailures.ListAsync(world.Database, tenant.OrganizationId, 0, 10, Cancel);
    });

    [Fact]
    public Task Rebuild_that_was_stopped_is_known_as_such_and_begins_anew() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 300);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var positions = RollupWorld.Positions(world, time);
        await RollupWorld.TakeAllAsync(world, positions, time);
        using var stop = new CancellationTokenSource();
        var rebuild = async () => await new RollupRebuild(world.Database, positions).RunAsync(
            tenant.OrganizationId, new Stopping(stop), stop.Token);
        await rebuild.Should().ThrowAsync<OperationCanceledException>();

        var others = RollupWorld.Positions(world, time);
        (await others.HoldAsync(tenant.OrganizationId, Cancel)).Should().BeNull("whoever began holds it for a while");
        (await others.SeizeAsync(tenant.OrganizationId, Cancel)).Should().BeNull("a rebuild is not taken from whoever runs it");
        time.Advance(TimeSpan.FromMinutes(1));
        (await others.ListBehindAsync(Cancel)).Should().ContainSingle().Which.IsRebuilding.Should().BeTrue();
        (await new RollupRebuild(world.Database, others).RunAsync(tenant.OrganizationId, progress: null, Cancel)).Should().BeTrue();
        await RollupWorld.ShouldAddUpAsync(world, tenant);
        (await others.ListBehindAsync(Cancel)).Should().BeEmpty();
    });

    [Fact]
    public Task Rebuild_takes_the_position_from_whoever_reads_and_that_one_writes_nothing_more() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 40);
        var reader = RollupWorld.Positions(world);
        await reader.ListBehindAsync(Cancel);
        var position = await reader.HoldAsync(tenant.OrganizationId, Cancel);
        (await new RollupRebuild(world.Database, RollupWorld.Positions(world)).RunAsync(tenant.OrganizationId, progress: null, Cancel)).Should().BeTrue();

        (await new RollupIntake(world.Database, reader, TimeProvider.System).TakeAsync(position!, Cancel)).Should().BeNull();
        await RollupWorld.ShouldAddUpAsync(world, tenant);
    });

    [Fact]
    public Task Traffic_after_a_quiet_time_is_read_in_small_pieces() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        const int Few = 10;
        var lane = world.OpenLane();
        var cap = await tenant.BudgetAsync(1_000_000);
        // Each of these is alone in what is read with it, so that more is read with the next.
        for (var months = 9; months > 0; months--) await RollupWorld.SpendAsync(tenant, lane, cap, 1, hoursAgo: months * 30 * 24);
        await RollupWorld.SpendAsync(tenant, lane, cap, 200);
        var pieces = new Pieces();
        (await new RollupRebuild(world.Database, RollupWorld.Positions(world)) { FewAtOnce = Few }.RunAsync(tenant.OrganizationId, pieces, Cancel)).Should().BeTrue();
        pieces.Sizes.Should().OnlyContain(size => size <= 4 * Few).And.Contain(size => size > Few, "and not in the smallest");
        await RollupWorld.ShouldAddUpAsync(world, tenant);
    });

    [Fact]
    public Task Row_that_failed_and_is_tried_again_while_all_is_rebuilt_is_counted_once() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 60);
        var sequence = await world.ScalarAsync<long>("""
            SELECT o.sequence FROM outbox o JOIN spend_events s ON s.reservation_id = o.subject_id AND s.event_number = o.event_number
            WHERE o.topic = 'spend' AND s.cost_nanos > 0 ORDER BY s.reserved_at LIMIT 1
            """);
        await world.ExecuteAsync("UPDATE outbox SET topic = 'unknown' WHERE sequence = @sequence", new { sequence });
        var reader = RollupWorld.Positions(world);
        var intake = new RollupIntake(world.Database, reader, TimeProvider.System);
        await RollupWorld.TakeAllAsync(world, reader);
        await AgainAsync(world, tenant, sequence, 0);
        var begun = RollupWorld.Positions(world);
        (await begun.SeizeAsync(tenant.OrganizationId, Cancel)).Should().NotBeNull();
        (await intake.RetryAsync(tenant.OrganizationId, 10, Cancel)).Should().Be(1);
        (await FailuresAsync()).Should().ContainSingle().Which.Attempts.Should().Be(1, "who rebuilds has the say now, and forgets what failed");
        await world.ExecuteAsync("UPDATE outbox SET topic = 'spend' WHERE sequence = @sequence", new { sequence });

        // The oldest hours have been written by the time that the last ones have been read.
        var rebuild = new RollupRebuild(world.Database, begun) { RowsAtOnce = 1 };
        var tries = 0;
        (await rebuild.RunAsync(tenant.OrganizationId, new AtTheEnd(async () => tries += await intake.RetryAsync(tenant.OrganizationId, 10, Cancel)), Cancel))
            .Should().BeTrue();

        tries.Should().Be(1);
        await RollupWorld.ShouldAddUpAsync(world, tenant);
        (await FailuresAsync()).Should().BeEmpty();

        Task<IReadOnlyList<OutboxFailure>> FailuresAsync() => OutboxFailures.ListAsync(world.Database, tenant.OrganizationId, 0, 10, Cancel);
    });

    [Fact]
    public Task Position_that_was_seized_or_has_moved_on_is_written_by_nobody_who_read_before() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        await RollupWorld.SpendAsync(tenant, world.OpenLane(), await tenant.BudgetAsync(1_000_000), 10);
        var reader = RollupWorld.Positions(world);
        var intake = new RollupIntake(world.Database, reader, TimeProvider.System);
        var held = (await reader.HoldAsync(tenant.OrganizationId, Cancel))!;
        (await RollupWorld.Positions(world).SeizeAsync(tenant.OrganizationId, Cancel)).Should().NotBeNull();
        (await intake.TakeAsync(held, Cancel)).Should().BeNull("another begins anew, and has written nothing yet");
        (await world.ScalarAsync<long>("SELECT count(*) FROM usage_rollups")).Should().Be(0);

        await world.ExecuteAsync("UPDATE outbox_positions SET held_until = 0");
        var again = (await reader.HoldAsync(tenant.OrganizationId, Cancel))!;
        (await intake.TakeAsync(again, Cancel)).Should().NotBeNull();
        (await intake.TakeAsync(again, Cancel)).Should().BeNull("it has taken these rows in already");
        await RollupWorld.ShouldAddUpAsync(world, tenant);
    });

    [Fact]
    public Task Hold_lasts_as_long_as_the_work_it_is_kept_for() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var positions = RollupWorld.Positions(world, time);
        await positions.HoldAsync(tenant.OrganizationId, Cancel);
        await using (positions.Keep(tenant.OrganizationId))
        {
            for (var turn = 0; turn < 5; turn++)
            {
                var until = await HeldUntilAsync();
                time.Advance(TimeSpan.FromSeconds(5));
                while (await HeldUntilAsync() == until) Cancel.ThrowIfCancellationRequested();
            }
        }
        (await RollupWorld.Positions(world, time).HoldAsync(tenant.OrganizationId, Cancel)).Should().BeNull("it was kept for longer than a hold lasts");
        time.Advance(TimeSpan.FromSeconds(16));
        (await RollupWorld.Positions(world, time).HoldAsync(tenant.OrganizationId, Cancel)).Should().NotBeNull("nobody keeps it any more");

        Task<long> HeldUntilAsync() => world.ScalarAsync<long>("SELECT held_until FROM outbox_positions");
    });

    private static async Task AgainAsync(LedgerWorld world, Tenant tenant, long sequence, long now)
    {
        (await OutboxFailures.RetryAsync(world.Database, tenant.OrganizationId, sequence, now, Cancel)).Should().BeTrue();
        (await OutboxFailures.RetryAsync(world.Database, tenant.OrganizationId, sequence + 1, now, Cancel)).Should().BeFalse();
    }

    /// <summary>A worker whose every step is stopped at some moment, or not at all.</summary>
    private static async Task WorkAsync(LedgerWorld world, int seed)
    {
        var random = new Random(seed);
        var positions = RollupWorld.Positions(world, new LateTime());
        var intake = new RollupIntake(world.Database, positions, TimeProvider.System);
        for (var round = 0; round < 40; round++)
        {
            using var kill = new CancellationTokenSource();
            if (random.Next(2) == 0) kill.CancelAfter(TimeSpan.FromMilliseconds(random.Next(1, 30)));
            try
            {
                foreach (var behind in await positions.ListBehindAsync(kill.Token))
                {
                    if (await positions.HoldAsync(behind.OrganizationId, kill.Token) is not { } position) continue;
                    var few = position with { LastSequence = Math.Min(position.LastSequence, position.Sequence + random.Next(1, 20)) };
                    await intake.TakeAsync(few, kill.Token);
                }
            }
            catch (OperationCanceledException)
            {
                // Killed: what was not committed has not happened.
            }
        }
    }

    /// <summary>Runs an hour ahead with each look, so that nobody's hold lasts.</summary>
    private sealed class LateTime : TimeProvider
    {
        private static long _hours;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow.AddHours(Interlocked.Increment(ref _hours));
    }

    private sealed class AtTheEnd(Func<Task> act) : IProgress<RebuildProgress>
    {
        public void Report(RebuildProgress value)
        {
            if (value.Done == value.Total) act().GetAwaiter().GetResult();
        }
    }

    private sealed class Pieces : IProgress<RebuildProgress>
    {
        private long _done;

        public List<long> Sizes { get; } = [];

        public void Report(RebuildProgress value)
        {
            Sizes.Add(value.Done - _done);
            _done = value.Done;
        }
    }

    private sealed class Stopping(CancellationTokenSource stop) : IProgress<RebuildProgress>
    {
        public void Report(RebuildProgress value) => stop.Cancel();
    }
}

public sealed class RollupOnSqliteTests() : RollupContract(DatabaseEngine.Sqlite);

public sealed class RollupOnPostgresTests() : RollupContract(DatabaseEngine.Postgres);
