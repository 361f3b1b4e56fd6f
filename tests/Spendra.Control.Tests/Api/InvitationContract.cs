using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;

namespace Spendra.Control.Tests.Api;

/// <summary>Invitations through the management API, on either engine.</summary>
public abstract class InvitationContract(DatabaseEngine engine)
{
    private const string Accept = "/api/v1/invitations/accept";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whom_an_invitation_is_for_becomes_what_it_gives_once()
    {
        await using var api = await Governed.StartAsync(engine);
        var iam = await api.ClientAsync(MemberRole.IamAdmin);
        var created = await iam.PostAsync("/invitations", new
        {
            email = "Grace@Acme.Example", role = "manager", scopes = new[] { "team/search" }, approvalLimitUsd = "5", employee = "employee/e1001",
        });
        created.Status.Should().Be(201, created.Body);
        var secret = created.Of("secret");
        created.Of("link").Should().Be($"/invitation#{secret}");
        var id = created.Json.GetProperty("invitation").GetProperty("id").GetString();
        created.Location.Should().Be($"/api/v1/organizations/acme/invitations/{id}");
        (await iam.GetAsync("/invitations?state=pending")).Items("email").Should().Equal("grace@acme.example");
        var grace = await PersonAsync(api, "grace@acme.example");

        (await (await PersonAsync(api, "mallory@acme.example")).PostAsync(Accept, new { secret })).Status.Should().Be(403);
        (await grace.GetAsync("/teams")).Status.Should().Be(404);
        var accepted = await grace.PostAsync(Accept, new { secret });

        accepted.Status.Should().Be(200, accepted.Body);
        accepted.Of("role").Should().Be("manager");
        (await grace.GetAsync("/teams")).Items("slug").Should().Equal("search");
        (await grace.PostAsync(Accept, new { secret })).ProblemType.Should().Be("wrong-state");
        (await iam.GetAsync($"/invitations/{id}")).Of("state").Should().Be("accepted");
        (await iam.PostAsync($"/invitations/{id}/revoke")).ProblemType.Should().Be("wrong-state");
        var listed = await iam.GetAsync("/members?role=manager");
        listed.Items("email").Should().Equal("grace@acme.example");
        listed.Items("employee").Should().Equal("employee/e1001");
        var records = await api.RecordsAsync("invitation");
        records.Select(r => r.Action).Should().Equal("create", "accept");
        records[1].Actor.Should().Be("grace@acme.example");
        records[1].Reason.Should().StartWith("invited by iam_admin-");
        records.Concat(await api.RecordsAsync("member")).Should().NotContain(r => (r.AfterState + r.BeforeState + r.Reason).Contains(secret));
    }

    [Fact]
    public async Task An_invitation_gives_no_more_than_its_inviter_holds_when_made_and_when_accepted()
    {
        await using var api = await Governed.StartAsync(engine);
        var inviter = await api.AddMemberAsync("iam@acme.example", MemberRole.IamAdmin);
        var iam = api.Client(await api.AddTokenAsync(inviter));
        (await iam.PostAsync("/invitations", new { email = "a@acme.example", role = "org_admin" })).Status.Should().Be(403);
        (await api.Client(await api.AddTokenAsync(inviter, CapabilitySet.Of(Capability.MembersWrite, Capability.RolesGrant))).PostAsync("/invitations",
            new { email = "a@acme.example", role = "auditor" })).Status.Should().Be(403, "a token gives no more than it holds");
        var secret = (await iam.PostAsync("/invitations", new { email = "grace@acme.example", role = "auditor" })).Of("secret");
        var grace = await PersonAsync(api, "grace@acme.example");

        foreach (var role in new[] { "'auditor'", "NULL" })
        {
            await api.Store.ExecuteAsync($"UPDATE members SET role = {role} WHERE member_id = @MemberId", new { inviter.MemberId });
            var refused = await grace.PostAsync(Accept, new { secret });
            refused.ProblemType.Should().Be("wrong-state", refused.Body);
            (await grace.GetAsync("/teams")).Status.Should().Be(404);
        }
        await api.Store.ExecuteAsync("UPDATE members SET role = 'iam_admin' WHERE member_id = @MemberId", new { inviter.MemberId });
        (await grace.PostAsync(Accept, new { secret })).Status.Should().Be(200);
    }

