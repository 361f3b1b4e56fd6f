using System.Text.Json.Nodes;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Tests.Api;

/// <summary>Policies of all kinds through the management API, on either engine.</summary>
public abstract class PolicyContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The policies of the declared organization, as calls write them.</summary>
    private static readonly Dictionary<string, string> AsDeclared = new()
    {
        ["all-cap"] = """{"slug":"$","kind":"hard_cap","budget":"all-2026"}""",
        ["search-cap"] = """{"slug":"$","kind":"hard_cap","budget":"search-month","models":["gpt-5.4","gpt-5.4-mini"],"environments":["production"]}""",
        ["ada-soft"] = """{"slug":"$","kind":"soft_cap","scope":"employee/e1001","budget":"ada-week"}""",
        ["search-alert"] = """{"slug":"$","kind":"alert","scope":"team/search","budget":"search-month","thresholdsPercent":[80,50,100]}""",
        ["big-ones"] = """{"slug":"$","kind":"review","scope":"organization","aboveUsd":"25"}""",
        ["search-models"] = """{"slug":"$","kind":"allowlist","scope":"team/search","providers":["openai"],"models":["gpt-5.4","house-model"],"tools":[],"onDenied":"strip","environments":["production"]}""",
        ["limits"] = """{"slug":"$","kind":"request_limit","scope":"project/ranking","maxRequestUsd":"2.5","maxOutputTokens":4000,"maxConcurrent":8,"filter":{"providers":["openai"]}}""",
    };

    [Fact]
    public async Task A_call_and_a_file_that_say_the_same_make_the_same_policy_of_every_kind()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var (slug, body) in AsDeclared)
        {
            var created = await admin.PostAsync("/policies", body.Replace("$", $"new-{slug}"));
            created.Status.Should().Be(201, created.Body);
            created.Location.Should().Be($"/api/v1/organizations/acme/policies/new-{slug}");
            var read = await admin.GetAsync($"/policies/new-{slug}");
            read.ETag.Should().Be(created.ETag);
            // What is read is what is put: nothing gets lost on the way.
            var whole = JsonNode.Parse(read.Body)!.AsObject();
            foreach (var field in new[] { "slug", "kind", "isArchived", "setBy", "setAt", "version", "simulation" }) whole.Remove(field);
            var put = await admin.PutAsync($"/policies/new-{slug}", whole.ToJsonString(), read.ETag);
            put.Status.Should().Be(200, put.Body);
        }

        var policies = (await RowsAsync(api)).Policies.Values.ToDictionary(p => p.Slug);
        foreach (var slug in AsDeclared.Keys)
        {
            var (made, declared) = (policies[$"new-{slug}"], policies[slug]);
            made.Should().BeEquivalentTo(declared with { PolicyId = made.PolicyId, Slug = made.Slug }, options => options.ComparingByMembers<Policy>(), slug);
        }
        (await admin.GetAsync("/policies?kind=hard_cap")).Items("slug").Should().Equal("all-cap", "new-all-cap", "new-search-cap", "search-cap");
        (await admin.GetAsync("/policies?budget=search-month&search=NEW")).Items("slug").Should().Equal("new-search-alert", "new-search-cap");
        (await admin.GetAsync("/policies?scope=organization&sort=-slug")).Items("slug").Should().Equal("new-big-ones", "new-all-cap", "big-ones", "all-cap");
        var first = await admin.GetAsync("/policies?limit=5");
        var second = await admin.GetAsync($"/policies?limit=50&cursor={first.Json.GetProperty("next").GetString()}");
        first.Items("slug").Concat(second.Items("slug")).Should().Equal((await admin.GetAsync("/policies")).Items("slug"));
    }

    [Fact]
    public async Task A_policy_is_changed_archived_and_restored_with_a_record_of_each()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var read = await finance.GetAsync("/policies/big-ones");

        var changed = await finance.PutAsync("/policies/big-ones", new { scope = "team/search", aboveUsd = "30", onExceed = "flag" }, read.ETag);
        changed.Status.Should().Be(200, changed.Body);
        changed.Json.GetProperty("scope").GetString().Should().Be("team/search");
        (await finance.PutAsync("/policies/big-ones", new { scope = "team/search", aboveUsd = "1" }, read.ETag)).Status.Should().Be(412);
        (await finance.PutAsync("/policies/big-ones", new { scope = "team/search", aboveUsd = "1" }, null)).ProblemType.Should().Be("version-required");
        (await finance.PutAsync("/policies/big-ones", new { scope = "team/search" }, "*")).Field.Should().Be("aboveUsd", "a review stays one");
        var archived = await finance.PostAsync("/policies/big-ones/archive", null, changed.ETag);
        archived.Json.GetProperty("isArchived").GetBoolean().Should().BeTrue(archived.Body);
        (await RowsAsync(api)).Policies.Values.Should().NotContain(p => p.Slug == "big-ones");
        (await finance.PutAsync("/policies/big-ones", new { scope = "team/search", aboveUsd = "1" }, "*")).ProblemType.Should().Be("wrong-state");
        (await finance.PostAsync("/policies", new { slug = "big-ones", kind = "review", scope = "organization", aboveUsd = "1" })).ProblemType.Should().Be("duplicate");
        (await finance.PostAsync("/policies/big-ones/restore", null, archived.ETag)).Status.Should().Be(200);

        var id = (await RowsAsync(api)).OrganizationId;
        var records = await AuditLog.ReadAsync(api.Store.Database, id, Cancel).Where(r => r.Subject == "big-ones").ToListAsync(Cancel);
        records.Select(r => r.Action).Should().Equal("create", "update", "archive", "restore");
        records[1].AfterState.Should().Contain("team/search").And.Contain("flag");
        (await AuditLog.VerifyAsync(api.Store.Database, id, Cancel)).IsWhole.Should().BeTrue();
    }

    [Fact]
    public async Task Policies_are_set_from_above_the_scope_and_on_budgets_that_are_ones_own()
    {
        await using var api = await StartAsync();
        var manager = await api.ClientAsync(MemberRole.Manager, "team/search");
        var platform = await api.ClientAsync(MemberRole.PlatformAdmin);

        (await manager.GetAsync("/policies")).Items("slug").Should().Equal("ada-soft", "search-alert", "search-cap", "search-models");
        var unseen = await manager.GetAsync("/policies/big-ones");
        var unknown = await manager.GetAsync("/policies/none");
        unseen.Status.Should().Be(404);
        unseen.Body.Replace(unseen.RequestId, "").Should().Be(unknown.Body.Replace(unknown.RequestId, ""));
        (await manager.PutAsync("/policies/big-ones", new { scope = "team/search", aboveUsd = "1" })).Status.Should().Be(404);
        (await manager.PutAsync("/policies/search-models", new { scope = "team/search", models = new[] { "*" } })).ProblemType.Should().Be("forbidden", "what binds the team is set above it");
        (await manager.PutAsync("/policies/search-models", new { scope = "employee/e1001", models = new[] { "*" } })).ProblemType.Should().Be("forbidden", "nor taken away from it");
        (await manager.PostAsync("/policies/search-cap/archive", null, "*")).ProblemType.Should().Be("forbidden");
        (await manager.PostAsync("/policies", new { slug = "mine", kind = "allowlist", scope = "employee/e1001", models = new[] { "gpt-5.4" } })).Status.Should().Be(201);
        (await manager.PostAsync("/policies", new { slug = "more", kind = "hard_cap", scope = "employee/e1001", budget = "ada-week" })).Status.Should().Be(201);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        (await admin.PostAsync("/policies", new { slug = "above", kind = "alert", scope = "employee/e1001", budget = "all-2026", thresholdsPercent = new[] { 50 } })).Status.Should().Be(201);
        (await manager.PutAsync("/policies/above", new { scope = "employee/e1001", budget = "search-month", thresholdsPercent = new[] { 50 } })).ProblemType.Should().Be("forbidden", "it watches a budget from above");
        (await manager.PostAsync("/policies/above/archive", null, "*")).ProblemType.Should().Be("forbidden");
        (await manager.PostAsync("/policies", new { slug = "theirs", kind = "hard_cap", scope = "employee/e1001", budget = "all-2026" })).Field.Should().Be("budget");
        (await manager.PostAsync("/policies", new { slug = "theirs", kind = "allowlist", scope = "team/ads", models = new[] { "m" } })).Field.Should().Be("scope");
        (await platform.PostAsync("/policies", new { slug = "models", kind = "allowlist", scope = "organization", models = new[] { "m" } })).Status.Should().Be(201);
        (await platform.PostAsync("/policies", new { slug = "money", kind = "review", scope = "organization", aboveUsd = "1" })).ProblemType.Should().Be("forbidden", "rules about money are the budget holders'");
        (await (await api.ClientAsync(MemberRole.Auditor)).PostAsync("/policies", new { slug = "no", kind = "allowlist", scope = "organization", models = new[] { "m" } })).Status.Should().Be(403);
    }

    [Fact]
    public async Task A_hard_cap_narrows_no_count_that_is_watched_from_above()
    {
        await using var api = await StartAsync();
        var manager = await api.ClientAsync(MemberRole.Manager, "team/search");
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        object Narrow(string budget) => new { slug = $"narrow-{budget}", kind = "hard_cap", scope = "employee/e1001", budget, models = new[] { "gpt-5.4" } };
        (await admin.PostAsync("/budgets", new { slug = "watch", scope = "team/search", amountUsd = "5", period = "month" })).Status.Should().Be(201);
        (await admin.PostAsync("/budgets", new { slug = "ada-watch", scope = "employee/e1001", amountUsd = "5", period = "month" })).Status.Should().Be(201);
        (await admin.PostAsync("/policies", new { slug = "told", kind = "alert", scope = "team/search", budget = "ada-watch", thresholdsPercent = new[] { 50 } })).Status.Should().Be(201);

        (await manager.PostAsync("/policies", Narrow("watch"))).ProblemType.Should().Be("forbidden", "the team's budget is the team's from above");
        (await manager.PostAsync("/policies", Narrow("ada-watch"))).ProblemType.Should().Be("forbidden", "somebody above is told by it");
        (await manager.PostAsync("/policies", Narrow("ada-week"))).Status.Should().Be(201, "whoever watches this one is within the team");
        (await manager.PutAsync("/policies/narrow-ada-week", new { scope = "employee/e1001", budget = "ada-watch" })).ProblemType.Should().Be("forbidden", "nor by a change");
        (await manager.PostAsync("/policies", new { slug = "soft", kind = "soft_cap", scope = "employee/e1001", budget = "watch" })).Status.Should().Be(201, "what only watches narrows nothing");
    }

    [Fact]
    public async Task A_policy_is_tried_on_the_past_and_nothing_changes()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        await using var spending = new Spending(api);
        var small = await spending.SpendAsync("ada", "0.1");
        var large = await spending.SpendAsync("ada", "0.2", boundUsd: "0.4");
        await spending.SpendAsync("fetcher-key2", "0.3", model: "gpt-5.4-mini");
        var epoch = (await RowsAsync(api)).Epoch;

        var tried = await admin.PostAsync("/policies?simulate=30d", new { slug = "t", kind = "review", scope = "employee/e1001", aboveUsd = "0.3" });
        tried.Status.Should().Be(200, tried.Body);
        var found = tried.Json.GetProperty("simulation");
        found.GetProperty("examinedRequests").GetInt64().Should().Be(2, "what others spent is none of this scope's business");
        found.GetProperty("isCut").GetBoolean().Should().BeFalse();
        found.GetProperty("refused").GetRawText().Should().Be("""{"requests":1,"costUsd":"0.2"}""");
        found.GetProperty("byCode").GetRawText().Should().Be("""[{"code":"review_required","requests":1,"costUsd":"0.2"}]""");
        var example = found.GetProperty("examples")[0];
        example.GetProperty("requestId").GetGuid().Should().Be(large);
        example.GetProperty("policy").GetString().Should().Be("t");
        example.GetProperty("boundUsd").GetString().Should().Be("0.4");

        var list = await admin.PostAsync("/policies?simulate=1d", new { slug = "t", kind = "allowlist", scope = "organization", models = new[] { "gpt-5.4-mini" } });
        Refused(list).Should().Be((2, "0.3"));
        Refused(await admin.PutAsync("/policies/search-models?simulate=30d", new { scope = "team/search", models = new[] { "none" } })).Should().Be((3, "0.6"));
        (await admin.PostAsync("/policies?simulate=30d", new { slug = "t", kind = "request_limit", scope = "organization", maxOutputTokens = 100 }))
            .Json.GetProperty("simulation").GetProperty("flagged").GetProperty("requests").GetInt64().Should().Be(3);
        (await admin.PostAsync("/policies?simulate=30d", new { slug = "t", kind = "alert", budget = "ada-week", thresholdsPercent = new[] { 1 } }))
            .Json.GetProperty("simulation").GetProperty("examples")[0].GetProperty("code").GetString().Should().Be("alert");

        foreach (var days in new[] { "30", "0d", "367d", "-1d", "d", "30d30d", "1e1d" })
            (await admin.PostAsync($"/policies?simulate={days}", new { slug = "t", kind = "review", scope = "organization", aboveUsd = "1" })).Field.Should().Be("simulate");
        (await admin.PostAsync("/policies?simulate=30d", new { slug = "t", kind = "review", scope = "organization" })).Field.Should().Be("aboveUsd");
        (await admin.PutAsync("/policies/big-ones?simulate=30d", new { scope = "organization", aboveUsd = "1" }, "\"77777\"")).Status.Should().Be(412);
        var manager = await api.ClientAsync(MemberRole.Manager, "team/search");
        (await manager.PostAsync("/policies?simulate=30d", new { slug = "t", kind = "review", scope = "team/search", aboveUsd = "1" })).ProblemType.Should().Be("forbidden");
        (await RowsAsync(api)).Epoch.Should().Be(epoch);
        (await admin.GetAsync("/policies/t")).Status.Should().Be(404);
        small.Should().NotBe(large);
    }

    [Fact]
    public async Task A_body_that_is_wrong_is_refused_with_its_field_and_makes_no_policy()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var (body, field) in new[]
        {
            ("""{"slug":"p","kind":"wish","scope":"organization"}""", "kind"),
            ("""{"slug":"p","kind":"hard_cap"}""", "budget"),
            ("""{"slug":"p","kind":"hard_cap","budget":"none"}""", "budget"),
            ("""{"slug":"p","kind":"review","scope":"organization","aboveUsd":"1","budget":"all-2026"}""", "budget"),
            ("""{"slug":"p","kind":"review","aboveUsd":"1"}""", "scope"),
            ("""{"slug":"p","kind":"review","scope":"team/none","aboveUsd":"1"}""", "scope"),
            ("""{"slug":"p","kind":"alert","budget":"all-2026"}""", "thresholdsPercent"),
            ("""{"slug":"p","kind":"alert","budget":"all-2026","thresholdsPercent":[]}""", "thresholdsPercent"),
            ("""{"slug":"p","kind":"alert","budget":"all-2026","thresholdsPercent":[50,50]}""", "thresholdsPercent"),
            ("""{"slug":"p","kind":"alert","budget":"all-2026","thresholdsPercent":[0]}""", "thresholdsPercent"),
            ("""{"slug":"p","kind":"allowlist","scope":"organization"}""", "models"),
            ("""{"slug":"p","kind":"allowlist","scope":"organization","models":["a"],"onDenied":"strip"}""", "tools"),
            ("""{"slug":"p","kind":"hard_cap","budget":"all-2026","models":["a"],"filter":{"models":["b"]}}""", "filter.models"),
            ("""{"slug":"p","kind":"hard_cap","budget":"all-2026","filter":{"models":["b","b"]}}""", "filter.models"),
            ("""{"slug":"p","kind":"request_limit","scope":"organization","maxOutputTokens":0}""", "maxOutputTokens"),
            ("""{"slug":"p","kind":"request_limit","scope":"organization","maxConcurrent":1000001}""", "maxConcurrent"),
            ("""{"slug":"p","kind":"review","scope":"'; DROP TABLE policies; --","aboveUsd":"1"}""", "scope"),
        })
        {
            var refused = await admin.PostAsync("/policies", body);

            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().Be(field, refused.Body);
            (await api.Store.ScalarAsync<long>("SELECT count(*) FROM policies")).Should().Be(7);
        }
    }

    internal static (long Requests, string? CostUsd) Refused(ControlAnswer answer)
    {
        answer.Status.Should().Be(200, answer.Body);
        var refused = answer.Json.GetProperty("simulation").GetProperty("refused");
        return (refused.GetProperty("requests").GetInt64(), refused.GetProperty("costUsd").GetString());
    }

    private static async Task<GovernanceRows> RowsAsync(ControlHarness api) =>
        await api.Store.LoadAsync((await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value);

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme + "\n  - slug: fetcher-key2\n    actor: subagent/fetcher\n");
        return api;
    }
}

public sealed class SqlitePolicyTests() : PolicyContract(DatabaseEngine.Sqlite);

public sealed class PostgresPolicyTests() : PolicyContract(DatabaseEngine.Postgres);
