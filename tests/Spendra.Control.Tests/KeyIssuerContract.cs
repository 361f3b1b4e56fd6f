using Spendra.Control.Declarations;
using Spendra.Control.Keys;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Audit;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;
using Spendra.Storage.Tests;

namespace Spendra.Control.Tests;

/// <summary>Single keys, on a real database of either engine.</summary>
public abstract class KeyIssuerContract(DatabaseEngine engine)
{
    private static readonly ChangeAuthor Author = new("tester", "test");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(KeyMode.Live, "spk_live_")]
    [InlineData(KeyMode.Test, "spk_test_")]
    public async Task A_new_key_works_is_listed_and_audited_and_raises_the_epoch(KeyMode mode, string prefix)
    {
        await using var store = await StartAsync();
        var id = (await store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;

        var outcome = await CreateAsync(store, Request("k") with
        {
            Mode = mode, Project = "x", Models = ["gpt-5.4"], Environment = "ci", MaxRequest = NanoUsd.FromUsd(1), ExpiresAt = 5,
        });

        var issued = outcome.Value!;
        issued.Secret.Should().StartWith(prefix);
        issued.ToString().Should().NotContain(issued.Secret[36..]);
        KeyToken.TryParse(issued.Secret, out var token).Should().BeTrue();
        var rows = await store.LoadAsync(id);
        rows.Epoch.Should().Be(2);
        rows.KeyDigests[issued.KeyId].Should().Equal(store.MasterKey.DigestSecret(token!.Secret));
        rows.Keys[issued.KeyId].Should().BeEquivalentTo(new { Slug = "k", Mode = mode, Environment = "ci", ExpiresAt = (long?)5 });
        rows.Keys[issued.KeyId].Models.Should().Be(new NameSet(["gpt-5.4"]));
        var listed = (await KeyIssuer.ListAsync(store.Database, "acme", Cancel))!.Single();
        listed.Should().BeEquivalentTo(new { Slug = "k", issued.KeyId, Actor = "employee/e", Project = "project/x", CreatedBy = "tester" });
        (await AuditLog.VerifyAsync(store.Database, id, Cancel)).IsWhole.Should().BeTrue();
        var record = await AuditLog.ReadAsync(store.Database, id, Cancel).LastAsync(Cancel);
        record.Should().BeEquivalentTo(new { Action = "create", SubjectKind = "key", Subject = "k", Actor = "tester" });
        record.AfterState.Should().Contain(issued.Id).And.NotContain(issued.Secret[36..]);
    }

    [Fact]
    public async Task A_key_that_cannot_be_is_refused_with_its_reason()
    {
        await using var store = await StartAsync();
        (await CreateAsync(store, Request("k"))).Refusal.Should().BeNull();
        (KeyRequest Request, string Reason)[] wrong =
        [
            (Request("k"), "key 'k' exists"),
            (Request("No Slug"), "'No Slug' is not a slug"),
            (Request("a") with { Actor = "team/t" }, "actor 'team/t' does not exist"),
            (Request("a") with { Actor = "employee/ghost" }, "actor 'employee/ghost' does not exist"),
            (Request("a") with { Project = "ghost" }, "project 'ghost' does not exist"),
            (Request("a") with { Project = "y" }, "project/y is not among the projects of employee/e"),
            (Request("a") with { Environment = "a\u0007" }, "the environment is not plain text"),
            (Request("a") with { Models = [""] }, "is not a name"),
            (Request("a") with { MaxRequest = new NanoUsd(-1) }, "negative"),
        ];

        foreach (var (request, reason) in wrong)
            (await CreateAsync(store, request)).Refusal!.Message.Should().Contain(reason);
        (await KeyIssuer.CreateAsync(store.Database, store.MasterKey, "nobody", Request("a"), Author, Cancel)).Refusal!.Message
            .Should().Be("organization 'nobody' does not exist");
        (await store.ScalarAsync<long>("SELECT count(*) FROM key_directory")).Should().Be(1);
        (await store.ScalarAsync<long>("SELECT count(*) FROM organization_directory")).Should().Be(1);
    }

    [Fact]
    public async Task A_key_is_revoked_once_by_slug_id_or_token()
    {
        await using var store = await StartAsync();
        var id = (await store.Reader.FindOrganizationAsync("acme", Cancel))!.Value;
        var keys = new[] { (await CreateAsync(store, Request("a"))).Value!, (await CreateAsync(store, Request("b"))).Value!, (await CreateAsync(store, Request("c"))).Value! };

        (await RevokeAsync(store, "a")).Value!.Slug.Should().Be("a");
        (await RevokeAsync(store, keys[1].Id)).Value!.Slug.Should().Be("b");
        (await RevokeAsync(store, keys[2].Secret)).Value!.Slug.Should().Be("c");
        var epoch = await store.Reader.ReadEpochAsync(id, Cancel);
        var revokedAt = (await store.LoadAsync(id)).Keys[keys[0].KeyId].RevokedAt;
        (await RevokeAsync(store, "a")).Value!.RevokedAt.Should().Be(revokedAt);

        (await store.Reader.ReadEpochAsync(id, Cancel)).Should().Be(epoch, "revoking again changes nothing");
        epoch.Should().Be(7);
        (await RevokeAsync(store, "zzz")).Refusal!.Message.Should().Contain("there is no such key");
        (await store.LoadAsync(id)).Keys.Values.Should().OnlyContain(k => k.RevokedAt != null);
    }

    private static Task<KeyOutcome<IssuedKey>> CreateAsync(GovernanceStore store, KeyRequest request) =>
        KeyIssuer.CreateAsync(store.Database, store.MasterKey, "acme", request, Author, Cancel);

    private static Task<KeyOutcome<ListedKey>> RevokeAsync(GovernanceStore store, string key) =>
        KeyIssuer.RevokeAsync(store.Database, "acme", key, Author, Cancel);

    private static KeyRequest Request(string slug) => new() { Slug = slug, Mode = KeyMode.Live, Actor = "employee/e" };

    private async Task<GovernanceStore> StartAsync()
    {
        var store = await GovernanceStore.OpenAsync(engine);
        var outcome = await Spendra.Control.Declarations.Declarations.ApplyAsync(store.Database, store.MasterKey, """
            organization: { slug: acme }
            teams: [ { slug: t } ]
            projects: [ { slug: x }, { slug: y } ]
            employees: [ { slug: e, projects: [x] } ]
            """, "acme.yaml", new DeclarationOptions(), Author, null, Cancel);
        outcome.Should().BeOfType<ApplyOutcome.Applied>();
        return store;
    }
}

public sealed class KeyIssuerOnSqliteTests() : KeyIssuerContract(DatabaseEngine.Sqlite);

public sealed class KeyIssuerOnPostgresTests() : KeyIssuerContract(DatabaseEngine.Postgres);
