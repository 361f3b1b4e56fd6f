using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Spendra.Control.Retention;
using Spendra.Control.Tests.Exports;
using Spendra.Storage;
using Spendra.Storage.Exports;
using Spendra.Storage.Retention;
using Spendra.Storage.Tests.Retention;

namespace Spendra.Control.Tests.Retention;

/// <summary>The worker that removes old detail, as it runs, and what exports say of it.</summary>
public abstract class RetentionJobContract(DatabaseEngine engine)
{
    private static readonly RetentionLimits OneMonth = new() { HourlyRollupMonths = 1 };

    // Hours of last month and of this are older than one month then.
    private static readonly TimeProvider Later = new LaterTime(TimeSpan.FromDays(70));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_removed_is_logged_and_measured_at_the_start_of_a_worker()
    {
        await using var books = await CountedAsync();
        var hours = await books.Api.Store.ScalarAsync<long>("SELECT count(*) FROM usage_rollups WHERE span = 0");
        var measured = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) => { if (instrument.Name == RetentionJob.RemovedName) l.EnableMeasurementEvents(instrument); },
        };
        listener.SetMeasurementEventCallback<long>((_, rows, tags, _) => measured.AddOrUpdate($"{tags[0].Value}", rows, (_, before) => before + rows));
        listener.Start();
        using var log = new JobLog();
        using var job = new RetentionJob(new DetailRemoval(books.Database, OneMonth, Later), Later, log);

        await job.StartAsync(Cancel);
        await log.SaidAsync("from latency_rollups");
        await log.SaidAsync("from usage_rollups");
        await job.StopAsync(Cancel);

        log.Lines.Should().Contain($"Removed old detail from usage_rollups: {hours} rows").And.NotContain(line => line.Contains("could not"));
        // Other tests of this process may remove of their own.
        measured["usage_rollups"].Should().BeGreaterThanOrEqualTo(hours);
        if (engine == DatabaseEngine.Postgres)
        {
            log.Lines.Should().Contain(line => line.StartsWith("Made ")).And.Contain(line => line.StartsWith("Dropped the hours of "));
            (await books.Api.Store.ScalarAsync<long>("SELECT count(*) FROM pg_class WHERE relname ~ '^usage_rollups_[0-9]{4}_[0-9]{2}$'"))
                .Should().Be(1 + RetentionJob.MonthsAhead, "this month and those to come are left");
        }
    }

    [Fact]
    public async Task A_rule_that_fails_keeps_no_other_waiting_and_is_said()
    {
        await using var books = await CountedAsync();
        await books.Api.Store.ExecuteAsync("ALTER TABLE alert_deliveries RENAME TO elsewhere");
        await books.Api.Store.ExecuteAsync("INSERT INTO sign_in_tickets (ticket_digest, kind, expires_at) VALUES (@digest, 3, 5)", new { digest = new byte[32] });
        using var log = new JobLog();
        using var job = new RetentionJob(new DetailRemoval(books.Database, OneMonth, Later), Later, log);

        await job.TurnAsync(Cancel);

        log.Lines.Should().ContainSingle(line => line.Contains("could not")).Which.Should().Contain("(alert_deliveries)");
        log.Lines.Should().Contain("Removed old detail from sign_in_tickets: 1 rows");
    }

    [Fact]
    public async Task An_export_of_sums_says_from_when_on_there_are_hours()
    {
        await using var books = await CountedAsync();
        var whole = await books.AskAsync(ExportDataset.Rollups, ExportFormat.JsonLines);
        await books.WriteAsync(whole);
        ExportFiles.Manifest(books.FolderOf(whole)).GetProperty("books").GetProperty("hoursFrom").GetString().Should().BeNull();
        var all = await ExportFiles.ReadAsync(books.FolderOf(whole));
        var stopped = await books.AskAsync(ExportDataset.Rollups, ExportFormat.JsonLines);
        (await books.WriteAsync(stopped, stopAfterParts: 1)).Should().BeNull();

        await RemoveAsync(books);

        var from = InstantText.Of(await books.Api.Store.ScalarAsync<long>("SELECT hours_from FROM outbox_positions"));
        var after = await books.AskAsync(ExportDataset.Rollups, ExportFormat.JsonLines);
        foreach (var id in new[] { stopped, after })
        {
            (await books.WriteAsync(id))!.State.Should().Be(ExportRun.Complete);
            ExportFiles.Manifest(books.FolderOf(id)).GetProperty("books").GetProperty("hoursFrom").GetString().Should().Be(from);
            (await ExportFiles.ReadAsync(books.FolderOf(id))).Select(r => string.Join(' ', r.Values))
                .Should().Equal(all.Where(r => r["span"] == "day").Select(r => string.Join(' ', r.Values)), "the days are whole");
        }
        all.Should().Contain(r => r["span"] == "hour");
    }

    [Fact]
    public async Task Hours_that_go_while_they_are_exported_make_it_begin_anew()
    {
        await using var books = await CountedAsync();
        var id = await books.AskAsync(ExportDataset.Rollups, ExportFormat.Csv);
        var hold = new ExportHold(books.Database, Guid.CreateVersion7(), TimeProvider.System);
        var run = await hold.BeginAsync((await hold.TakeAsync(books.Past.OrganizationId, id, Cancel))!, Cancel);
        var rows = 0;
        var reading = async () =>
        {
            await foreach (var _ in new ExportSource(books.Database, run!).ReadRollupsAsync(Cancel))
            {
                if (rows++ == 0) await RemoveAsync(books);
            }
        };

        await reading.Should().ThrowAsync<ExportOutdatedException>();
        rows.Should().BePositive();
    }

    private async Task<ExportBooks> CountedAsync()
    {
        var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        await books.CountAsync();
        return books;
    }

    private static async Task RemoveAsync(ExportBooks books)
    {
        await foreach (var _ in new DetailRemoval(books.Database, OneMonth, Later).RemoveHoursAsync(Cancel))
        {
        }
    }

    private sealed class JobLog : ILogger<RetentionJob>, IDisposable
    {
        private readonly SemaphoreSlim _said = new(0);

        public ConcurrentQueue<string> Lines { get; } = [];

        public async Task SaidAsync(string words)
        {
            while (!Lines.Any(line => line.Contains(words, StringComparison.Ordinal)))
                (await _said.WaitAsync(TimeSpan.FromSeconds(30), Cancel)).Should().BeTrue($"'{words}' is said");
        }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Lines.Enqueue(formatter(state, exception));
            _said.Release();
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public void Dispose() => _said.Dispose();
    }
}

public sealed class SqliteRetentionJobTests() : RetentionJobContract(DatabaseEngine.Sqlite);

public sealed class PostgresRetentionJobTests() : RetentionJobContract(DatabaseEngine.Postgres);
