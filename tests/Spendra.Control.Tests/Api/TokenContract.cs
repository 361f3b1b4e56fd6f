using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.Tests.Api;

/// <summary>Personal access tokens and who one is, through the management API, on either engine.</summary>
public abstract class TokenContract(DatabaseEngine engine)
{
    private const string Me = "/api/v1/me";

    [Fact]
    public async Task A_token_does_what_it_was_given_of_what_its_owner_holds_until_it_is_revoked()
    {
        await using var api = await Governed.StartAsync(engine);
        var member = await api.AddMemberAsync("grace@acme.example", MemberRole.IamAdmin);
        var grace = PersonScheme.Client(api, member);

        var created = await grace.PostAsync("/tokens", new { name = "nightly", capabilities = new[] { "members.read", "hierarchy.read" }, expiresInDays = 365 });

        created.Status.Should().Be(201, created.Body);
        var secret = created.Of("secret");
        var id = created.Json.GetProperty("token").GetProperty("id").GetString()!;
        secret.Should().StartWith(id + "_");
        var token = api.Client(secret);
        (await token.GetAsync("/teams")).Status.Should().Be(200);
        (await token.PostAsync("/teams", new { slug = "x" })).Status.Should().Be(403);
        var me = await token.GetAsync(Me);
        me.Json.GetProperty("token").GetProperty("name").GetString().Should().Be("nightly");
        Capabilities(me).Should().Equal("hierarchy.read", "members.read");
        (await token.GetAsync("/tokens")).Items("id").Should().Equal(id);
        (await api.Store.ScalarAsync<string>("SELECT capabilities FROM access_tokens")).Should().Be("""["hierarchy.read","members.read"]""");

        await api.Store.ExecuteAsync("UPDATE members SET role = NULL WHERE member_id = @MemberId", new { member.MemberId });
        (await token.GetAsync("/teams")).Status.Should().Be(404, "its owner holds nothing");
        await api.Store.ExecuteAsync("UPDATE members SET role = 'auditor' WHERE member_id = @MemberId", new { member.MemberId });
        (await token.GetAsync("/teams")).Status.Should().Be(200);
        (await grace.PostAsync($"/tokens/{id}/revoke")).Of("state").Should().Be("revoked");
        (await token.GetAsync("/teams")).Status.Should().Be(401);
        (await grace.PostAsync($"/tokens/{id}/revoke")).ProblemType.Should().Be("wrong-state");

        var records = await api.RecordsAsync("token");
        records.Select(r => (r.Action, r.Subject)).Should().Equal(("create", id), ("revoke", id));
        records[0].AfterState.Should().Contain("members.read").And.NotContain(secret[(id.Length + 1)..]);
    }

    [Fact]
    public async Task Nobody_gives_a_token_more_than_they_hold_and_no_token_makes_one()
    {
        await using var api = await Governed.StartAsync(engine);
        var auditor = await api.AddMemberAsync("grace@acme.example", MemberRole.Auditor);

        (await PersonScheme.Client(api, auditor).PostAsync("/tokens", new { name = "x", capabilities = new[] { "hierarchy.read", "hierarchy.write" } })).Status.Should().Be(403);
        (await api.Client(await api.AddTokenAsync(auditor)).PostAsync("/tokens", new { name = "x", capabilities = new[] { "hierarchy.read" } })).ProblemType.Should().Be("forbidden");
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM access_tokens")).Should().Be(1);
    }

