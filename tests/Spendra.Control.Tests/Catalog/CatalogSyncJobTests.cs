using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Catalog;
using Spendra.Control.Declarations;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Pricing;
using Spendra.Storage.Tests;

namespace Spendra.Control.Tests.Catalog;

public sealed class CatalogSyncJobTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 25, 4, 30, 0, TimeSpan.Zero));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_organization_gets_a_proposal_from_one_reading()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        await using var shelf = await Shelf.StartAsync(c => c.Response.WriteAsync("""{"data":[{"id":"x/new","pricing":{"prompt":"0.000001","completion":"0.00001"}}]}"""));
        Guid[] organizations = [await StartAsync(store, "acme"), await StartAsync(store, "other")];
        using var job = NewJob(store, shelf.Url.ToString());

        await job.RunAsync(Cancel);

        shelf.Asked.Should().Be(1);
        foreach (var id in organizations)
        {
            (await PriceProposals.ListAsync(store.Database, id, Cancel)).Should().ContainSingle();
            (await store.LoadAsync(id)).Epoch.Should().Be(1);
        }
    }

    [Fact]
    public async Task Several_sources_are_asked_each_and_one_that_fails_does_not_stop_the_others()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        await using var shelf = await Shelf.StartAsync(c => c.Response.WriteAsync("nothing"));
        var id = await StartAsync(store, "acme");
        using var job = NewJob(store, $"{shelf.Url}; catalog");

        await job.RunAsync(Cancel);

        (await PriceProposals.ListRunsAsync(store.Database, id, 10, Cancel)).Select(r => (r.Source, r.Outcome)).Should().BeEquivalentTo(
            [(shelf.Url.ToString(), SyncOutcome.Failed), ("catalog", SyncOutcome.Unchanged)]);
    }

    [Fact]
    public async Task A_source_that_fails_is_a_run_that_failed()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        await using var shelf = await Shelf.StartAsync(c =>
        {
            c.Response.StatusCode = 503;
            return Task.CompletedTask;
        });
        var id = await StartAsync(store, "acme");
        using var job = NewJob(store, shelf.Url.ToString());

        await job.RunAsync(Cancel);

        var run = (await PriceProposals.ListRunsAsync(store.Database, id, 10, Cancel)).Should().ContainSingle().Subject;
        (run.Outcome, run.Failure).Should().Be((SyncOutcome.Failed, "the answer was HTTP 503: expected 200; redirects are not followed"));
    }

    [Fact]
    public async Task The_job_runs_when_the_schedule_says_so_and_not_before()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Sqlite);
        var asked = new SemaphoreSlim(0);
        await using var shelf = await Shelf.StartAsync(c =>
        {
            asked.Release();
            return c.Response.WriteAsync("");
        });
        using var job = NewJob(store, shelf.Url.ToString());
        using var stop = new CancellationTokenSource();
        var looking = job.LookUntilAsync(stop.Token);

        _time.Advance(TimeSpan.FromMinutes(29));
        shelf.Asked.Should().Be(0);
        _time.Advance(TimeSpan.FromMinutes(1));
        (await asked.WaitAsync(TimeSpan.FromSeconds(30), Cancel)).Should().BeTrue();

        await stop.CancelAsync();
        await looking;
        shelf.Asked.Should().Be(1);
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite)]
    [InlineData(DatabaseEngine.Postgres)]
    public async Task Of_several_workers_one_looks_at_each_instant(DatabaseEngine engine)
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        await using var shelf = await Shelf.StartAsync(c => c.Response.WriteAsync(""));
        await StartAsync(store, "acme");
        var jobs = Enumerable.Range(0, 4).Select(_ => NewJob(store, shelf.Url.ToString())).ToList();
        _time.Advance(TimeSpan.FromMinutes(30));
        for (var day = 1; day <= 2; day++)
        {
            await Task.WhenAll(jobs.Select(job => Task.Run(() => job.LookAsync(_time.GetUtcNow(), Cancel))));
            shelf.Asked.Should().Be(day);
            // One whose clock is a little behind comes later.
            _time.Advance(TimeSpan.FromSeconds(20));
            await jobs[1].LookAsync(_time.GetUtcNow() - TimeSpan.FromSeconds(20), Cancel);
            shelf.Asked.Should().Be(day);
            _time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(20));
        }
        jobs.ForEach(job => job.Dispose());
    }

    [Fact]
    public void Without_a_schedule_there_is_no_job()
    {
        var services = new ServiceCollection();
        services.AddCatalogSync(new CatalogOptions());
        services.Should().BeEmpty();
        services.AddCatalogSync(new CatalogOptions { Schedule = "0 5 * * *" });
        services.Should().ContainSingle(s => s.ServiceType == typeof(IHostedService));
    }

    [Theory]
    [InlineData("0 5 * * *", true)]
    [InlineData("*/15 * * * 1-5", true)]
    [InlineData("daily", false)]
    [InlineData("0 25 * * *", false)]
    [InlineData("", false)]
    public void A_schedule_is_a_cron_expression(string text, bool isSchedule) => CatalogOptions.IsSchedule(text).Should().Be(isSchedule);

    private CatalogSyncJob NewJob(GovernanceStore store, string source) => new(store.Database,
        new CatalogOptions { Schedule = "0 5 * * *", From = source, AllowInside = true }, _time, NullLogger<CatalogSyncJob>.Instance);

    private static async Task<Guid> StartAsync(GovernanceStore store, string slug)
    {
        var outcome = await Spendra.Control.Declarations.Declarations.ApplyAsync(store.Database, store.MasterKey,
            $"organization: {{ slug: {slug} }}\n", "acme.yaml", new DeclarationOptions(), new ChangeAuthor("tester", "test"), null, Cancel);
        return ((ApplyOutcome.Applied)outcome).OrganizationId;
    }
}
