using Spendra.Core.Access;
using Spendra.Core.Money;
using Spendra.Storage;

namespace Spendra.Control.Tests.Api;

/// <summary>Members through the management API, on either engine.</summary>
public abstract class MemberContract(DatabaseEngine engine)
{
    [Fact]
    public async Task A_member_gets_a_role_over_scopes_with_a_record_of_it()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var member = await api.AddMemberAsync("grace@acme.example", null);
        var grace = PersonScheme.Client(api, member);
        (await grace.GetAsync("/teams")).Status.Should().Be(404, "a member without a role sees nothing");
        var read = await admin.GetAsync($"/members/{member.MemberId}");
        read.Status.Should().Be(200, read.Body);

        var changed = await admin.PutAsync($"/members/{member.MemberId}",
            new { role = "manager", scopes = new[] { "team/search" }, approvalLimitUsd = "250", employee = "employee/e1001" }, read.ETag);

        changed.Status.Should().Be(200, changed.Body);
        var again = await admin.GetAsync($"/members/{member.MemberId}");
        again.Anonymous().Should().Be(changed.Anonymous());
        again.ETag.Should().Be(changed.ETag).And.NotBe(read.ETag);
        again.Json.GetProperty("scopes")[0].GetString().Should().Be("team/search");
        again.Of("approvalLimitUsd").Should().Be("250");
        again.Of("employee").Should().Be("employee/e1001");
        (await grace.GetAsync("/teams")).Items("slug").Should().Equal("search");
        (await admin.PutAsync($"/members/{member.MemberId}", new { role = "auditor" }, read.ETag)).ProblemType.Should().Be("stale-version");
        (await admin.PutAsync($"/members/{member.MemberId}", new { role = "auditor" }, null)).ProblemType.Should().Be("version-required");