    [Fact]
    public async Task Tokens_of_others_are_listed_and_revoked_by_whoever_writes_members_and_by_nobody_else()
    {
        await using var api = await Governed.StartAsync(engine);
        var iam = PersonScheme.Client(api, await api.AddMemberAsync("iam@acme.example", MemberRole.IamAdmin));
        var owner = await api.AddMemberAsync("grace@acme.example", MemberRole.Auditor);
        var other = PersonScheme.Client(api, await api.AddMemberAsync("linus@acme.example", MemberRole.Auditor));
        await api.AddTokenAsync(owner);
        await api.AddTokenAsync(owner);
        var ids = (await PersonScheme.Client(api, owner).GetAsync("/tokens?sort=created")).Items("id");
        ids.Should().HaveCount(2);

        (await iam.GetAsync("/tokens")).Items("id").Should().BeEmpty("they have none of their own");
        (await iam.GetAsync($"/tokens?member={owner.MemberId}")).Items("id").Should().Equal(ids.Reverse());
        var page = await iam.GetAsync("/tokens?member=all&limit=1");
        page.Items("id").Concat((await iam.GetAsync($"/tokens?member=all&limit=1&cursor={page.Of("next")}")).Items("id")).Should().Equal(ids.Reverse());
        (await other.GetAsync($"/tokens?member={owner.MemberId}")).Status.Should().Be(403);
        (await other.GetAsync("/tokens?member=all")).Status.Should().Be(403);
        var unseen = await other.PostAsync($"/tokens/{ids[0]}/revoke");
        unseen.Status.Should().Be(404);
        unseen.Anonymous().Should().Be((await other.PostAsync("/tokens/spt_nothing/revoke")).Anonymous());
        var own = api.Client(await api.AddTokenAsync(owner));
        (await own.PostAsync($"/tokens/{ids[0]}/revoke")).Status.Should().Be(403, "one token is no right over the others");
        (await iam.PostAsync($"/tokens/{ids[0]}/revoke")).Status.Should().Be(200);
        (await iam.GetAsync("/tokens?member=all&state=revoked")).Items("id").Should().Equal(ids[0]);
    }

    [Fact]
    public async Task Tokens_of_members_with_an_elevated_role_are_revoked_by_themselves_and_by_org_admins()
    {
        await using var api = await Governed.StartAsync(engine);
        var iam = await api.AddMemberAsync("iam@acme.example", MemberRole.IamAdmin);
        var admin = await api.AddMemberAsync("root@acme.example", MemberRole.OrgAdmin);
        var asIam = PersonScheme.Client(api, iam);
        async Task<string> TokenOfAsync(MemberRow owner)
        {
            await api.AddTokenAsync(owner);
            return (await PersonScheme.Client(api, owner).GetAsync("/tokens")).Items("id")[0];
        }

        foreach (var role in new[] { MemberRole.OrgAdmin, MemberRole.IamAdmin, MemberRole.PlatformAdmin, MemberRole.FinanceManager })
        {
            var id = await TokenOfAsync(await api.AddMemberAsync($"{role}@acme.example", role));

            (await asIam.PostAsync($"/tokens/{id}/revoke")).Of("detail").Should().Contain("elevated role", $"{role}");
            (await asIam.GetAsync("/tokens?member=all&state=live")).Items("id").Should().Contain(id);
            (await PersonScheme.Client(api, admin).PostAsync($"/tokens/{id}/revoke")).Status.Should().Be(200);
            (await asIam.PostAsync($"/tokens/{id}/revoke")).ProblemType.Should().Be("forbidden", "how it stands is told to who may change it");
        }
        (await asIam.PostAsync($"/tokens/{await TokenOfAsync(iam)}/revoke")).Status.Should().Be(200, "one's own");
        (await asIam.PostAsync($"/tokens/{await TokenOfAsync(await api.AddMemberAsync("m@acme.example", MemberRole.Manager, ["team/ads"]))}/revoke")).Status.Should().Be(200);
    }

    [Fact]
    public async Task Tokens_of_another_organization_are_not_there()
    {
        await using var api = await Governed.StartAsync(engine);
        await api.ApplyAsync(Governed.Other);
        var admin = PersonScheme.Client(api, await api.AddMemberAsync("a@acme.example", MemberRole.OrgAdmin));
        var foreign = await api.AddMemberAsync("x@other.example", MemberRole.OrgAdmin, organization: "other");
        await api.AddTokenAsync(foreign, organization: "other");
        var id = (await PersonScheme.Client(api, foreign).GetAsync("/api/v1/organizations/other/tokens")).Items("id").Single();

        (await admin.GetAsync("/tokens?member=all")).Items("id").Should().BeEmpty();
        (await admin.GetAsync($"/tokens?member={foreign.MemberId}")).Items("id").Should().BeEmpty();
        (await admin.PostAsync($"/tokens/{id}/revoke")).Status.Should().Be(404);
    }

