using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Exports;
using Spendra.Storage;
using Spendra.Storage.Exports;
using Spendra.Storage.Governance;
using Spendra.Testing;

namespace Spendra.Control.Tests.Exports;

/// <summary>Exports into a bucket: the same files as in a folder, whatever the server does meanwhile, on either engine.</summary>
public abstract class BucketContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_others_wrote_has_the_bytes_of_the_folder()
    {
        await using var server = await S3rver.StartAsync();
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        await books.CountAsync();
        using var job = JobOf(books, server.Connection);
        foreach (var (dataset, format) in new[] { (ExportDataset.SpendEvents, ExportFormat.Csv), (ExportDataset.Focus, ExportFormat.Parquet), (ExportDataset.Rollups, ExportFormat.JsonLines) })
        {
            var inFolder = await books.AskAsync(dataset, format);
            await books.WriteAsync(inFolder);
            var id = await books.AskAsync(dataset, format);
            await job.TurnAsync(Cancel);
            (await StateAsync(books, id)).Should().Be("complete", await FailureAsync(books, id));
            var objects = server.ObjectsBelow($"books/acme/{id}");
            objects.Remove("manifest.json", out var manifest).Should().BeTrue();
            objects.Should().BeEquivalentTo(books.PartsOf(inFolder), o => o.WithStrictOrdering());
            using var folder = new TempFolder();
            foreach (var (name, bytes) in objects.Append(new("manifest.json", manifest!))) await File.WriteAllBytesAsync(folder.File(name), bytes, Cancel);
            (await ExportFiles.ReadAsync(folder.Path)).Should().HaveCountGreaterThan(3);
        }
    }

    [Fact]
    public async Task What_is_there_with_its_hash_is_not_sent_again_and_the_manifest_comes_last()
    {
        await using var server = await BucketServer.StartAsync();
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var id = await books.AskAsync(ExportDataset.SpendEvents, ExportFormat.Csv);
        var asked = 0;
        server.Trouble = async http =>
        {
            if (http.Request.Method != "PUT" || Interlocked.Increment(ref asked) <= 2) return false;
            await BucketServer.AnswerAsync(http, 403, "AccessDenied");
            return true;
        };
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var job = JobOf(books, server.Connection(), time);
        await job.TurnAsync(Cancel);
        (await StateAsync(books, id)).Should().Be("waiting");
        (await FailureAsync(books, id)).Should().StartWith("the bucket's server refused: the credentials need the rights");
        server.Objects.Keys.Order().Should().Equal([Key(id, "spend-events-00001.csv"), Key(id, "spend-events-00002.csv")]);

        // One of the two was changed by somebody meanwhile.
        var changed = Key(id, "spend-events-00002.csv");
        server.Objects[changed] = (new byte[server.Objects[changed].Bytes.Length], null);
        server.Trouble = null;
        server.Asked.Clear();
        time.Advance(TimeSpan.FromMinutes(1));
        await job.TurnAsync(Cancel);
        (await StateAsync(books, id)).Should().Be("complete");
        server.Asked.Where(a => a.StartsWith("PUT", StringComparison.Ordinal)).Should().Equal(
            [$"PUT {Key(id, "spend-events-00002.csv")}", $"PUT {Key(id, "spend-events-00003.csv")}", $"PUT {Key(id, "manifest.json")}"]);
        await ExpectWholeAsync(books, server, id);
    }

    [Theory]
    [InlineData(500, "InternalError")]
    [InlineData(503, "SlowDown")]
    public async Task A_server_that_is_in_trouble_for_a_while_gets_it_in_the_end(int status, string code)
    {
        await using var server = await BucketServer.StartAsync();
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var id = await books.AskAsync(ExportDataset.Journal, ExportFormat.JsonLines);
        var failures = 4;
        server.Trouble = async http =>
        {
            if (http.Request.Method != "PUT" || Interlocked.Decrement(ref failures) < 0) return false;
            await BucketServer.AnswerAsync(http, status, code);
            return true;
        };
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var job = JobOf(books, server.Connection(), time);
        await job.TurnAsync(Cancel);
        (await FailureAsync(books, id)).Should().Be($"the bucket's server answered HTTP {status} again and again");
        time.Advance(TimeSpan.FromMinutes(1));
        await job.TurnAsync(Cancel);
        (await StateAsync(books, id)).Should().Be("complete");
        await ExpectWholeAsync(books, server, id);
    }

    [Fact]
    public async Task Wrong_credentials_and_buckets_are_told_and_nothing_secret_is()
    {
        await using var server = await BucketServer.StartAsync();
        await using var books = await ExportBooks.OpenAsync(engine);
        var id = await books.AskAsync(ExportDataset.Audit, ExportFormat.Csv);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var log = new LineLogger();
        foreach (var (connection, bucket, told) in new[]
        {
            (server.Connection(secret: "another secret"), BucketServer.Bucket, "does not know these credentials: the operator checks Exports:BucketKeyId"),
            (server.Connection(keyId: "AKIAOTHER"), BucketServer.Bucket, "does not know these credentials"),
            (server.Connection(), "elsewhere", "there is no such bucket: the operator makes it"),
            (server.Connection() with { Endpoint = new Uri($"http://127.0.0.1:{FreePort.Next()}") }, BucketServer.Bucket, "could not be reached: the operator checks Exports:BucketEndpoint"),
        })
        {
            using var job = new ExportJob(books.Database, books.Options with { Folder = null, Bucket = bucket, Connection = connection }, time, log);
            await job.TurnAsync(Cancel);
            (await FailureAsync(books, id)).Should().Contain(told);
            time.Advance(TimeSpan.FromMinutes(10));
        }
        server.Objects.Should().BeEmpty();
        log.Lines.Should().HaveCount(4).And.NotContain(l => l.Contains("another secret", StringComparison.Ordinal) || l.Contains("Signature=", StringComparison.Ordinal));
        $"{server.Connection()}".Should().NotContain(BucketServer.Secret);
    }

    [Fact]
    public async Task A_server_that_never_answers_holds_up_no_other_export()
    {
        await using var server = await BucketServer.StartAsync();
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var stuck = await books.AskAsync(ExportDataset.Journal, ExportFormat.Csv);
        var others = new List<Guid>();
        for (var i = 0; i < 3; i++) others.Add(await books.AskAsync(ExportDataset.SpendEvents, ExportFormat.Csv));
        var hangs = new TaskCompletionSource();
        server.Trouble = async http =>
        {
            if (http.Request.Method != "PUT" || !http.Request.Path.Value!.Contains(stuck.ToString(), StringComparison.Ordinal)) return false;
            hangs.TrySetResult();
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var job = JobOf(books, server.Connection(), time);
        var turn = job.TurnAsync(Cancel);
        await hangs.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        foreach (var id in others) await UntilCompleteAsync(books, id);
        turn.IsCompleted.Should().BeFalse();

        // While it hangs the hold is kept; then it is given up and others may have it.
        time.Advance(TimeSpan.FromSeconds(21));
        await turn;
        (await FailureAsync(books, stuck)).Should().Be("the bucket's server did not answer, and took nothing, for 20 seconds");
        server.Trouble = null;
        time.Advance(TimeSpan.FromMinutes(1));
        await job.TurnAsync(Cancel);
        (await StateAsync(books, stuck)).Should().Be("complete");
        await ExpectWholeAsync(books, server, stuck);
    }

    [Fact]
    public async Task The_hold_is_kept_for_as_long_as_a_part_is_on_its_way()
    {
        await using var server = await BucketServer.StartAsync();
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var id = await books.AskAsync(ExportDataset.Journal, ExportFormat.Csv);
        var (arrived, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Trouble = async http =>
        {
            if (http.Request.Method == "PUT" && arrived.TrySetResult()) await goOn.Task;
            return false;
        };
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var slow = JobOf(books, server.Connection() with { StallLimit = TimeSpan.FromHours(1) }, time);
        using var other = JobOf(books, server.Connection(), time);
        var turn = slow.TurnAsync(Cancel);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        for (var step = 0; step < 6; step++)
        {
            var before = await HeldUntilAsync(books);
            time.Advance(TimeSpan.FromSeconds(15));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (await HeldUntilAsync(books) == before)
            {
                limit.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
            await other.TurnAsync(Cancel);
        }
        goOn.SetResult();
        await turn;
        (await StateAsync(books, id)).Should().Be("complete");
        server.Asked.Where(a => a.StartsWith("PUT", StringComparison.Ordinal)).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task The_command_line_writes_to_a_bucket_and_goes_on_there()
    {
        await using var server = await BucketServer.StartAsync();
        await using var books = await ExportBooks.OpenAsync(engine);
        await books.SpendAsync();
        var (from, to) = (ExportBooks.Ever.From, Micros.Now(TimeProvider.System));
        var organization = (await new GovernanceReader(books.Database).ListOrganizationsAsync(Cancel)).Single();
        var options = new ExportOptions { Connection = server.Connection() };
        server.Trouble = async http =>
        {
            if (http.Request.Method != "PUT" || !http.Request.Path.Value!.EndsWith("manifest.json", StringComparison.Ordinal)) return false;
            await BucketServer.AnswerAsync(http, 403, "AccessDenied");
            return true;
        };
        Task<DirectExportResult> WriteAsync(ExportDataset dataset, string place) => DirectExport.WriteAsync(books.Database, organization, dataset, ExportFormat.Csv, from, to,
            place, options, new ChangeAuthor("operator", "test"), TimeProvider.System, null, Cancel);
        await FluentActions.Awaiting(() => WriteAsync(ExportDataset.Journal, "s3://exports/october/")).Should().ThrowAsync<IOException>().WithMessage("*need the rights*");
        server.Trouble = null;
        var done = await WriteAsync(ExportDataset.Journal, "s3://exports/october");
        done.IsResumed.Should().BeTrue();
        server.Objects.Keys.Order().Should().Equal("october/journal-00001.csv", "october/manifest.json");
        server.Asked.Count(a => a == "PUT october/journal-00001.csv").Should().Be(1);
        await FluentActions.Awaiting(() => WriteAsync(ExportDataset.Audit, "s3://exports/october")).Should().ThrowAsync<IOException>().WithMessage("*is not empty*");
        await FluentActions.Awaiting(() => WriteAsync(ExportDataset.Audit, "s3://exports")).Should().ThrowAsync<IOException>().WithMessage("*expected a folder or s3://bucket/prefix");
    }

    private static ExportJob JobOf(ExportBooks books, BucketConnection connection, TimeProvider? time = null) => new(books.Database,
        books.Options with { Folder = null, Bucket = BucketServer.Bucket, BucketPrefix = "books", Connection = connection }, time ?? TimeProvider.System, NullLogger<ExportJob>.Instance);

    private static string Key(Guid id, string name) => $"books/acme/{id}/{name}";

    private static async Task<string?> StateAsync(ExportBooks books, Guid id) => (await books.Finance.GetAsync($"/exports/{id}")).Json.GetProperty("state").GetString();

    private static async Task<string?> FailureAsync(ExportBooks books, Guid id) => (await books.Finance.GetAsync($"/exports/{id}")).Json.GetProperty("failure").GetString();

    private static Task<long> HeldUntilAsync(ExportBooks books) => books.Api.Store.ScalarAsync<long>("SELECT max(held_until) FROM export_runs");

    private static async Task UntilCompleteAsync(ExportBooks books, Guid id)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await StateAsync(books, id) != "complete")
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static async Task ExpectWholeAsync(ExportBooks books, BucketServer server, Guid id)
    {
        using var folder = new TempFolder();
        var prefix = Key(id, "");
        foreach (var (name, (bytes, _)) in server.Objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)))
            await File.WriteAllBytesAsync(folder.File(name[prefix.Length..]), bytes, Cancel);
        (await ExportFiles.ReadAsync(folder.Path)).Should().HaveCount((int)(await books.Finance.GetAsync($"/exports/{id}")).Json.GetProperty("rows").GetInt64());
    }

    /// <summary>Keeps what is logged, with errors in full.</summary>
    private sealed class LineLogger : Microsoft.Extensions.Logging.ILogger<ExportJob>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(Microsoft.Extensions.Logging.LogLevel logLevel) => true;

        public void Log<TState>(Microsoft.Extensions.Logging.LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Lines) Lines.Add($"{formatter(state, exception)} {exception}");
        }
    }
}

public sealed class SqliteBucketTests() : BucketContract(DatabaseEngine.Sqlite);

public sealed class PostgresBucketTests() : BucketContract(DatabaseEngine.Postgres);
