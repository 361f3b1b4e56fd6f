using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Control.Reports;
using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Storage;

namespace Spendra.Control.Tests.Reports;

/// <summary>Sums through the management API, on either engine.</summary>
public abstract class ReportContract(DatabaseEngine engine)
{
    private const int Crowd = 60;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <param name="isCrowded">There are so many of each kind that they are not looked for one by one.</param>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Spend_is_reported_by_whatever_it_was_spent_on_and_by_whom(bool isCrowded)
    {
        await using var api = await SpentAsync();
        if (isCrowded) await CrowdAsync(api);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);

        var whole = (await finance.GetAsync("/reports/usage")).Json.GetProperty("items").EnumerateArray().Single();
        whole.GetProperty("costUsd").GetString().Should().Be("0.00675");
        whole.GetProperty("requests").GetInt64().Should().Be(3);
        whole.GetProperty("inputTokens").GetInt64().Should().Be(3_000);
        whole.GetProperty("startsAt").GetDateTime().TimeOfDay.Should().Be(TimeSpan.Zero);
        (await CostsAsync("?span=hour")).Should().BeEquivalentTo(["-: 0.00675"]);
        (await CostsAsync("?by=provider")).Should().Equal("openai: 0.00675");
        (await CostsAsync("?by=account&span=whole")).Should().Equal("main: 0.00675");
        (await CostsAsync("?by=model")).Should().Equal("house-model: 0.00675");
        (await CostsAsync("?by=team")).Should().Equal("team/search: 0.00675");
        (await CostsAsync("?by=project&scope=project/ranking")).Should().Equal("project/ranking: 0.0045");
        (await CostsAsync("?by=employee&scope=team/search")).Should().Equal("employee/e1001: 0.0045");
        (await CostsAsync("?by=agent&scope=branch/emea")).Should().Equal("agent/crawler: 0.00225");
        (await CostsAsync("?by=key&span=hour&scope=branch/emea")).Should().BeEquivalentTo("ada: 0.0045", "crawler-key: 0.00225");
        (await CostsAsync("?by=key&span=whole")).Should().Equal("ada: 0.0045", "crawler-key: 0.00225");
        (await CostsAsync("?by=employee&span=whole&provider=openai")).Should().Equal("employee/e1001: 0.0045");
        (await CostsAsync("?by=employee&provider=anthropic")).Should().BeEmpty();
        (await CostsAsync("?by=employee&scope=team/ads")).Should().BeEmpty();
        (await CostsAsync("?scope=agent/crawler")).Should().Equal("-: 0.00225");
        (await CostsAsync("?key=ada")).Should().Equal("-: 0.0045");
        (await CostsAsync("?by=model&provider=openai&model=house-model&account=main")).Should().Equal("house-model: 0.00675");
        (await CostsAsync("?provider=anthropic")).Should().BeEmpty();
        (await CostsAsync("?model=other")).Should().BeEmpty();
        (await CostsAsync("?account=second")).Should().BeEmpty();
        (await CostsAsync("?environment=production")).Should().BeEmpty();
        (await CostsAsync("?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z")).Should().BeEmpty();

