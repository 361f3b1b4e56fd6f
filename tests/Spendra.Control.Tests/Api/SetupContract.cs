using Microsoft.AspNetCore.Identity;
using Spendra.Control.Members;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.Tests.Api;

/// <summary>How an installation gets its first member, and what the operator does beside the API, on either engine.</summary>
public abstract class SetupContract(DatabaseEngine engine)
{
    private const string Setup = "/api/v1/setup";

    private static readonly ChangeAuthor Operator = new("root", "cli", "test");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_link_makes_an_organization_and_its_admin_once()
    {
        await using var api = await ControlHarness.StartAsync(engine);
        var anybody = api.Client(null);
        var old = await OfferAsync(api);
        var secret = await OfferAsync(api);

        (await anybody.PostAsync(Setup, Body(old!))).Status.Should().Be(403, "a newer link was made");
        (await anybody.PostAsync(Setup, Body("sps_guess"))).Status.Should().Be(403);
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM users")).Should().Be(0, "who guesses leaves nothing behind");
        var made = await anybody.PostAsync(Setup, Body(secret!));

        made.Status.Should().Be(201, made.Body);
        made.Location.Should().Be("/api/v1/organizations/acme");
        var admin = api.Client(made.Of("token"));
        var me = await admin.GetAsync("/api/v1/me");
        me.Of("email").Should().Be("ada@acme.example");
        me.Json.GetProperty("memberships")[0].GetProperty("role").GetString().Should().Be("org_admin");
        (await admin.GetAsync("")).Of("timeZone").Should().Be("Europe/Madrid");
        (await admin.PostAsync("/teams", new { slug = "search" })).Status.Should().Be(201);
        (await anybody.PostAsync(Setup, Body(secret!, "second"))).Status.Should().Be(403, "once");
        (await OfferAsync(api)).Should().BeNull("there is a member");
        (await api.Store.Reader.FindOrganizationAsync("second", Cancel)).Should().BeNull();
        var hash = await api.Store.ScalarAsync<string>("SELECT password_hash FROM users");
        new PasswordHasher<object>().VerifyHashedPassword(new object(), hash, "correct horse battery").Should().Be(PasswordVerificationResult.Success);
        var records = await api.RecordsAsync("member");
        records.Should().ContainSingle().Which.Actor.Should().Be("ada@acme.example by the setup link");
        records[0].AfterState.Should().Contain("\"password\":\"set\"").And.NotContain("horse");
    }

    [Fact]
    public async Task Of_two_who_use_the_link_at_once_one_is_first()
    {
        await using var api = await ControlHarness.StartAsync(engine);
        var secret = (await OfferAsync(api))!;

        var answers = await Task.WhenAll(api.Client(null).PostAsync(Setup, Body(secret)), api.Client(null).PostAsync(Setup, Body(secret, "second")));

        answers.Select(a => a.Status).Should().BeEquivalentTo([201, 403]);
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM members")).Should().Be(1);
        (await api.Store.ScalarAsync<long>("SELECT count(*) FROM organizations")).Should().Be(1);
    }

    [Fact]
    public async Task An_organization_that_was_declared_gets_its_admin_and_a_member_of_meanwhile_voids_the_link()
    {
        await using var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        var secret = (await OfferAsync(api))!;
        var member = await api.AddMemberAsync("op@acme.example", MemberRole.OrgAdmin);
        (await api.Client(null).PostAsync(Setup, Body(secret))).Status.Should().Be(403, "there is a member");
        (await OperatorMembers.RemoveAsync(api.Store.Database, "acme", member.Email, Operator, TimeProvider.System, Cancel)).Refusal.Should().BeNull();

        var made = await api.Client(null).PostAsync(Setup, Body((await OfferAsync(api))!));

        made.Status.Should().Be(201, made.Body);
        (await api.Client(made.Of("token")).GetAsync("")).Of("name").Should().Be("Acme Corporation", "it keeps what was declared");
    }

    [Theory]
    [InlineData("organization", "No Slug")]
    [InlineData("email", "nobody")]
    [InlineData("password", "short")]
    [InlineData("password", "aaaaaaaaaaaaaa")]
    [InlineData("password", "ada@acme.example")]
    [InlineData("timeZone", "Mars/Olympus")]
    [InlineData("name", "")]
    public async Task A_body_that_is_wrong_is_refused_with_its_field_and_the_link_stays_good(string field, string value)
    {
        await using var api = await ControlHarness.StartAsync(engine);
        var body = Body((await OfferAsync(api))!);
        var right = body[field];
        body[field] = value;

        var refused = await api.Client(null).PostAsync(Setup, body);

        refused.Status.Should().Be(400, refused.Body);
        refused.Field.Should().Be(field, refused.Body);
        body[field] = right;
        (await api.Client(null).PostAsync(Setup, body)).Status.Should().Be(201);
    }