        var record = (await api.RecordsAsync("member"))[^1];
        record.Action.Should().Be("update");
        record.Subject.Should().Be("grace@acme.example");
        record.Actor.Should().StartWith("org_admin-");
        record.BeforeState.Should().NotContain("role");
        record.AfterState.Should().Contain("manager").And.Contain("team/search").And.Contain("250").And.Contain("employee/e1001");
    }

    [Fact]
    public async Task Elevated_roles_are_the_org_admins_and_the_others_the_iam_admins()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var iam = await api.ClientAsync(MemberRole.IamAdmin);
        var member = await api.AddMemberAsync("grace@acme.example", null);
        var elevated = await api.AddMemberAsync("dev@acme.example", MemberRole.PlatformAdmin);

        foreach (var role in MemberRoles.All)
        {
            object body = MemberRoles.IsScoped(role) ? new { role = MemberRoles.NameOf(role), scopes = new[] { "organization" } } : new { role = MemberRoles.NameOf(role) };
            var byIam = await iam.PutAsync($"/members/{member.MemberId}", body);
            byIam.Status.Should().Be(MemberRoles.IsElevated(role) ? 403 : 200, $"{role}: {byIam.Body}");
            (await admin.PutAsync($"/members/{member.MemberId}", body)).Status.Should().Be(200, $"{role}");
            (await admin.PutAsync($"/members/{member.MemberId}", new { })).Status.Should().Be(200, "no role at all");
        }
        (await iam.PutAsync($"/members/{elevated.MemberId}", new { role = "auditor" })).Status.Should().Be(403);
        (await iam.PostAsync($"/members/{elevated.MemberId}/remove", null, "*")).Status.Should().Be(403);
        (await admin.PostAsync($"/members/{elevated.MemberId}/remove", null, "*")).Status.Should().Be(200);
    }

    [Fact]
    public async Task Whoever_is_elevated_is_told_nothing_of_and_touched_in_nothing_by_an_iam_admin()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var iam = await api.ClientAsync(MemberRole.IamAdmin);
        var elevated = await api.AddMemberAsync("dev@acme.example", MemberRole.OrgAdmin);
        object bound = new { role = "org_admin", employee = "employee/e1001" };

        (await iam.PutAsync($"/members/{elevated.MemberId}", bound)).Status.Should().Be(403, "the role stays, the employee does not");
        (await iam.PutAsync($"/members/{elevated.MemberId}", bound, "\"987654321\"")).Status.Should().Be(403, "and not which version there is");
        (await iam.PutAsync($"/members/{elevated.MemberId}", bound, null)).Status.Should().Be(403);
        var invited = await admin.PostAsync("/invitations", new { email = "cto@acme.example", role = "org_admin" });
        var invitation = $"/invitations/{invited.Json.GetProperty("invitation").GetProperty("id").GetString()}/revoke";
        (await iam.PostAsync(invitation)).Status.Should().Be(403, "it is an org admin's to take back");
        (await admin.PostAsync(invitation)).Status.Should().Be(200);
        (await iam.PostAsync(invitation)).Status.Should().Be(403, "and whether it was is told to nobody else");
        (await admin.PutAsync($"/members/{elevated.MemberId}", bound)).Status.Should().Be(200);
    }

    [Fact]
    public async Task Nobody_stops_being_the_employee_that_they_are_by_themselves()
    {
        await using var api = await Governed.StartAsync(engine);
        var member = await api.AddMemberAsync("ada@acme.example", MemberRole.OrgAdmin, employee: "employee/e1001");
        var ada = api.Client(await api.AddTokenAsync(member));

        (await ada.PutAsync($"/members/{member.MemberId}", new { role = "org_admin" })).Of("detail").Should().Contain("stops being the employee");
        (await ada.PutAsync($"/members/{member.MemberId}", new { role = "org_admin", employee = "employee/e1002" })).Status.Should().Be(403);
        (await ada.PutAsync($"/members/{member.MemberId}", new { role = "org_admin", employee = "employee/e1001" })).Status.Should().Be(200, "nothing changes");
    }

    [Fact]
    public async Task Nobody_grants_more_than_they_hold()
    {
        await using var api = await Governed.StartAsync(engine);
        var limited = await api.AddMemberAsync("iam@acme.example", MemberRole.IamAdmin, approvalLimit: NanoUsd.FromUsd(100));
        var iam = api.Client(await api.AddTokenAsync(limited));
        var narrow = api.Client(await api.AddTokenAsync(limited, CapabilitySet.Of(Capability.MembersWrite, Capability.RolesGrant, Capability.PricesRead)));
        var member = await api.AddMemberAsync("grace@acme.example", null);
        object Manager(string? limit) => new { role = "manager", scopes = new[] { "team/search" }, approvalLimitUsd = limit };

        (await iam.PutAsync($"/members/{member.MemberId}", Manager(null))).Status.Should().Be(403, "no limit is more than 100");
        (await iam.PutAsync($"/members/{member.MemberId}", Manager("100.000000001"))).Status.Should().Be(403);
        (await narrow.PutAsync($"/members/{member.MemberId}", Manager("1"))).Status.Should().Be(403, "a token grants no more than the token holds");
        (await iam.PutAsync($"/members/{member.MemberId}", Manager("100"))).Status.Should().Be(200);
        (await iam.PutAsync($"/members/{limited.MemberId}", new { role = "auditor" })).Status.Should().Be(403, "nobody changes their own role");
    }

    [Fact]
    public async Task The_last_org_admin_stays_whatever_happens_at_once()
    {
        await using var api = await Governed.StartAsync(engine);
        var first = await api.AddMemberAsync("a@acme.example", MemberRole.OrgAdmin);
        var second = await api.AddMemberAsync("b@acme.example", MemberRole.OrgAdmin);

        var answers = await Task.WhenAll(new[] { first, second }.Select(m => PersonScheme.Client(api, m).PostAsync("/leave")));

        answers.Select(a => a.Status).Should().BeEquivalentTo([200, 403]);
        var left = answers[0].Status == 403 ? first : second;
        var last = PersonScheme.Client(api, left);
        (await last.PostAsync("/leave")).Of("detail").Should().Contain("last org admin");
        (await last.PostAsync($"/members/{left.MemberId}/remove", null, "*")).Status.Should().Be(403);
        (await last.GetAsync("/members")).Items("email").Should().Equal(left.Email);
        (await PersonScheme.Client(api, left == first ? second : first).GetAsync("/teams")).Status.Should().Be(404);
    }

    [Fact]
    public async Task A_token_does_not_leave_for_its_owner()
    {
        await using var api = await Governed.StartAsync(engine);
        var member = await api.AddMemberAsync("grace@acme.example", MemberRole.Auditor);

        (await api.Client(await api.AddTokenAsync(member)).PostAsync("/leave")).ProblemType.Should().Be("forbidden");
        (await PersonScheme.Client(api, member).PostAsync("/leave")).Status.Should().Be(200);
    }

    [Fact]
    public async Task Tokens_of_a_removed_member_are_over_and_stay_so()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var member = await api.AddMemberAsync("grace@acme.example", MemberRole.Auditor);
        var token = api.Client(await api.AddTokenAsync(member));
        (await token.GetAsync("/teams")).Status.Should().Be(200);

        var removed = await admin.PostAsync($"/members/{member.MemberId}/remove", null, "*");

        removed.Status.Should().Be(200, removed.Body);
        (await token.GetAsync("/teams")).Status.Should().Be(401);
        (await admin.GetAsync($"/members/{member.MemberId}")).Status.Should().Be(404);
        (await admin.GetAsync("/members?search=grace")).Items("email").Should().BeEmpty();
        (await admin.GetAsync("/members?search=grace&removed=true")).Items("email").Should().Equal("grace@acme.example");
        await api.Store.ExecuteAsync("UPDATE members SET removed_at = NULL, role = 'auditor' WHERE member_id = @MemberId", new { member.MemberId });
        (await token.GetAsync("/teams")).Status.Should().Be(401, "who comes back makes new tokens");
        (await api.RecordsAsync("token"))[^1].Action.Should().Be("revoke");
    }

    [Fact]
    public async Task One_employee_is_one_member()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var first = await api.AddMemberAsync("a@acme.example", null);
        var second = await api.AddMemberAsync("b@acme.example", null);
        object body = new { role = "employee", scopes = new[] { "employee/e1001" }, employee = "employee/e1001" };

        (await admin.PutAsync($"/members/{first.MemberId}", body)).Status.Should().Be(200);
        (await admin.PutAsync($"/members/{second.MemberId}", body)).ProblemType.Should().Be("duplicate");
        (await admin.PostAsync($"/members/{first.MemberId}/remove", null, "*")).Status.Should().Be(200);
        (await admin.PutAsync($"/members/{second.MemberId}", body)).Status.Should().Be(200, "the first is none any more");
    }

    [Fact]
    public async Task Lists_are_paged_in_every_order_and_filtered()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var name in new[] { "b", "a", "d", "c" }) await api.AddMemberAsync($"{name}@acme.example", name == "a" ? null : MemberRole.Auditor);

        foreach (var sort in new[] { "email", "-email", "name", "-name", "joined", "-joined" })
        {
            var whole = (await admin.GetAsync($"/members?sort={sort}")).Items("email");
            whole.Should().HaveCount(5);
            var paged = new List<string>();
            for (var next = $"/members?sort={sort}&limit=2"; next is not null;)
            {
                var page = await admin.GetAsync(next);
                page.Status.Should().Be(200, page.Body);
                paged.AddRange(page.Items("email"));
                next = page.Json.GetProperty("next").GetString() is { } cursor ? $"/members?sort={sort}&limit=2&cursor={cursor}" : null;
            }
            paged.Should().Equal(whole);
        }
        (await admin.GetAsync("/members?role=auditor")).Items("email").Should().Equal("b@acme.example", "c@acme.example", "d@acme.example");
        (await admin.GetAsync("/members?role=none")).Items("email").Should().Equal("a@acme.example");
        // The caller's own address is made at random, and may end in the same letter.
        (await admin.GetAsync("/members?search=D@ACME")).Items("email").Where(e => !e.StartsWith("org_admin-", StringComparison.Ordinal))
            .Should().Equal("d@acme.example");
        (await admin.GetAsync("/members?search=%25")).Items("email").Should().BeEmpty();
    }

    [Fact]
    public async Task Members_of_another_organization_are_not_there_and_who_may_not_write_does_not()
    {
        await using var api = await Governed.StartAsync(engine);
        await api.ApplyAsync(Governed.Other);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var foreign = await api.AddMemberAsync("x@other.example", MemberRole.OrgAdmin, organization: "other");
        var member = await api.AddMemberAsync("grace@acme.example", null);

        var unseen = await admin.GetAsync($"/members/{foreign.MemberId}");
        unseen.Status.Should().Be(404);
        unseen.Anonymous().Should().Be((await admin.GetAsync($"/members/{Guid.NewGuid()}")).Anonymous());
        unseen.Anonymous().Should().Be((await admin.GetAsync("/members/no-id")).Anonymous());
        (await admin.PutAsync($"/members/{foreign.MemberId}", new { })).Status.Should().Be(404);
        (await admin.PostAsync($"/members/{foreign.MemberId}/remove", null, "*")).Status.Should().Be(404);
        var auditor = await api.ClientAsync(MemberRole.Auditor);
        (await auditor.GetAsync("/members")).Status.Should().Be(200);
        (await auditor.PutAsync($"/members/{member.MemberId}", new { })).Status.Should().Be(403);
        (await (await api.ClientAsync(MemberRole.Manager, "team/search")).GetAsync("/members")).Status.Should().Be(403);
    }

    [Fact]
    public async Task A_body_that_is_wrong_is_refused_with_its_field_and_changes_nothing()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var member = await api.AddMemberAsync("grace@acme.example", null);
        foreach (var (body, field) in new[]
        {
            ("""{"role":"manager"}""", "scopes"),
            ("""{"role":"manager","scopes":["team/nowhere"]}""", "scopes[0]"),
            ("""{"role":"auditor","scopes":["team/search"]}""", "scopes"),
            ("""{"role":"auditor","approvalLimitUsd":"1"}""", "approvalLimitUsd"),
            ("""{"role":"auditor","employee":"team/search"}""", "employee"),
            ("""{"role":"auditor","employee":"employee/'; DROP TABLE members; --"}""", "employee"),
        })
        {
            var refused = await admin.PutAsync($"/members/{member.MemberId}", body);

            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().Be(field, refused.Body);
            (await admin.GetAsync($"/members/{member.MemberId}")).ETag.Should().Be("\"1\"");
        }
    }

    [Fact]
    public async Task A_query_that_is_wrong_is_refused_with_its_parameter()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var (path, field) in new[]
        {
            ("/members?role=king", "role"),
            ("/members?sort=joined&cursor=WyJqb2luZWQiLCJ4IiwieSJd", "cursor"),
            ("/invitations?cursor=WyItY3JlYXRlZCIsIngiXQ", "cursor"),
            ("/tokens?cursor=WyItY3JlYXRlZCIsIngiXQ", "cursor"),
            ("/tokens?member=me", "member"),
        })
        {
            var refused = await admin.GetAsync(path);

            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().BeEquivalentTo(field, refused.Body);
        }
    }
}

public sealed class SqliteMemberTests() : MemberContract(DatabaseEngine.Sqlite);

public sealed class PostgresMemberTests() : MemberContract(DatabaseEngine.Postgres);
