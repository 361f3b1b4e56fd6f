using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>A connection lost around a commit is never guessed about: the same commands are decided again.</summary>
public abstract class AmbiguityContract(DatabaseEngine engine)
{
    [Fact]
    public Task Commit_whose_answer_was_lost_counts_once() => RunAsync(async (world, tenant, lane, gated) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var (first, second) = (tenant.Reserve(10, cap), tenant.Once(10, key: 1, body: 1, cap));
        await lane.ReserveAsync(first);

        var gate = gated.HoldBegin();
        var plug = lane.ReserveAsync(tenant.Reserve(1, cap));
        await gate.Reached;
        var settled = lane.EndAsync(Settle(first, 9));
        var reserved = lane.ReserveAsync(second);
        gated.LoseAnswerOfCommit();
        gated.KeepAnswerOfCommit(); // which confirms the first
        gated.LoseAnswerOfCommit();
        gate.Open();

        (await plug).Should().BeOfType<LedgerOutcome.Admitted>();
        (await settled).Should().Be(LedgerOutcome.AlreadyEnded.Instance);
        (await reserved).Should().BeOfType<LedgerOutcome.Admitted>();
        (await world.TotalsAsync(cap.WindowId)).Should().Be((11, 9));
        (await world.CountAsync("spend_events")).Should().Be(1);
    });

    [Fact]
    public Task Commit_that_never_arrived_is_made_again() => RunAsync(async (world, tenant, lane, gated) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var held = tenant.Reserve(10, cap);
        gated.LoseBeforeCommit();
        (await lane.ReserveAsync(held)).Should().BeOfType<LedgerOutcome.Admitted>();
        gated.LoseBeforeCommit();
        (await lane.EndAsync(Settle(held, 9))).Should().Be(new LedgerOutcome.Ended(SpendKind.Settled, new(9)));
        (await world.TotalsAsync(cap.WindowId)).Should().Be((0, 9));
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Reservation_turned_away_after_an_unclear_commit_holds_nothing(bool isCommitted) =>
        RunAsync(async (world, tenant, lane, gated) =>
        {
            var cap = await tenant.BudgetAsync(10);
            var once = tenant.Once(10, key: 1, body: 1, cap);
            if (isCommitted) gated.LoseAnswerOfCommit();
            else gated.LoseBeforeCommit();
            var gate = gated.HoldBegin();
            gate.Open();
            for (var failure = 0; failure < 2; failure++) gated.LoseAtBegin();
            (await lane.Invoking(l => l.ReserveAsync(once)).Should().ThrowAsync<LedgerUnavailableException>())
                .WithMessage("*the connection was lost*");

            // The same request again: neither its money nor its key is held against it.
            (await lane.ReserveAsync(tenant.Once(10, key: 1, body: 1, cap))).Should().BeOfType<LedgerOutcome.Admitted>();
            (await world.CountAsync("released_reservations")).Should().Be(isCommitted ? 1 : 0);
        });

    [Fact]
    public Task Outage_turns_away_what_waits_and_keeps_what_ends() => RunAsync(async (world, tenant, lane, gated) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var held = tenant.Reserve(10, cap);
        await lane.ReserveAsync(held);

        var gate = gated.HoldBegin();
        for (var i = 0; i < 4; i++) gated.LoseAtBegin();
        var plug = lane.EndAsync(Release(tenant.Reserve(1, cap)));
        await gate.Reached;
        var waiting = Enumerable.Range(0, 5).Select(_ => lane.ReserveAsync(tenant.Reserve(1, cap))).ToArray();
        var settled = lane.EndAsync(Settle(held, 9));
        gate.Open();

        await plug;
        foreach (var reservation in waiting)
            await FluentActions.Awaiting(() => reservation).Should().ThrowAsync<LedgerUnavailableException>();
        (await settled).Should().BeOfType<LedgerOutcome.Ended>();
        (await world.TotalsAsync(cap.WindowId)).Should().Be((0, 9));
    });

    [Fact]
    public Task Poison_in_a_batch_whose_first_commit_was_unclear_takes_nobody_along() => RunAsync(async (world, tenant, lane, gated) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var gate = gated.HoldBegin();
        var plug = lane.EndAsync(Release(tenant.Reserve(1, cap)));
        await gate.Reached;
        var bad = tenant.Reserve(1, cap);
        var poisoned = lane.ReserveAsync(bad with { Reservation = bad.Reservation with { TierPercent = 0 } });
        var good = lane.ReserveAsync(tenant.Reserve(10, cap));
        gated.LoseBeforeCommit();
        gate.Open();
        await plug;

        (await poisoned).Should().BeOfType<LedgerOutcome.Failed>();
        (await good).Should().BeOfType<LedgerOutcome.Admitted>();
        (await world.TotalsAsync(cap.WindowId)).Should().Be((10, 0));
    });

    private Task RunAsync(Func<LedgerWorld, Tenant, LedgerLane, GatedEngine, Task> test) =>
        LedgerWorld.RunAsync(engine, async (world, tenant) =>
        {
            var (lane, gated) = world.OpenGatedLane();
            await test(world, tenant, lane, gated);
        });
}

public sealed class AmbiguityOnSqliteTests() : AmbiguityContract(DatabaseEngine.Sqlite);

public sealed class AmbiguityOnPostgresTests() : AmbiguityContract(DatabaseEngine.Postgres);
