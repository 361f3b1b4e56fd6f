using Spendra.Core.Access;
using Spendra.Core.Keys;
using Spendra.Storage;
using Spendra.Storage.Audit;
using Spendra.Storage.Ledger;

namespace Spendra.Control.Tests.Api;

/// <summary>Scoped keys through the management API, on either engine.</summary>
public abstract class KeyContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_created_with_a_secret_that_works_and_is_shown_once()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);

        var created = await admin.PostAsync("/keys", new
        {
            slug = "k", actor = "employee/e1001", project = "ranking", models = new[] { "gpt-5.4" }, tools = Array.Empty<string>(),
            environment = "dev", maxRequestUsd = "0.25", expiresAt = "2099-06-30T18:00:00+02:00",
        }, idempotencyKey: "once");

        created.Status.Should().Be(201, created.Body);
        created.Location.Should().Be("/api/v1/organizations/acme/keys/k");
        var secret = created.Json.GetProperty("secret").GetString()!;
        KeyToken.TryParse(secret, out var token).Should().BeTrue();
        var rows = await RowsAsync(api);
        rows.KeyDigests[token!.KeyId].Should().Equal(api.Store.MasterKey.DigestSecret(token.Secret));
        rows.Keys[token.KeyId].Should().BeEquivalentTo(new { Slug = "k", Environment = "dev", Mode = KeyMode.Live, MaxRequest = new Core.Money.NanoUsd(250_000_000) });

        var read = await admin.GetAsync("/keys/k");
        read.ETag.Should().Be(created.ETag);
        read.Body.Should().Be(created.Json.GetProperty("key").GetRawText()).And.NotContain(secret[36..]);
        read.Json.GetProperty("expiresAt").GetString().Should().Be("2099-06-30T16:00:00Z");
        var again = await admin.PostAsync("/keys", new
        {
            slug = "k", actor = "employee/e1001", project = "ranking", models = new[] { "gpt-5.4" }, tools = Array.Empty<string>(),
            environment = "dev", maxRequestUsd = "0.25", expiresAt = "2099-06-30T18:00:00+02:00",
        }, idempotencyKey: "once");
        again.ProblemType.Should().Be("replay-unavailable", again.Body);
        (await admin.PostAsync("/keys", new { slug = "k", actor = "employee/e1002" })).ProblemType.Should().Be("duplicate");
        var records = await RecordsAsync(api, "k");
        records.Should().ContainSingle().Which.AfterState.Should().Contain("gpt-5.4").And.NotContain(secret[36..]);
    }

    [Fact]
    public async Task A_rotated_key_has_two_secrets_for_a_while_and_one_afterwards()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var first = Token(await admin.PostAsync("/keys", new { slug = "k", actor = "employee/e1002" }));

        var rotated = await admin.PostAsync("/keys/k/rotate", new { overlapMinutes = 30 }, "*", "r");
        rotated.Status.Should().Be(200, rotated.Body);
        var second = Token(rotated);
        (await admin.PostAsync("/keys/k/rotate", new { overlapMinutes = 30 }, "*", "r")).ProblemType.Should().Be("replay-unavailable");

        second.KeyId.Should().Be(first.KeyId, "the key stays what it is: its history, its files");
        var rows = await RowsAsync(api);
        rows.KeyDigests[first.KeyId].Should().Equal(api.Store.MasterKey.DigestSecret(second.Secret));
        var previous = rows.PreviousSecrets[first.KeyId];
        previous.Digest.Should().Equal(api.Store.MasterKey.DigestSecret(first.Secret));
        var now = Micros.Now(TimeProvider.System);
        previous.Until.Should().BeInRange(now + 29 * 60_000_000L, now + 30 * 60_000_000L);
        previous.IsGoodAt(previous.Until - 1).Should().BeTrue();
        previous.IsGoodAt(previous.Until).Should().BeFalse();
        (await admin.GetAsync("/keys/k")).Json.GetProperty("previousSecretUntil").GetDateTime().Should().BeAfter(DateTime.UtcNow);

        var third = Token(await admin.PostAsync("/keys/k/rotate", new { overlapMinutes = 0 }, rotated.ETag));
        rows = await RowsAsync(api);
        rows.KeyDigests[first.KeyId].Should().Equal(api.Store.MasterKey.DigestSecret(third.Secret));
        rows.PreviousSecrets[first.KeyId].IsGoodAt(Micros.Now(TimeProvider.System)).Should().BeFalse("no overlap was wanted");
        (await admin.GetAsync("/keys/k")).Json.GetProperty("previousSecretUntil").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        (await admin.PostAsync("/keys/k/rotate", new { }, rotated.ETag)).Status.Should().Be(412);
        (await RecordsAsync(api, "k")).Select(r => r.Action).Should().Equal("create", "rotate", "rotate");
    }

    [Fact]
    public async Task A_key_is_changed_and_revoked_for_good_with_a_record_of_each()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        var read = await admin.GetAsync("/keys/ada");

        var changed = await admin.PutAsync("/keys/ada", new { models = new[] { "gpt-5.4-mini" } }, read.ETag);
        changed.Status.Should().Be(200, changed.Body);
        changed.Json.GetProperty("project").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null, "what is absent is taken away");
        (await admin.GetAsync("/keys/ada")).Body.Should().Be(changed.Body);
        (await admin.PutAsync("/keys/ada", new { }, read.ETag)).Status.Should().Be(412);
        (await admin.PutAsync("/keys/ada", new { }, null)).ProblemType.Should().Be("version-required");

        var revoked = await admin.PostAsync("/keys/ada/revoke", null, changed.ETag);
        revoked.Json.GetProperty("state").GetString().Should().Be("revoked", revoked.Body);
        (await RowsAsync(api)).Keys.Values.Single(k => k.Slug == "ada").RevokedAt.Should().NotBeNull();
        (await admin.PutAsync("/keys/ada", new { })).ProblemType.Should().Be("wrong-state");
        (await admin.PostAsync("/keys/ada/revoke", null, "*")).ProblemType.Should().Be("wrong-state");
        (await admin.PostAsync("/keys/ada/rotate", new { }, "*")).ProblemType.Should().Be("wrong-state");
        (await RecordsAsync(api, "ada")).Select(r => r.Action).Should().Equal("create", "update", "revoke");
        (await AuditLog.VerifyAsync(api.Store.Database, (await RowsAsync(api)).OrganizationId, Cancel)).IsWhole.Should().BeTrue();
    }

    [Fact]
    public async Task Lists_are_filtered_and_paged_in_either_order()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var slug in new[] { "z", "y", "x" }) (await admin.PostAsync("/keys", new { slug, actor = "employee/e1002", mode = "test" })).Status.Should().Be(201);
        await admin.PostAsync("/keys/y/revoke", null, "*");
        await api.Store.ExecuteAsync("UPDATE scoped_keys SET expires_at = 5 WHERE slug = 'x'");

        (await admin.GetAsync("/keys?actor=employee/e1002")).Items("slug").Should().Equal("x", "y", "z");
        (await admin.GetAsync("/keys?actor=employee/e1002&sort=created")).Items("slug").Should().Equal("z", "y", "x");
        (await admin.GetAsync("/keys?project=ranking")).Items("slug").Should().Equal("ada");
        (await admin.GetAsync("/keys?state=revoked")).Items("slug").Should().Equal("y");
        (await admin.GetAsync("/keys?state=expired")).Items("slug").Should().Equal("x");
        (await admin.GetAsync("/keys?state=live")).Items("slug").Should().Equal("ada", "crawler-key", "fetcher-key", "z");
        (await admin.GetAsync("/keys?search=ER-K")).Items("slug").Should().Equal("crawler-key", "fetcher-key");
        (await admin.GetAsync("/keys?search=%25")).Items("slug").Should().BeEmpty();
        foreach (var sort in new[] { "slug", "-slug", "created", "-created" })
        {
            var whole = (await admin.GetAsync($"/keys?sort={sort}")).Items("slug");
            var paged = new List<string>();
            for (var next = $"/keys?sort={sort}&limit=2"; next is not null;)
            {
                var page = await admin.GetAsync(next);
                paged.AddRange(page.Items("slug"));
                next = page.Json.GetProperty("next").GetString() is { } cursor ? $"/keys?sort={sort}&limit=2&cursor={cursor}" : null;
            }
            paged.Should().Equal(whole);
        }
    }

    [Fact]
    public async Task A_manager_issues_and_sees_only_within_their_scopes()
    {
        await using var api = await StartAsync();
        var manager = await api.ClientAsync(MemberRole.Manager, "team/search");
        var lead = await api.ClientAsync(MemberRole.Manager, "project/ranking");
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        (await admin.PostAsync("/keys", new { slug = "other", actor = "employee/e1002" })).Status.Should().Be(201);

        (await manager.GetAsync("/keys")).Items("slug").Should().Equal("ada", "crawler-key", "fetcher-key");
        (await lead.GetAsync("/keys")).Items("slug").Should().Equal(["ada"], "it spends for the project");
        var unseen = await manager.GetAsync("/keys/other");
        var unknown = await manager.GetAsync("/keys/no-such-key");
        unseen.Status.Should().Be(404);
        unseen.Body.Replace(unseen.RequestId, "").Should().Be(unknown.Body.Replace(unknown.RequestId, ""));
        (await manager.PostAsync("/keys/other/revoke", null, "*")).Status.Should().Be(404);
        (await manager.PostAsync("/keys", new { slug = "a", actor = "agent/crawler" })).Status.Should().Be(201);
        (await manager.PostAsync("/keys", new { slug = "b", actor = "employee/e1002" })).Field.Should().Be("actor");
        (await manager.PostAsync("/keys", new { slug = "b", actor = "team/search" })).Field.Should().Be("actor");
        (await manager.PostAsync("/keys", new { slug = "b", actor = "employee/e1001", project = "ranking" })).Field.Should().Be("project");
        (await lead.PostAsync("/keys/ada/revoke", null, "*")).ProblemType.Should().Be("forbidden", "the key is its actor's");
        (await api.ClientAsync(MemberRole.Auditor)).Should().NotBeNull();
        (await (await api.ClientAsync(MemberRole.Auditor)).PostAsync("/keys", new { slug = "c", actor = "employee/e1001" })).Status.Should().Be(403);
        (await (await api.ClientAsync(MemberRole.PlatformAdmin)).PostAsync("/keys/other/revoke", null, "*")).Status.Should().Be(200);
        (await (await api.ClientAsync(null)).GetAsync("/keys")).Status.Should().Be(404);
        (await admin.GetAsync("/api/v1/organizations/other/keys")).Status.Should().Be(404);
    }

    [Fact]
    public async Task A_manager_who_is_an_employee_is_told_what_a_key_of_the_team_lacks()
    {
        await using var api = await Governed.StartAsync(engine);
        var member = await api.AddMemberAsync("ada@acme.example", MemberRole.Manager, ["team/search"], employee: "employee/e1001");
        var ada = api.Client(await api.AddTokenAsync(member));

        var refused = await ada.PostAsync("/keys", new { slug = "x", actor = "agent/crawler", project = "ranking" });

        refused.Status.Should().Be(403, refused.Body);
        refused.Of("detail").Should().Be("This needs keys.issue over project/ranking.");
    }

    [Fact]
    public async Task When_a_key_was_last_used_is_told_by_what_was_booked()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        await using var spending = new Spending(api);
        await spending.SpendAsync("ada", "0.1");
        var id = await spending.SpendAsync("ada", "0.1");
        await spending.HoldAsync("crawler-key", "0.1");

        await KeyUses.UpdateAsync(api.Store.Database, Cancel);
        await KeyUses.UpdateAsync(api.Store.Database, Cancel);

        var at = await api.Store.ScalarAsync<long>("SELECT reserved_at FROM spend_events WHERE reservation_id = @id", new { id });
        (await admin.GetAsync("/keys/ada")).Json.GetProperty("lastUsedAt").GetDateTime().Should().Be(Micros.ToInstant(at).UtcDateTime);
        (await admin.GetAsync("/keys/crawler-key")).Json.GetProperty("lastUsedAt").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        await spending.SpendAsync("crawler-key", "0.1");
        await KeyUses.UpdateAsync(api.Store.Database, Cancel);
        (await admin.GetAsync("/keys/crawler-key")).Json.GetProperty("lastUsedAt").GetDateTime().Should().BeAfter(Micros.ToInstant(at).UtcDateTime);
    }

    [Fact]
    public async Task A_body_that_is_wrong_is_refused_with_its_field_and_makes_no_key()
    {
        await using var api = await StartAsync();
        var admin = await api.ClientAsync(MemberRole.OrgAdmin);
        foreach (var (body, field) in new[]
        {
            ("""{"slug":"k","actor":"employee/nobody"}""", "actor"),
            ("""{"slug":"k","actor":"employee/e1001","project":"billing"}""", "project"),
            ("""{"slug":"k","actor":"employee/e1001","project":"'; DROP TABLE scoped_keys; --"}""", "project"),
            ("""{"slug":"k","actor":"employee/e1001","models":["a","a"]}""", "models"),
            ("""{"slug":"k","actor":"employee/e1001","expiresAt":"2020-01-01T00:00:00Z"}""", "expiresAt"),
        })
        {
            var refused = await admin.PostAsync("/keys", body);

            refused.Status.Should().Be(400, refused.Body);
            refused.Field.Should().Be(field, refused.Body);
            (await api.Store.ScalarAsync<long>("SELECT count(*) FROM scoped_keys")).Should().Be(3);
        }
    }

    internal static KeyToken Token(ControlAnswer answer)
    {
        answer.Status.Should().BeOneOf([200, 201], answer.Body);
        KeyToken.TryParse(answer.Json.GetProperty("secret").GetString(), out var token).Should().BeTrue();
        return token!;
    }

    private static async Task<Core.Governance.GovernanceRows> RowsAsync(ControlHarness api) =>
        await api.Store.LoadAsync((await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value);

    private static async Task<List<Core.Audit.AuditRecord>> RecordsAsync(ControlHarness api, string subject) =>
        await AuditLog.ReadAsync(api.Store.Database, (await RowsAsync(api)).OrganizationId, Cancel)
            .Where(r => r.SubjectKind == "key" && r.Subject == subject).ToListAsync(Cancel);

    private async Task<ControlHarness> StartAsync()
    {
        var api = await ControlHarness.StartAsync(engine);
        await api.ApplyAsync(Files.Acme);
        return api;
    }
}

public sealed class SqliteKeyTests() : KeyContract(DatabaseEngine.Sqlite);

public sealed class PostgresKeyTests() : KeyContract(DatabaseEngine.Postgres);
