using System.Text.Json;
using Spendra.Core.Access;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Tests.Api;

/// <summary>Budgets and their windows through the management API, on either engine.</summary>
public abstract class BudgetContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly Dictionary<string, string> AsDeclared = new()
    {
        ["all-2026"] = """{"slug":"$","scope":"organization","amountUsd":"100000","period":"year","fiscalStartMonth":4}""",
        ["search-month"] = """{"slug":"$","scope":"team/search","amountUsd":"500.25","period":"month"}""",
        ["ada-week"] = """{"slug":"$","scope":"employee/e1001","amountUsd":20,"period":"week","weekStart":"sunday","timeZone":"America/New_York"}""",
        ["launch"] = """{"slug":"$","scope":"project/ranking","amountUsd":"1","period":"range","from":"2026-07-01","to":"2026-09-30"}""",
        ["crawler-ever"] = """{"slug":"$","scope":"agent/crawler","amountUsd":"0.000000001","period":"total"}""",
    };

    [Fact]
    public async Task A_call_and_a_file_that_say_the_same_make_the_same_budget_of_every_period()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        foreach (var (slug, body) in AsDeclared)
        {
            var created = await finance.PostAsync("/budgets", body.Replace("$", $"new-{slug}"));
            created.Status.Should().Be(201, created.Body);
            (await finance.GetAsync($"/budgets/new-{slug}")).ETag.Should().Be(created.ETag);
        }

        var budgets = (await RowsAsync(api)).Budgets.Values.ToDictionary(b => b.Slug);
        foreach (var slug in AsDeclared.Keys)
        {
            var made = budgets[$"new-{slug}"];
            made.Should().BeEquivalentTo(budgets[slug] with { BudgetId = made.BudgetId, Slug = made.Slug }, options => options.ComparingByMembers<Budget>(), slug);
        }
        (await finance.GetAsync("/budgets?period=week")).Items("slug").Should().Equal("ada-week", "new-ada-week");
        (await finance.GetAsync("/budgets?scope=team/search&sort=-slug")).Items("slug").Should().Equal("search-month", "new-search-month");
        (await finance.GetAsync("/budgets?search=LAUNCH")).Items("slug").Should().Equal("launch", "new-launch");
        var range = (await finance.GetAsync("/budgets/launch")).Json;
        (range.GetProperty("from").GetString(), range.GetProperty("to").GetString()).Should().Be(("2026-07-01", "2026-09-30"));
        (await finance.PostAsync("/budgets", new { slug = "launch", scope = "organization", amountUsd = "1", period = "day" })).ProblemType.Should().Be("duplicate");
    }

    [Fact]
    public async Task How_a_budget_stands_and_where_it_goes_is_told_with_its_window()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        await using var spending = new Spending(api);
        await spending.SpendAsync("ada", "0.25");
        await spending.HoldAsync("ada", "0.5");

        var window = (await finance.GetAsync("/budgets/ada-week")).Json.GetProperty("window");
        Usd(window, "limitUsd", "settledUsd", "reservedUsd", "remainingUsd").Should().Equal("20", "0.25", "0.5", "19.25");
        window.GetProperty("end").GetDateTime().Should().BeAfter(DateTime.UtcNow);
        decimal.Parse(window.GetProperty("perDayUsd").GetString()!, System.Globalization.CultureInfo.InvariantCulture).Should().BeGreaterThan(0);
        var ever = (await finance.GetAsync("/budgets/crawler-ever")).Json.GetProperty("window");
        ever.GetProperty("start").ValueKind.Should().Be(JsonValueKind.Null);
        ever.GetProperty("end").ValueKind.Should().Be(JsonValueKind.Null);
        (await finance.GetAsync("/budgets/launch")).Json.GetProperty("window").ValueKind.Should().Be(JsonValueKind.Null, "its time is over");

        var changed = await finance.PutAsync("/budgets/ada-week", new { amountUsd = "0.5" });
        changed.Status.Should().Be(200, changed.Body);
        window = changed.Json.GetProperty("window");
        Usd(window, "limitUsd", "settledUsd", "reservedUsd", "remainingUsd").Should().Equal("0.5", "0.25", "0.5", "-0.25");
        window.GetProperty("exhaustedAt").GetDateTime().Should().BeBefore(DateTime.UtcNow.AddSeconds(1), "nothing is left now");
        (await finance.GetAsync("/budgets")).Json.GetProperty("items").EnumerateArray().Single(b => b.GetProperty("slug").GetString() == "ada-week")
            .GetProperty("window").GetProperty("settledUsd").GetString().Should().Be("0.25");
    }

    [Fact]
    public async Task The_history_of_windows_is_paged_from_the_newest()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var rows = await RowsAsync(api);
        var budget = rows.Budgets.Values.Single(b => b.Slug == "search-month");
        for (var month = 1; month <= 5; month++)
        {
            var window = budget.WindowAt(Micros.Of(new DateTimeOffset(2025, month, 15, 0, 0, 0, TimeSpan.Zero)))!;
            await api.Store.ExecuteAsync("""
                INSERT INTO windows (organization_id, window_id, budget_id, starts_at, ends_at, limit_nanos, reserved_nanos, settled_nanos)
                VALUES (@OrganizationId, @WindowId, @BudgetId, @StartsAt, @EndsAt, 500, 0, @month)
                """, new { rows.OrganizationId, window.WindowId, budget.BudgetId, window.Span.StartsAt, window.Span.EndsAt, month });
        }

        var paged = new List<string>();
        for (var next = "/budgets/search-month/windows?limit=2"; next is not null;)
        {
            var page = await finance.GetAsync(next);
            page.Status.Should().Be(200, page.Body);
            paged.AddRange(page.Items("settledUsd"));
            next = page.Json.GetProperty("next").GetString() is { } cursor ? $"/budgets/search-month/windows?limit=2&cursor={cursor}" : null;
        }
        paged.Should().Equal("0.000000005", "0.000000004", "0.000000003", "0.000000002", "0.000000001");
        (await finance.GetAsync("/budgets/search-month")).Json.GetProperty("window").GetProperty("settledUsd").GetString().Should().Be("0", "no window of last year runs");
        var manager = await api.ClientAsync(MemberRole.Manager, "team/ads");
        (await manager.GetAsync("/budgets/search-month/windows")).Status.Should().Be(404);
    }

    [Fact]
    public async Task Only_the_amount_changes_and_what_is_watched_is_not_archived()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var read = await finance.GetAsync("/budgets/launch");

        (await finance.PutAsync("/budgets/launch", new { amountUsd = "2", period = "month" }, read.ETag)).Field.Should().Be("period");
        (await finance.PutAsync("/budgets/launch", new { amountUsd = "-2" }, read.ETag)).Field.Should().Be("amountUsd");
        var changed = await finance.PutAsync("/budgets/launch", new { amountUsd = "2" }, read.ETag);
        changed.Json.GetProperty("amountUsd").GetString().Should().Be("2", changed.Body);
        (await finance.PutAsync("/budgets/launch", new { amountUsd = "3" }, read.ETag)).Status.Should().Be(412);
        var used = await finance.PostAsync("/budgets/search-month/archive", null, "*");
        used.ProblemType.Should().Be("in-use");
        used.Json.GetProperty("detail").GetString().Should().Contain("search-alert").And.Contain("search-cap");
        var archived = await finance.PostAsync("/budgets/launch/archive", null, changed.ETag);
        archived.Json.GetProperty("isArchived").GetBoolean().Should().BeTrue(archived.Body);
        (await finance.PutAsync("/budgets/launch", new { amountUsd = "3" }, "*")).ProblemType.Should().Be("wrong-state");
        (await finance.PostAsync("/policies", new { slug = "p", kind = "hard_cap", budget = "launch" })).Field.Should().Be("budget");
        (await finance.PostAsync("/budgets/launch/restore", null, archived.ETag)).Status.Should().Be(200);

        var id = (await RowsAsync(api)).OrganizationId;
        var records = await AuditLog.ReadAsync(api.Store.Database, id, Cancel).Where(r => r.Subject == "launch").ToListAsync(Cancel);
        records.Select(r => r.Action).Should().Equal("create", "update", "archive", "restore");
        (await AuditLog.VerifyAsync(api.Store.Database, id, Cancel)).IsWhole.Should().BeTrue();
    }

    [Fact]
    public async Task Budgets_are_set_from_above_and_seen_from_within()
    {
        await using var api = await StartAsync();
        var manager = await api.ClientAsync(MemberRole.Manager, "team/search");

        (await manager.GetAsync("/budgets")).Items("slug").Should().Equal("ada-week", "crawler-ever", "search-month");
        var unseen = await manager.GetAsync("/budgets/all-2026");
        var unknown = await manager.GetAsync("/budgets/none");
        unseen.Status.Should().Be(404);
        unseen.Body.Replace(unseen.RequestId, "").Should().Be(unknown.Body.Replace(unknown.RequestId, ""));
        (await manager.PutAsync("/budgets/search-month", new { amountUsd = "99999" })).ProblemType.Should().Be("forbidden", "nobody raises their own cap");
        (await manager.PostAsync("/budgets", new { slug = "b", scope = "team/search", amountUsd = "1", period = "day" })).ProblemType.Should().Be("forbidden");
        (await manager.PostAsync("/budgets", new { slug = "b", scope = "team/ads", amountUsd = "1", period = "day" })).Field.Should().Be("scope");
        (await manager.PutAsync("/budgets/ada-week", new { amountUsd = "25" })).Status.Should().Be(200);
        (await (await api.ClientAsync(MemberRole.Employee, "employee/e1001")).PutAsync("/budgets/ada-week", new { amountUsd = "25" })).Status.Should().Be(403);
        (await (await api.ClientAsync(MemberRole.OrgAdmin)).GetAsync("/api/v1/organizations/other/budgets")).Status.Should().Be(404);
    }

    [Fact]
    public async Task An_increase_stays_on_top_of_the_amount_that_is_set()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        (await finance.PostAsync("/budgets/search-month/increases", new { amountUsd = "7", until = DateTimeOffset.UtcNow.AddHours(1), reason = "fair" })).Status.Should().Be(201);

        var changed = await finance.PutAsync("/budgets/search-month", new { amountUsd = "100" });

        changed.Json.GetProperty("amountUsd").GetString().Should().Be("100", changed.Body);
        changed.Json.GetProperty("increases")[0].GetProperty("amountUsd").GetString().Should().Be("7");
        changed.Json.GetProperty("window").GetProperty("limitUsd").GetString().Should().Be("107");
        (await finance.PutAsync("/budgets/search-month", new { amountUsd = "9223372036.854775807" })).Field.Should().Be("amountUsd");
    }

    [Fact]
    public async Task A_budget_is_tried_on_the_past_and_nothing_changes()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        await using var spending = new Spending(api);
        for (var i = 0; i < 4; i++) await spending.SpendAsync("ada", "0.2", boundUsd: "0.3");
        var epoch = (await RowsAsync(api)).Epoch;

        // 0.2 is settled; another 0.3 fits into 0.5, and no third.
        var tried = await finance.PostAsync("/budgets?simulate=30d", new { slug = "t", scope = "team/search", amountUsd = "0.5", period = "total" });
        PolicyContract.Refused(tried).Should().Be((2, "0.4"));
        tried.Json.GetProperty("simulation").GetProperty("notes").EnumerateArray().Select(n => n.GetString()).Should().Contain(n => n!.Contains("No policy watches"));
        PolicyContract.Refused(await finance.PutAsync("/budgets/search-month?simulate=30d", new { amountUsd = "0.5" })).Should().Be((2, "0.4"));
        PolicyContract.Refused(await finance.PutAsync("/budgets/search-month?simulate=30d", new { amountUsd = "0" })).Should().Be((4, "0.8"));
        (await finance.PutAsync("/budgets/ada-week?simulate=30d", new { amountUsd = "0.5" })).Json.GetProperty("simulation").GetProperty("byCode")[0]
            .GetProperty("code").GetString().Should().Be("soft_cap");
        PolicyContract.Refused(await finance.PostAsync("/budgets?simulate=30d", new { slug = "t", scope = "team/ads", amountUsd = "0", period = "total" })).Should().Be((0, "0"));

        (await RowsAsync(api)).Epoch.Should().Be(epoch);
        (await finance.GetAsync("/budgets/t")).Status.Should().Be(404);
        (await finance.GetAsync("/budgets/search-month")).Json.GetProperty("amountUsd").GetString().Should().Be("500.25");
    }

    [Fact]
    public async Task A_body_that_is_wrong_is_refused_with_its_field_and_makes_no_budget()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var (body, field) in new[]
        {
            ("""{"slug":"b","scope":"team/none","amountUsd":"1","period":"day"}""", "scope"),
            ("""{"slug":"b","scope":"organization","amountUsd":"1","period":"day","weekStart":"monday"}""", "weekStart"),
            ("""{"slug":"b","scope":"organization","amountUsd":"1","period":"week","weekStart":"Montag"}""", "weekStart"),
            ("""{"slug":"b","scope":"organization","amountUsd":"1","period":"month","fiscalStartMonth":4}""", "fiscalStartMonth"),
            ("""{"slug":"b","scope":"organization","amountUsd":"1","period":"year","fiscalStartMonth":13}""", "fiscalStartMonth"),
            ("""{"slug":"b","scope":"organization","amountUsd":"1","period":"range"}""", "from"),
            ("""{"slug":"b","scope":"organization","amountUsd":"1","period":"range","from":"2026-02-02","to":"2026-02-01"}""", "to"),
            ("""{"slug":"b","scope":"organization","amountUsd":"1","period":"range","from":"0001-01-01","to":"2026-02-01"}""", "from"),
            ("""{"slug":"b","scope":"organization","amountUsd":"1","period":"range","from":"2026-02-30","to":"2026-03-01"}""", "from"),
            ("""{"slug":"b","scope":"organization","amountUsd":"1","period":"day","timeZone":"../../etc/passwd"}""", "timeZone"),
        })
        {
            var refused = await admin.PostAsync("/budgets", body);

            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().Be(field, refused.Body);
            (await api.Store.ScalarAsync<long>("SELECT count(*) FROM budgets")).Should().Be(5);
        }
    }

    private static IEnumerable<string?> Usd(JsonElement window, params string[] fields) => fields.Select(f => window.GetProperty(f).GetString());

    private static async Task<GovernanceRows> RowsAsync(ControlHarness api) =>
        await api.Store.LoadAsync((await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value);

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        return api;
    }
}

public sealed class SqliteBudgetTests() : BudgetContract(DatabaseEngine.Sqlite);

public sealed class PostgresBudgetTests() : BudgetContract(DatabaseEngine.Postgres);
