using Spendra.Core.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>A command that cannot be written fails alone: those that shared its transaction succeed, and so do later ones.</summary>
public abstract class PoisonContract(DatabaseEngine engine)
{
    [Fact]
    public Task Value_that_breaks_a_constraint_fails_alone() => FailsAloneAsync((held, _) =>
        held with { Reservation = held.Reservation with { TierPercent = 0 } });

    [Fact]
    public Task Text_that_is_missing_fails_alone() => FailsAloneAsync((held, _) =>
        held with { Reservation = held.Reservation with { Model = null! } });

    // Fails in the middle of binding a row, not in the database.
    [Fact]
    public Task Row_that_cannot_be_bound_fails_alone() => FailsAloneAsync((held, _) =>
        held with { Reservation = held.Reservation with { ScopeIds = default } });

    [Fact]
    public Task Reservation_that_exists_already_fails_alone() => FailsAloneAsync((_, existing) => existing);

    [Fact]
    public Task Release_without_a_reason_fails_alone() => FailsAloneAsync((_, existing) => Release(existing, null!));

    [Fact]
    public Task Ending_with_windows_that_are_not_named_fails_alone() => FailsAloneAsync((_, existing) =>
        Release(existing) with { Windows = default });

    [Fact]
    public Task Command_of_an_organization_that_does_not_exist_fails_alone() => FailsAloneAsync((held, _) =>
        held with { OrganizationId = Guid.CreateVersion7(), Reservation = held.Reservation with { OrganizationId = Guid.CreateVersion7() } },
        isDecided: true);

    // Fails in the middle of reading a row, before anything is decided.
    [Fact]
    public Task Row_that_is_damaged_fails_alone() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(1_000);
        var (lane, gated) = world.OpenGatedLane();
        var (damaged, sound) = (tenant.Reserve(1, cap), tenant.Reserve(1, cap));
        await lane.ReserveAsync(damaged);
        await lane.ReserveAsync(sound);
        await SetWindowsAsync(world, damaged, damaged.Reservation.WindowIds[0].ToByteArray()[..5]);

        var gate = gated.HoldBegin();
        var first = lane.EndAsync(Release(tenant.Reserve(1, cap)));
        await gate.Reached;
        var endings = Task.WhenAll(lane.EndAsync(Settle(damaged, 1)), lane.EndAsync(Settle(sound, 1)));
        gate.Open();

        (await endings)[0].Should().BeOfType<LedgerOutcome.Failed>();
        (await endings)[1].Should().BeOfType<LedgerOutcome.Ended>();
        await first;
        await SetWindowsAsync(world, damaged, PackedIds.Pack(damaged.WindowIds));
        (await lane.EndAsync(Settle(damaged, 1))).Should().BeOfType<LedgerOutcome.Ended>("the row has been repaired");
    });

    /// <param name="poison">Makes the bad command of one that would be good and of one that is open already.</param>
    /// <param name="isDecided">True when the decision sees it: the batch need not be taken apart.</param>
    private Task FailsAloneAsync(Func<ReserveCommand, ReserveCommand, LedgerCommand> poison, bool isDecided = false) =>
        LedgerWorld.RunAsync(engine, async (world, tenant) =>
        {
            var cap = await tenant.BudgetAsync(1_000);
            var (lane, gated) = world.OpenGatedLane();
            var (existing, settled) = (tenant.Reserve(1, cap), tenant.Reserve(1, cap));
            await lane.ReserveAsync(existing);
            await lane.ReserveAsync(settled);

            var gate = gated.HoldBegin();
            var plug = lane.ReserveAsync(tenant.Reserve(1, cap));
            await gate.Reached;
            var mates = Enumerable.Range(0, 6).Select(_ => tenant.Reserve(1, cap)).ToArray();
            var before = mates.Take(3).Select(lane.ReserveAsync).ToArray();
            var poisoned = Send(poison(tenant.Reserve(1, cap), existing));
            var after = mates.Skip(3).Select(lane.ReserveAsync).ToArray();
            var ending = lane.EndAsync(Settle(settled, 1));
            gate.Open();

            (await poisoned).Should().BeOfType<LedgerOutcome.Failed>();
            (await Task.WhenAll([plug, .. before, .. after])).Should().AllBeOfType<LedgerOutcome.Admitted>();
            (await ending).Should().BeOfType<LedgerOutcome.Ended>();
            gated.Begun.Should().Equal([1, 1, 1, 8, .. Enumerable.Repeat(1, isDecided ? 0 : 8)],
                "the poison, six mates and the settlement shared a transaction, then each had its own, at the first attempt");
            (await lane.ReserveAsync(tenant.Reserve(1, cap))).Should().BeOfType<LedgerOutcome.Admitted>("the lane goes on");
            (await lane.EndAsync(Release(existing))).Should().BeOfType<LedgerOutcome.Ended>("what exists was not touched");

            Task<LedgerOutcome> Send(LedgerCommand command) =>
                command is ReserveCommand reserve ? lane.ReserveAsync(reserve) : lane.EndAsync(command);
        });

    private static Task<int> SetWindowsAsync(LedgerWorld world, ReserveCommand held, byte[] windows) => world.ExecuteAsync(
        "UPDATE open_reservations SET window_ids = @windows WHERE reservation_id = @id", new { windows, id = held.ReservationId });
}

public sealed class PoisonOnSqliteTests() : PoisonContract(DatabaseEngine.Sqlite);

public sealed class PoisonOnPostgresTests() : PoisonContract(DatabaseEngine.Postgres);
