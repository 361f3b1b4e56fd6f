using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;
using Spendra.Storage.Tests.Ledger;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Rollups;

/// <summary>The ledger wakes who reads its outbox: nobody has to wait for the next look.</summary>
public abstract class OutboxSignalContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_settlement_wakes_whoever_waits_and_a_reservation_does_not() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        // The clock stands, and the wait is an hour long: only the ledger can end it within the time of a test.
        await using var signal = world.Database.OpenOutboxSignal(new FakeTimeProvider());
        await using var lane = new LedgerLane(
            world.Database, new LaneOptions(), TimeProvider.System, NullLogger<LedgerLane>.Instance);
        var budget = await tenant.BudgetAsync(1_000);
        var held = tenant.Reserve(10, budget);
        var waiting = signal.WaitAsync(TimeSpan.FromHours(1), Cancel);
        (await lane.ReserveAsync(held)).Should().BeOfType<LedgerOutcome.Admitted>();
        waiting.IsCompleted.Should().BeFalse("nothing was announced");
        // Whoever has only just begun to listen may miss the first one: settlements go on until one is heard.
        await lane.EndAsync(Settle(held, 3));
        while (!waiting.IsCompleted)
        {
            var more = tenant.Reserve(10, budget);
            await lane.ReserveAsync(more);
            await lane.EndAsync(Release(more));
        }
        await waiting;
    });
}

public sealed class OutboxSignalOnSqliteTests() : OutboxSignalContract(DatabaseEngine.Sqlite);

public sealed class OutboxSignalOnPostgresTests() : OutboxSignalContract(DatabaseEngine.Postgres);
