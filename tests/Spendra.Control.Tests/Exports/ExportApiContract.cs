using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Alerts;
using Spendra.Control.Exports;
using Spendra.Control.Tests.Api;
using Spendra.Control.Tests.Reconciliation;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Alerts;
using Spendra.Storage.Exports;

namespace Spendra.Control.Tests.Exports;

/// <summary>Asking for exports, schedules, and the workers that serve them, on either engine.</summary>
public abstract class ExportApiContract(DatabaseEngine engine)
{
    private const string Daily = "/exports/schedules";
    private static readonly DateTimeOffset From = Micros.ToInstant(PastBooks.Month.StartsAt);
    private static readonly DateTimeOffset To = Micros.ToInstant(PastBooks.Month.Next.StartsAt);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_asked_for_is_written_by_a_worker_and_told_with_its_files()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var asked = await books.Finance.PostAsync("/exports", new { dataset = "focus", format = "parquet", from = From, to = To });
        asked.Status.Should().Be(201, asked.Body);
        asked.Json.GetProperty("state").GetString().Should().Be("waiting");
        await JobOf(books, TimeProvider.System).TurnAsync(Cancel);

        var id = asked.Json.GetProperty("id").GetGuid();
        var read = await books.Finance.GetAsync($"/exports/{id}");
        read.Json.GetProperty("state").GetString().Should().Be("complete");
        read.Json.GetProperty("rows").GetInt64().Should().Be(6);
        read.Json.GetProperty("parts").GetArrayLength().Should().Be(2);
        read.Json.GetProperty("folder").GetString().Should().Be($"acme/{id}");
        read.Json.GetProperty("seal").GetString().Should().Be(ExportFiles.Manifest(books.FolderOf(id)).GetProperty("books").GetProperty("seal").GetString());
        (await ExportFiles.ReadAsync(books.FolderOf(id))).Should().HaveCount(6);
        (await books.Finance.GetAsync("/exports")).Items("dataset").Should().Equal("focus");
        (await books.Finance.GetAsync("/audit/records?subjectKind=export")).Items("action").Should().Equal("create");
    }

    [Fact]
    public async Task Spans_are_in_order_and_have_come()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        (await books.Finance.PostAsync("/exports", new { dataset = "audit", format = "csv", from = To, to = From })).Field.Should().Be("to");
        (await books.Finance.PostAsync("/exports", new { dataset = "audit", format = "csv", from = From, to = DateTimeOffset.UtcNow.AddDays(1) })).Field.Should().Be("to");
        (await books.Finance.PostAsync("/exports", new { dataset = "prompts", format = "csv", from = From, to = To })).Field.Should().Be("dataset");
        (await books.Finance.PostAsync(Daily, new { dataset = "audit", format = "csv", cron = "61 * * * *", period = "day" })).Field.Should().Be("cron");
        (await books.Finance.PostAsync(Daily, new { dataset = "audit", format = "csv", cron = "0 0 30 2 *", period = "day" })).Field.Should().Be("cron");
    }

    [Fact]
    public async Task Without_a_folder_exports_are_refused()
    {
        await using var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var refused = await finance.PostAsync("/exports", new { dataset = "audit", format = "csv", from = From, to = To });
        refused.ProblemType.Should().Be("wrong-state");
        refused.Json.GetProperty("detail").GetString().Should().Contain("Exports:Folder");
        (await finance.PostAsync(Daily, new { dataset = "audit", format = "csv", cron = "0 3 * * *", period = "day" })).ProblemType.Should().Be("wrong-state");
    }

    [Theory]
    [InlineData(MemberRole.Auditor)]
    [InlineData(MemberRole.PlatformAdmin)]
    [InlineData(MemberRole.Manager)]
    public async Task Who_may_not_export_asks_for_nothing(MemberRole role)
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        var client = await books.Api.ClientAsync(role, role == MemberRole.Manager ? ["team/search"] : []);
        (await client.PostAsync("/exports", new { dataset = "focus", format = "csv", from = From, to = To })).ProblemType.Should().Be("forbidden");
        (await client.PostAsync(Daily, new { dataset = "focus", format = "csv", cron = "0 3 * * *", period = "day" })).ProblemType.Should().Be("forbidden");
        var id = await books.AskAsync(ExportDataset.Focus, ExportFormat.Csv);
        (await client.GetAsync($"/exports/{id}")).Status.Should().Be(role == MemberRole.Manager ? 404 : 200);
        (await client.GetAsync("/exports")).Items("dataset").Should().HaveCount(role == MemberRole.Manager ? 0 : 1);
    }

    [Fact]
    public async Task A_schedule_asks_once_for_each_of_its_instants_whoever_looks()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var made = await books.Finance.PostAsync(Daily, new { dataset = "spend-events", format = "jsonl", cron = "0 0 * * *", period = "day" });
        made.Status.Should().Be(201, made.Body);
        var next = made.Json.GetProperty("nextAt").GetDateTimeOffset();

        // Nothing is due yet; then it is, but somebody may still be booking into the day that has just ended.
        var time = new FakeTimeProvider(next.AddSeconds(-1));
        var jobs = Enumerable.Range(0, 4).Select(_ => JobOf(books, time)).ToList();
        await Task.WhenAll(jobs.Select(j => j.TurnAsync(Cancel)));
        (await CountAsync(books, "export_runs")).Should().Be(0);
        time.SetUtcNow(next.AddSeconds(1));
        await Task.WhenAll(jobs.Select(j => Task.Run(() => j.TurnAsync(Cancel))));
        (await CountAsync(books, "export_runs")).Should().Be(1);
        (await CountAsync(books, "export_parts")).Should().Be(0);
        time.SetUtcNow(next.AddMinutes(2));
        await Task.WhenAll(jobs.Select(j => Task.Run(() => j.TurnAsync(Cancel))));

        var run = (await books.Finance.GetAsync("/exports")).Json.GetProperty("items")[0];
        run.GetProperty("state").GetString().Should().Be("complete");
        run.GetProperty("from").GetDateTimeOffset().Should().Be(next.AddDays(-1));
        run.GetProperty("to").GetDateTimeOffset().Should().Be(next);
        run.GetProperty("scheduleId").GetGuid().Should().Be(made.Json.GetProperty("id").GetGuid());
        (await books.Finance.GetAsync(Daily)).Json.GetProperty("items")[0].GetProperty("nextAt").GetDateTimeOffset().Should().Be(next.AddDays(1));

        // Ended, it asks no more.
        var end = $"{Daily}/{made.Json.GetProperty("id").GetString()}/end";
        (await books.Finance.PostAsync(end, null)).Status.Should().Be(200);
        (await books.Finance.PostAsync(end, null)).ProblemType.Should().Be("wrong-state");
        time.SetUtcNow(next.AddDays(3));
        await jobs[0].TurnAsync(Cancel);
        (await CountAsync(books, "export_runs")).Should().Be(1);
        (await books.Finance.GetAsync(Daily)).Json.GetProperty("items").GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task What_is_asked_for_up_to_now_waits_for_who_is_still_booking()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        var to = DateTimeOffset.UtcNow;
        var asked = await books.Finance.PostAsync("/exports", new { dataset = "spend-events", format = "csv", from = From, to });
        asked.Status.Should().Be(201, asked.Body);
        var time = new FakeTimeProvider(to.AddSeconds(50));
        await JobOf(books, time).TurnAsync(Cancel);
        (await CountAsync(books, "export_parts")).Should().Be(0);
        time.SetUtcNow(to.AddSeconds(61));
        await JobOf(books, time).TurnAsync(Cancel);
        (await books.Finance.GetAsync($"/exports/{asked.Json.GetProperty("id").GetGuid()}")).Json.GetProperty("state").GetString().Should().Be("complete");
    }

    [Fact]
    public async Task Of_a_worker_that_died_another_takes_the_export_over_and_what_the_first_still_does_is_not_noted()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var id = await books.AskAsync(ExportDataset.Journal, ExportFormat.Csv);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var dead = new ExportHold(books.Database, Guid.CreateVersion7(), time);
        var held = (await dead.TakeAsync(books.Past.OrganizationId, id, Cancel))!;
        held = (await dead.BeginAsync(held, Cancel))!;
        await JobOf(books, time).TurnAsync(Cancel);
        (await CountAsync(books, "export_parts")).Should().Be(0);

        time.Advance(TimeSpan.FromSeconds(61));
        await JobOf(books, time).TurnAsync(Cancel);
        (await books.Finance.GetAsync($"/exports/{id}")).Json.GetProperty("state").GetString().Should().Be("complete");
        (await dead.NoteAsync(held, new ExportPart(1, 1, 1, [], "1"), Cancel)).Should().BeNull();
        (await dead.RenewAsync(held, Cancel)).Should().BeFalse();
        (await dead.EndAsync(held, Cancel)).Should().BeFalse();
        await ExportFiles.ReadAsync(books.FolderOf(id));
    }

    [Fact]
    public async Task What_cannot_be_written_is_tried_a_few_times_and_then_failed_without_telling_where()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        var id = await books.AskAsync(ExportDataset.Audit, ExportFormat.Csv);
        // Where its folder would be stands a file.
        Directory.CreateDirectory(Path.Combine(books.Folder, "acme"));
        await File.WriteAllTextAsync(books.FolderOf(id), "", Cancel);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var pauses = new List<long>();
        for (var attempt = 1; attempt <= ExportHold.MostAttempts; attempt++)
        {
            await JobOf(books, time).TurnAsync(Cancel);
            var told = (await books.Finance.GetAsync($"/exports/{id}")).Json;
            told.GetProperty("state").GetString().Should().Be(attempt < ExportHold.MostAttempts ? "waiting" : "failed");
            told.GetProperty("failure").GetString().Should().Be("a file could not be written");
            pauses.Add((await books.Api.Store.ScalarAsync<long>("SELECT retry_at FROM export_runs") - Micros.Now(time)) / 1_000_000);
            time.Advance(TimeSpan.FromHours(1));
        }
        // A bucket that is away for an hour or two costs no export.
        pauses.Should().Equal(30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600, 3_600, 3_600);
    }

    [Fact]
    public async Task A_schedule_whose_export_failed_for_good_is_an_alert_until_a_later_one_is_whole()
    {
        await using var books = await ExportBooks.OpenAsync(engine);
        var made = await books.Finance.PostAsync(Daily, new { dataset = "audit", format = "csv", cron = "0 0 * * *", period = "day" });
        var next = made.Json.GetProperty("nextAt").GetDateTimeOffset();
        var time = new FakeTimeProvider(next.AddMinutes(2));
        // Where the organization's folder would be stands a file.
        var place = Path.Combine(books.Folder, "acme");
        await File.WriteAllTextAsync(place, "", Cancel);
        for (var attempt = 1; attempt <= ExportHold.MostAttempts; attempt++)
        {
            (await AlertsAsync()).Should().BeEmpty("it is tried again");
            await JobOf(books, time).TurnAsync(Cancel);
            time.Advance(TimeSpan.FromHours(1));
        }
        (await AlertsAsync()).Should().Equal("export_failing audit");

        File.Delete(place);
        time.SetUtcNow(next.AddDays(1).AddSeconds(1));
        await JobOf(books, time).TurnAsync(Cancel);
        (await AlertsAsync()).Should().Equal(["export_failing audit"], "the next one waits");
        time.SetUtcNow(next.AddDays(1).AddMinutes(2));
        await JobOf(books, time).TurnAsync(Cancel);
        (await AlertsAsync()).Should().BeEmpty();

        async Task<IReadOnlyList<string>> AlertsAsync()
        {
            using var job = new ConditionJob(books.Database, new AlertBook(books.Database, time), new ConditionReader(books.Database),
                new AlertOptions { LookInterval = TimeSpan.FromMilliseconds(1) }, time, NullLogger<ConditionJob>.Instance);
            await job.LookAsync(Cancel);
            var list = await books.Finance.GetAsync("/alerts?state=open&kind=export_failing");
            return [.. list.Items("kind").Zip(list.Items("subject"), (kind, subject) => $"{kind} {subject}")];
        }
    }

    private static ExportJob JobOf(ExportBooks books, TimeProvider time) => new(books.Database, books.Options, time, NullLogger<ExportJob>.Instance);

    private static Task<long> CountAsync(ExportBooks books, string table) => books.Api.Store.ScalarAsync<long>($"SELECT count(*) FROM {table}");
}

public sealed class SqliteExportApiTests() : ExportApiContract(DatabaseEngine.Sqlite);

public sealed class PostgresExportApiTests() : ExportApiContract(DatabaseEngine.Postgres);
