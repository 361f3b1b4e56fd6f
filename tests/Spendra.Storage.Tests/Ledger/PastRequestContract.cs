using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>What was booked, as changed rules are tried on it.</summary>
public abstract class PastRequestContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Requests_come_in_order_with_what_they_cost_in_all() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        var window = await tenant.BudgetAsync(1_000);
        ReserveCommand[] held = [Made(tenant.Reserve(30, window), 0), Made(tenant.Reserve(20, window), 1), Made(tenant.Reserve(10, window), 2)];
        foreach (var command in held) (await lane.ReserveAsync(command)).Should().BeOfType<LedgerOutcome.Admitted>();
        await lane.EndAsync(Tenant.Settle(held[2], 3));
        await lane.EndAsync(Tenant.Settle(held[0], 1));
        await lane.EndAsync(Tenant.Settle(held[1], 2));
        await lane.EndAsync(Tenant.Adjust(held[0], 5));
        await lane.EndAsync(Tenant.Adjust(held[0], -2));

        var past = await PastRequests.ReadAsync(world.Database, tenant.OrganizationId, 0, Cancel);

        past.IsCut.Should().BeFalse();
        past.Requests.Select(r => (r.RequestId, r.Cost.Value, r.Bound.Value)).Should().Equal(
            (held[0].ReservationId, 4, 30), (held[1].ReservationId, 2, 20), (held[2].ReservationId, 3, 10));
        past.Requests[0].Should().BeEquivalentTo(new
        {
            tenant.KeyId, held[0].Reservation.ScopeIds, Provider = "openai", Model = "gpt-6-sol", BoundOutput = 50L, held[0].Reservation.ReservedAt,
        });
    });

    [Fact]
    public Task The_newest_come_when_there_are_too_many_and_none_from_before_the_time() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var lane = world.OpenLane();
        var window = await tenant.BudgetAsync(1_000);
        ReserveCommand[] held = [.. Enumerable.Range(0, 4).Select(i => Made(tenant.Reserve(10, window), i))];
        foreach (var command in held)
        {
            await lane.ReserveAsync(command);
            await lane.EndAsync(Tenant.Settle(command, 1));
        }

        var cut = await PastRequests.ReadAsync(world.Database, tenant.OrganizationId, 0, Cancel, mostEvents: 2);
        cut.IsCut.Should().BeTrue();
        cut.Requests.Select(r => r.RequestId).Should().Equal(held[2].ReservationId, held[3].ReservationId);
        (await PastRequests.ReadAsync(world.Database, tenant.OrganizationId, 0, Cancel, mostEvents: 4)).IsCut.Should().BeFalse();

        var from = held[0].Reservation.ReservedAt;
        (await PastRequests.ReadAsync(world.Database, tenant.OrganizationId, from + 3_600_000_000, Cancel)).Requests.Should().BeEmpty();
        (await PastRequests.ReadAsync(world.Database, tenant.OrganizationId, from - 1_000, Cancel)).Requests.Should().HaveCount(4);
        (await PastRequests.ReadAsync(world.Database, Guid.CreateVersion7(), 0, Cancel)).Requests.Should().BeEmpty();
    });

    /// <summary>The command as if it had been made some milliseconds later, and its id of that instant.</summary>
    private static ReserveCommand Made(ReserveCommand command, int laterMs)
    {
        var at = command.Reservation.ReservedAt + laterMs * 1_000;
        return new ReserveCommand(
            command.Reservation with { ReservationId = Guid.CreateVersion7(Micros.ToInstant(at)), ReservedAt = at }, command.Claims);
    }

    [Fact]
    public void The_first_id_of_an_instant_is_not_above_any_that_was_made_then()
    {
        var at = new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

        var first = PastRequests.FirstIdAt(Micros.Of(at));

        for (var i = 0; i < 100; i++) first.CompareTo(Guid.CreateVersion7(at)).Should().BeNegative();
        first.CompareTo(Guid.CreateVersion7(at.AddMilliseconds(-1))).Should().BePositive();
        PastRequests.FirstIdAt(0).Should().Be(Guid.Empty);
    }
}

public sealed class SqlitePastRequestTests() : PastRequestContract(DatabaseEngine.Sqlite);

public sealed class PostgresPastRequestTests() : PastRequestContract(DatabaseEngine.Postgres);
