using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Tests.SignIn;

/// <summary>What becomes of changes of how people sign in: a record in every organization that they are in, on either engine.</summary>
public abstract class SignInRecordContract(DatabaseEngine engine)
{
    private const string Ada = "ada@acme.example";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Every_change_of_how_somebody_signs_in_is_in_the_record_of_each_of_their_organizations_without_a_secret()
    {
        await using var api = await StartAsync();
        var app = await api.WithAppAsync(Ada, _time);
        var acme = await OrganizationAsync(api, "acme");
        var other = await OrganizationAsync(api, "other");
        foreach (var organization in (string[])["acme", "other"]) await api.AddMemberAsync(Ada, MemberRole.Employee, ["employee/e1001"], organization);
        _time.Advance(TimeSpan.FromSeconds(60));
        using var browser = new Browser(api.Root);
        var ticket = (await browser.SignInAsync(Ada)).Json.GetProperty("ticket").GetString()!;
        (await browser.SecondStepAsync(ticket, app.Code())).Status.Should().Be(200);

        var codes = await DoneAsync(browser.Calls.PostAsync($"{Browser.Session}/recovery-codes"));
        await DoneAsync(browser.Calls.PutAsync($"{Browser.Session}/password", new { currentPassword = Browser.Password, newPassword = "wrong zebra socket" }));
        await browser.ReloadAsync();
        await DoneAsync(browser.Calls.PostAsync($"{Browser.Session}/totp/disable"));
        await browser.ReloadAsync();
        await DoneAsync(browser.Calls.PostAsync($"{Browser.Session}/sign-out-everywhere"));
        await api.AddPersonAsync(Ada);

        foreach (var organization in (Guid[])[acme, other])
        {
            var records = (await AuditLists.ReadAsync(api.Store.Database, organization, new AuditQuery(100, true) { Subject = Ada }, Cancel)).Rows;
            records.Select(r => r.Action).Should().Equal("create", "renew_recovery_codes", "set_password", "disable_totp", "sign_out_everywhere",
                "issue_password_link", "set_password");
            records.Skip(1).Should().OnlyContain(r => r.SubjectKind == "member" && r.BeforeState == null && r.AfterState == null);
            records[2].Actor.Should().Be(Ada);
            records[2].Origin.Should().StartWith("api 127.0.0.1 request ");
            records[5].Actor.Should().Be("operator");
            records[6].Actor.Should().Be($"{Ada} by a password link");
            string.Join('\n', records).Should().NotContain("zebra").And.NotContain(codes.Json.GetProperty("recoveryCodes")[0].GetString());
            (await AuditLog.VerifyAsync(api.Store.Database, organization, Cancel)).Contradiction.Should().BeNull();
        }
    }

    [Fact]
    public async Task What_was_refused_and_whose_organizations_these_are_not_leaves_no_record()
    {
        await using var api = await StartAsync();
        await api.AddPersonAsync(Ada, MemberRole.OrgAdmin);
        await api.AddPersonAsync("grace@acme.example");
        var before = await CountAsync(api);
        using var browser = await api.SignedInAsync(Ada);
        using var grace = await api.SignedInAsync("grace@acme.example");

        (await browser.Calls.PutAsync($"{Browser.Session}/password", new { currentPassword = "no such password", newPassword = "wrong zebra socket" })).Status.Should().Be(400);
        await DoneAsync(grace.Calls.PutAsync($"{Browser.Session}/password", new { currentPassword = Browser.Password, newPassword = "wrong zebra socket" }));
        (await CountAsync(api)).Should().Be(before);

        // The password is as it was when its record cannot be written.
        await api.Store.ExecuteAsync("UPDATE organizations SET audit_sequence = 0");
        (await browser.Calls.PutAsync($"{Browser.Session}/password", new { currentPassword = Browser.Password, newPassword = "wrong zebra socket" })).Status.Should().Be(503);
        (await new Browser(api.Root).SignInAsync(Ada)).Status.Should().Be(200);
    }

    private static async Task<ControlAnswer> DoneAsync(Task<ControlAnswer> call)
    {
        var answer = await call;
        answer.Status.Should().Be(200, answer.Body);
        return answer;
    }

    private static Task<long> CountAsync(ControlHarness api) => api.Store.ScalarAsync<long>("SELECT count(*) FROM audit_records");

    private static async Task<Guid> OrganizationAsync(ControlHarness api, string slug) => (await api.Store.Reader.FindOrganizationAsync(slug, Cancel))!.Value;

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine, services => services.AddSingleton<TimeProvider>(_time), People.Plain);
        await api.ApplyAsync(Files.Acme);
        await api.ApplyAsync(Files.Acme.Replace("slug: acme", "slug: other", StringComparison.Ordinal));
        return api;
    }
}

public sealed class SqliteSignInRecordTests() : SignInRecordContract(DatabaseEngine.Sqlite);

public sealed class PostgresSignInRecordTests() : SignInRecordContract(DatabaseEngine.Postgres);
