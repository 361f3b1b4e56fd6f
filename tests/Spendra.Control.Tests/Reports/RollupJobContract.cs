using System.Diagnostics.Metrics;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Control.Reports;
using Spendra.Control.Tests.Api;
using Spendra.Storage;

namespace Spendra.Control.Tests.Reports;

/// <summary>The worker that keeps the rollups, as it runs.</summary>
public abstract class RollupJobContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Spend_is_counted_by_whoever_holds_the_position_and_let_go_when_the_worker_stops()
    {
        await using var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        await using var books = await Books.OpenAsync(api);
        using var looks = new SemaphoreSlim(0);
        using var job = new RollupJob(api.Store.Database, TimeProvider.System, NullLogger<RollupJob>.Instance) { Looked = () => looks.Release() };
        await job.StartAsync(Cancel);
        await books.SpendAsync("ada");
        await books.RefuseAsync("ada");
        await books.SpendAsync("ada");

        while (await CountAsync(api, "SELECT coalesce(sum(requests), 0) FROM usage_rollups WHERE span = 1 AND subject_id = organization_id") < 2)
            (await looks.WaitAsync(TimeSpan.FromSeconds(30), Cancel)).Should().BeTrue("a worker looks again and again");
        (await CountAsync(api, "SELECT sum(refusals) FROM refusal_rollups WHERE span = 0 AND subject_id = organization_id")).Should().Be(1);
        (await CountAsync(api, "SELECT count(*) FROM outbox_positions WHERE holder_id IS NOT NULL")).Should().Be(1);

        await job.StopAsync(Cancel);
        (await CountAsync(api, "SELECT count(*) FROM outbox_positions WHERE holder_id IS NOT NULL")).Should().Be(0);
    }

    [Fact]
    public async Task A_worker_that_was_killed_in_a_rebuild_is_relieved_and_the_lag_is_measured()
    {
        await using var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        await using var books = await Books.OpenAsync(api);
        await books.SpendAsync("ada");
        await api.Store.ExecuteAsync("""
            INSERT INTO outbox_positions (organization_id, consumer, sequence, holder_id, held_until, is_rebuilding)
            SELECT organization_id, 'rollups', 0, organization_id, 9000000000000000, (1 = 1) FROM organizations
            """);
        await api.Store.ExecuteAsync("UPDATE outbox SET created_at = created_at - 90000000");
        var measured = new List<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) => { if (instrument.Name == RollupJob.LagName) l.EnableMeasurementEvents(instrument); },
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => measured.Add(value));
        listener.Start();
        using var job = new RollupJob(api.Store.Database, TimeProvider.System, NullLogger<RollupJob>.Instance);

        await job.TakeAllAsync(Cancel);
        (await CountAsync(api, "SELECT count(*) FROM usage_rollups")).Should().Be(0, "another holds the position");
        listener.RecordObservableInstruments();
        measured.Should().Contain(seconds => seconds >= 90 && seconds < 3_600);

        await api.Store.ExecuteAsync("UPDATE outbox_positions SET held_until = 1");
        measured.Clear();
        await job.TakeAllAsync(Cancel);
        (await CountAsync(api, "SELECT sum(requests) FROM usage_rollups WHERE span = 1 AND subject_id = organization_id")).Should().Be(1);
        (await CountAsync(api, "SELECT count(*) FROM outbox_positions WHERE is_rebuilding OR sequence = 0")).Should().Be(0);
        listener.RecordObservableInstruments();
        measured.Should().Contain(0);
    }

    private static async Task<long> CountAsync(ControlHarness api, string sql)
    {
        await using var connection = await api.Store.Database.ConnectAsync(Cancel);
        return await connection.ExecuteScalarAsync<long>(sql);
    }
}

public sealed class SqliteRollupJobTests() : RollupJobContract(DatabaseEngine.Sqlite);

public sealed class PostgresRollupJobTests() : RollupJobContract(DatabaseEngine.Postgres);
