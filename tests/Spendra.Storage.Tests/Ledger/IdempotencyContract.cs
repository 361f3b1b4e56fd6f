using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>A caller's idempotency key admits one request, whichever gateways its copies reach.</summary>
public abstract class IdempotencyContract(DatabaseEngine engine)
{
    private const int Copies = 40;

    [Fact]
    public Task Copies_of_a_request_at_two_gateways_are_admitted_once() => RunAsync(async (tenant, cap, send) =>
    {
        var outcomes = await send(i => tenant.Once(1, key: 1, body: 1, cap));
        OnlyWinner(outcomes, RefusalCode.IdempotencyInProgress);
    });

    [Fact]
    public Task Copies_after_the_settlement_cannot_be_replayed() => RunAsync(async (tenant, cap, send) =>
    {
        var winner = OnlyWinner(await send(i => tenant.Once(1, key: 1, body: 1, cap)), RefusalCode.IdempotencyInProgress);
        await send(_ => Settle(winner, 1));
        (await send(i => tenant.Once(1, key: 1, body: 1, cap))).Select(o => o.Outcome).Should().AllBeEquivalentTo(
            new LedgerOutcome.Repeated(RefusalCode.IdempotencyReplayUnavailable, winner.ReservationId));
    });

    [Fact]
    public Task Other_bodies_under_the_key_are_mismatches() => RunAsync(async (tenant, cap, send) =>
    {
        var winner = OnlyWinner(await send(i => tenant.Once(1, key: 1, body: 1, cap)), RefusalCode.IdempotencyInProgress);
        (await send(i => tenant.Once(1, key: 1, body: 2, cap))).Select(o => o.Outcome).Should().AllBeEquivalentTo(
            new LedgerOutcome.Repeated(RefusalCode.IdempotencyMismatch, winner.ReservationId));
    });

    [Fact]
    public Task Released_request_is_forgotten_and_admitted_once_more() => RunAsync(async (tenant, cap, send) =>
    {
        var first = OnlyWinner(await send(i => tenant.Once(1, key: 1, body: 1, cap)), RefusalCode.IdempotencyInProgress);
        await send(_ => Release(first));
        var second = OnlyWinner(await send(i => tenant.Once(1, key: 1, body: 2, cap)), RefusalCode.IdempotencyInProgress);
        second.ReservationId.Should().NotBe(first.ReservationId);
    });

    [Fact]
    public Task Refused_request_does_not_use_its_key() => RunAsync(async (tenant, cap, send) =>
    {
        (await send(i => tenant.Once(10_000, key: 1, body: 1, cap))).Should().OnlyContain(o => o.Outcome is LedgerOutcome.Refused);
        OnlyWinner(await send(i => tenant.Once(1, key: 1, body: 2, cap)), RefusalCode.IdempotencyInProgress);
    });

    [Fact]
    public Task Keys_that_differ_do_not_meet() => RunAsync(async (tenant, cap, send) =>
        (await send(i => tenant.Once(1, key: (byte)i, body: 1, cap))).Should().OnlyContain(o => o.Outcome is LedgerOutcome.Admitted));

    private delegate Task<(LedgerCommand Command, LedgerOutcome Outcome)[]> Send(Func<int, LedgerCommand> command);

    private Task RunAsync(Func<Tenant, WindowClaim, Send, Task> test) => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        Storage.Ledger.LedgerLane[] lanes = [world.OpenLane(), world.OpenLane()];
        await test(tenant, await tenant.BudgetAsync(1_000), command => Task.WhenAll(Enumerable.Range(0, Copies).Select(async i =>
        {
            var one = command(i);
            var lane = lanes[i % 2];
            return (one, one is ReserveCommand reserve ? await lane.ReserveAsync(reserve) : await lane.EndAsync(one));
        })));
    });

    private static ReserveCommand OnlyWinner((LedgerCommand Command, LedgerOutcome Outcome)[] sent, RefusalCode others)
    {
        var winner = sent.Should().ContainSingle(s => s.Outcome is LedgerOutcome.Admitted).Which.Command;
        sent.Where(s => s.Command != winner).Select(s => s.Outcome).Should().HaveCount(Copies - 1)
            .And.AllBeEquivalentTo(new LedgerOutcome.Repeated(others, winner.ReservationId));
        return (ReserveCommand)winner;
    }
}

public sealed class IdempotencyOnSqliteTests() : IdempotencyContract(DatabaseEngine.Sqlite);

public sealed class IdempotencyOnPostgresTests() : IdempotencyContract(DatabaseEngine.Postgres);
