using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Requests;
using Spendra.Core.Access;
using Spendra.Core.Money;
using Spendra.Core.Governance;
using Spendra.Storage.Audit;
using Spendra.Storage;

namespace Spendra.Control.Tests.Api;

/// <summary>Requests for budget and reviews, from the refusal to the end of the grant, on either engine.</summary>
public abstract class RequestContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_refused_call_leads_to_a_request_that_somebody_above_grants_for_a_time()
    {
        await using var api = await StartAsync();
        var (employee, manager, finance) = await PeopleAsync(api);
        var refusal = await RefuseAsync(api, "budget_exceeded", budget: "ada-week");

        var asked = await employee.PostAsync("/requests", new { refusal, amountUsd = "12.5", reason = "Release week" });
        asked.Status.Should().Be(201, asked.Body);
        var id = asked.Json.GetProperty("id").GetString();
        asked.Json.GetProperty("budget").GetString().Should().Be("ada-week");
        asked.Json.GetProperty("actor").GetString().Should().Be("employee/e1001");
        (await manager.GetAsync("/requests?state=open")).Items("id").Should().Equal(id);

        (await employee.PostAsync($"/requests/{id}/approve", new { }, asked.ETag)).Status.Should().Be(403, "an employee decides nothing");
        (await manager.PostAsync($"/requests/{id}/approve", new { amountUsd = "13" }, "*")).Field.Should().Be("amountUsd", "no more than was asked");
        var granted = await manager.PostAsync($"/requests/{id}/approve", new { amountUsd = "10", reason = "Ten will do" }, asked.ETag);

        granted.Status.Should().Be(200, granted.Body);
        granted.Json.GetProperty("state").GetString().Should().Be("approved");
        var budget = await BudgetAsync(api, "ada-week");
        budget.Amount.Should().Be(Usd("30"));
        budget.Increases.Should().ContainSingle().Which.Until.Should().Be(budget.WindowAt(Now)!.Span.EndsAt, "it ends with the window when nobody says when");
        (await finance.PostAsync($"/requests/{id}/decline", new { reason = "late" }, "*")).ProblemType.Should().Be("wrong-state");
        var organization = (await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;
        (await AuditLog.VerifyAsync(api.Store.Database, organization, Cancel)).IsWhole.Should().BeTrue();
        (await AuditLog.ReadAsync(api.Store.Database, organization, Cancel).Where(r => r.Action is "approve" or "increase").ToListAsync(Cancel))
            .Select(r => (r.SubjectKind, r.Subject)).Should().Equal(("budget", "ada-week"), ("request", id!));
    }

    [Fact]
    public async Task Nobody_decides_on_their_own_request_nor_beyond_their_limit_nor_on_their_own_level()
    {
        await using var api = await StartAsync();
        var manager = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("m@acme.example", MemberRole.Manager, ["team/search"], approvalLimit: Usd("5"))));
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var own = await RefuseAsync(api, "budget_exceeded", budget: "ada-week");
        var above = await RefuseAsync(api, "budget_exceeded", budget: "search-month");

        var ownId = (await manager.PostAsync("/requests", new { refusal = own, amountUsd = "1", reason = "mine" })).Json.GetProperty("id").GetString();
        var mine = await manager.PostAsync($"/requests/{ownId}/approve", new { }, "*");
        mine.ProblemType.Should().Be("forbidden");
        mine.Json.GetProperty("detail").GetString().Should().Contain("own request");

        var second = await RefuseAsync(api, "budget_exceeded", budget: "ada-week");
        var large = (await admin.PostAsync("/requests", new { refusal = second, amountUsd = "5.01", reason = "x" })).Json.GetProperty("id").GetString();
        (await manager.PostAsync($"/requests/{large}/approve", new { }, "*")).Json.GetProperty("detail").GetString().Should().Contain("at most 5 USD");
        (await manager.PostAsync($"/requests/{large}/approve", new { amountUsd = "5" }, "*")).Status.Should().Be(200);

        var team = (await admin.PostAsync("/requests", new { refusal = above, amountUsd = "1", reason = "x" })).Json.GetProperty("id").GetString();
        (await manager.PostAsync($"/requests/{team}/approve", new { }, "*")).ProblemType.Should().Be("forbidden", "the team's own budget is set from above it");
        (await BudgetAsync(api, "search-month")).Increases.Should().BeEmpty();
    }

    [Fact]
    public async Task Nobody_decides_on_a_request_for_a_key_of_their_own_whoever_asked()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync(Files.Acme.Replace("\nkeys:\n", "\nkeys:\n  - {slug: writer, actor: agent/writer}\n"));
        var ada = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("ada@acme.example", MemberRole.Manager, ["team/search"], employee: "employee/e1001")));
        var (colleague, manager, _) = await PeopleAsync(api);
        foreach (var actor in new[] { "employee/e1001", "agent/writer" })
        {
            var refusal = await RefuseAsync(api, "budget_exceeded", budget: "ada-week", actor: actor);
            var id = (await colleague.PostAsync("/requests", new { refusal, amountUsd = "1", reason = "for Ada" })).Json.GetProperty("id").GetString();

            (await ada.PostAsync($"/requests/{id}/approve", new { }, "*")).Json.GetProperty("detail").GetString().Should().Contain("a key of their own", actor);
            (await manager.PostAsync($"/requests/{id}/approve", new { }, "*")).Status.Should().Be(200);
        }
    }

    [Fact]
    public async Task A_refusal_is_granted_once()
    {
        await using var api = await StartAsync();
        var (employee, manager, _) = await PeopleAsync(api);
        var refusal = await RefuseAsync(api, "budget_exceeded", budget: "ada-week");
        object body = new { refusal, amountUsd = "1", reason = "x" };
        async Task<string> AskAsync() => (await employee.PostAsync("/requests", body)).Json.GetProperty("id").GetString()!;

        var first = await AskAsync();
        (await employee.PostAsync("/requests", body)).Status.Should().Be(409, "one is open");
        (await employee.PostAsync($"/requests/{first}/withdraw", null, "*")).Status.Should().Be(200);
        (await manager.PostAsync($"/requests/{await AskAsync()}/decline", new { reason = "no" }, "*")).Status.Should().Be(200);
        (await manager.PostAsync($"/requests/{await AskAsync()}/approve", new { }, "*")).Status.Should().Be(200);
        (await employee.PostAsync("/requests", body)).ProblemType.Should().Be("wrong-state", "one was granted");
    }

    [Fact]
    public async Task A_rule_is_not_changed_to_give_more_than_a_request_may_be_granted()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync(Files.Acme.Replace("\nkeys:\n", "\n  - {slug: ada-cap, kind: hard_cap, scope: employee/e1001, budget: ada-week}\n  - {slug: ada-review, kind: review, scope: employee/e1001, aboveUsd: 1}\nkeys:\n"));
        var manager = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("m@acme.example", MemberRole.Manager, ["team/search"], approvalLimit: Usd("5"))));
        var until = DateTimeOffset.UtcNow.AddHours(1);
        async Task RefusedAsync(Task<ControlAnswer> asked) => (await asked).Json.GetProperty("detail").GetString().Should().Contain("at most 5 USD");

        await RefusedAsync(manager.PostAsync("/budgets/ada-week/increases", new { amountUsd = "5.01", until, reason = "x" }));
        await RefusedAsync(manager.PutAsync("/budgets/ada-week", new { amountUsd = "25.01" }));
        await RefusedAsync(manager.PostAsync("/budgets", new { slug = "wide", scope = "employee/e1001", amountUsd = "5.01", period = "month" }));
        await RefusedAsync(manager.PostAsync("/policies/ada-cap/archive", null, "*"));
        await RefusedAsync(manager.PutAsync("/policies/ada-cap", new { budget = "ada-week", models = new[] { "gpt-5.4" } }));
        await RefusedAsync(manager.PutAsync("/policies/ada-cap", new { scope = "agent/writer", budget = "ada-week" }));
        await RefusedAsync(manager.PostAsync("/policies/ada-review/archive", null, "*"));
        await RefusedAsync(manager.PutAsync("/policies/ada-review", new { scope = "employee/e1001", aboveUsd = "2" }));
        await RefusedAsync(manager.PutAsync("/policies/ada-review", new { scope = "employee/e1001", aboveUsd = "1", onExceed = "flag" }));
        (await BudgetAsync(api, "ada-week")).Amount.Should().Be(Usd("20"));

        (await manager.PostAsync("/budgets/ada-week/increases", new { amountUsd = "5", until, reason = "x" })).Status.Should().Be(201);
        (await manager.PutAsync("/budgets/ada-week", new { amountUsd = "25" })).Status.Should().Be(200, "the increase is no part of the raise");
        (await manager.PutAsync("/budgets/ada-week", new { amountUsd = "3" })).Status.Should().Be(200, "who takes away gives nothing");
        (await manager.PutAsync("/policies/ada-review", new { scope = "employee/e1001", aboveUsd = "0.5" })).Status.Should().Be(200);
        (await manager.PostAsync("/budgets", new { slug = "small", scope = "employee/e1001", amountUsd = "5", period = "month" })).Status.Should().Be(201);
        await RefusedAsync(manager.PutAsync("/policies/ada-cap", new { scope = "employee/e1001", budget = "small" }));
        await api.ApplyAsync("organization: {slug: acme}\nbudgets: [{slug: small, scope: employee/e1001, amountUsd: 100, period: month}]\n");
        (await manager.PostAsync("/budgets/small/archive", null, "*")).Status.Should().Be(200);
        await RefusedAsync(manager.PostAsync("/budgets/small/restore", null, "*"));
        (await (await api.ClientAsync(MemberRole.Manager, "team/search")).PostAsync("/policies/ada-cap/archive", null, "*")).Status.Should().Be(200, "a manager without a limit");
    }

    [Fact]
    public async Task An_increase_that_is_over_pays_for_no_raise()
    {
        await using var api = await StartAsync();
        await api.Store.ExecuteAsync("UPDATE budgets SET increases = @ended, amount_nanos = amount_nanos + 9000000000 WHERE slug = 'ada-week'",
            new { ended = $"[{{\"increaseId\":\"{Guid.NewGuid()}\",\"amountNanos\":9000000000,\"until\":1}}]" });
        var manager = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("m@acme.example", MemberRole.Manager, ["team/search"], approvalLimit: Usd("5"))));

        (await manager.PostAsync("/budgets/ada-week/increases", new { amountUsd = "6", until = DateTimeOffset.UtcNow.AddHours(1), reason = "x" })).Status.Should().Be(403);
    }

    [Fact]
    public async Task Nobody_raises_what_they_spend_themselves()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync(Files.Acme.Replace("\nkeys:\n", "\n  - {slug: ada-cap, kind: hard_cap, scope: employee/e1001, budget: ada-week}\nkeys:\n"));
        var ada = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("ada@acme.example", MemberRole.Manager, ["team/search"], employee: "employee/e1001")));

        (await ada.PutAsync("/budgets/ada-week", new { amountUsd = "21" })).Json.GetProperty("detail").GetString().Should().Contain("their own");
        (await ada.PostAsync("/policies/ada-cap/archive", null, "*")).Json.GetProperty("detail").GetString().Should().Contain("their own");
        (await ada.PutAsync("/budgets/ada-week", new { amountUsd = "19" })).Status.Should().Be(200);
    }

    [Fact]
    public async Task Nobody_loosens_what_holds_their_single_requests_back_and_an_approval_limit_says_nothing_of_these()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync("""
            organization: {slug: acme}
            policies:
              - {slug: ada-limit, kind: request_limit, scope: employee/e1001, maxRequestUsd: 2, maxOutputTokens: 4000}
              - {slug: writer-list, kind: allowlist, scope: agent/writer, models: [gpt-5.4, gpt-5.4-mini], tools: []}
            """);
        var ada = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("ada@acme.example", MemberRole.Manager, ["team/search"], employee: "employee/e1001")));
        object Limit(string? usd, int? tokens) => new { scope = "employee/e1001", maxRequestUsd = usd, maxOutputTokens = tokens, maxConcurrent = 5 };
        object List(string[]? models, string[]? tools = null) => new { scope = "agent/writer", models, tools };
        async Task RefusedAsync(Task<ControlAnswer> asked) => (await asked).Json.GetProperty("detail").GetString().Should().Contain("their own spending");

        await RefusedAsync(ada.PutAsync("/policies/ada-limit", Limit("2.01", 4000)));
        await RefusedAsync(ada.PutAsync("/policies/ada-limit", Limit("2", 4001)));
        await RefusedAsync(ada.PutAsync("/policies/ada-limit", Limit("2", null)));
        await RefusedAsync(ada.PutAsync("/policies/ada-limit", new { scope = "agent/writer", maxRequestUsd = "1", maxOutputTokens = 1 }));
        await RefusedAsync(ada.PostAsync("/policies/ada-limit/archive", null, "*"));
        await RefusedAsync(ada.PutAsync("/policies/writer-list", List(["gpt-5.4", "gpt-6"], [])));
        await RefusedAsync(ada.PutAsync("/policies/writer-list", List(null, [])));
        await RefusedAsync(ada.PutAsync("/policies/writer-list", List(["gpt-5.4"])));
        (await ada.PutAsync("/policies/ada-limit", Limit("1.5", 4000))).Status.Should().Be(200, "who takes away gives nothing");
        (await ada.PutAsync("/policies/writer-list", List(["gpt-5.4"], []))).Status.Should().Be(200);

        var limited = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("m@acme.example", MemberRole.Manager, ["team/search"], approvalLimit: Usd("1"))));
        (await limited.PutAsync("/policies/ada-limit", Limit("3", null))).Status.Should().Be(200);
        (await limited.PostAsync("/policies/writer-list/archive", null, "*")).Status.Should().Be(200);
    }

    [Fact]
    public async Task Nobody_moves_out_from_under_what_holds_their_spending_back()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync("organization: {slug: acme}\nbranches: [{slug: apac}]\nbudgets: [{slug: emea-year, scope: branch/emea, amountUsd: 9, period: year}]\npolicies: [{slug: emea-cap, kind: hard_cap, budget: emea-year}]\n");
        string[] scopes = ["branch/emea", "branch/apac", "team/ads"];
        var ada = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("ada@acme.example", MemberRole.Manager, scopes, employee: "employee/e1001")));
        var colleague = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("grace@acme.example", MemberRole.Manager, scopes)));
        async Task RefusedAsync(Task<ControlAnswer> asked, string why) => (await asked).Json.GetProperty("detail").GetString().Should().Contain(why);

        await RefusedAsync(ada.PutAsync("/employees/e1001", new { name = "Ada", parent = "team/ads" }, "*"), "the employee that they are");
        await RefusedAsync(ada.PutAsync("/agents/writer", new { name = "W", parent = "team/search" }, "*"), "nor an agent of theirs");
        await RefusedAsync(ada.PutAsync("/teams/search", new { name = "Search", parent = "branch/apac" }, "*"), "their own spending");
        (await ada.PutAsync("/employees/e1001", new { name = "Ada L", parent = "team/search" }, "*")).Status.Should().Be(200, "it stays where it is");
        (await ada.PutAsync("/agents/crawler", new { name = "C", parent = "team/ads" }, "*")).Status.Should().Be(200, "it is not hers");

        (await colleague.PutAsync("/employees/e1001", new { name = "Ada", parent = "team/ads" }, "*")).Status.Should().Be(200);
    }

    [Fact]
    public async Task Who_approves_up_to_a_limit_moves_nothing_out_from_under_a_rule()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync("organization: {slug: acme}\nbranches: [{slug: apac}]\npolicies: [{slug: emea-review, kind: review, scope: branch/emea, aboveUsd: 1}]\n");
        string[] scopes = ["branch/emea", "branch/apac", "team/ads"];
        var manager = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("m@acme.example", MemberRole.Manager, scopes, approvalLimit: Usd("5"))));
        var free = api.Client(await api.AddTokenAsync(await api.AddMemberAsync("f@acme.example", MemberRole.Manager, scopes)));
        object ads = new { name = "Ada", parent = "team/ads" }, apac = new { name = "Search", parent = "branch/apac" };

        foreach (var (path, body) in new[] { ("/employees/e1001", ads), ("/teams/search", apac) })
            (await manager.PutAsync(path, body, "*")).Json.GetProperty("detail").GetString().Should().Contain("at most 5 USD", path);
        (await free.PutAsync("/employees/e1001", ads, "*")).Status.Should().Be(200);
        (await manager.PutAsync("/employees/e1001", new { name = "Ada", parent = "team/search" }, "*")).Status.Should().Be(200, "there are more rules than where it was");
        (await free.PostAsync("/policies/emea-review/archive", null, "*")).Status.Should().Be(403, "it binds the branch from outside");
        await api.ApplyAsync("organization: {slug: acme}\npolicies: [{slug: emea-review, kind: review, scope: branch/emea, aboveUsd: 1, onExceed: flag}]\n");
        (await manager.PutAsync("/teams/search", apac, "*")).Status.Should().Be(200, "what only flags holds nothing back");
    }

    [Fact]
    public async Task An_increase_whose_time_is_over_is_taken_back_with_a_record()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var until = DateTimeOffset.UtcNow.AddHours(1);
        (await finance.PostAsync("/budgets/search-month/increases", new { amountUsd = "7", until, reason = "fair" })).Status.Should().Be(201);
        (await BudgetAsync(api, "search-month")).Amount.Should().Be(Usd("507.25"));

        var later = new FakeTimeProvider(until.AddSeconds(1));
        using var ending = new IncreaseEnding(api.Store.Database, later, NullLogger<IncreaseEnding>.Instance);
        await ending.EndAsync(Cancel);
        await ending.EndAsync(Cancel);

        var budget = await BudgetAsync(api, "search-month");
        budget.Amount.Should().Be(Usd("500.25"));
        budget.Increases.Should().BeEmpty();
        var organization = (await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;
        (await AuditLog.ReadAsync(api.Store.Database, organization, Cancel).CountAsync(r => r.Action == "end_increase", Cancel)).Should().Be(1);
    }

    [Fact]
    public async Task An_organization_that_cannot_be_read_keeps_no_other_waiting_for_its_increases_to_end()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync("organization: {slug: other, name: Other}\nbudgets: [{slug: b, scope: organization, amountUsd: 1, period: month}]\n");
        await api.Store.ExecuteAsync("UPDATE budgets SET increases = @ended, amount_nanos = amount_nanos + 5",
            new { ended = $"[{{\"increaseId\":\"{Guid.NewGuid()}\",\"amountNanos\":5,\"until\":1}}]" });
        // Of the organization that comes first, a budget whose zone nobody knows.
        await api.Store.ExecuteAsync("UPDATE budgets SET time_zone = 'Nowhere/Atall' WHERE slug = 'search-month'");

        using var ending = new IncreaseEnding(api.Store.Database, TimeProvider.System, NullLogger<IncreaseEnding>.Instance);
        await ending.EndAsync(Cancel);

        (await api.Store.ScalarAsync<long>("SELECT amount_nanos FROM budgets WHERE slug = 'b'")).Should().Be(1_000_000_000);
        (await api.Store.ScalarAsync<string>("SELECT increases FROM budgets WHERE slug = 'search-month'")).Should().NotBe("[]", "it could not be read");
    }

    [Fact]
    public async Task An_increase_is_ended_early_and_survives_a_declaration_of_the_same_budget()
    {
        await using var api = await StartAsync();
        var finance = await api.ClientAsync(MemberRole.FinanceManager);
        var given = await finance.PostAsync("/budgets/search-month/increases",
            new { amountUsd = "7", until = DateTimeOffset.UtcNow.AddHours(1), reason = "fair" }, idempotencyKey: "i");
        (await finance.PostAsync("/budgets/search-month/increases", new { amountUsd = "0", until = DateTimeOffset.UtcNow.AddHours(1), reason = "x" })).Field.Should().Be("amountUsd");

        await api.ApplyAsync(Files.Acme);
        (await BudgetAsync(api, "search-month")).Amount.Should().Be(Usd("507.25"));

        var ended = await finance.PostAsync($"/budgets/search-month/increases/{given.Json.GetProperty("id").GetString()}/end", null, "*");
        ended.Status.Should().Be(200, ended.Body);
        (await BudgetAsync(api, "search-month")).Amount.Should().Be(Usd("500.25"));
    }

    [Fact]
    public async Task A_review_lets_the_key_pass_once_it_is_approved()
    {
        await using var api = await StartAsync();
        await api.ApplyAsync(Files.Acme.Replace("\nkeys:\n", "\n  - {slug: big-calls, kind: review, scope: team/search, aboveUsd: 1}\nkeys:\n"));
        var (employee, _, finance) = await PeopleAsync(api);
        var refusal = await RefuseAsync(api, "review_required", policy: "big-calls");

        var asked = await employee.PostAsync("/requests", new { refusal, amountUsd = "3", reason = "One large summary" });
        asked.Json.GetProperty("kind").GetString().Should().Be("review", asked.Body);
        var granted = await finance.PostAsync($"/requests/{asked.Json.GetProperty("id").GetString()}/approve", new { }, asked.ETag);

        granted.Status.Should().Be(200, granted.Body);
        var policy = (await RowsAsync(api)).Policies.Values.Single(p => p.Slug == "big-calls");
        policy.Approvals.Should().ContainSingle().Which.Ceiling.Should().Be(Usd("3"));
    }

    [Theory]
    [InlineData("key_revoked", "wrong-state")]
    [InlineData("model_not_allowed", "wrong-state")]
    public async Task A_refusal_that_no_money_would_change_is_no_ground_for_a_request(string code, string problem)
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var refusal = await RefuseAsync(api, code);

        (await admin.PostAsync("/requests", new { refusal, amountUsd = "1", reason = "x" })).ProblemType.Should().Be(problem);
        (await admin.PostAsync("/requests", new { refusal = Guid.NewGuid(), amountUsd = "1", reason = "x" })).Field.Should().Be("refusal");
    }

    [Fact]
    public async Task A_request_is_withdrawn_by_who_asked_and_seen_by_nobody_beside()
    {
        await using var api = await StartAsync();
        var (employee, _, finance) = await PeopleAsync(api);
        var other = await api.ClientAsync(MemberRole.Manager, "team/ads");
        var refusal = await RefuseAsync(api, "budget_exceeded", budget: "ada-week");
        var id = (await employee.PostAsync("/requests", new { refusal, amountUsd = "1", reason = "x" })).Json.GetProperty("id").GetString();

        (await other.GetAsync($"/requests/{id}")).Status.Should().Be(404);
        (await other.GetAsync("/requests")).Items("id").Should().BeEmpty();
        (await other.PostAsync("/requests", new { refusal, amountUsd = "1", reason = "x" })).Field.Should().Be("refusal");
        (await finance.PostAsync($"/requests/{id}/withdraw", null, "*")).ProblemType.Should().Be("forbidden");
        (await employee.PostAsync($"/requests/{id}/withdraw", null, "*")).Json.GetProperty("state").GetString().Should().Be("withdrawn");
    }

    private static long Now => Micros.Now(TimeProvider.System);

    private static NanoUsd Usd(string text) => NanoUsd.TryParse(text, out var amount) ? amount : throw new FormatException(text);

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        return api;
    }

    private static async Task<(ControlClient Employee, ControlClient Manager, ControlClient Finance)> PeopleAsync(ControlHarness api) => (
        await api.ClientAsync(MemberRole.Employee, "employee/e1001"), await api.ClientAsync(MemberRole.Manager, "team/search"),
        await api.ClientAsync(MemberRole.FinanceManager));

    private static async Task<GovernanceRows> RowsAsync(ControlHarness api) =>
        await api.Store.LoadAsync((await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value);

    private static async Task<Core.Budgets.Budget> BudgetAsync(ControlHarness api, string slug) =>
        (await RowsAsync(api)).Budgets.Values.Single(b => b.Slug == slug);

    /// <summary>Puts a refusal of a key, Ada's when nobody is named, as a gateway keeps it.</summary>
    private static async Task<Guid> RefuseAsync(
        ControlHarness api, string code, string? budget = null, string? policy = null, string actor = "employee/e1001")
    {
        var rows = await RowsAsync(api);
        var id = Guid.CreateVersion7();
        var actorId = rows.Scopes.Values.Single(s => s.Reference == actor).ScopeId;
        await api.Store.ExecuteAsync("""
            INSERT INTO refusals (organization_id, request_id, key_id, refused_at, route, code, message, policy_id, budget_id)
            VALUES (@OrganizationId, @id, @keyId, 1, 'chat.completions', @code, 'no', @policyId, @budgetId)
            """, new
        {
            rows.OrganizationId, id, code, keyId = rows.Keys.Values.First(k => k.ActorId == actorId).KeyId,
            policyId = rows.Policies.Values.FirstOrDefault(p => p.Slug == policy)?.PolicyId,
            budgetId = rows.Budgets.Values.FirstOrDefault(b => b.Slug == budget)?.BudgetId,
        });
        return id;
    }
}

public sealed class SqliteRequestTests() : RequestContract(DatabaseEngine.Sqlite);

public sealed class PostgresRequestTests() : RequestContract(DatabaseEngine.Postgres);
