using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Tests.Api;

/// <summary>Branches, teams, projects, employees and agents through the management API, on either engine.</summary>
public abstract class HierarchyContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_team_is_created_read_renamed_moved_archived_and_restored_with_a_record_of_each()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);

        var created = await admin.PostAsync("/teams", new { slug = "maps", name = "Maps", parent = "branch/emea" });
        created.Status.Should().Be(201, created.Body);
        created.Location.Should().Be("/api/v1/organizations/acme/teams/maps");
        var read = await admin.GetAsync("/teams/maps");
        read.Body.Should().Be(created.Body);
        read.ETag.Should().Be(created.ETag).And.NotBeNull();

        var moved = await admin.PutAsync("/teams/maps", new { name = "Maps and more" }, read.ETag);
        moved.Status.Should().Be(200, moved.Body);
        moved.Json.GetProperty("parent").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        var stale = await admin.PutAsync("/teams/maps", new { name = "Late" }, read.ETag);
        stale.Status.Should().Be(412);
        stale.ProblemType.Should().Be("stale-version");
        (await admin.PutAsync("/teams/maps", new { name = "Unseen" }, null)).ProblemType.Should().Be("version-required");

        var archived = await admin.PostAsync("/teams/maps/archive", null, moved.ETag);
        archived.Json.GetProperty("isArchived").GetBoolean().Should().BeTrue(archived.Body);
        (await admin.GetAsync("/teams")).Items("slug").Should().Equal("ads", "search");
        (await admin.GetAsync("/teams?archived=true")).Items("slug").Should().Equal("ads", "maps", "search");
        (await admin.PostAsync("/teams/maps/restore", null, archived.ETag)).Status.Should().Be(200);

        var id = (await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;
        (await AuditLog.VerifyAsync(api.Store.Database, id, Cancel)).IsWhole.Should().BeTrue();
        var records = await AuditLog.ReadAsync(api.Store.Database, id, Cancel).Where(r => r.Subject == "maps").ToListAsync(Cancel);
        records.Select(r => r.Action).Should().Equal("create", "move", "archive", "restore");
        records.Should().OnlyContain(r => r.Actor.StartsWith("org_admin-") && r.Actor.EndsWith(" by token test") && r.Origin.StartsWith("api 127.0.0.1 request "));
        records[1].BeforeState.Should().Contain("branch/emea");
    }

    [Fact]
    public async Task What_something_still_hangs_on_is_not_archived()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);

        var refused = await admin.PostAsync("/teams/search/archive", null, "*");

        refused.Status.Should().Be(409);
        refused.ProblemType.Should().Be("in-use");
        refused.Json.GetProperty("detail").GetString().Should().Contain("employee/e1001").And.Contain("budget search-month");
        (await admin.GetAsync("/teams/search")).Json.GetProperty("isArchived").GetBoolean().Should().BeFalse();
    }

    [Fact]
    public async Task Lists_are_paged_in_either_direction_and_filtered()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var slug in new[] { "b", "a", "d", "c" }) (await admin.PostAsync("/teams", new { slug, name = "Zed" })).Status.Should().Be(201);

        foreach (var sort in new[] { "slug", "-slug", "name", "-name" })
        {
            var whole = (await admin.GetAsync($"/teams?sort={sort}")).Items("slug");
            whole.Should().HaveCount(6);
            var paged = new List<string>();
            for (var next = $"/teams?sort={sort}&limit=2"; next is not null;)
            {
                var page = await admin.GetAsync(next);
                page.Status.Should().Be(200, page.Body);
                paged.AddRange(page.Items("slug"));
                next = page.Json.GetProperty("next").GetString() is { } cursor ? $"/teams?sort={sort}&limit=2&cursor={cursor}" : null;
            }
            paged.Should().Equal(whole);
        }
        (await admin.GetAsync("/teams?search=SEA")).Items("slug").Should().Equal("search");
        (await admin.GetAsync("/teams?search=%25")).Items("slug").Should().BeEmpty();
        (await admin.GetAsync("/teams?parent=branch/emea")).Items("slug").Should().Equal("search");
    }

    [Fact]
    public async Task A_manager_sees_and_changes_only_what_lies_in_their_scopes()
    {
        await using var api = await StartAsync();
        var manager = await api.ClientAsync(MemberRole.Manager, "team/search");

        (await manager.GetAsync("/teams")).Items("slug").Should().Equal("search");
        (await manager.GetAsync("/employees")).Items("slug").Should().Equal("e1001");
        (await manager.GetAsync("/agents")).Items("slug").Should().Equal("crawler", "writer");
        (await manager.GetAsync("/subagents")).Items("slug").Should().Equal("fetcher");
        var unseen = await manager.GetAsync("/teams/ads");
        var unknown = await manager.GetAsync("/teams/no-such-team");
        unseen.Status.Should().Be(404);
        unseen.Body.Replace(unseen.RequestId, "").Should().Be(unknown.Body.Replace(unknown.RequestId, ""));

        (await manager.PostAsync("/employees", new { slug = "e9", parent = "team/search" })).Status.Should().Be(201);
        (await manager.PostAsync("/employees", new { slug = "e10", parent = "team/ads" })).Field.Should().Be("parent");
        (await manager.PostAsync("/employees", new { slug = "e11" })).ProblemType.Should().Be("forbidden");
        (await manager.PutAsync("/teams/search", new { name = "Mine" })).ProblemType.Should().Be("forbidden");
        (await manager.PutAsync("/employees/e9", new { name = "Freed" })).ProblemType.Should().Be("forbidden");
    }

    [Fact]
    public async Task A_manager_gives_an_employee_no_project_that_they_do_not_hold_and_takes_none_that_is_there_for_granted()
    {
        await using var api = await StartAsync();
        var manager = await api.ClientAsync(MemberRole.Manager, "team/search");
        var both = await api.ClientAsync(MemberRole.Manager, "team/search", "project/billing");
        object Ada(params string[] projects) => new { name = "Ada", parent = "team/search", email = "ada@example.com", projects };

        (await manager.PutAsync("/employees/e1001", Ada("ranking"))).Status.Should().Be(200, "what is there may stay");
        (await manager.PutAsync("/employees/e1001", Ada("ranking", "billing"))).Field.Should().Be("projects[1]");
        (await manager.PostAsync("/employees", new { slug = "e9", parent = "team/search", projects = new[] { "ranking" } })).Field.Should().Be("projects[0]");
        (await both.PutAsync("/employees/e1001", Ada("ranking", "billing"))).Status.Should().Be(200);
        (await manager.GetAsync("/employees/e1001")).Json.GetProperty("projects").EnumerateArray().Select(p => p.GetString()).Should().Equal("billing", "ranking");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task A_body_that_is_not_json_is_told_so_and_changes_nothing(string type)
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);

        using var content = new StringContent("{\"slug\":\"x\"}", System.Text.Encoding.UTF8, type);
        using var answer = await admin.Http.PostAsync(ControlHarness.Path + "/teams", content, Cancel);

        ((int)answer.StatusCode).Should().Be(415);
        (await answer.Content.ReadAsStringAsync(Cancel)).Should().Contain("urn:spendra:problem:unsupported-media-type");
        (await admin.GetAsync("/teams/x")).Status.Should().Be(404);
    }

    [Fact]
    public async Task A_role_that_was_taken_away_holds_from_its_commit_on()
    {
        await using var api = await StartAsync();
        var member = await api.AddMemberAsync("x@acme.example", MemberRole.OrgAdmin);
        var client = api.Client(await api.AddTokenAsync(member));
        (await client.GetAsync("/teams")).Status.Should().Be(200);

        await api.Store.ExecuteAsync("UPDATE members SET role = NULL WHERE member_id = @MemberId", new { member.MemberId });

        (await client.GetAsync("/teams")).Status.Should().Be(404);
        (await client.PostAsync("/teams", new { slug = "late" })).Status.Should().Be(404);
    }

    [Fact]
    public async Task A_creation_that_is_repeated_with_its_key_is_answered_as_the_first_time()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);

        var first = await admin.PostAsync("/teams", new { slug = "once" }, idempotencyKey: "k-1");
        var again = await admin.PostAsync("/teams", new { slug = "once" }, idempotencyKey: "k-1");
        var other = await admin.PostAsync("/teams", new { slug = "twice" }, idempotencyKey: "k-1");
        var without = await admin.PostAsync("/teams", new { slug = "once" });

        first.Status.Should().Be(201, first.Body);
        again.Status.Should().Be(201, again.Body);
        again.Body.Should().Be(first.Body);
        again.Location.Should().Be(first.Location);
        other.Status.Should().Be(422);
        without.ProblemType.Should().Be("duplicate");
    }

    [Fact]
    public async Task A_body_that_is_wrong_is_refused_with_its_field_and_changes_nothing()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var before = await admin.GetAsync("/teams?archived=true");
        foreach (var (body, field) in new[]
        {
            ("""{"slug":"No Slug"}""", "slug"),
            ("""{"slug":"x","parent":"team/search"}""", "parent"),
            ("""{"slug":"x","parent":"branch/nowhere"}""", "parent"),
            ("""{"slug":"x","email":"a@b.example"}""", "email"),
            ("""{"slug":"x","slug":"y"}""", "slug"),
            ("""{"slug":"x","name":null,"parent":"'; DROP TABLE scopes; --"}""", "parent"),
        })
        {
            var refused = await admin.PostAsync("/teams", body);

            refused.Status.Should().Be(400, refused.Body);
            refused.ProblemType.Should().Be("invalid-request");
            refused.Field.Should().Be(field, refused.Body);
            refused.Json.GetProperty("requestId").GetString().Should().Be(refused.RequestId);
            (await admin.GetAsync("/teams?archived=true")).Body.Should().Be(before.Body);
        }
    }

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        return api;
    }
}

public sealed class SqliteHierarchyTests() : HierarchyContract(DatabaseEngine.Sqlite);

public sealed class PostgresHierarchyTests() : HierarchyContract(DatabaseEngine.Postgres);