    [Fact]
    public async Task The_operator_adds_changes_lists_and_removes_members_with_records()
    {
        await using var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        var database = api.Store.Database;
        var request = new MemberRequest { Email = "Ada@Acme.Example", Name = "Ada", Role = "manager", Scopes = ["team/search"], Employee = "employee/e1001", Password = "correct horse battery" };

        (await OperatorMembers.AddAsync(database, "acme", request, Operator, TimeProvider.System, Cancel)).Refusal.Should().BeNull();
        var promoted = await OperatorMembers.AddAsync(database, "acme", new MemberRequest { Email = "ada@acme.example", Role = "org_admin" }, Operator, TimeProvider.System, Cancel);
        promoted.Value!.Row.Version.Should().Be(2);
        var organizationId = (await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;
        var listed = (await OperatorMembers.ListAsync(database, organizationId, Cancel)).Should().ContainSingle().Subject;
        listed.Row.Membership.Role.Should().Be(MemberRole.OrgAdmin);
        listed.Scopes.Should().BeEmpty();
        foreach (var (wrong, why) in new (MemberRequest, string)[]
        {
            (request with { Email = "nobody" }, "no e-mail address"), (request with { Role = "king" }, "no role"), (request with { Scopes = [] }, "scopes"),
            (request with { Scopes = ["team/gone"] }, "no scope"), (request with { Password = "short" }, "12 to 256"),
            (request with { Password = "aaaaaaaaaaaa" }, "4 different"), (request with { Password = "Ada@Acme.Example" }, "like the address"), (request with { Email = "b@acme.example", Employee = "employee/e9" }, "no employee"),
        })
        {
            (await OperatorMembers.AddAsync(database, "acme", wrong, Operator, TimeProvider.System, Cancel)).Refusal.Should().Contain(why);
        }
        (await OperatorMembers.AddAsync(database, "nowhere", request, Operator, TimeProvider.System, Cancel)).Refusal.Should().Contain("does not exist");

        var issued = (await OperatorTokens.CreateAsync(database, api.Store.MasterKey, "acme", new TokenRequest { Name = "ops", Email = "ada@acme.example" }, Operator, TimeProvider.System, Cancel)).Value!;
        (await api.Client(issued.Secret).GetAsync("/members")).Items("email").Should().Equal("ada@acme.example");
        (await OperatorTokens.ListAsync(database, organizationId, Cancel)).Single().Row.TokenId.Should().Be(issued.Row.TokenId);
        (await OperatorTokens.RevokeAsync(database, "acme", issued.Secret, Operator, TimeProvider.System, Cancel)).Refusal.Should().BeNull();
        (await OperatorTokens.RevokeAsync(database, "acme", issued.Id, Operator, TimeProvider.System, Cancel)).Refusal.Should().BeNull("once more changes nothing");
        (await api.Client(issued.Secret).GetAsync("/members")).Status.Should().Be(401);
        (await OperatorMembers.RemoveAsync(database, "acme", "ADA@acme.example", Operator, TimeProvider.System, Cancel)).Refusal.Should().BeNull("no rule binds the operator");
        (await OperatorMembers.RemoveAsync(database, "acme", "ada@acme.example", Operator, TimeProvider.System, Cancel)).Refusal.Should().Contain("no member");
        (await api.RecordsAsync("member")).Select(r => (r.Action, r.Actor)).Should().Equal(("create", "root"), ("update", "root"), ("remove", "root"));
        (await api.RecordsAsync("token")).Select(r => r.Action).Should().Equal("create", "revoke");
    }

    [Fact]
    public async Task The_operators_tokens_hold_what_their_members_hold()
    {
        await using var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        await api.AddMemberAsync("a@acme.example", MemberRole.Auditor);
        await api.AddMemberAsync("none@acme.example", null);
        var right = new TokenRequest { Name = "x", Email = "a@acme.example", Capabilities = ["audit.read"], Days = 365 };

        (await CreateAsync(right)).Refusal.Should().BeNull();
        foreach (var (wrong, why) in new (TokenRequest, string)[]
        {
            (right with { Capabilities = ["audit.read", "members.write"] }, "does not hold"), (right with { Capabilities = ["eat"] }, "no capability"),
            (right with { Days = 366 }, "365"), (right with { Days = 0 }, "365"), (right with { Name = "\a" }, "plain"), (right with { Email = "b@acme.example" }, "no member"),
            (right with { Email = "none@acme.example", Capabilities = null }, "no role"),
        })
        {
            (await CreateAsync(wrong)).Refusal.Should().Contain(why);
        }
        (await OperatorTokens.RevokeAsync(api.Store.Database, "acme", "spt_x", Operator, TimeProvider.System, Cancel)).Refusal.Should().Contain("no such token");

        Task<OperatorAnswer<Storage.Keys.IssuedToken>> CreateAsync(TokenRequest request) =>
            OperatorTokens.CreateAsync(api.Store.Database, api.Store.MasterKey, "acme", request, Operator, TimeProvider.System, Cancel);
    }

    private static Task<string?> OfferAsync(ControlHarness api) => SetupLink.OfferAsync(api.Store.Database, api.Store.MasterKey, Cancel);

    private static Dictionary<string, string> Body(string secret, string organization = "acme") => new()
    {
        ["secret"] = secret, ["organization"] = organization, ["timeZone"] = "Europe/Madrid", ["email"] = "Ada@Acme.Example",
        ["name"] = "Ada", ["password"] = "correct horse battery",
    };
}

public sealed class SqliteSetupTests() : SetupContract(DatabaseEngine.Sqlite);

public sealed class PostgresSetupTests() : SetupContract(DatabaseEngine.Postgres);
