using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Tests;

/// <summary>Changes as tests write them: without a planner, one row after the other.</summary>
internal static class GovernanceEdits
{
    private static readonly ChangeAuthor Author = new("tester", "test");

    public static async Task<Guid> CreateAsync(GovernanceStore store, string slug = "acme")
    {
        await using var transaction = await BeginAsync(store, slug);
        var row = new OrganizationRow(transaction.OrganizationId, slug, slug, "USD", "UTC");
        await ApplyAsync(transaction, new GovernanceWrite.PutOrganization(row));
        return row.OrganizationId;
    }

    public static async Task<long> ApplyAsync(GovernanceStore store, params GovernanceWrite[] writes)
    {
        await using var transaction = await BeginAsync(store, "acme");
        return await ApplyAsync(transaction, writes);
    }

    public static Task<GovernanceTransaction> BeginAsync(GovernanceStore store, string slug) =>
        GovernanceTransaction.BeginAsync(store.Database, slug, TimeProvider.System, CancellationToken.None);

    public static Task<long> ApplyAsync(GovernanceTransaction transaction, params GovernanceWrite[] writes) =>
        transaction.ApplyAsync([.. writes.Select(w => new GovernanceChange(w, new ChangeNote("update", "thing", "x", null, "{}")))],
            Author, CancellationToken.None);

    public static ScopeRow Employee(Guid id, string name = "name", bool isArchived = false) =>
        new(new Scope(id, ScopeKind.Employee, $"e-{id:n}", name, null), isArchived);

    public static BudgetRow Budget(Guid id, Guid scopeId, long amountNanos, bool isArchived = false) => new(new Budget
    {
        BudgetId = id,
        Slug = $"b-{id:n}",
        ScopeId = scopeId,
        Amount = new NanoUsd(amountNanos),
        Period = Period.Of(PeriodKind.Month),
        Zone = TimeZoneInfo.Utc,
    }, isArchived);

    public static PolicyRow Cap(Guid id, Guid scopeId, Guid budgetId, PolicyKind kind = PolicyKind.HardCap, bool isArchived = false) =>
        new(new Policy { PolicyId = id, Slug = $"p-{id:n}", Kind = kind, ScopeId = scopeId, BudgetId = budgetId }, isArchived);

    public static ScopedKey Key(Guid id, Guid actorId, string? environment = null) =>
        new() { KeyId = id, Slug = $"k-{id:n}", Mode = KeyMode.Live, ActorId = actorId, Environment = environment };

    public static AccountRow Account(Guid id, string url = "https://x/v1", bool isArchived = false) => new(new ProviderAccount
    {
        AccountId = id,
        Slug = $"a-{id:n}",
        Provider = "openai",
        BaseUrl = url,
        CredentialKind = CredentialKind.Environment,
        Credential = [1, 2, 3],
    }, isArchived);

    public static PriceVersion Price(Guid id, string model) => new()
    {
        PriceId = id,
        Provider = "openai",
        Model = model,
        Rates = new RateCard(new Rate(4), new Rate(3), new Rate(2), new Rate(1)),
        EffectiveFrom = 0,
        RecordedAt = 1,
        Source = "test",
    };
}
