using System.Net;
using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Audit;
using Spendra.Testing;

namespace Spendra.Control.Tests.SignIn;

/// <summary>Signing in at a real OpenID Connect provider that others wrote, on either engine.</summary>
public abstract class OpenIdConnectContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Somebody_signs_in_at_the_provider_and_comes_back_to_where_they_wanted_to_go()
    {
        await using var world = await StartAsync();
        await world.Api.AddMemberAsync("ada@acme.example", MemberRole.OrgAdmin);
        using var browser = new Browser(world.Api.Root);
        (await browser.Calls.GetAsync($"{Browser.Session}/methods")).Json.GetProperty("openIdConnect").GetString().Should().Be("Acme login");

        var (status, location) = await world.SignInAsync(browser, Person("s-1", "Ada@Acme.example"), "/budgets?period=month");

        status.Should().Be(302);
        location.Should().Be("/budgets?period=month");
        await browser.ReloadAsync();
        var session = await browser.GetSessionAsync();
        session.Json.GetProperty("method").GetString().Should().Be("openid_connect");
        session.Json.GetProperty("email").GetString().Should().Be("ada@acme.example");
        (await browser.Calls.PostAsync("/teams", new { slug = "maps" })).Status.Should().Be(201);
    }

    [Fact]
    public async Task What_comes_back_counts_once_and_only_in_the_browser_that_went()
    {
        await using var world = await StartAsync();
        using var browser = new Browser(world.Api.Root);
        var back = await world.Provider.VisitAsync(browser, Person("s-1", "ada@acme.example"));

        (await new Browser(world.Api.Root).Calls.GetAsync(back.PathAndQuery)).ProblemType.Should().Be("sign-in-refused", "another browser has no part in it");
        var spoilt = await browser.Copy().Calls.GetAsync(back.PathAndQuery.Replace("state=", "state=x"));
        spoilt.ProblemType.Should().Be("sign-in-refused", spoilt.Body);
        (await browser.Copy().Http.GetAsync(back, Cancel)).StatusCode.Should().Be(HttpStatusCode.Redirect);
        (await browser.Copy().Calls.GetAsync(back.PathAndQuery)).ProblemType.Should().Be("sign-in-refused", "the code is used");
        (await new Browser(world.Api.Root).Calls.GetAsync($"{Browser.Session}/openid-connect/callback?error=access_denied&state=x")).ProblemType.Should().Be("sign-in-refused");
        (await new Browser(world.Api.Root).Calls.GetAsync($"{Browser.Session}/openid-connect/callback")).Status.Should().BeOneOf(401, 404);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(null)]
    [InlineData("yes")]
    public async Task An_address_that_the_provider_has_not_verified_signs_nobody_in(object? verified)
    {
        await using var world = await StartAsync();
        await world.Api.AddMemberAsync("ada@acme.example", MemberRole.OrgAdmin);
        using var browser = new Browser(world.Api.Root);

        var (status, _) = await world.SignInAsync(browser, new { sub = "s-1", email = "ada@acme.example", email_verified = verified, name = "Ada" });

        status.Should().Be(401);
        (await browser.GetSessionAsync()).Status.Should().Be(401);
    }

    [Fact]
    public async Task Whoever_gets_an_address_that_was_somebody_elses_does_not_get_their_account()
    {
        await using var world = await StartAsync();
        await world.Api.AddMemberAsync("ada@acme.example", MemberRole.OrgAdmin);
        (await world.SignInAsync(new Browser(world.Api.Root), Person("s-1", "ada@acme.example"))).Status.Should().Be(302);

        (await world.SignInAsync(new Browser(world.Api.Root), Person("s-2", "ada@acme.example"))).Status.Should().Be(401);
        using var renamed = new Browser(world.Api.Root);
        (await world.SignInAsync(renamed, Person("s-1", "lovelace@acme.example"))).Status.Should().Be(302);
        (await renamed.GetSessionAsync()).Json.GetProperty("email").GetString().Should().Be("ada@acme.example", "the subject is the same person");
    }

    [Fact]
    public async Task People_of_a_verified_domain_come_in_as_the_rules_say_and_others_do_not()
    {
        await using var world = await StartAsync();
        await world.VerifyDomainAsync("acme.example");
        using var without = new Browser(world.Api.Root);
        (await world.SignInAsync(without, Person("s-1", "first@acme.example"))).Status.Should().Be(302);
        (await world.MemberAsync("first@acme.example")).Should().Be((true, null), "there are no rules yet: a member without a role");
        var admin = await world.Api.ClientAsync(MemberRole.IamAdmin);
        var put = await admin.PutAsync("/sign-in-rules", new { rules = new object[] { new { group = "auditors", role = "auditor" }, new { role = "employee", scopes = new[] { "team/search" } } } });
        put.Status.Should().Be(200, put.Body);

        (await world.SignInAsync(new Browser(world.Api.Root), Person("s-2", "second@ACME.example"))).Status.Should().Be(302);
        (await world.SignInAsync(new Browser(world.Api.Root), Person("s-3", "third@acme.example", "auditors"))).Status.Should().Be(302);
        (await world.SignInAsync(new Browser(world.Api.Root), Person("s-4", "fourth@acme.example.evil.example", "auditors"))).Status.Should().Be(302);
        (await world.SignInAsync(without, Person("s-1", "first@acme.example"))).Status.Should().Be(302);

        (await world.MemberAsync("second@acme.example")).Should().Be((true, "employee"));
        (await world.MemberAsync("third@acme.example")).Should().Be((true, "auditor"));
        (await world.MemberAsync("fourth@acme.example.evil.example")).Should().Be((false, null));
        (await world.MemberAsync("first@acme.example")).Should().Be((true, "employee"), "what the rules gave, or did not, they give now");
        var records = await world.RecordsAsync();
        records.Where(r => r.Action == "join").Select(r => r.Subject).Should().Equal("first@acme.example", "second@acme.example", "third@acme.example");
        records.Single(r => r.Subject == "second@acme.example").Should().Match<Spendra.Core.Audit.AuditRecord>(r =>
            r.Actor == $"second@acme.example by signing in at {world.Provider.Issuer.OriginalString}" && r.AfterState!.Contains("team/search") && r.Origin.StartsWith("api 127.0.0.1"));
    }

    [Fact]
    public async Task A_role_that_a_group_gave_goes_with_the_group_and_one_that_people_gave_stays()
    {
        await using var world = await StartAsync();
        await world.VerifyDomainAsync("acme.example");
        var admin = await world.Api.ClientAsync(MemberRole.OrgAdmin);
        (await admin.PutAsync("/sign-in-rules", new { rules = new object[] { new { group = "money", role = "finance_manager" } } })).Status.Should().Be(200);
        await world.Api.AddMemberAsync("given@acme.example", MemberRole.Auditor);
        await world.Api.AddMemberAsync("open@elsewhere.example", null);

        await world.SignInAsync(new Browser(world.Api.Root), Person("s-1", "mapped@acme.example", "money", "other"));
        await world.SignInAsync(new Browser(world.Api.Root), Person("s-2", "given@acme.example", "money"));
        await world.SignInAsync(new Browser(world.Api.Root), Person("s-3", "open@elsewhere.example", "money"));
        (await world.MemberAsync("mapped@acme.example")).Should().Be((true, "finance_manager"));
        (await world.MemberAsync("given@acme.example")).Should().Be((true, "auditor"));
        (await world.MemberAsync("open@elsewhere.example")).Should().Be((true, "finance_manager"), "a member who waits for a role, wherever the address is");

        await world.SignInAsync(new Browser(world.Api.Root), Person("s-1", "mapped@acme.example", "other"));
        (await world.MemberAsync("mapped@acme.example")).Should().Be((true, null));
        await world.Api.Store.ExecuteAsync("UPDATE members SET removed_at = 1, role = NULL WHERE user_id = (SELECT user_id FROM users WHERE email = 'mapped@acme.example')");
        (await world.SignInAsync(new Browser(world.Api.Root), Person("s-1", "mapped@acme.example", "money"))).Status.Should().Be(302);
        (await world.MemberAsync("mapped@acme.example")).Should().Be((false, null), "who was removed stays removed");
    }

    [Fact]
    public async Task The_last_org_admin_is_not_taken_away_by_a_group()
    {
        await using var world = await StartAsync();
        await world.VerifyDomainAsync("acme.example");
        var admin = await world.Api.AddMemberAsync("admin@acme.example", MemberRole.OrgAdmin);
        var client = world.Api.Client(await world.Api.AddTokenAsync(admin));
        (await client.PutAsync("/sign-in-rules", new { rules = new object[] { new { group = "chiefs", role = "org_admin" } } })).Status.Should().Be(200);
        await world.SignInAsync(new Browser(world.Api.Root), Person("s-1", "chief@acme.example", "chiefs"));
        (await world.MemberAsync("chief@acme.example")).Should().Be((true, "org_admin"));
        await world.Api.Store.ExecuteAsync("UPDATE members SET removed_at = 1, role = NULL WHERE member_id = @MemberId", new { admin.MemberId });

        (await world.SignInAsync(new Browser(world.Api.Root), Person("s-1", "chief@acme.example"))).Status.Should().Be(302);

        (await world.MemberAsync("chief@acme.example")).Should().Be((true, "org_admin"));
    }

    [Fact]
    public async Task The_way_there_leads_back_to_the_public_address_under_secure_cookies()
    {
        // The provider knows only this address: another one in the request would be refused there.
        await using var provider = await OidcProvider.StartAsync("https://spend.acme.example/api/v1/session/openid-connect/callback");
        await using var api = await ControlHarness.StartAsync(engine, options: World.Options(provider.Issuer) with
        {
            IsPlainHttp = false, PublicUrl = new Uri("https://spend.acme.example"),
        });

        using var challenge = await new Browser(api.Root).Http.GetAsync($"{Browser.Session}/openid-connect", Cancel);

        challenge.StatusCode.Should().Be(HttpStatusCode.Redirect, await challenge.Content.ReadAsStringAsync(Cancel));
        challenge.Headers.GetValues("Set-Cookie").Should().HaveCount(2).And.OnlyContain(c =>
            c.StartsWith("__Host-spendra-openid-") && c.Contains("; secure") && c.Contains("; httponly") && c.Contains("; samesite=lax"));
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("budgets")]
    [InlineData("/a\r\nb")]
    public async Task Nobody_is_sent_elsewhere_afterwards(string path)
    {
        await using var api = await ControlHarness.StartAsync(engine, options: World.Options(new Uri("http://127.0.0.1:9")));
        using var browser = new Browser(api.Root);

        var refused = await browser.Calls.GetAsync($"{Browser.Session}/openid-connect?return={Uri.EscapeDataString(path)}");

        refused.Field.Should().Be("return");
    }

    [Fact]
    public async Task A_provider_that_is_away_is_said_to_be_and_without_one_there_is_no_way_there()
    {
        await using var away = await ControlHarness.StartAsync(engine, options: World.Options(new Uri("http://127.0.0.1:9")));
        (await away.Client(null).GetAsync($"{Browser.Session}/openid-connect")).ProblemType.Should().Be("issuer-unavailable");
        await using var none = await ControlHarness.StartAsync(engine, options: People.Plain);
        (await none.Client(null).GetAsync($"{Browser.Session}/openid-connect")).Status.Should().Be(404);
        (await none.Client(null).GetAsync($"{Browser.Session}/openid-connect/callback?code=x")).Status.Should().Be(404);
        (await none.Client(null).GetAsync($"{Browser.Session}/methods")).Json.GetProperty("openIdConnect").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
    }

    private static object Person(string subject, string email, params string[] groups) =>
        new { sub = subject, email, email_verified = true, name = $"Name of {subject}", groups };

    private async Task<World> StartAsync() => await World.StartAsync(engine);

    /// <summary>The API and a provider that know each other.</summary>
    internal sealed class World(ControlHarness api, OidcProvider provider) : IAsyncDisposable
    {
        public ControlHarness Api => api;

        public OidcProvider Provider => provider;

        public static ControlOptions Options(Uri issuer) => People.Plain with
        {
            Oidc = new OidcOptions { Authority = issuer, ClientId = "spendra", ClientSecret = OidcProvider.ClientSecret, Name = "Acme login", Scopes = ["groups"] },
        };

        public static async Task<World> StartAsync(DatabaseEngine engine)
        {
            var url = $"http://127.0.0.1:{FreePort.Next()}";
            var provider = await OidcProvider.StartAsync($"{url}/api/v1/session/openid-connect/callback");
            var api = await ControlHarness.StartAsync(engine, null, Options(provider.Issuer), url);
            await api.ApplyAsync(Files.Acme);
            return new World(api, provider);
        }

        public async Task<(int Status, string? Location)> SignInAsync(Browser browser, object claims, string path = "/")
        {
            var back = await provider.VisitAsync(browser, claims, path);
            using var answer = await browser.Http.GetAsync(back, Cancel);
            return ((int)answer.StatusCode, answer.Headers.Location?.OriginalString);
        }

        /// <summary>As a DNS look-up would have.</summary>
        public async Task VerifyDomainAsync(string domain)
        {
            var organization = (await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;
            await api.Store.ExecuteAsync("""
                INSERT INTO domains (organization_id, domain, challenge, created_at, verified_at, version)
                VALUES (@organization, @domain, 'c', 1, 1, 1)
                """, new { organization, domain });
            await api.Store.ExecuteAsync("INSERT INTO domain_directory (domain, organization_id) VALUES (@domain, @organization)", new { organization, domain });
        }

        public async Task<(bool IsMember, string? Role)> MemberAsync(string email)
        {
            var account = (await UserAccounts.FindByEmailAsync(api.Store.Database, email, Cancel))!;
            var found = await MemberReader.FindOfUserAsync(api.Store.Database, "acme", account.UserId, Cancel);
            return (found is not null, found?.Member.Membership.Role is { } role ? MemberRoles.NameOf(role) : null);
        }

        public async Task<List<Spendra.Core.Audit.AuditRecord>> RecordsAsync()
        {
            var organization = (await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;
            (await AuditLog.VerifyAsync(api.Store.Database, organization, Cancel)).IsWhole.Should().BeTrue();
            return await AuditLog.ReadAsync(api.Store.Database, organization, Cancel).ToListAsync(Cancel);
        }

        public async ValueTask DisposeAsync()
        {
            await api.DisposeAsync();
            await provider.DisposeAsync();
        }
    }
}

public sealed class SqliteOpenIdConnectTests() : OpenIdConnectContract(DatabaseEngine.Sqlite);

public sealed class PostgresOpenIdConnectTests() : OpenIdConnectContract(DatabaseEngine.Postgres);