    [Fact]
    public async Task One_is_told_who_one_is_everywhere_and_with_a_token_only_where_it_is_for()
    {
        await using var api = await Governed.StartAsync(engine);
        await api.ApplyAsync(Governed.Other);
        var here = await api.AddMemberAsync("grace@acme.example", MemberRole.Manager, ["team/search"]);
        await api.AddMemberAsync("grace@acme.example", null, organization: "other");

        var me = await PersonScheme.Client(api, here).GetAsync(Me);

        me.Status.Should().Be(200, me.Body);
        me.Of("email").Should().Be("grace@acme.example");
        me.Json.GetProperty("token").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        var memberships = me.Json.GetProperty("memberships").EnumerateArray().ToList();
        memberships.Select(m => m.GetProperty("organization").GetString()).Should().Equal("acme", "other");
        memberships[0].GetProperty("scopes")[0].GetString().Should().Be("team/search");
        Capabilities(me).Should().Equal(MemberRoles.CapabilitiesOf(MemberRole.Manager).Names());
        memberships[1].GetProperty("role").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        memberships[1].GetProperty("capabilities").GetArrayLength().Should().Be(0);
        var byToken = await api.Client(await api.AddTokenAsync(here, CapabilitySet.Of(Capability.KeysRead, Capability.AuditRead))).GetAsync(Me);
        byToken.Json.GetProperty("memberships").GetArrayLength().Should().Be(1);
        Capabilities(byToken).Should().Equal("keys.read");
        (await api.Client(null).GetAsync(Me)).Status.Should().Be(401);
    }

    [Fact]
    public async Task A_body_that_is_wrong_is_refused_with_its_field_and_makes_no_token()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = PersonScheme.Client(api, await api.AddMemberAsync("a@acme.example", MemberRole.OrgAdmin));
        foreach (var (body, field) in new[]
        {
            ("""{"name":"x","capabilities":[]}""", "capabilities"),
            ("""{"name":"x","capabilities":["keys.read","keys.eat"]}""", "capabilities[1]"),
            ("""{"name":"x","capabilities":["keys.read"],"expiresInDays":366}""", "expiresInDays"),
            ("""{"name":"x","capabilities":["keys.read"],"expiresInDays":0}""", "expiresInDays"),
        })
        {
            var refused = await admin.PostAsync("/tokens", body);

            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().Be(field, refused.Body);
            (await api.Store.ScalarAsync<long>("SELECT count(*) FROM access_tokens")).Should().Be(0);
        }
    }

    [Fact]
    public async Task A_member_has_a_hundred_live_tokens_at_most_and_a_repetition_shows_none_again()
    {
        await using var api = await Governed.StartAsync(engine);
        var member = await api.AddMemberAsync("a@acme.example", MemberRole.OrgAdmin);
        var admin = PersonScheme.Client(api, member);
        object body = new { name = "x", capabilities = new[] { "keys.read" } };
        (await admin.PostAsync("/tokens", body, idempotencyKey: "k")).Status.Should().Be(201);
        (await admin.PostAsync("/tokens", body, idempotencyKey: "k")).ProblemType.Should().Be("replay-unavailable");
        for (var i = 1; i < 100; i++) await api.AddTokenAsync(member);

        (await admin.PostAsync("/tokens", body)).ProblemType.Should().Be("wrong-state");
        (await admin.PostAsync($"/tokens/{(await admin.GetAsync("/tokens")).Items("id")[0]}/revoke")).Status.Should().Be(200);
        (await admin.PostAsync("/tokens", body)).Status.Should().Be(201);
    }

    private static IEnumerable<string?> Capabilities(ControlAnswer me) =>
        me.Json.GetProperty("memberships")[0].GetProperty("capabilities").EnumerateArray().Select(c => c.GetString());
}

public sealed class SqliteTokenTests() : TokenContract(DatabaseEngine.Sqlite);

public sealed class PostgresTokenTests() : TokenContract(DatabaseEngine.Postgres);
