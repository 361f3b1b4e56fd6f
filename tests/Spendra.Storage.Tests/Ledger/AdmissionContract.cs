using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>Under any concurrency the caps hold, what fits is admitted, and all windows are held or none.</summary>
public abstract class AdmissionContract(DatabaseEngine engine)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task Of_many_at_once_exactly_as_many_are_admitted_as_fit(int laneCount) =>
        LedgerWorld.RunAsync(engine, async (world, tenant) =>
        {
            var cap = await tenant.BudgetAsync(700);
            var lanes = OpenLanes(world, laneCount);
            var outcomes = await ReserveAllAsync(lanes, Enumerable.Range(0, 500).Select(_ => tenant.Reserve(7, cap)));

            outcomes.OfType<LedgerOutcome.Admitted>().Should().HaveCount(100);
            outcomes.OfType<LedgerOutcome.Refused>().Should().HaveCount(400)
                .And.OnlyContain(r => r.Refusal.Code == RefusalCode.BudgetHeld);
            (await world.TotalsAsync(cap.WindowId)).Should().Be((700, 0));
            (await world.CountAsync("open_reservations")).Should().Be(100);
        });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task Money_that_comes_back_is_admitted_again_and_spent_money_is_not(int laneCount) =>
        LedgerWorld.RunAsync(engine, async (world, tenant) =>
        {
            var cap = await tenant.BudgetAsync(1_000);
            var lanes = OpenLanes(world, laneCount);
            var spent = 0L;
            await Task.WhenAll(Enumerable.Range(0, 40).Select(async caller =>
            {
                for (var call = 0; call < 12; call++)
                {
                    var lane = lanes[(caller + call) % laneCount];
                    var held = tenant.Reserve(10, cap);
                    if (await lane.ReserveAsync(held) is not LedgerOutcome.Admitted) continue;
                    LedgerCommand ending = call % 3 == 0 ? Release(held) : Settle(held, 1 + call % 10);
                    var ended = (LedgerOutcome.Ended)await lanes[caller % laneCount].EndAsync(ending);
                    Interlocked.Add(ref spent, ended.Cost.Value);
                }
            }));

            (await world.TotalsAsync(cap.WindowId)).Should().Be((0, spent));
            var left = tenant.Reserve(1_000 - spent, cap);
            (await lanes[0].ReserveAsync(left)).Should().BeOfType<LedgerOutcome.Admitted>("what nobody spent is there to the last nano");
            (await lanes[0].ReserveAsync(tenant.Reserve(1, cap))).Should().BeOfType<LedgerOutcome.Refused>();
        });

    [Fact]
    public Task Refusal_names_what_stands_in_the_way() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var lane = world.OpenLane();
        var held = tenant.Reserve(60, cap);
        await lane.ReserveAsync(held);

        var refusal = (await lane.ReserveAsync(tenant.Reserve(41, cap))).Should().BeOfType<LedgerOutcome.Refused>().Subject.Refusal;
        refusal.Code.Should().Be(RefusalCode.BudgetHeld);
        refusal.Window!.Reserved.Should().Be(new NanoUsd(60));
        await lane.EndAsync(Settle(held, 60));
        (await lane.ReserveAsync(tenant.Reserve(41, cap))).Should().BeOfType<LedgerOutcome.Refused>()
            .Which.Refusal.Code.Should().Be(RefusalCode.BudgetExceeded);
        (await lane.ReserveAsync(tenant.Reserve(40, cap))).Should().BeOfType<LedgerOutcome.Admitted>();
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public Task All_windows_are_held_or_none(int laneCount) => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var (wide, middle, narrow) = (await tenant.BudgetAsync(10_000), await tenant.BudgetAsync(500), await tenant.BudgetAsync(50));
        WindowClaim[][] ways = [[wide, middle, narrow], [narrow, middle, wide], [wide, middle], [narrow, wide]];
        var commands = Enumerable.Range(0, 200).Select(i => tenant.Reserve(10, ways[i % ways.Length])).ToArray();
        var outcomes = await ReserveAllAsync(OpenLanes(world, laneCount), commands);

        foreach (var claim in (WindowClaim[])[wide, middle, narrow])
        {
            var admitted = commands.Zip(outcomes).Where(c => c.Second is LedgerOutcome.Admitted && c.First.Claims.Contains(claim));
            (await world.TotalsAsync(claim.WindowId)).Should().Be((admitted.Count() * 10, 0));
        }
        (await world.TotalsAsync(narrow.WindowId)).Reserved.Should().Be(50);
        (await world.TotalsAsync(middle.WindowId)).Reserved.Should().Be(500);
    });

    [Fact]
    public Task Window_that_does_not_fit_keeps_the_others_from_coming_to_be() =>
        LedgerWorld.RunAsync(engine, async (world, tenant) =>
        {
            var command = tenant.Reserve(20, await tenant.BudgetAsync(100), await tenant.BudgetAsync(50), await tenant.BudgetAsync(19));
            (await world.OpenLane().ReserveAsync(command)).Should().BeOfType<LedgerOutcome.Refused>();
            (await world.CountAsync("windows")).Should().Be(0);
        });

    [Fact]
    public Task Window_is_made_once_by_whoever_comes_first() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        WindowClaim[] claims = [await tenant.BudgetAsync(1_000), await tenant.BudgetAsync(1_000), await tenant.BudgetAsync(1_000)];
        var outcomes = await ReserveAllAsync(
            OpenLanes(world, 4), Enumerable.Range(0, 100).Select(i => tenant.Reserve(1, [.. claims.Skip(i % 3).Concat(claims.Take(i % 3))])));

        outcomes.Should().AllBeOfType<LedgerOutcome.Admitted>();
        (await world.CountAsync("windows")).Should().Be(3);
        foreach (var claim in claims) (await world.TotalsAsync(claim.WindowId)).Should().Be((100, 0));
    });

    [Fact]
    public Task Observed_window_counts_and_never_refuses() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var watched = await tenant.BudgetAsync(10, Enforcement.Observed);
        (await world.OpenLane().ReserveAsync(tenant.Reserve(11, watched))).Should().BeOfType<LedgerOutcome.Admitted>();
        (await world.TotalsAsync(watched.WindowId)).Should().Be((11, 0));
    });

    [Fact]
    public Task Request_resolved_before_the_rules_changed_is_stale() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var (lane, gated) = world.OpenGatedLane();
        (await lane.ReserveAsync(tenant.Reserve(1, cap))).Should().BeOfType<LedgerOutcome.Admitted>();
        var gate = gated.HoldBegin();
        var waiting = lane.ReserveAsync(tenant.Reserve(1, cap));
        await gate.Reached;
        await world.ExecuteAsync("UPDATE organizations SET governance_epoch = governance_epoch + 1");
        gate.Open();

        (await waiting).Should().Be(new LedgerOutcome.Stale(2));
        (await world.CountAsync("open_reservations")).Should().Be(1);
        var resolved = tenant.Reserve(1, cap);
        (await lane.ReserveAsync(resolved with { Reservation = resolved.Reservation with { Epoch = 2 } }))
            .Should().BeOfType<LedgerOutcome.Admitted>();
    });

    [Fact]
    public Task Rules_cannot_change_between_decision_and_commit() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var (lane, gated) = world.OpenGatedLane();
        var gate = gated.HoldCommit();
        var waiting = lane.ReserveAsync(tenant.Reserve(1, cap));
        await gate.Reached;
        // On its own thread: on SQLite the wait for the lock blocks.
        var change = Task.Run(() => world.ExecuteAsync(
            "UPDATE organizations SET governance_epoch = 2 WHERE NOT EXISTS (SELECT 1 FROM open_reservations)"));
        var changedFirst = await Task.WhenAny(change, Task.Delay(TimeSpan.FromMilliseconds(150))) == change;
        gate.Open();

        changedFirst.Should().BeFalse("the batch holds the organization's lock until it is committed");
        (await waiting).Should().BeOfType<LedgerOutcome.Admitted>();
        await change;
    });

    private static LedgerLane[] OpenLanes(LedgerWorld world, int count) => [.. Enumerable.Range(0, count).Select(_ => world.OpenLane())];

    private static Task<LedgerOutcome[]> ReserveAllAsync(LedgerLane[] lanes, IEnumerable<ReserveCommand> commands) =>
        Task.WhenAll(commands.Select((command, i) => Task.Run(() => lanes[i % lanes.Length].ReserveAsync(command))));
}

public sealed class AdmissionOnSqliteTests() : AdmissionContract(DatabaseEngine.Sqlite);

public sealed class AdmissionOnPostgresTests() : AdmissionContract(DatabaseEngine.Postgres);
