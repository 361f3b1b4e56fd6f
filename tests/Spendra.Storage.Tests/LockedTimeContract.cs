using Microsoft.Extensions.Time.Testing;
using Spendra.Storage.Exports;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Tests;

/// <summary>Whoever waits for an organization's lock dates, and sees, what is so when they have it and not when they asked.</summary>
public abstract class LockedTimeContract(DatabaseEngine engine)
{
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(10);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_is_dated_when_it_has_the_lock()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var asked = Micros.Now(time);
        Task<GovernanceTransaction> waiting;
        await using (await GovernanceEdits.BeginAsync(store, "acme"))
        {
            waiting = Task.Run(() => GovernanceTransaction.BeginAsync(store.Database, acme, time, Cancel), Cancel);
            await UntilWaitingAsync(store, waiting);
            time.Advance(Wait);
        }
        await using var begun = await waiting;
        begun.NowMicros.Should().Be(asked + (long)Wait.TotalMicroseconds);
    }

    [Fact]
    public async Task An_export_begins_behind_who_writes_at_the_moment()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var acme = await GovernanceEdits.CreateAsync(store);
        var asked = new ExportRun
        {
            OrganizationId = acme, RunId = Guid.CreateVersion7(), Dataset = ExportDataset.Audit, Format = ExportFormat.Csv, StartsAt = 0, EndsAt = 1, RowsPerPart = 10,
        };
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.RequestExport(asked));
        var hold = new ExportHold(store.Database, Guid.CreateVersion7(), TimeProvider.System);
        var run = (await hold.TakeAsync(acme, asked.RunId, Cancel))!;
        Task<ExportRun?> beginning;
        await using (var writing = await GovernanceEdits.BeginAsync(store, "acme"))
        {
            beginning = Task.Run(() => hold.BeginAsync(run, Cancel), Cancel);
            await UntilWaitingAsync(store, beginning);
            await GovernanceEdits.ApplyAsync(writing, new GovernanceWrite.PutScope(GovernanceEdits.Employee(Guid.CreateVersion7())));
        }
        (await beginning)!.Snapshot!.AuditSequence.Should().Be(await store.ScalarAsync<long>("SELECT audit_sequence FROM organizations"));
    }

    // SQLite has one lock, and whoever waits for it has not begun: it tells nobody that they wait.
    private async Task UntilWaitingAsync(GovernanceStore store, Task work)
    {
        const string Waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while (engine == DatabaseEngine.Postgres && !work.IsCompleted && await store.ScalarAsync<long>(Waiting) == 0) Cancel.ThrowIfCancellationRequested();
    }
}

public sealed class SqliteLockedTimeTests() : LockedTimeContract(DatabaseEngine.Sqlite);

public sealed class PostgresLockedTimeTests() : LockedTimeContract(DatabaseEngine.Postgres);
