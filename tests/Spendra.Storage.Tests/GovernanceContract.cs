using Spendra.Core.Governance;
using Spendra.Storage.Governance;
using Spendra.Storage.Pricing;

namespace Spendra.Storage.Tests;

/// <summary>Reading and changing governance, on a real database of either engine.</summary>
public abstract class GovernanceContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_organization_has_its_scope_and_the_catalog()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        (await store.Reader.FindOrganizationAsync("acme", Cancel)).Should().BeNull();

        var id = await GovernanceEdits.CreateAsync(store);

        (await store.Reader.FindOrganizationAsync("acme", Cancel)).Should().Be(id);
        (await store.Reader.ListOrganizationsAsync(Cancel)).Should().Equal(new OrganizationName(id, "acme", "acme"));
        (await store.Reader.ReadEpochAsync(id, Cancel)).Should().Be(1);
        var rows = await store.LoadAsync(id);
        rows.Scopes.Values.Should().Equal(new Scope(id, ScopeKind.Organization, "acme", "acme", null));
        rows.Prices.Values.Select(p => p with { PriceId = Guid.Empty, RecordedAt = 0 }).Should()
            .BeEquivalentTo(PriceCatalog.All);
        new GovernanceSnapshot(rows).Prices.Find("openai", "gpt-6-sol", 1)!.LongContext!.Rates.CachedInput.ToString().Should().Be("0.4");
    }

    [Fact]
    public async Task What_is_unknown_is_not_found()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        (await store.Reader.LoadAsync(Guid.CreateVersion7(), null, Cancel)).Should().BeNull();
        (await store.Reader.ReadEpochAsync(Guid.CreateVersion7(), Cancel)).Should().BeNull();
        (await store.Reader.FindOrganizationOfKeyAsync(Guid.CreateVersion7(), Cancel)).Should().BeNull();
        (await store.Reader.ListOrganizationsAsync(Cancel)).Should().BeEmpty();
    }

    [Fact]
    public async Task Nothing_changed_means_the_same_rows_and_no_new_epoch()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var id = await GovernanceEdits.CreateAsync(store);
        var rows = await store.LoadAsync(id);

        (await GovernanceEdits.ApplyAsync(store)).Should().Be(1);

        (await store.Reader.LoadAsync(id, rows, Cancel)).Should().BeSameAs(rows);
    }

    [Fact]
    public async Task A_load_of_what_changed_equals_a_load_of_everything()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var id = await GovernanceEdits.CreateAsync(store);
        var known = await store.LoadAsync(id);
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var model = new RandomEdits(id, random);
        for (var step = 0; step < 60; step++)
        {
            await GovernanceEdits.ApplyAsync(store, model.Next());
            // A gateway may sleep through several changes.
            if (random.Next(3) == 0) continue;
            known = (await store.Reader.LoadAsync(id, known, Cancel))!;
            var full = await store.LoadAsync(id);
            known.Should().BeEquivalentTo(full);
        }
    }

    [Fact]
    public async Task Two_that_create_the_same_organization_at_once_make_one()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var ids = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            await using var transaction = await GovernanceEdits.BeginAsync(store, "acme");
            if (transaction.IsNew)
            {
                await GovernanceEdits.ApplyAsync(transaction, new GovernanceWrite.PutOrganization(
                    new OrganizationRow(transaction.OrganizationId, "acme", "acme", "USD", "UTC")));
            }
            return transaction.OrganizationId;
        }, Cancel)));

        ids.Distinct().Should().ContainSingle();
        (await store.Reader.ReadEpochAsync(ids[0], Cancel)).Should().Be(1);
    }

    [Fact]
    public async Task Concurrent_changes_come_one_after_the_other_and_leave_a_whole_audit_chain()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var id = await GovernanceEdits.CreateAsync(store);

        var epochs = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(() =>
            GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutScope(GovernanceEdits.Employee(Guid.CreateVersion7()))), Cancel)));

        epochs.Order().Should().Equal(Enumerable.Range(2, 12).Select(e => (long)e));
        (await Audit.AuditLog.VerifyAsync(store.Database, id, Cancel)).Should().Be(new Audit.AuditVerdict(13, null));
    }

    [Fact]
    public async Task A_transaction_that_is_not_applied_leaves_nothing()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        await using (var transaction = await GovernanceEdits.BeginAsync(store, "acme"))
        {
            (await transaction.LoadStateAsync(Cancel)).Prices.Should().NotBeEmpty();
        }
        (await store.Reader.FindOrganizationAsync("acme", Cancel)).Should().BeNull();
    }

    [Fact]
    public async Task A_revoked_key_stays_as_it_was_revoked()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var id = await GovernanceEdits.CreateAsync(store);
        var employee = GovernanceEdits.Employee(Guid.CreateVersion7());
        var key = GovernanceEdits.Key(Guid.CreateVersion7(), employee.Scope.ScopeId);
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutScope(employee), new GovernanceWrite.AddKey(key, [1]));
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.RevokeKey(key));
        var revokedAt = (await store.LoadAsync(id)).Keys[key.KeyId].RevokedAt;

        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.ChangeKey(key with { Environment = "other" }), new GovernanceWrite.RevokeKey(key));

        (await store.LoadAsync(id)).Keys[key.KeyId].Should().Be(key with { RevokedAt = revokedAt });
    }

    /// <summary>A random history: every kind of row is added, changed, archived and restored.</summary>
    private sealed class RandomEdits(Guid organizationId, Random random)
    {
        private readonly List<Guid> _employees = [];
        private readonly List<Guid> _budgets = [];
        private readonly List<Guid> _policies = [];
        private readonly List<Guid> _keys = [];
        private readonly List<Guid> _accounts = [];

        public GovernanceWrite[] Next() => [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => One()).DistinctBy(w => w.ToString())];

        private GovernanceWrite One() => random.Next(8) switch
        {
            0 => new GovernanceWrite.PutScope(GovernanceEdits.Employee(Pick(_employees), $"n{random.Next(9)}", Flip())),
            1 => new GovernanceWrite.PutBudget(GovernanceEdits.Budget(Pick(_budgets), organizationId, random.Next(9), Flip()), null),
            2 when _budgets.Count > 0 => new GovernanceWrite.PutPolicy(GovernanceEdits.Cap(Pick(_policies), organizationId, Any(_budgets), isArchived: Flip()), null),
            3 when _employees.Count > 0 => AddKey(),
            4 when _keys.Count > 0 => new GovernanceWrite.ChangeKey(GovernanceEdits.Key(Any(_keys), organizationId, $"env{random.Next(9)}")),
            5 when _keys.Count > 0 => new GovernanceWrite.RevokeKey(GovernanceEdits.Key(Any(_keys), organizationId)),
            6 => new GovernanceWrite.PutAccount(GovernanceEdits.Account(Pick(_accounts), $"https://h{random.Next(9)}/v1", Flip())),
            _ => new GovernanceWrite.AddPrice(GovernanceEdits.Price(Guid.CreateVersion7(), $"m{random.Next(4)}")),
        };

        private GovernanceWrite.AddKey AddKey()
        {
            _keys.Add(Guid.CreateVersion7());
            return new GovernanceWrite.AddKey(GovernanceEdits.Key(_keys[^1], organizationId), [(byte)random.Next(200)]);
        }

        private bool Flip() => random.Next(3) == 0;

        private Guid Pick(List<Guid> ids)
        {
            if (ids.Count > 0 && random.Next(3) > 0) return Any(ids);
            ids.Add(Guid.CreateVersion7());
            return ids[^1];
        }

        private Guid Any(List<Guid> ids) => ids[random.Next(ids.Count)];
    }
}

public sealed class GovernanceOnSqliteTests() : GovernanceContract(DatabaseEngine.Sqlite);

public sealed class GovernanceOnPostgresTests() : GovernanceContract(DatabaseEngine.Postgres);
