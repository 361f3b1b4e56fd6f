using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>A closing lane writes what it has taken and takes no more; a full or silent one says so.</summary>
public abstract class ClosingContract(DatabaseEngine engine)
{
    [Fact]
    public Task Closing_writes_every_ending_that_was_taken() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(10_000);
        var lane = world.OpenLane(new LaneOptions { MaxBatch = 32 });
        var held = Enumerable.Range(0, 300).Select(_ => tenant.Reserve(1, cap)).ToArray();
        await Task.WhenAll(held.Select(lane.ReserveAsync));

        var endings = held.Select(h => lane.EndAsync(Settle(h, 1))).ToArray();
        await lane.DisposeAsync();
        (await Task.WhenAll(endings)).Should().AllBeOfType<LedgerOutcome.Ended>();
        (await world.CountAsync("spend_events")).Should().Be(300);
        (await world.CountAsync("open_reservations")).Should().Be(0);
    });

    [Fact]
    public Task Closed_lane_takes_nothing() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        var command = tenant.Reserve(1, await tenant.BudgetAsync(10));
        await lane.DisposeAsync();
        await lane.DisposeAsync();

        await lane.Invoking(l => l.ReserveAsync(command)).Should().ThrowAsync<LedgerUnavailableException>();
        await lane.Invoking(l => l.EndAsync(Release(command))).Should().ThrowAsync<LedgerUnavailableException>();
        await lane.Invoking(l => l.BeatAsync(Guid.CreateVersion7(), 1, 1)).Should().ThrowAsync<LedgerUnavailableException>();
        (await world.CountAsync("open_reservations")).Should().Be(0);
    });

    [Fact]
    public Task Closing_gives_up_on_a_database_that_stays_away() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var held = tenant.Reserve(1, await tenant.BudgetAsync(10));
        var (lane, gated) = world.OpenGatedLane(new LaneOptions
        {
            Patience = TimeSpan.Zero,
            FirstRetryDelay = TimeSpan.FromSeconds(30),
            DrainTimeout = TimeSpan.FromMilliseconds(50),
        });
        await lane.ReserveAsync(held);
        gated.LoseAtBegin();
        var settled = lane.EndAsync(Settle(held, 1));
        await lane.DisposeAsync();

        await FluentActions.Awaiting(() => settled).Should().ThrowAsync<LedgerUnavailableException>();
        (await world.CountAsync("open_reservations")).Should().Be(1, "the sweep ends it");
    });

    [Fact]
    public Task Full_queue_turns_further_reservations_away() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var (lane, gated) = world.OpenGatedLane(new LaneOptions { MaxQueuedReservations = 3, Patience = TimeSpan.Zero });
        for (var round = 0; round < 2; round++)
        {
            var gate = gated.HoldBegin();
            var first = lane.ReserveAsync(tenant.Reserve(1, cap));
            await gate.Reached;
            var queued = Enumerable.Range(0, 3).Select(_ => lane.ReserveAsync(tenant.Reserve(1, cap))).ToArray();
            (await lane.Invoking(l => l.ReserveAsync(tenant.Reserve(1, cap))).Should().ThrowAsync<LedgerUnavailableException>())
                .WithMessage("*too many*");
            gate.Open();
            (await Task.WhenAll([first, .. queued])).Should().AllBeOfType<LedgerOutcome.Admitted>();
        }
        (await world.TotalsAsync(cap.WindowId)).Reserved.Should().Be(8);
    });

    [Fact]
    public Task Reservation_whose_caller_gave_up_is_given_back() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var (lane, gated) = world.OpenGatedLane(new LaneOptions
        {
            Patience = TimeSpan.Zero,
            ReserveTimeout = TimeSpan.FromMilliseconds(40),
        });
        var gate = gated.HoldCommit();
        var decided = tenant.Reserve(100, cap);
        var waiting = lane.ReserveAsync(decided);
        await gate.Reached;
        var queued = lane.ReserveAsync(tenant.Reserve(100, cap));
        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<LedgerUnavailableException>().WithMessage("*in time*");
        await FluentActions.Awaiting(() => queued).Should().ThrowAsync<LedgerUnavailableException>();
        gate.Open();
        await lane.DisposeAsync();

        (await world.ScalarAsync<string>("SELECT reason FROM released_reservations")).Should().Contain("never sent");
        (await world.TotalsAsync(cap.WindowId)).Should().Be((0, 0));
    });

    [Fact]
    public Task Reservations_are_not_ended_through_the_wrong_door() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var reserve = tenant.Reserve(1, await tenant.BudgetAsync(10));
        await world.OpenLane().Invoking(l => l.EndAsync(reserve)).Should().ThrowAsync<ArgumentException>();
    });
}

public sealed class ClosingOnSqliteTests() : ClosingContract(DatabaseEngine.Sqlite);

public sealed class ClosingOnPostgresTests() : ClosingContract(DatabaseEngine.Postgres);