    [Fact]
    public async Task A_revoked_and_an_expired_invitation_are_good_for_nothing()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var api = await Governed.StartAsync(engine, services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(time)));
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var grace = await PersonAsync(api, "grace@acme.example");
        var revoked = await admin.PostAsync("/invitations", new { email = "grace@acme.example", role = "auditor" });
        (await admin.PostAsync("/invitations", new { email = "grace@acme.example", role = "auditor" })).ProblemType.Should().Be("duplicate");
        var id = revoked.Json.GetProperty("invitation").GetProperty("id").GetString();

        (await admin.PostAsync($"/invitations/{id}/revoke")).Of("state").Should().Be("revoked");
        (await grace.PostAsync(Accept, new { secret = revoked.Of("secret") })).ProblemType.Should().Be("wrong-state");

        var expired = await admin.PostAsync("/invitations", new { email = "grace@acme.example", role = "auditor", expiresInDays = 1 });
        time.Advance(TimeSpan.FromDays(1));
        (await grace.PostAsync(Accept, new { secret = expired.Of("secret") })).ProblemType.Should().Be("wrong-state");
        (await admin.GetAsync("/invitations?state=expired")).Items("email").Should().Equal("grace@acme.example");
        (await grace.GetAsync("/teams")).Status.Should().Be(404);
        (await admin.PostAsync("/invitations", new { email = "grace@acme.example", role = "auditor" })).Status.Should().Be(201);
    }

    [Fact]
    public async Task Secrets_that_are_none_and_tokens_accept_nothing()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var secret = (await admin.PostAsync("/invitations", new { email = "grace@acme.example", role = "auditor" })).Of("secret");
        var grace = await PersonAsync(api, "grace@acme.example");
        var setup = await SetupLink.OfferAsync(api.Store.Database, api.Store.MasterKey, Cancel);
        setup.Should().BeNull("there are members");

        foreach (var wrong in new[] { secret[..^1] + (secret[^1] == 'a' ? 'b' : 'a'), "spi_", secret.Replace("spi_", "sps_"), Forged() })
            (await grace.PostAsync(Accept, new { secret = wrong })).Status.Should().Be(404, wrong);
        (await admin.PostAsync(Accept, new { secret })).ProblemType.Should().Be("forbidden", "a token accepts for nobody");
        (await api.Client(null).PostAsync(Accept, new { secret })).Status.Should().Be(401);

        string Forged()
        {
            Core.Keys.OneTimeLink.TryParse(Core.Keys.OneTimePurpose.Invitation, secret, out var link).Should().BeTrue();
            return Core.Keys.OneTimeLink.Create(Core.Keys.OneTimePurpose.Invitation, link!.LinkId, new byte[32]).Reveal();
        }
    }

    [Fact]
    public async Task Who_was_removed_comes_back_by_an_invitation_and_who_is_there_needs_none()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var member = await api.AddMemberAsync("grace@acme.example", MemberRole.Auditor);
        (await admin.PostAsync("/invitations", new { email = "grace@acme.example", role = "auditor" })).ProblemType.Should().Be("duplicate");
        (await admin.PostAsync($"/members/{member.MemberId}/remove", null, "*")).Status.Should().Be(200);
        var secret = (await admin.PostAsync("/invitations", new { email = "grace@acme.example", role = "finance_manager" })).Of("secret");

        var accepted = await PersonScheme.Client(api, member).PostAsync(Accept, new { secret });

        accepted.Json.GetProperty("memberId").GetGuid().Should().Be(member.MemberId);
        (await admin.GetAsync($"/members/{member.MemberId}")).Of("role").Should().Be("finance_manager");
    }

    [Fact]
    public async Task A_repeated_creation_shows_no_secret_again_and_makes_nothing()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        object body = new { email = "grace@acme.example", role = "auditor" };

        (await admin.PostAsync("/invitations", body, idempotencyKey: "k")).Status.Should().Be(201);
        (await admin.PostAsync("/invitations", body, idempotencyKey: "k")).ProblemType.Should().Be("replay-unavailable");
        (await admin.GetAsync("/invitations")).Items("email").Should().Equal("grace@acme.example");
    }

    [Fact]
    public async Task Invitations_of_another_organization_are_not_there()
    {
        await using var api = await Governed.StartAsync(engine);
        await api.ApplyAsync(Governed.Other);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var foreign = PersonScheme.Client(api, await api.AddMemberAsync("x@other.example", MemberRole.OrgAdmin, organization: "other"));
        var made = await foreign.PostAsync("/api/v1/organizations/other/invitations", new { email = "y@other.example", role = "manager", scopes = new[] { "team/search" } });
        var id = made.Json.GetProperty("invitation").GetProperty("id").GetString();

        (await admin.GetAsync("/invitations")).Items("email").Should().BeEmpty();
        var unseen = await admin.GetAsync($"/invitations/{id}");
        unseen.Anonymous().Should().Be((await admin.GetAsync($"/invitations/{Guid.NewGuid()}")).Anonymous());
        (await admin.PostAsync($"/invitations/{id}/revoke")).Status.Should().Be(404);
        (await (await api.ClientAsync(MemberRole.Auditor)).PostAsync("/invitations", new { email = "z@acme.example", role = "auditor" })).Status.Should().Be(403);
    }

    [Fact]
    public async Task A_body_that_is_wrong_is_refused_with_its_field_and_invites_nobody()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var (body, field) in new[]
        {
            ("""{"email":"nobody","role":"auditor"}""", "email"),
            ("""{"email":"a@b.example","role":"auditor","expiresInDays":31}""", "expiresInDays"),
            ("""{"email":"a@b.example","role":"auditor","expiresInDays":0}""", "expiresInDays"),
            ("""{"email":"a@b.example","role":"manager","scopes":["team/search","team/gone"]}""", "scopes[1]"),
        })
        {
            var refused = await admin.PostAsync("/invitations", body);

            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().Be(field, refused.Body);
            (await admin.GetAsync("/invitations")).Items("email").Should().BeEmpty();
        }
    }

    [Fact]
    public async Task Lists_are_paged_in_every_order()
    {
        await using var api = await Governed.StartAsync(engine);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var name in new[] { "b", "a", "c" }) (await admin.PostAsync("/invitations", new { email = $"{name}@acme.example", role = "auditor" })).Status.Should().Be(201);

        foreach (var (sort, expected) in new[] { ("created", "bac"), ("-created", "cab"), ("email", "abc"), ("-email", "cba") })
        {
            var first = await admin.GetAsync($"/invitations?sort={sort}&limit=2");
            var rest = await admin.GetAsync($"/invitations?sort={sort}&limit=2&cursor={first.Of("next")}");
            string.Concat(first.Items("email").Concat(rest.Items("email")).Select(e => e[0])).Should().Be(expected);
            rest.Json.GetProperty("next").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        }
        (await admin.GetAsync("/invitations?search=A@")).Items("email").Should().Equal("a@acme.example");
    }

    private static async Task<ControlClient> PersonAsync(ControlHarness api, string email) =>
        PersonScheme.Client(api, await UserDirectory.FindOrAddAsync(api.Store.Database, email, email, 1, Cancel));
}

public sealed class SqliteInvitationTests() : InvitationContract(DatabaseEngine.Sqlite);

public sealed class PostgresInvitationTests() : InvitationContract(DatabaseEngine.Postgres);
