using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Tests.Api;

/// <summary>Self-service: rules that managers set, and keys that employees issue within them, on either engine.</summary>
public abstract class KeyRuleContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_rule_an_employee_issues_nothing_and_with_one_within_it()
    {
        await using var api = await StartAsync();
        var manager = await api.ClientAsync(MemberRole.Manager, "team/search");
        var ada = await EmployeeAsync(api, "employee/e1001");
        (await ada.PostAsync("/keys", new { slug = "k1", actor = "employee/e1001" })).Json.GetProperty("detail").GetString().Should().StartWith("No key rule");

        var rule = await manager.PostAsync("/key-rules", new
        {
            slug = "search-own", scope = "team/search", maxLiveKeys = 3, models = new[] { "gpt-5.4" }, tools = Array.Empty<string>(), maxRequestUsd = "1", longestLifeDays = 30,
        });
        rule.Status.Should().Be(201, rule.Body);
        var expiresAt = DateTimeOffset.UtcNow.AddDays(29);
        object fits = new { slug = "k1", actor = "employee/e1001", models = new[] { "gpt-5.4" }, maxRequestUsd = "1", expiresAt };
        (object Body, string Why)[] beyond =
        [
            (new { slug = "k1", actor = "employee/e1001", maxRequestUsd = "1", expiresAt }, "models"),
            (new { slug = "k1", actor = "employee/e1001", models = new[] { "gpt-5.4", "gpt-5" }, maxRequestUsd = "1", expiresAt }, "models"),
            (new { slug = "k1", actor = "employee/e1001", models = new[] { "gpt-5.4" }, tools = new[] { "web_search" }, maxRequestUsd = "1", expiresAt }, "tools"),
            (new { slug = "k1", actor = "employee/e1001", models = new[] { "gpt-5.4" }, expiresAt }, "maxRequestUsd"),
            (new { slug = "k1", actor = "employee/e1001", models = new[] { "gpt-5.4" }, maxRequestUsd = "1.01", expiresAt }, "maxRequestUsd"),
            (new { slug = "k1", actor = "employee/e1001", models = new[] { "gpt-5.4" }, maxRequestUsd = "1" }, "expire"),
            (new { slug = "k1", actor = "employee/e1001", models = new[] { "gpt-5.4" }, maxRequestUsd = "1", expiresAt = expiresAt.AddDays(2) }, "expire"),
        ];
        foreach (var (body, why) in beyond)
        {
            var refused = await ada.PostAsync("/keys", body);
            refused.Status.Should().Be(403, refused.Body);
            refused.Json.GetProperty("detail").GetString().Should().Contain("'search-own'").And.Contain(why);
        }
        (await ada.PostAsync("/keys", fits)).Status.Should().Be(201);
        (await ada.PostAsync("/keys", new { slug = "k2", actor = "agent/writer", project = "ranking", models = new[] { "gpt-5.4" }, maxRequestUsd = "1", expiresAt })).Status.Should().Be(201);
        var third = await ada.PostAsync("/keys", new { slug = "k3", actor = "employee/e1001", models = new[] { "gpt-5.4" }, maxRequestUsd = "1", expiresAt });
        third.Json.GetProperty("detail").GetString().Should().Contain("3 live keys", "the key that was declared for Ada counts as well");
        (await ada.PostAsync("/keys/k1/revoke", null, "*")).Status.Should().Be(200);
        (await ada.PostAsync("/keys", new { slug = "k3", actor = "employee/e1001", models = new[] { "gpt-5.4" }, maxRequestUsd = "1", expiresAt })).Status.Should().Be(201);
    }

    [Fact]
    public async Task Nothing_is_issued_for_others_nor_for_projects_that_are_not_ones_own()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        await admin.PostAsync("/key-rules", new { slug = "all", scope = "organization" });
        // The role reaches the whole team, the self-service of its holder only to themselves.
        var ada = await EmployeeAsync(api, "employee/e1001", "team/search");

        (await ada.PostAsync("/keys", new { slug = "k", actor = "agent/crawler" })).Json.GetProperty("detail").GetString().Should().Contain("themselves and their agents only");
        (await ada.PostAsync("/keys", new { slug = "k", actor = "employee/e1001", project = "billing" })).Field.Should().Be("project");
        (await ada.PostAsync("/keys", new { slug = "k", actor = "agent/writer", project = "billing" })).Field.Should().Be("project");
        (await ada.PostAsync("/keys", new { slug = "k", actor = "employee/e1001", project = "ranking" })).Status.Should().Be(201);
        var stranger = await api.ClientAsync(MemberRole.Employee, "employee/e1001");
        (await stranger.PostAsync("/keys", new { slug = "l", actor = "employee/e1001" })).ProblemType.Should().Be("forbidden", "the member is no employee");
    }

    [Fact]
    public async Task Employees_revoke_their_own_keys_and_no_colleagues()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var actor in new[] { "employee/e1001", "agent/writer", "agent/crawler" })
            (await admin.PostAsync("/keys", new { slug = actor.Split('/')[1], actor })).Status.Should().Be(201);
        var ada = await EmployeeAsync(api, "employee/e1001", "team/search");
        var stranger = await api.ClientAsync(MemberRole.Employee, "team/search");

        foreach (var client in new[] { ada, stranger })
        {
            var refused = await client.PostAsync("/keys/crawler/revoke", null, "*");
            refused.ProblemType.Should().Be("forbidden");
            refused.Json.GetProperty("detail").GetString().Should().Contain("keys.revoke over agent/crawler");
        }
        (await stranger.PostAsync("/keys/writer/revoke", null, "*")).ProblemType.Should().Be("forbidden", "the member is no employee");
        (await ada.PostAsync("/keys/writer/revoke", null, "*")).Status.Should().Be(200);
        (await ada.PostAsync("/keys/e1001/revoke", null, "*")).Status.Should().Be(200);
        (await (await api.ClientAsync(MemberRole.Manager, "team/search")).PostAsync("/keys/crawler/revoke", null, "*")).Status.Should().Be(200);
    }

    [Fact]
    public async Task A_key_is_not_widened_nor_made_to_live_longer_by_changing_it_and_rotating_begins_a_new_life()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        await admin.PostAsync("/key-rules", new { slug = "all", scope = "organization", models = new[] { "gpt-5.4" }, longestLifeDays = 10 });
        await admin.PostAsync("/key-rules", new { slug = "project", scope = "project/ranking", models = Array.Empty<string>() });
        var ada = await EmployeeAsync(api, "employee/e1001");
        var expiresAt = DateTimeOffset.UtcNow.AddDays(9);
        (await ada.PostAsync("/keys", new { slug = "k", actor = "employee/e1001", models = new[] { "gpt-5.4" }, expiresAt })).Status.Should().Be(201);
        await api.Store.ExecuteAsync("UPDATE scoped_keys SET created_at = created_at - 5 * 86400000000 WHERE slug = 'k'");

        (await ada.PutAsync("/keys/k", new { models = new[] { "gpt-5.4" }, expiresAt })).Status.Should().Be(403, "it was made five days ago");
        (await ada.PutAsync("/keys/k", new { expiresAt = expiresAt.AddDays(-5) })).Status.Should().Be(403, "all models are more than one");
        (await ada.PutAsync("/keys/k", new { models = new[] { "gpt-5.4" }, project = "ranking", expiresAt = expiresAt.AddDays(-5) })).Status.Should().Be(403, "the project's rule holds as well");
        (await ada.PutAsync("/keys/k", new { models = new[] { "gpt-5.4" }, expiresAt = expiresAt.AddDays(-5) })).Status.Should().Be(200);
        (await ada.PostAsync("/keys/k/rotate", new { expiresAt = expiresAt.AddDays(2) }, "*")).Status.Should().Be(403);
        (await ada.PostAsync("/keys/k/rotate", new { expiresAt }, "*")).Status.Should().Be(200);
        (await ada.PutAsync("/keys/k", new { models = new[] { "gpt-5.4" }, expiresAt })).Status.Should().Be(200, "the new secret's life counts");
    }

    [Fact]
    public async Task A_rule_is_set_changed_archived_and_restored_by_whoever_manages_its_scope_with_a_record_of_each()
    {
        await using var api = await StartAsync();
        var manager = await api.ClientAsync(MemberRole.Manager, "team/search");
        var other = await api.ClientAsync(MemberRole.Manager, "team/ads");
        var created = await manager.PostAsync("/key-rules", new { slug = "r", scope = "team/search", maxLiveKeys = 2, providers = new[] { "openai" } }, idempotencyKey: "i");
        (await manager.PostAsync("/key-rules", new { slug = "r", scope = "team/search", maxLiveKeys = 2, providers = new[] { "openai" } }, idempotencyKey: "i")).Body.Should().Be(created.Body);
        (await manager.PostAsync("/key-rules", new { slug = "r", scope = "team/search" })).ProblemType.Should().Be("duplicate");
        (await manager.GetAsync("/key-rules/r")).Body.Should().Be(created.Body);

        (await other.GetAsync("/key-rules/r")).Status.Should().Be(404);
        (await other.PutAsync("/key-rules/r", new { })).Status.Should().Be(404);
        (await other.GetAsync("/key-rules")).Items("slug").Should().BeEmpty();
        (await manager.PostAsync("/key-rules", new { slug = "s", scope = "team/ads" })).Field.Should().Be("scope");
        (await manager.PostAsync("/key-rules", new { slug = "s", scope = "organization" })).Field.Should().Be("scope");
        (await (await api.ClientAsync(MemberRole.Employee, "team/search")).PutAsync("/key-rules/r", new { })).ProblemType.Should().Be("forbidden");
        (await manager.PostAsync("/key-rules", new { slug = "s", scope = "team/search", maxLiveKeys = -1 })).Field.Should().Be("maxLiveKeys");
        (await manager.PostAsync("/key-rules", new { slug = "s", scope = "team/search", longestLifeDays = 0 })).Field.Should().Be("longestLifeDays");

        var changed = await manager.PutAsync("/key-rules/r", new { maxLiveKeys = 1 }, created.ETag);
        changed.Json.GetProperty("providers").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null, changed.Body);
        (await manager.PutAsync("/key-rules/r", new { maxLiveKeys = 9 }, created.ETag)).Status.Should().Be(412);
        var archived = await manager.PostAsync("/key-rules/r/archive", null, changed.ETag);
        archived.Json.GetProperty("isArchived").GetBoolean().Should().BeTrue(archived.Body);
        (await manager.GetAsync("/key-rules")).Items("slug").Should().BeEmpty();
        (await manager.GetAsync("/key-rules?archived=true&scope=team/search")).Items("slug").Should().Equal("r");
        (await (await EmployeeAsync(api, "employee/e1001")).PostAsync("/keys", new { slug = "k", actor = "employee/e1001" })).Status.Should().Be(403, "an archived rule allows nothing");
        (await manager.PostAsync("/key-rules/r/restore", null, archived.ETag)).Status.Should().Be(200);

        var id = (await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;
        (await AuditLog.ReadAsync(api.Store.Database, id, Cancel).Where(r => r.SubjectKind == "keyRule").ToListAsync(Cancel))
            .Select(r => r.Action).Should().Equal("create", "update", "archive", "restore");
        (await AuditLog.VerifyAsync(api.Store.Database, id, Cancel)).IsWhole.Should().BeTrue();
    }

    /// <summary>A client of somebody who is an employee and holds that role.</summary>
    private static async Task<ControlClient> EmployeeAsync(ControlHarness api, string employee, string? scope = null)
    {
        var member = await api.AddMemberAsync($"{Guid.NewGuid():N}@acme.example", MemberRole.Employee, [scope ?? employee]);
        await api.Store.ExecuteAsync("""
            UPDATE members SET employee_id = (SELECT scope_id FROM scopes WHERE kind = 'employee' AND slug = @slug) WHERE member_id = @MemberId
            """, new { slug = employee["employee/".Length..], member.MemberId });
        return api.Client(await api.AddTokenAsync(member));
    }

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        return api;
    }
}

public sealed class SqliteKeyRuleTests() : KeyRuleContract(DatabaseEngine.Sqlite);

public sealed class PostgresKeyRuleTests() : KeyRuleContract(DatabaseEngine.Postgres);
