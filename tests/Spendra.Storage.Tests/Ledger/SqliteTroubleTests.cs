using Microsoft.Data.Sqlite;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;
using Spendra.Storage.Schema;
using static Spendra.Storage.Tests.Ledger.Tenant;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>The file is locked, full, read-only, damaged: the lane waits or says so, and loses nothing.</summary>
public sealed class SqliteTroubleTests
{
    private static readonly LaneOptions Quick = new()
    {
        FirstRetryDelay = TimeSpan.FromMilliseconds(2),
        LastRetryDelay = TimeSpan.FromMilliseconds(50),
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Lane_waits_for_another_process_that_writes() => LedgerWorld.RunAsync(DatabaseEngine.Sqlite, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var lane = world.OpenLane(Quick);
        await lane.ReserveAsync(tenant.Reserve(1, cap));
        await using var other = await OpenAsync(world);
        await RunAsync(other, "BEGIN IMMEDIATE");

        var waiting = lane.ReserveAsync(tenant.Reserve(1, cap));
        var wasEarly = await Task.WhenAny(waiting, Task.Delay(200, Cancel)) == waiting;
        await RunAsync(other, "COMMIT");
        wasEarly.Should().BeFalse();
        (await waiting).Should().BeOfType<LedgerOutcome.Admitted>();
    });

    [Fact]
    public Task Caller_that_gives_up_on_a_locked_file_holds_nothing() => LedgerWorld.RunAsync(DatabaseEngine.Sqlite, async (world, tenant) =>
    {
        var cap = await tenant.BudgetAsync(100);
        var lane = world.OpenLane(Quick with { ReserveTimeout = TimeSpan.FromMilliseconds(100) });
        await using var other = await OpenAsync(world);
        await RunAsync(other, "BEGIN IMMEDIATE");
        (await lane.Invoking(l => l.ReserveAsync(tenant.Reserve(100, cap))).Should().ThrowAsync<LedgerUnavailableException>())
            .WithMessage("the database did not answer in time");
        await RunAsync(other, "COMMIT");
        await lane.DisposeAsync();
        (await world.CountAsync("open_reservations")).Should().Be(0);
    });

    [Fact]
    public async Task Full_disk_refuses_what_is_new_and_keeps_what_ends_until_there_is_space()
    {
        using var disk = SmallDisk.Mount(megabytes: 4);
        await using var world = await LedgerWorld.OpenAsync(DatabaseEngine.Sqlite, path: disk.Path);
        var tenant = await world.AddTenantAsync();
        var cap = await tenant.BudgetAsync(1_000_000);
        var lane = world.OpenLane(Quick);
        var held = Enumerable.Range(0, 50).Select(_ => tenant.Reserve(1, cap)).ToArray();
        (await Task.WhenAll(held.Select(lane.ReserveAsync))).Should().AllBeOfType<LedgerOutcome.Admitted>();

        disk.Fill();
        var refused = await FluentActions.Awaiting(async () =>
        {
            while (true) await lane.ReserveAsync(tenant.Reserve(1, cap));
        }).Should().ThrowAsync<LedgerUnavailableException>();
        refused.Which.Message.Should().Contain("no space left").And.NotContain("\n");
        var endings = held.Select(h => lane.EndAsync(Settle(h, 1))).ToArray();
        await FluentActions.Awaiting(async () => await lane.ReserveAsync(tenant.Reserve(1, cap)))
            .Should().ThrowAsync<LedgerUnavailableException>();
        endings.Should().OnlyContain(e => !e.IsCompleted);

        disk.Empty();
        (await Task.WhenAll(endings).WaitAsync(TimeSpan.FromSeconds(20), Cancel)).Should().AllBeOfType<LedgerOutcome.Ended>();
        (await lane.ReserveAsync(tenant.Reserve(1, cap))).Should().BeOfType<LedgerOutcome.Admitted>();
        await world.VerifyAsync();
    }

    [Fact]
    public async Task Lane_goes_on_when_a_read_only_disk_may_be_written_again()
    {
        using var disk = SmallDisk.Mount(megabytes: 8);
        await using var world = await LedgerWorld.OpenAsync(DatabaseEngine.Sqlite, path: disk.Path);
        var tenant = await world.AddTenantAsync();
        var cap = await tenant.BudgetAsync(100);
        await world.Database.DisposeAsync();
        SqliteConnection.ClearAllPools();

        disk.MakeReadOnly();
        var lane = world.OpenLane(Quick);
        (await lane.Invoking(l => l.ReserveAsync(tenant.Reserve(1, cap))).Should().ThrowAsync<LedgerUnavailableException>())
            .Which.Message.Should().Contain("spendra.db cannot be").And.Contain("check").And.NotContain("\n");
        disk.MakeWritable();
        (await lane.ReserveAsync(tenant.Reserve(1, cap))).Should().BeOfType<LedgerOutcome.Admitted>();
        await world.VerifyAsync();
    }

    [Theory]
    [InlineData(0, "is not a Spendra database")]
    [InlineData(4096, "is damaged")]
    public async Task Damaged_file_is_named_in_one_line(int from, string what)
    {
        await using var world = await LedgerWorld.OpenAsync(DatabaseEngine.Sqlite);
        var tenant = await world.AddTenantAsync();
        var cap = await tenant.BudgetAsync(100);
        await world.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        SqliteConnection.ClearAllPools();
        await using (var file = File.OpenWrite(world.FilePath))
        {
            file.Position = from;
            await file.WriteAsync(Enumerable.Repeat((byte)0xA5, (int)file.Length - from).ToArray(), Cancel);
        }

        var lane = world.OpenLane(Quick);
        (await lane.Invoking(l => l.ReserveAsync(tenant.Reserve(1, cap))).Should().ThrowAsync<LedgerUnavailableException>())
            .Which.Message.Should().Contain(what).And.NotContain("\n");
        (await FluentActions.Awaiting(() => Migrator.MigrateAsync(world.Target, Cancel)).Should().ThrowAsync<DatabaseUnavailableException>())
            .Which.Message.Should().Contain(what).And.NotContain("\n");
    }

    private static async Task<SqliteConnection> OpenAsync(LedgerWorld world)
    {
        var connection = new SqliteConnection($"Data Source={world.FilePath};Pooling=False");
        await connection.OpenAsync(Cancel);
        return connection;
    }

    private static async Task RunAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
