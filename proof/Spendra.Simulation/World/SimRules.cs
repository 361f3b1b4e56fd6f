using System.Text;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Core.Pricing;
using Spendra.Simulation.Scheduling;
using Spendra.Simulation.Store;
using Spendra.Storage.Keys;

namespace Spendra.Simulation.World;

/// <summary>A scoped key, its secret, and the budgets that hard caps hold it to.</summary>
internal sealed record SimKey(Guid OrganizationId, Guid KeyId, string Secret, IReadOnlyList<Guid> HardBudgets);

/// <summary>
/// An organization of the simulated world: a team with two employees and an agent; a hard cap on the organization by
/// month, on the team by day and on one employee in total; a soft cap that watches.
/// </summary>
internal sealed class SimRules
{
    public static readonly MasterKey MasterKey = new(Encoding.ASCII.GetBytes("a key of the simulated world, 32"));

    public static readonly IReadOnlyList<string> Models = ["m-plain", "m-odd"];

    // Sealed once: a random nonce is no part of a history.
    private static readonly byte[][] SealedCredentials =
        [MasterKey.Seal(SimIds.Of(1_000), SimIds.Of(1_080), "secret"), MasterKey.Seal(SimIds.Of(2_000), SimIds.Of(2_080), "secret")];

    private readonly int _base;
    private readonly Guid _organizationId;

    private SimRules(int number, Guid? organizationId)
    {
        _base = (number + 1) * 1_000;
        _organizationId = organizationId ?? Id(0);
    }

    public required GovernanceRows Rows { get; init; }

    public required IReadOnlyList<SimKey> Keys { get; init; }

    /// <param name="number">0 or 1.</param>
    /// <param name="random">Draws the amounts of the budgets.</param>
    /// <param name="organizationId">Another id than the world's own: a real database gives its own.</param>
    public static SimRules Make(int number, SimRandom random, Guid? organizationId = null)
    {
        var furniture = new SimRules(number, organizationId) { Rows = null!, Keys = null! };
        var organization = furniture._organizationId;
        Scope[] scopes =
        [
            new(organization, ScopeKind.Organization, "org", "Org", null),
            new(furniture.Id(1), ScopeKind.Team, "team", "Team", null),
            new(furniture.Id(2), ScopeKind.Employee, "ada", "Ada", furniture.Id(1)),
            new(furniture.Id(3), ScopeKind.Employee, "bob", "Bob", furniture.Id(1)),
            new(furniture.Id(4), ScopeKind.Agent, "bot", "Bot", furniture.Id(2)),
        ];
        Budget[] budgets =
        [
            furniture.Budget(20, organization, PeriodKind.Month, random.Between(2_000_000, 14_000_000)),
            furniture.Budget(21, furniture.Id(1), PeriodKind.Day, random.Between(1_500_000, 7_000_000)),
            furniture.Budget(22, furniture.Id(2), PeriodKind.Total, random.Between(800_000, 4_000_000)),
            furniture.Budget(23, organization, PeriodKind.Month, random.Between(1_000_000, 3_000_000)),
        ];
        Guid[] all = [budgets[0].BudgetId, budgets[1].BudgetId, budgets[2].BudgetId];
        (ScopedKey Key, SimKey Sim)[] keys =
        [
            furniture.Key(40, furniture.Id(2), all), furniture.Key(41, furniture.Id(4), all), furniture.Key(42, furniture.Id(3), all[..2]),
        ];
        var rows = new GovernanceRows
        {
            OrganizationId = organization,
            Slug = $"org-{number}",
            Epoch = 1,
            Scopes = scopes.ToDictionary(s => s.ScopeId),
            Budgets = budgets.ToDictionary(b => b.BudgetId),
            Policies = new[]
            {
                furniture.Cap(30, budgets[0], PolicyKind.HardCap), furniture.Cap(31, budgets[1], PolicyKind.HardCap),
                furniture.Cap(32, budgets[2], PolicyKind.HardCap), furniture.Cap(33, budgets[3], PolicyKind.SoftCap),
            }.ToDictionary(p => p.PolicyId),
            Keys = keys.ToDictionary(k => k.Key.KeyId, k => k.Key),
            KeyDigests = keys.ToDictionary(k => k.Key.KeyId, k => MasterKey.DigestSecret(SecretOf(k.Key.KeyId))),
            Accounts = new Dictionary<Guid, ProviderAccount> { [furniture.Id(80)] = furniture.Account(number) },
            Prices = new[]
            {
                Price(furniture.Id(60), Models[0], 1_000_000_000, 250_000_000, 4_000_000_000, 0),
                Price(furniture.Id(61), Models[1], 1_234_567_891, 123_456_789, 4_321_987_653, 0),
            }.ToDictionary(p => p.PriceId),
        };
        return new SimRules(number, organizationId) { Rows = rows, Keys = [.. keys.Select(k => k.Sim)] };
    }

    /// <summary>A price version of a model; rates in nano-USD per million tokens.</summary>
    public static PriceVersion Price(Guid id, string model, long input, long cached, long output, long effectiveFrom) => new()
    {
        PriceId = id,
        Provider = "openai",
        Model = model,
        Rates = new RateCard(new Rate(input), new Rate(cached), new Rate(input), new Rate(output)),
        MaxOutput = 16_384,
        EffectiveFrom = effectiveFrom,
        RecordedAt = effectiveFrom,
        Source = "simulation",
    };

    private Guid Id(int number) => SimIds.Of(_base + number);

    private Budget Budget(int number, Guid scopeId, PeriodKind period, long amountNanos) => new()
    {
        BudgetId = Id(number),
        Slug = $"budget-{number}",
        ScopeId = scopeId,
        Amount = new NanoUsd(amountNanos),
        Period = Period.Of(period),
        Zone = TimeZoneInfo.Utc,
    };

    private Policy Cap(int number, Budget budget, PolicyKind kind) => new()
    {
        PolicyId = Id(number), Slug = $"cap-{number}", Kind = kind, ScopeId = budget.ScopeId, BudgetId = budget.BudgetId,
    };

    private (ScopedKey, SimKey) Key(int number, Guid actorId, Guid[] hardBudgets)
    {
        var id = Id(number);
        var key = new ScopedKey { KeyId = id, Slug = $"key-{number}", Mode = KeyMode.Live, ActorId = actorId };
        return (key, new SimKey(_organizationId, id, KeyToken.Create(KeyMode.Live, id, SecretOf(id)).Reveal(), hardBudgets));
    }

    private ProviderAccount Account(int number) => new()
    {
        AccountId = Id(80),
        Slug = "openai",
        Provider = "openai",
        BaseUrl = "http://provider.test/v1",
        CredentialKind = CredentialKind.Sealed,
        Credential = SealedCredentials[number],
    };

    private static byte[] SecretOf(Guid keyId) => [.. keyId.ToByteArray(), .. keyId.ToByteArray()];
}
