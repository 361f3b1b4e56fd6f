using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Alerts;
using Spendra.Control.Reconciliation;
using Spendra.Control.Tests.Api;
using Spendra.Control.Tests.Catalog;
using Spendra.Core.Access;
using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Alerts;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Tests.Reconciliation;

/// <summary>Bills that workers fetch on schedule from a real server that answers as OpenAI does, on either engine.</summary>
public abstract class BillScheduleContract(DatabaseEngine engine)
{
    private const string Schedules = "/reconciliation/schedules";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_last_whole_days_are_fetched_once_whoever_looks_and_again_at_the_next_instant()
    {
        await using var world = await World.OpenAsync(engine);
        var made = await world.CreateAsync(new { account = "main", credentialOf = "second", cron = "30 6 * * *", isCompared = true });
        var next = made.GetProperty("nextAt").GetDateTimeOffset();
        var time = new FakeTimeProvider(next.AddSeconds(-1));
        var jobs = Enumerable.Range(0, 4).Select(_ => world.JobOf(time)).ToList();
        await Task.WhenAll(jobs.Select(j => j.TurnAsync(Cancel)));
        world.Spans.Should().BeEmpty();

        time.SetUtcNow(next.AddSeconds(1));
        await Task.WhenAll(jobs.Select(j => Task.Run(() => j.TurnAsync(Cancel))));
        world.Spans.Should().Equal([(Day(next, -3), Day(next, 0))], "one worker asks, and the day that runs is not whole");
        world.Keys.Should().Equal("Bearer sk-secret-one");
        (await world.CountAsync("bill_imports")).Should().Be(1);
        (await world.CountAsync("bill_days")).Should().Be(3);
        (await world.CountAsync("reconciliation_runs")).Should().Be(next.AddDays(-1).Month == next.AddDays(-3).Month ? 1 : 2);
        var told = await world.OnlyAsync();
        told.GetProperty("nextAt").GetDateTimeOffset().Should().Be(next.AddDays(1));
        told.GetProperty("fetchedTo").GetString().Should().Be(next.AddDays(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        told.GetProperty("account").GetString().Should().Be("main");
        told.GetProperty("credentialOf").GetString().Should().Be("second");
        var import = await world.Finance.GetAsync($"/reconciliation/imports/{told.GetProperty("importId").GetString()}");
        import.Json.GetProperty("importedBy").GetString().Should().Be($"schedule {told.GetProperty("id").GetString()}");
        import.Json.GetProperty("amountUsd").GetString().Should().Be("3.75");

        // The provider corrects the day before: the new amount counts in place of the old one.
        world.Amounts[Day(next, -1)] = "2";
        time.SetUtcNow(next.AddDays(1).AddSeconds(1));
        await jobs[1].TurnAsync(Cancel);
        world.Spans.Last().Should().Be((Day(next, -2), Day(next, 1)));
        (await world.CurrentAsync()).Should().Be(1_250_000_000L + 1_250_000_000 + 2_000_000_000 + 1_250_000_000);
        (await world.Finance.GetAsync("/audit/records?subjectKind=bill_schedule")).Items("action").Should().BeEquivalentTo("create", "update", "update");
    }

    [Fact]
    public async Task The_same_content_is_imported_once()
    {
        await using var world = await World.OpenAsync(engine);
        var made = await world.CreateAsync(new { account = "second", cron = "0 */6 * * *", days = 2 });
        var time = new FakeTimeProvider(made.GetProperty("nextAt").GetDateTimeOffset().Date.AddDays(1).AddHours(6).AddSeconds(1).ToUniversalTime());
        var job = world.JobOf(time);
        for (var turn = 0; turn < 3; turn++)
        {
            await job.TurnAsync(Cancel);
            time.Advance(TimeSpan.FromHours(6));
        }
        world.Spans.Should().HaveCount(3);
        world.Spans.Distinct().Should().ContainSingle();
        (await world.CountAsync("bill_imports")).Should().Be(1);
        (await world.CountAsync("reconciliation_runs")).Should().Be(0);
    }

    [Fact]
    public async Task What_fails_is_told_and_tried_again_until_it_goes_well_and_no_day_is_left_out()
    {
        await using var world = await World.OpenAsync(engine);
        var made = await world.CreateAsync(new { account = "second", cron = "30 6 * * *", days = 1 });
        var next = made.GetProperty("nextAt").GetDateTimeOffset();
        var time = new FakeTimeProvider(next.AddSeconds(1));
        var job = world.JobOf(time);
        await job.TurnAsync(Cancel);
        world.Spans.Should().ContainSingle();

        world.Status = 401;
        time.SetUtcNow(next.AddDays(1).AddSeconds(1));
        await job.TurnAsync(Cancel);
        var told = await world.OnlyAsync();
        told.GetProperty("failure").GetString().Should().Be("/v1/organization/costs answered HTTP 401: expected 200; bills want the key of an administrator");
        told.GetProperty("failedAttempts").GetInt32().Should().Be(1);
        told.GetProperty("retryAt").GetDateTimeOffset().Should().Be(next.AddDays(1).AddSeconds(61));
        told.GetProperty("nextAt").GetDateTimeOffset().Should().Be(next.AddDays(1), "this instant waits");
        var asked = world.Asked;
        time.Advance(TimeSpan.FromSeconds(30));
        await job.TurnAsync(Cancel);
        world.Asked.Should().Be(asked);
        time.Advance(TimeSpan.FromSeconds(31));
        await job.TurnAsync(Cancel);
        world.Asked.Should().Be(asked + 1);
        told = await world.OnlyAsync();
        told.GetProperty("retryAt").GetDateTimeOffset().Should().Be(time.GetUtcNow().AddMinutes(2), "it waits longer each time");

        // Two days later the key is right again: what was missed is fetched as well.
        world.Status = 200;
        time.SetUtcNow(next.AddDays(3).AddSeconds(1));
        await job.TurnAsync(Cancel);
        world.Spans.Last().Should().Be((Day(next, 0), Day(next, 3)));
        told = await world.OnlyAsync();
        told.GetProperty("failure").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        told.GetProperty("failedAttempts").GetInt32().Should().Be(0);
        told.GetProperty("nextAt").GetDateTimeOffset().Should().Be(next.AddDays(4));
        (await world.CountAsync("bill_days")).Should().Be(4);
    }

    [Fact]
    public async Task A_bill_that_fails_again_and_again_is_an_alert_until_it_is_fetched()
    {
        await using var world = await World.OpenAsync(engine);
        var made = await world.CreateAsync(new { account = "second", cron = "30 6 * * *" });
        var time = new FakeTimeProvider(made.GetProperty("nextAt").GetDateTimeOffset().AddSeconds(1));
        var job = world.JobOf(time);
        world.Status = 500;
        for (var attempt = 1; attempt <= HealthAlerts.FailingAttempts; attempt++)
        {
            (await world.AlertsAsync(time, "open")).Should().BeEmpty("once is nothing to tell anybody");
            await job.TurnAsync(Cancel);
            time.Advance(TimeSpan.FromHours(1));
        }
        (await world.AlertsAsync(time, "open")).Should().Equal("bill_fetch_failing second");

        world.Status = 200;
        await job.TurnAsync(Cancel);

        (await world.AlertsAsync(time, "open")).Should().BeEmpty();
        (await world.AlertsAsync(time, "resolved")).Should().Equal("bill_fetch_failing second");
    }

    [Theory]
    [InlineData("{\"data\":[{\"start_time\":0,\"results\":[{\"object\":\"organization.costs.result\",\"amount\":{\"value\":-5,\"currency\":\"usd\"},\"line_item\":\"gpt-5.4, output\"}]}],\"has_more\":false}", "what came is no bill: line 1")]
    [InlineData("<html>", "/v1/organization/costs answered something else than JSON")]
    public async Task What_is_no_bill_changes_nothing(string answer, string told)
    {
        await using var world = await World.OpenAsync(engine);
        var made = await world.CreateAsync(new { account = "second", cron = "30 6 * * *" });
        world.Answer = answer;
        await world.JobOf(new FakeTimeProvider(made.GetProperty("nextAt").GetDateTimeOffset())).TurnAsync(Cancel);
        (await world.OnlyAsync()).GetProperty("failure").GetString().Should().StartWith(told);
        (await world.CountAsync("bill_imports")).Should().Be(0);
    }

    [Fact]
    public async Task One_that_hangs_holds_up_no_other_and_of_a_worker_that_died_another_takes_over()
    {
        await using var world = await World.OpenAsync(engine);
        var dead = await world.CreateAsync(new { account = "main", credentialOf = "second", cron = "30 6 * * *" });
        var time = new FakeTimeProvider(dead.GetProperty("nextAt").GetDateTimeOffset().AddSeconds(1));
        var hold = new BillScheduleHold(world.Api.Store.Database, Guid.CreateVersion7(), time);
        (await hold.TakeAsync(world.OrganizationId, dead.GetProperty("id").GetGuid(), Cancel)).Should().NotBeNull();
        var other = world.JobOf(time);
        await other.TurnAsync(Cancel);
        world.Spans.Should().BeEmpty("it is held");
        await world.CreateAsync(new { account = "second", cron = "30 6 * * *" });
        var (hangs, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        world.Before = async () =>
        {
            if (hangs.TrySetResult()) await goOn.Task;
        };
        var turn = other.TurnAsync(Cancel);
        await hangs.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        // The clock of the one that hangs stands still.
        await world.JobOf(new FakeTimeProvider(time.GetUtcNow() + BillScheduleHold.Length + TimeSpan.FromSeconds(1))).TurnAsync(Cancel);
        (await world.CountAsync("bill_schedules WHERE fetched_at IS NOT NULL")).Should().Be(2, "of the one that died and of the one that hangs");

        // What the first one still brings is not taken any more: it has lost the hold.
        goOn.SetResult();
        await turn;
        (await world.CountAsync("bill_schedules WHERE version = 2")).Should().Be(2);
        (await world.CountAsync("bill_imports")).Should().Be(2);
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_given_up_before_its_hold_is_over()
    {
        await using var world = await World.OpenAsync(engine);
        var made = await world.CreateAsync(new { account = "second", cron = "30 6 * * *" });
        var time = new FakeTimeProvider(made.GetProperty("nextAt").GetDateTimeOffset());
        var (hangs, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        world.Before = async () =>
        {
            hangs.TrySetResult();
            await goOn.Task;
        };
        var turn = world.JobOf(time).TurnAsync(Cancel);
        await hangs.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        time.Advance(TimeSpan.FromMinutes(10));
        await turn;
        goOn.SetResult();
        (await world.OnlyAsync()).GetProperty("failure").GetString().Should().Be("it took longer than 10 minutes");
        (await world.CountAsync("bill_imports")).Should().Be(0);
    }

    [Fact]
    public async Task A_schedule_is_of_an_account_whose_provider_tells_bills_and_ends_when_somebody_says_so()
    {
        await using var world = await World.OpenAsync(engine);
        (await world.Finance.PostAsync(Schedules, new { account = "nobody", cron = "30 6 * * *" })).Field.Should().Be("account");
        (await world.Finance.PostAsync(Schedules, new { account = "main", credentialOf = "nobody", cron = "30 6 * * *" })).Field.Should().Be("credentialOf");
        (await world.Finance.PostAsync(Schedules, new { account = "main", cron = "61 6 * * *" })).Field.Should().Be("cron");
        (await world.Finance.PostAsync(Schedules, new { account = "main", cron = "0 0 30 2 *" })).Field.Should().Be("cron");
        (await world.Finance.PostAsync(Schedules, new { account = "main", cron = "30 6 * * *", days = 31 })).Field.Should().Be("days");
        await world.Api.ApplyAsync(World.Company(world.Url).Replace("providerAccounts:\n", "providerAccounts:\n  - {slug: azure, provider: google, credential: {env: OPENAI_API_KEY}}\n", StringComparison.Ordinal));
        var other = await world.Finance.PostAsync(Schedules, new { account = "azure", cron = "30 6 * * *" });
        other.Field.Should().Be("account");
        other.Json.GetProperty("detail").GetString().Should().Contain("import its export as a file");
        var manager = await world.Api.ClientAsync(MemberRole.Manager, "team/search");
        (await manager.PostAsync(Schedules, new { account = "main", cron = "30 6 * * *" })).ProblemType.Should().Be("forbidden");
        (await manager.GetAsync(Schedules)).Json.GetProperty("items").GetArrayLength().Should().Be(0);

        var made = await world.CreateAsync(new { account = "main", cron = "30 6 * * *" });
        made.GetProperty("days").GetInt32().Should().Be(3);
        var end = $"{Schedules}/{made.GetProperty("id").GetString()}/end";
        (await world.Finance.PostAsync(end, null)).Status.Should().Be(200);
        (await world.Finance.PostAsync(end, null)).ProblemType.Should().Be("wrong-state");
        (await world.Finance.PostAsync($"{Schedules}/{Guid.NewGuid()}/end", null)).Status.Should().Be(404);
        await world.JobOf(new FakeTimeProvider(made.GetProperty("nextAt").GetDateTimeOffset().AddDays(2))).TurnAsync(Cancel);
        world.Asked.Should().Be(0);
        (await world.Finance.GetAsync(Schedules)).Json.GetProperty("items").GetArrayLength().Should().Be(0);
    }

    private static long Day(DateTimeOffset instant, int days) => new DateTimeOffset(instant.UtcDateTime.Date.AddDays(days), TimeSpan.Zero).ToUnixTimeSeconds();

    /// <summary>An organization whose accounts are at a server that bills 1.25 dollars for each day, unless a test says otherwise.</summary>
    private sealed class World : IAsyncDisposable
    {
        private const int DaySeconds = 86_400;

        private readonly List<BillFetchJob> _jobs = [];
        private readonly List<BillFetcher> _fetchers = [];
        private Shelf _provider = null!;

        public ControlHarness Api { get; private set; } = null!;

        public ControlClient Finance { get; private set; } = null!;

        public Guid OrganizationId { get; private set; }

        public Uri Url => _provider.Url;

        public int Asked => _provider.Asked;

        /// <summary>Days that costs were asked for, from the first to the one after the last.</summary>
        public ConcurrentQueue<(long From, long To)> Spans { get; } = [];

        public IEnumerable<string> Keys => _keys.Keys;

        public ConcurrentDictionary<long, string> Amounts { get; } = [];

        public int Status { get; set; } = 200;

        public string? Answer { get; set; }

        public Func<Task>? Before { get; set; }

        private readonly ConcurrentDictionary<string, bool> _keys = [];

        public static async Task<World> OpenAsync(DatabaseEngine engine)
        {
            var world = new World();
            world._provider = await Shelf.StartAsync(world.AnswerAsync);
            world.Api = await ControlHarness.StartAsync(engine);
            await world.Api.ApplyAsync(Company(world._provider.Url));
            world.OrganizationId = (await world.Api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;
            world.Finance = await world.Api.ClientAsync(MemberRole.FinanceManager);
            return world;
        }

        public static string Company(Uri provider) => Files.Acme.Replace("http://127.0.0.1:8080", $"{provider.GetLeftPart(UriPartial.Authority)}/v1", StringComparison.Ordinal);

        public async Task<System.Text.Json.JsonElement> CreateAsync(object schedule)
        {
            var made = await Finance.PostAsync(Schedules, schedule);
            made.Status.Should().Be(201, made.Body);
            return made.Json;
        }

        public BillFetchJob JobOf(TimeProvider time)
        {
            var fetcher = new BillFetcher(Api.Store.MasterKey, new BillFetchOptions(AllowInside: true));
            var job = new BillFetchJob(Api.Store.Database, fetcher, time, NullLogger<BillFetchJob>.Instance);
            _fetchers.Add(fetcher);
            _jobs.Add(job);
            return job;
        }

        public async Task<System.Text.Json.JsonElement> OnlyAsync() => (await Finance.GetAsync(Schedules)).Json.GetProperty("items").EnumerateArray().Single();

        /// <summary>Failing schedules that alerts are about, after one look of a worker.</summary>
        public async Task<IReadOnlyList<string>> AlertsAsync(FakeTimeProvider time, string state)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            var database = Api.Store.Database;
            using var job = new ConditionJob(database, new AlertBook(database, time), new ConditionReader(database), new AlertOptions(), time, NullLogger<ConditionJob>.Instance);
            await job.LookAsync(Cancel);
            var list = await Finance.GetAsync($"/alerts?state={state}&kind=bill_fetch_failing");
            return [.. list.Items("kind").Zip(list.Items("subject"), (kind, subject) => $"{kind} {subject}")];
        }

        public Task<long> CountAsync(string table) => Api.Store.ScalarAsync<long>($"SELECT count(*) FROM {table}");

        /// <summary>What counts of all imports, in nano-USD.</summary>
        public Task<long> CurrentAsync() => Api.Store.ScalarAsync<long>("""
            SELECT CAST(sum(l.amount_nanos) AS bigint) FROM bill_days d JOIN billed_lines l ON l.import_id = d.import_id AND l.day = d.day
            """);

        public async ValueTask DisposeAsync()
        {
            _jobs.ForEach(j => j.Dispose());
            _fetchers.ForEach(f => f.Dispose());
            await Api.DisposeAsync();
            await _provider.DisposeAsync();
        }

        private async Task AnswerAsync(HttpContext http)
        {
            _keys[http.Request.Headers.Authorization.ToString()] = true;
            if (Before is { } before) await before();
            http.Response.StatusCode = Status;
            if (Status != 200) return;
            if (http.Request.Path.Value!.Contains("/usage/", StringComparison.Ordinal))
            {
                await http.Response.WriteAsync("{\"data\":[],\"has_more\":false}");
                return;
            }
            var (from, to) = (long.Parse(http.Request.Query["start_time"]!, CultureInfo.InvariantCulture), long.Parse(http.Request.Query["end_time"]!, CultureInfo.InvariantCulture));
            Spans.Enqueue((from, to));
            var buckets = new List<string>();
            for (var day = from; day < to; day += DaySeconds)
            {
                var usd = Amounts.GetValueOrDefault(day, "1.25");
                buckets.Add($$"""{"start_time":{{day}},"end_time":{{day + DaySeconds}},"results":[{"object":"organization.costs.result","amount":{"value":{{usd}},"currency":"usd"},"line_item":"gpt-5.4, output"}]}""");
            }
            await http.Response.WriteAsync(Answer ?? $$"""{"data":[{{string.Join(',', buckets)}}],"has_more":false}""");
        }
    }
}

public sealed class SqliteBillScheduleTests() : BillScheduleContract(DatabaseEngine.Sqlite);

public sealed class PostgresBillScheduleTests() : BillScheduleContract(DatabaseEngine.Postgres);