        async Task<List<string>> CostsAsync(string query)
        {
            var answer = await finance.GetAsync("/reports/usage" + query);
            answer.Status.Should().Be(200, answer.Body);
            return [.. answer.Json.GetProperty("items").EnumerateArray().Select(i => $"{i.GetProperty("group").GetString() ?? "-"}: {i.GetProperty("costUsd").GetString()}")];
        }
    }

    [Fact]
    public async Task Of_the_whole_time_the_largest_come_first_and_pages_follow_each_other()
    {
        await using var api = await SpentAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var groups = new List<string?>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = (await finance.GetAsync($"/reports/usage?span=whole&by=key&limit=1{cursor}")).Json;
            groups.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("group").GetString()));
            cursor = page.GetProperty("next").GetString() is { } next ? $"&cursor={next}" : null;
        }
        groups.Should().Equal("ada", "crawler-key");
        var first = (await finance.GetAsync("/reports/usage?by=key&limit=1")).Json;
        var second = (await finance.GetAsync($"/reports/usage?by=key&limit=1&cursor={first.GetProperty("next").GetString()}")).Json;
        (Only(first, "group"), Only(second, "group")).Should().Be(("ada", "crawler-key"));
        second.GetProperty("next").GetString().Should().BeNull();
        (await finance.GetAsync($"/reports/usage?span=whole&cursor={first.GetProperty("next").GetString()}")).Field.Should().Be("cursor");
    }

    [Fact]
    public async Task Refusals_units_and_times_are_reported_and_so_is_how_current_they_are()
    {
        await using var api = await SpentAsync();
        var auditor = await api.ClientAsync(MemberRole.Auditor);
        var refusals = (await auditor.GetAsync("/reports/refusals?by=key&span=whole")).Json;
        (Only(refusals, "group"), Only(refusals, "code"), refusals.GetProperty("items")[0].GetProperty("refusals").GetInt64()).Should().Be(("ada", "model_not_allowed", 1));
        (await auditor.GetAsync("/reports/units")).Json.GetProperty("items").GetArrayLength().Should().Be(0);
        var latency = (await auditor.GetAsync("/reports/latency?by=provider")).Json.GetProperty("items").EnumerateArray().Single();
        (latency.GetProperty("group").GetString(), latency.GetProperty("requests").GetInt64()).Should().Be(("openai", 3));
        latency.GetProperty("p50Ms").GetInt64().Should().BeLessThanOrEqualTo(latency.GetProperty("p99Ms").GetInt64());

        await using var books = await Books.OpenAsync(api);
        var before = DateTime.UtcNow;
        await books.SpendAsync("ada");
        var waiting = (await auditor.GetAsync("/reports/usage")).Json;
        waiting.GetProperty("items")[0].GetProperty("requests").GetInt64().Should().Be(3, "nobody has counted the fourth");
        waiting.GetProperty("isRebuilding").GetBoolean().Should().BeFalse();
        var asked = DateTime.UtcNow;
        waiting.GetProperty("countedTo").GetDateTime().Should().BeAfter(before.AddSeconds(-1)).And.BeBefore(asked);
        await CountAsync(api);
        var counted = (await auditor.GetAsync("/reports/usage")).Json;
        counted.GetProperty("items")[0].GetProperty("requests").GetInt64().Should().Be(4);
        counted.GetProperty("countedTo").GetDateTime().Should().BeOnOrAfter(asked);
        await api.Store.ExecuteAsync("UPDATE outbox_positions SET hours_from = 1767225600000000");
        var gone = await auditor.GetAsync("/reports/usage?span=hour&from=2025-12-31T23:00:00Z&to=2026-01-01T02:00:00Z");
        (gone.Field, gone.Json.GetProperty("detail").GetString()).Should().Be(("from", "'from' is before 2026-01-01T00:00:00Z, and hours before that are gone: ask for whole days."));
        (await auditor.GetAsync("/reports/latency?from=2025-12-31T23:00:00Z&to=2026-01-01T02:00:00Z")).Field.Should().Be("from");
        foreach (var query in (string[])["span=hour&from=2026-01-01T00:00:00Z&to=2026-01-01T02:00:00Z", "from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z"])
            (await auditor.GetAsync("/reports/usage?" + query)).Status.Should().Be(200, query);
        await api.Store.ExecuteAsync("UPDATE outbox_positions SET is_rebuilding = (1 = 1)");
        (await auditor.GetAsync("/reports/refusals")).Json.GetProperty("isRebuilding").GetBoolean().Should().BeTrue();
    }

    [Fact]
    public async Task Members_of_some_scopes_see_these_and_are_asked_which_of_them()
    {
        await using var api = await SpentAsync();
        var ada = await api.ClientAsync(MemberRole.Employee, "employee/e1001");
        Only((await ada.GetAsync("/reports/usage")).Json, "costUsd").Should().Be("0.0045");
        Only((await ada.GetAsync("/reports/usage?by=key")).Json, "group").Should().Be("ada");
        (await ada.GetAsync("/reports/usage?key=ada")).Status.Should().Be(200);
        foreach (var other in (string[])["?scope=organization", "?scope=team/search", "?scope=team/nowhere", "?key=crawler-key", "?key=nowhere"])
            (await ada.GetAsync("/reports/usage" + other)).ProblemType.Should().Be("not-found", other);
        (await ada.GetAsync("/reports/latency")).ProblemType.Should().Be("not-found");
        (await ada.GetAsync("/reports/uncounted")).Json.GetProperty("items").GetArrayLength().Should().Be(0);

        var manager = await api.ClientAsync(MemberRole.Manager, "team/search", "team/ads");
        (await manager.GetAsync("/reports/usage")).Field.Should().Be("scope");
        Only((await manager.GetAsync("/reports/usage?scope=team/search&by=team")).Json, "costUsd").Should().Be("0.00675");
    }

    [Fact]
    public async Task Question_that_has_no_answer_is_refused_and_says_why()
    {
        (string Query, string Field)[] wrong =
        [
            ("from=2026-11-01T00:30:00Z", "from"), ("span=hour&from=2026-11-01T09:00:01Z", "from"), ("to=yesterday", "to"),
            ("from=2026-11-02T00:00:00Z&to=2026-11-02T00:00:00Z", "from"), ("from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
            ("span=hour&from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z", "from"), ("span=minute", "span"), ("by=colour", "by"),
            ("scope=team/search&key=ada", "key"), ("sort=-amount", "sort"), ("span=whole&sort=time", "sort"), ("cursor=abc", "cursor"),
        ];
        await using var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        foreach (var (query, field) in wrong)
        {
            var answer = await finance.GetAsync("/reports/usage?" + query);
            (answer.Status, answer.Fields.Single()).Should().Be((400, field), query);
        }
    }

    [Fact]
    public async Task What_could_not_be_counted_is_listed_and_tried_again_by_who_takes_care_of_alerts()
    {
        await using var api = await SpentAsync();
        await api.Store.ExecuteAsync("""
            INSERT INTO outbox_failures (organization_id, consumer, sequence, attempts, reason, failed_at, retry_at, is_dead)
            SELECT organization_id, 'rollups', 2, 8, 'a sum is too large', 1000000, 2000000, (1 = 1) FROM organizations
            """);
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var dead = (await finance.GetAsync("/reports/uncounted")).Json.GetProperty("items").EnumerateArray().Single();
        (dead.GetProperty("sequence").GetInt64(), dead.GetProperty("reason").GetString(), dead.GetProperty("topic").GetString()).Should().Be((2, "a sum is too large", "spend"));
        dead.GetProperty("retryAt").GetString().Should().BeNull("it was given up");

        (await finance.PostAsync("/reports/uncounted/3/retry")).ProblemType.Should().Be("not-found");
        (await (await api.ClientAsync(MemberRole.Auditor)).PostAsync("/reports/uncounted/2/retry")).ProblemType.Should().Be("forbidden");
        (await finance.PostAsync("/reports/uncounted/2/retry")).Json.GetProperty("attempts").GetInt32().Should().Be(1);

        (await finance.GetAsync("/reports/uncounted")).Json.GetProperty("items")[0].GetProperty("retryAt").GetString().Should().NotBeNull();
        (await finance.GetAsync("/audit/records?subjectKind=uncounted")).Items("action").Should().Equal("retry");
    }

    private static string? Only(System.Text.Json.JsonElement report, string field) => report.GetProperty("items").EnumerateArray().Single().GetProperty(field).GetString();

    /// <summary>Two requests of an employee and one of an agent, one of them refused, and all counted.</summary>
    private async Task<ControlHarness> SpentAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        await using var books = await Books.OpenAsync(api);
        await books.SpendAsync("ada");
        await books.SpendAsync("crawler-key");
        await books.RefuseAsync("ada");
        await books.SpendAsync("ada");
        await CountAsync(api);
        return api;
    }

    /// <summary>Adds scopes of every kind and keys, none of which has spent.</summary>
    private static async Task CrowdAsync(ControlHarness api)
    {
        await using var connection = await api.Store.Database.ConnectAsync(Cancel);
        var places = (await connection.QueryAsync<(Guid OrganizationId, Guid ScopeId, string Slug)>("SELECT organization_id, scope_id, slug FROM scopes WHERE slug IN ('emea', 'search', 'crawler')")).ToDictionary(p => p.Slug);
        var organizationId = places["emea"].OrganizationId;
        foreach (var (kind, parent) in new[] { ("team", "emea"), ("employee", "search"), ("agent", "search"), ("subagent", "crawler"), ("project", null) })
            await connection.ExecuteAsync("""
                INSERT INTO scopes (organization_id, scope_id, kind, slug, name, parent_id, changed_epoch) VALUES (@organizationId, @id, @kind, @slug, @slug, @parent, 1)
                """, Enumerable.Range(0, Crowd).Select(n => new { organizationId, id = Guid.CreateVersion7(), kind, slug = $"crowd-{n}", parent = parent is null ? (Guid?)null : places[parent].ScopeId }));
        await connection.ExecuteAsync("""
            INSERT INTO scoped_keys (organization_id, key_id, slug, mode, actor_id, secret_hmac, permissions, created_at, created_by, changed_epoch)
            VALUES (@organizationId, @id, @slug, 'live', @actor, @zeros, '{}', 1, 'crowd', 1)
            """, Enumerable.Range(0, Crowd).Select(n => new { organizationId, id = Guid.CreateVersion7(), slug = $"crowd-{n}", actor = places["crawler"].ScopeId, zeros = new byte[32] }));
    }

    private static async Task CountAsync(ControlHarness api)
    {
        // Whoever counted before is gone.
        await api.Store.ExecuteAsync("UPDATE outbox_positions SET held_until = 0");
        using var job = new RollupJob(api.Store.Database, TimeProvider.System, NullLogger<RollupJob>.Instance);
        await job.TakeAllAsync(Cancel);
    }
}

public sealed class SqliteReportTests() : ReportContract(DatabaseEngine.Sqlite);

public sealed class PostgresReportTests() : ReportContract(DatabaseEngine.Postgres);
