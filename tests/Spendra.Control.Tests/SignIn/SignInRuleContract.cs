using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Storage;
using Spendra.Storage.Audit;

namespace Spendra.Control.Tests.SignIn;

/// <summary>The rules for people who sign in at the provider, on either engine.</summary>
public abstract class SignInRuleContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rules_are_read_and_changed_as_a_whole_with_a_record()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.IamAdmin);
        var empty = await admin.GetAsync("/sign-in-rules");
        empty.Json.GetProperty("rules").GetArrayLength().Should().Be(0);
        var rules = new { rules = new object[] { new { group = "auditors", role = "auditor" }, new { role = "employee", scopes = new[] { "team/search" } } } };

        (await admin.PutAsync("/sign-in-rules", rules, null)).ProblemType.Should().Be("version-required");
        var put = await admin.PutAsync("/sign-in-rules", rules, empty.ETag);
        put.Status.Should().Be(200, put.Body);
        (await admin.PutAsync("/sign-in-rules", rules, empty.ETag)).ProblemType.Should().Be("stale-version");

        var read = await admin.GetAsync("/sign-in-rules");
        read.Body.Should().Be(put.Body);
        read.ETag.Should().Be(put.ETag);
        read.Json.GetProperty("rules")[1].GetProperty("scopes")[0].GetString().Should().Be("team/search");
        var id = (await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;
        var record = await AuditLog.ReadAsync(api.Store.Database, id, Cancel).LastAsync(Cancel);
        record.SubjectKind.Should().Be("sign_in_rules");
        record.AfterState.Should().Contain("group auditors: auditor").And.Contain("everybody of the domains: employee over team/search");
        (await AuditLog.VerifyAsync(api.Store.Database, id, Cancel)).IsWhole.Should().BeTrue();
    }

    [Fact]
    public async Task Elevated_roles_are_mapped_by_org_admins_only()
    {
        await using var api = await StartAsync();
        var iam = await api.ClientAsync(MemberRole.IamAdmin);
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var elevated = new { rules = new object[] { new { group = "chiefs", role = "org_admin" } } };

        (await iam.PutAsync("/sign-in-rules", elevated)).ProblemType.Should().Be("forbidden");
        (await admin.PutAsync("/sign-in-rules", elevated)).Status.Should().Be(200);
        (await iam.PutAsync("/sign-in-rules", new { rules = Array.Empty<object>() })).ProblemType.Should().Be("forbidden");
        (await (await api.ClientAsync(MemberRole.Auditor)).GetAsync("/sign-in-rules")).Status.Should().Be(200);
        (await (await api.ClientAsync(MemberRole.Auditor)).PutAsync("/sign-in-rules", elevated)).ProblemType.Should().Be("forbidden");
        (await (await api.ClientAsync(MemberRole.Manager, "team/search")).GetAsync("/sign-in-rules")).ProblemType.Should().Be("forbidden");
    }

    [Fact]
    public async Task Rules_that_are_wrong_are_refused_with_their_field()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var (body, field) in new[]
        {
            ("""{"rules":[{"role":"org_admin"}]}""", "rules[0].role"),
            ("""{"rules":[{"group":"g","role":"employee"}]}""", "rules[0].scopes"),
            ("""{"rules":[{"group":"g","role":"auditor","scopes":["team/search"]}]}""", "rules[0].scopes"),
            ("""{"rules":[{"group":"g","role":"manager","scopes":["team/search","team/none"]}]}""", "rules[0].scopes[1]"),
            ("""{"rules":[{"group":"g","role":"auditor"},{"group":"g","role":"auditor"}]}""", "rules[1].group"),
        })
        {
            var refused = await admin.PutAsync("/sign-in-rules", body);

            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().Be(field);
            (await admin.GetAsync("/sign-in-rules")).Json.GetProperty("rules").GetArrayLength().Should().Be(0);
        }
    }

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        return api;
    }
}

public sealed class SqliteSignInRuleTests() : SignInRuleContract(DatabaseEngine.Sqlite);

public sealed class PostgresSignInRuleTests() : SignInRuleContract(DatabaseEngine.Postgres);
