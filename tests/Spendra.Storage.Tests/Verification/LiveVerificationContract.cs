using Dapper;
using Spendra.Core.Ledger;
using Spendra.Core.Ledger.Verification;
using Spendra.Storage.Ledger;
using Spendra.Storage.Sqlite;
using Spendra.Storage.Tests.Ledger;

namespace Spendra.Storage.Tests.Verification;

/// <summary>
/// A ledger is verified while lanes write to it. Whatever was written halfway, or between the beginnings of two
/// readers, would be a violation.
/// </summary>
public abstract class LiveVerificationContract(DatabaseEngine engine)
{
    private const int Verifications = 20;
    private const int Reservations = 100;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Verification_of_a_live_ledger_finds_nothing_and_stops_nobody() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var claims = new[] { await tenant.BudgetAsync(1_000_000_000), await tenant.BudgetAsync(1_000_000_000, Enforcement.Observed) };
        var traffic = new Traffic(world, tenant, claims);
        using var stop = new CancellationTokenSource();
        var writing = traffic.RunAsync([world.OpenLane(), world.OpenLane()], callers: 8, stop.Token);

        for (var i = 0; i < Verifications || traffic.Admitted < Reservations; i++)
        {
            var report = await new LedgerVerifier(world.Database).VerifyAsync(
                [tenant.OrganizationId], Micros.Now(TimeProvider.System), Cancel);
            report.Violations.Where(v => !LedgerWorld.NotOfTheLane.Contains(v.Invariant)).Should().BeEmpty();
        }
        await stop.CancelAsync();
        await writing;
        traffic.Unavailable.Should().Be(0);
        await traffic.ShouldHaveLostNothingAsync();
    });

    [Fact]
    public Task Writers_do_not_wait_for_a_reader_that_stands_still() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(1_000);
        var lane = world.OpenLane();
        await using (var snapshot = await world.Database.OpenLedgerSnapshotAsync(Cancel))
        {
            using var open = snapshot.Open(VerificationQueries.Open, tenant.OrganizationId, ReaderSide.Spend);
            using var entries = snapshot.Open(VerificationQueries.Entries, tenant.OrganizationId, ReaderSide.Journal);
            for (var i = 0; i < 10; i++)
            {
                var held = tenant.Reserve(10, cap);
                (await lane.ReserveAsync(held)).Should().BeOfType<LedgerOutcome.Admitted>();
                (await lane.EndAsync(Tenant.Settle(held, 9))).Should().BeOfType<LedgerOutcome.Ended>();
            }
            // Both readers began before, whichever reads first.
            open.Next().Should().BeFalse();
            entries.Next().Should().BeFalse();
        }
        (await world.CountAsync("journal_entries")).Should().Be(10);
    });

    [Fact]
    public Task Verification_that_is_given_up_ends_soon() => LedgerWorld.RunAsync(engine, async (world, tenant) =>
    {
        await using var connection = await world.Database.ConnectAsync(Cancel);
        // More than is handed over at once: that is when the thread looks up.
        await connection.ExecuteAsync("""
            INSERT INTO journal_entries (organization_id, entry_sequence, kind, reservation_id, event_number, booked_at)
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
            SELECT @OrganizationId, n, 0, @KeyId, 0, 1 FROM numbers
            """, new { tenant.OrganizationId, tenant.KeyId });
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        await using var snapshot = await world.Database.OpenLedgerSnapshotAsync(Cancel);
        var report = new VerificationReport();
        var reading = new JournalReading(snapshot, tenant.OrganizationId,
            new JournalVerification(new OrganizationRow(tenant.OrganizationId, 1, 0, 0), report),
            new BookingExchange(new BookingMatch(report)), stop.Token);
        reading.Invoking(r => r.Run()).Should().Throw<OperationCanceledException>();
        await connection.ExecuteAsync("DELETE FROM journal_entries");
    });
}

public sealed class LiveVerificationOnSqliteTests() : LiveVerificationContract(DatabaseEngine.Sqlite)
{
    [Fact]
    public Task A_commit_between_the_beginnings_of_the_readers_is_seen_by_both() => LedgerWorld.RunAsync(DatabaseEngine.Sqlite, async (world, tenant) =>
    {
        var commits = 0;
        await using (var snapshot = await SqliteLedgerSnapshot.BeginAsync((SqliteDatabase)world.Database, Cancel, CommitThreeTimesAsync))
        {
            Counter(snapshot, ReaderSide.Spend).Should().Be(3);
            Counter(snapshot, ReaderSide.Journal).Should().Be(3);
        }
        await world.ExecuteAsync("UPDATE organizations SET entry_sequence = 0");

        async Task CommitThreeTimesAsync()
        {
            if (commits++ < 3) await world.ExecuteAsync("UPDATE organizations SET entry_sequence = entry_sequence + 1");
        }

        long Counter(LedgerSnapshot snapshot, ReaderSide side)
        {
            using var rows = snapshot.Open("SELECT entry_sequence FROM organizations WHERE organization_id = @organizationId", tenant.OrganizationId, side);
            rows.Next().Should().BeTrue();
            return rows.Int64(0);
        }
    });
}

public sealed class LiveVerificationOnPostgresTests() : LiveVerificationContract(DatabaseEngine.Postgres);
