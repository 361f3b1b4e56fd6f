using Spendra.Control.Declarations;
using Spendra.Control.Keys;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Audit;
using Spendra.Storage.Governance;
using Spendra.Storage.Tests;

namespace Spendra.Control.Tests;

/// <summary>What applying a file means, on a real database of either engine.</summary>
public abstract class DeclarationContract(DatabaseEngine engine)
{
    private static readonly ChangeAuthor Author = new("tester", "test", "because");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_discount_on_a_listed_model_keeps_the_providers_surcharges()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var applied = await ApplyAsync(store, """
            organization: {slug: acme}
            prices: [{provider: openai, model: gpt-6-sol, inputUsdPerMillion: "1", outputUsdPerMillion: "5"}]
            """);

        var price = new GovernanceSnapshot(await store.LoadAsync(applied.OrganizationId)).Prices.Find("openai", "gpt-6-sol", 1)!;

        price.Rates.Input.ToString().Should().Be("1", "the declared row was written after the listed one");
        price.Rates.CacheWrite.ToString().Should().Be("1.25");
        price.LongContext!.AboveInputUnits.Should().Be(272_000);
        var band = price.LongContext.Rates;
        (band.Input.ToString(), band.CacheWrite.ToString(), band.Output.ToString()).Should().Be(("2", "2.5", "7.5"));
        price.TierPercents["priority"].Should().Be(200);
    }

    [Fact]
    public async Task A_file_becomes_the_rows_that_it_describes()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var applied = await ApplyAsync(store, Files.Acme);

        var rows = await store.LoadAsync(applied.OrganizationId);
        rows.Slug.Should().Be("acme");
        rows.Epoch.Should().Be(1);
        rows.Scopes[applied.OrganizationId].Should().Be(new Scope(applied.OrganizationId, ScopeKind.Organization, "acme", "Acme Corporation", null));
        var scopes = rows.Scopes.Values.ToDictionary(s => s.Reference);
        scopes["team/search"].ParentId.Should().Be(scopes["branch/emea"].ScopeId);
        scopes["team/ads"].Should().Be(new Scope(scopes["team/ads"].ScopeId, ScopeKind.Team, "ads", "ads", null));
        scopes["employee/e1001"].Name.Should().Be("Ada Lovelace");
        scopes["agent/crawler"].ParentId.Should().Be(scopes["team/search"].ScopeId);
        scopes["agent/writer"].ParentId.Should().Be(scopes["employee/e1001"].ScopeId);
        scopes["agent/ranker"].ParentId.Should().Be(scopes["project/ranking"].ScopeId);
        scopes["subagent/fetcher"].ParentId.Should().Be(scopes["agent/crawler"].ScopeId);

        var budgets = rows.Budgets.Values.ToDictionary(b => b.Slug);
        budgets["all-2026"].Should().BeEquivalentTo(new
        {
            ScopeId = applied.OrganizationId,
            Amount = NanoUsd.FromUsd(100_000),
            Period = new Period { Kind = PeriodKind.Year, FiscalStartMonth = 4 },
        });
        budgets["all-2026"].Zone.Id.Should().Be("Europe/Madrid");
        budgets["search-month"].Amount.Should().Be(new NanoUsd(500_250_000_000));
        budgets["ada-week"].Zone.Id.Should().Be("America/New_York");
        budgets["ada-week"].Period.WeekStart.Should().Be(DayOfWeek.Sunday);
        budgets["launch"].Period.RangeStart.Should().Be(new DateOnly(2026, 7, 1));
        budgets["launch"].Period.RangeEnd.Should().Be(new DateOnly(2026, 10, 1), "the file names the last day");
        budgets["crawler-ever"].Amount.Should().Be(new NanoUsd(1));
    }

    [Fact]
    public async Task Policies_keys_accounts_and_prices_become_the_rows_that_the_file_describes()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var applied = await ApplyAsync(store, Files.Acme);
        var rows = await store.LoadAsync(applied.OrganizationId);
        var scopes = rows.Scopes.Values.ToDictionary(s => s.Reference, s => s.ScopeId);
        var budgets = rows.Budgets.Values.ToDictionary(b => b.Slug, b => b.BudgetId);

        var policies = rows.Policies.Values.ToDictionary(p => p.Slug);
        policies["search-cap"].ScopeId.Should().Be(scopes["team/search"], "a cap is on its budget's scope unless it says otherwise");
        policies["search-cap"].BudgetId.Should().Be(budgets["search-month"]);
        policies["search-cap"].Filter.Should().Be(new PolicyFilter { Models = new(["gpt-5.4", "gpt-5.4-mini"]), Environments = new(["production"]) });
        policies["search-alert"].ThresholdPercents.Should().Equal(50, 80, 100);
        policies["big-ones"].ReviewAbove.Should().Be(NanoUsd.FromUsd(25));
        policies["search-models"].Allowed.Should().Be(new PolicyFilter { Providers = new(["openai"]), Models = new(["gpt-5.4", "house-model"]), Tools = new([]) });
        policies["search-models"].StripsTools.Should().BeTrue();
        policies.Values.Count(p => p.StripsTools).Should().Be(1);
        policies["search-models"].Filter.Should().Be(new PolicyFilter { Environments = new(["production"]) });
        policies["limits"].Should().BeEquivalentTo(new { MaxRequest = new NanoUsd(2_500_000_000), MaxOutputTokens = 4000L, MaxConcurrent = 8 });
        policies["limits"].Filter.Should().Be(new PolicyFilter { Providers = new(["openai"]) });

        var keys = rows.Keys.Values.ToDictionary(k => k.Slug);
        keys["ada"].Should().BeEquivalentTo(new
        {
            Mode = KeyMode.Live,
            ActorId = scopes["employee/e1001"],
            ProjectId = (Guid?)scopes["project/ranking"],
            Environment = "production",
            MaxRequest = (NanoUsd?)new NanoUsd(500_000_000),
            ExpiresAt = (long?)new DateTimeOffset(2027, 6, 30, 16, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1000,
        });
        keys["ada"].Models.Should().Be(new NameSet(["gpt-5.4"]));
        keys["ada"].Tools.IsUnrestricted.Should().BeTrue();
        keys["fetcher-key"].Providers.Should().Be(new NameSet([]));
        foreach (var issued in applied.Keys)
        {
            KeyToken.TryParse(issued.Secret, out var token).Should().BeTrue();
            token!.KeyId.Should().Be(keys[issued.Slug].KeyId);
            rows.KeyDigests[token.KeyId].Should().Equal(store.MasterKey.DigestSecret(token.Secret));
            (await store.Reader.FindOrganizationOfKeyAsync(token.KeyId, Cancel)).Should().Be(applied.OrganizationId);
        }

        var accounts = rows.Accounts.Values.ToDictionary(a => a.Slug);
        accounts["main"].BaseUrl.Should().Be("https://api.openai.com/v1");
        System.Text.Encoding.UTF8.GetString(accounts["main"].Credential).Should().Be("OPENAI_API_KEY");
        accounts["second"].BaseUrl.Should().Be("http://127.0.0.1:8080/v1");
        store.MasterKey.Open(applied.OrganizationId, accounts["second"].AccountId, accounts["second"].Credential).Should().Be("sk-secret-one");

        var prices = new GovernanceSnapshot(rows).Prices;
        var house = prices.Find("openai", "house-model", 0)!;
        house.Rates.CachedInput.ToString().Should().Be("0.125");
        house.Rates.CacheWrite.ToString().Should().Be("1.25", "a cache write costs like input unless the file says otherwise");
        house.LongContext!.Rates.CachedInput.ToString().Should().Be("2.5");
        house.TierPercents["flex"].Should().Be(50);
        var newYear = new DateTimeOffset(2026, 12, 31, 23, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1000;
        prices.Find("openai", "gpt-5.4", newYear - 1)!.Rates.Input.ToString().Should().Be("2.5");
        prices.Find("openai", "gpt-5.4", newYear)!.Should().BeEquivalentTo(new { ContextWindow = 1_050_000L, MaxOutput = 128_000L });
        prices.Find("openai", "gpt-5.4", newYear)!.Rates.Input.ToString().Should().Be("3");
    }

    [Fact]
    public async Task Applying_the_same_file_again_changes_nothing_not_even_the_epoch()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var first = await ApplyAsync(store, Files.Acme);
        var records = await store.ScalarAsync<long>("SELECT count(*) FROM audit_records");

        var second = await ApplyAsync(store, Files.Acme);

        second.Changes.Should().OnlyContain(c => c.Action == ChangeAction.Unchanged);
        second.Keys.Should().BeEmpty();
        second.Epoch.Should().Be(first.Epoch);
        (await store.ScalarAsync<long>("SELECT count(*) FROM audit_records")).Should().Be(records);
        records.Should().Be(first.Changes.Count, "one record tells of one change");
        var pruned = await ApplyAsync(store, Files.Acme, prune: true);
        pruned.Changes.Should().OnlyContain(c => c.Action == ChangeAction.Unchanged);
    }

    [Fact]
    public async Task A_plan_says_what_applying_does_and_writes_nothing()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var planned = await PlanAsync(store, Files.Acme);
        (await store.ScalarAsync<long>("SELECT count(*) FROM organization_directory")).Should().Be(0);

        var applied = await ApplyAsync(store, Files.Acme);

        applied.Changes.Should().BeEquivalentTo(planned, o => o.WithStrictOrdering());
        var change = Files.Acme.Replace("amountUsd: 500.25", "amountUsd: 400", StringComparison.Ordinal);
        (await PlanAsync(store, change)).Single(c => c.Action != ChangeAction.Unchanged).Should().BeEquivalentTo(
            new PlannedChange(ChangeAction.Update, "budget", "search-month", [new FieldChange("amountUsd", "500.25", "400")]));
    }

    [Fact]
    public async Task Every_change_raises_the_epoch_by_one_and_is_audited()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var first = await ApplyAsync(store, Files.Acme);
        var second = await ApplyAsync(store, Files.Acme
            .Replace("Acme Corporation", "Acme", StringComparison.Ordinal)
            .Replace("thresholdsPercent: [80, 50, 100]", "thresholdsPercent: [90]", StringComparison.Ordinal)
            .Replace("maxRequestUsd: 0.5", "maxRequestUsd: 0.75", StringComparison.Ordinal));

        second.Epoch.Should().Be(first.Epoch + 1);
        (await AuditLog.VerifyAsync(store.Database, first.OrganizationId, Cancel)).Should().Be(new AuditVerdict(first.Changes.Count + 3, null));
        var records = await AuditLog.ReadAsync(store.Database, first.OrganizationId, Cancel).ToListAsync(Cancel);
        records[^1].Should().BeEquivalentTo(new { Actor = "tester", Origin = "test", Reason = "because", Action = "update", SubjectKind = "key", Subject = "ada" });
        records[^1].BeforeState.Should().Contain("\"maxRequestUsd\":\"0.5\"");
        records[^1].AfterState.Should().Contain("\"maxRequestUsd\":\"0.75\"");
        var all = string.Concat(records.Select(r => r.BeforeState + r.AfterState));
        all.Should().NotContain("sk-secret-one").And.NotContain(first.Keys[0].Secret[36..]);
    }

    [Fact]
    public async Task What_a_file_does_not_mention_is_left_alone_unless_it_prunes()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var first = await ApplyAsync(store, Files.Acme);
        const string fewer = """
            organization: { slug: acme, name: Acme Corporation, timeZone: Europe/Madrid }
            keys: [ { slug: crawler-key, actor: agent/crawler, tools: [web_search] } ]
            """;
        (await ApplyAsync(store, fewer)).Changes.Should().OnlyContain(c => c.Action == ChangeAction.Unchanged);

        var pruned = await ApplyAsync(store, fewer, prune: true);

        pruned.Changes.Where(c => c.Action != ChangeAction.Unchanged).Select(c => (c.Action, c.Kind, c.Slug)).Should().Equal(
            (ChangeAction.Revoke, "key", "ada"), (ChangeAction.Revoke, "key", "fetcher-key"));
        var rows = await store.LoadAsync(first.OrganizationId);
        rows.Keys.Values.Where(k => k.RevokedAt is null).Select(k => k.Slug).Should().Equal("crawler-key");
        rows.Budgets.Should().HaveCount(5);
    }

    [Fact]
    public async Task A_revoked_key_that_is_declared_again_stays_revoked_and_the_plan_says_so()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var first = await ApplyAsync(store, Files.Acme);
        var revoked = await KeyIssuer.RevokeAsync(store.Database, "acme", "ada", Author, Cancel);
        revoked.Value!.RevokedAt.Should().NotBeNull();

        var again = await ApplyAsync(store, Files.Acme);

        var change = again.Changes.Single(c => c is { Kind: "key", Slug: "ada" });
        change.Action.Should().Be(ChangeAction.Unchanged);
        change.Note.Should().Contain("stays revoked");
        again.Keys.Should().BeEmpty();
        again.Epoch.Should().Be(first.Epoch + 1, "only the revocation changed anything");
        (await store.LoadAsync(first.OrganizationId)).Keys.Values.Single(k => k.Slug == "ada").RevokedAt.Should().NotBeNull();
    }

    [Fact]
    public async Task What_was_archived_comes_back_with_its_id_when_it_is_declared_again()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var first = await ApplyAsync(store, Files.Acme);
        var before = await store.LoadAsync(first.OrganizationId);
        const string none = """
            organization: { slug: acme, name: Acme Corporation, timeZone: Europe/Madrid }
            teams: []
            employees: []
            agents: []
            subagents: []
            budgets: []
            policies: []
            keys: []
            providerAccounts: []
            """;
        await ApplyAsync(store, none, prune: true);
        var empty = await store.LoadAsync(first.OrganizationId);
        (empty.Budgets.Count, empty.Policies.Count, empty.Accounts.Count).Should().Be((0, 0, 0));
        empty.Scopes.Values.Select(s => s.Reference).Should().BeEquivalentTo("organization", "branch/emea", "project/ranking", "project/billing");

        var restored = await ApplyAsync(store, Files.Acme);

        restored.Changes.Where(c => c.Action == ChangeAction.Restore).Should().HaveCount(2 + 2 + 3 + 1 + 2 + 5 + 7);
        var after = await store.LoadAsync(first.OrganizationId);
        after.Scopes.Should().BeEquivalentTo(before.Scopes);
        after.Policies.Keys.Should().BeEquivalentTo(before.Policies.Keys);
        after.Budgets.Keys.Should().BeEquivalentTo(before.Budgets.Keys);
    }

    [Fact]
    public async Task A_replaced_credential_is_sealed_anew_and_an_equal_one_is_kept()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var first = await ApplyAsync(store, Files.Acme);
        var before = (await store.LoadAsync(first.OrganizationId)).Accounts.Values.Single(a => a.Slug == "second");

        var second = await ApplyAsync(store, Files.Acme.Replace("sk-secret-one", "sk-secret-two", StringComparison.Ordinal));

        second.Changes.Single(c => c.Action == ChangeAction.Update).Fields.Should().Equal(new FieldChange("credential", "sealed", "sealed, replaced"));
        var after = (await store.LoadAsync(first.OrganizationId)).Accounts.Values.Single(a => a.Slug == "second");
        after.AccountId.Should().Be(before.AccountId);
        store.MasterKey.Open(first.OrganizationId, after.AccountId, after.Credential).Should().Be("sk-secret-two");
    }

    [Fact]
    public async Task A_change_that_fails_leaves_nothing_behind()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var first = await ApplyAsync(store, Files.Acme);
        var before = await store.LoadAsync(first.OrganizationId);
        // The last statement of the transaction meets a row that is already there.
        await store.ExecuteAsync("""
            INSERT INTO audit_records (organization_id, sequence, recorded_at, actor, action, subject_kind, subject, origin, previous_hash, hash)
            SELECT organization_id, audit_sequence + 1, 0, '', '', '', '', '', audit_hash, audit_hash FROM organizations
            """);

        var act = () => ApplyAsync(store, Files.Acme.Replace("amountUsd: 500.25", "amountUsd: 1", StringComparison.Ordinal) + "\n  - slug: new-key\n    actor: agent/writer\n");

        await act.Should().ThrowAsync<System.Data.Common.DbException>();
        (await store.LoadAsync(first.OrganizationId)).Should().BeEquivalentTo(before);
        (await store.ScalarAsync<long>("SELECT count(*) FROM key_directory")).Should().Be(3);
    }

    [Fact]
    public async Task Text_that_looks_like_an_attack_is_stored_as_it_is()
    {
        const string nasty = "'); DROP TABLE scopes; -- \\\" ${x} {{y}} %s <script>alert(1)</script> ☃ 𝄞";
        var quoted = System.Text.Json.JsonSerializer.Serialize(nasty);
        await using var store = await GovernanceStore.OpenAsync(engine);
        var applied = await ApplyAsync(store, $$"""
            {
              "organization": { "slug": "acme", "name": {{quoted}} },
              "teams": [ { "slug": "t", "name": {{quoted}} } ],
              "employees": [ { "slug": "e", "name": {{quoted}}, "team": "t" } ],
              "prices": [ { "provider": "openai", "model": {{quoted}}, "inputUsdPerMillion": 1, "outputUsdPerMillion": 2 } ],
              "policies": [ { "slug": "p", "kind": "allowlist", "scope": "team/t", "providers": [{{quoted}}], "models": [{{quoted}}], "tools": [{{quoted}}], "filter": { "environments": [{{quoted}}] } } ],
              "keys": [ { "slug": "k", "actor": "employee/e", "models": [{{quoted}}], "environment": "'; DROP TABLE prices; --" } ]
            }
            """);

        var rows = await store.LoadAsync(applied.OrganizationId);
        rows.Scopes.Values.Should().OnlyContain(s => s.Name == nasty);
        rows.Policies.Values.Single().Allowed.Models.Should().Be(new NameSet([nasty]));
        rows.Policies.Values.Single().Filter.Environments.Should().Be(new NameSet([nasty]));
        rows.Keys.Values.Single().Models.Should().Be(new NameSet([nasty]));
        rows.Keys.Values.Single().Environment.Should().Be("'; DROP TABLE prices; --");
        rows.Prices.Values.Should().Contain(p => p.Model == nasty);
        (await AuditLog.VerifyAsync(store.Database, applied.OrganizationId, Cancel)).IsWhole.Should().BeTrue();
    }

    [Fact]
    public async Task Ten_thousand_keys_are_applied_at_once()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var file = new System.Text.StringBuilder("organization: { slug: big }\nemployees:\n");
        for (var i = 0; i < 10_000; i++) file.Append($"  - {{ slug: e{i}, name: Employee {i} }}\n");
        file.Append("keys:\n");
        for (var i = 0; i < 10_000; i++) file.Append($"  - {{ slug: k{i}, actor: employee/e{i} }}\n");
        var watch = System.Diagnostics.Stopwatch.StartNew();

        var applied = await ApplyAsync(store, file.ToString());

        TestContext.Current.TestOutputHelper?.WriteLine($"applied in {watch.ElapsedMilliseconds} ms");
        applied.Keys.Should().HaveCount(10_000);
        watch.Restart();
        (await ApplyAsync(store, file.ToString())).Changes.Should().OnlyContain(c => c.Action == ChangeAction.Unchanged);
        TestContext.Current.TestOutputHelper?.WriteLine($"compared in {watch.ElapsedMilliseconds} ms");
        (await AuditLog.VerifyAsync(store.Database, applied.OrganizationId, Cancel)).Should().Be(new AuditVerdict(20_001, null));
    }

    private static async Task<ApplyOutcome.Applied> ApplyAsync(GovernanceStore store, string file, bool prune = false)
    {
        var outcome = await Spendra.Control.Declarations.Declarations.ApplyAsync(
            store.Database, store.MasterKey, file, "acme.yaml", new DeclarationOptions(prune), Author, time: null, Cancel);
        if (outcome is ApplyOutcome.Refused refused) Assert.Fail(string.Join("\n", refused.Errors));
        return (ApplyOutcome.Applied)outcome;
    }

    private static async Task<IReadOnlyList<PlannedChange>> PlanAsync(GovernanceStore store, string file)
    {
        var outcome = await Spendra.Control.Declarations.Declarations.PlanAsync(
            store.Database, store.MasterKey, file, "acme.yaml", new DeclarationOptions(), Cancel);
        if (outcome is PlanOutcome.Refused refused) Assert.Fail(string.Join("\n", refused.Errors));
        return ((PlanOutcome.Planned)outcome).Changes;
    }
}

public sealed class DeclarationOnSqliteTests() : DeclarationContract(DatabaseEngine.Sqlite);

public sealed class DeclarationOnPostgresTests() : DeclarationContract(DatabaseEngine.Postgres);
