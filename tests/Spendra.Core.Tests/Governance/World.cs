using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Core.Pricing;

namespace Spendra.Core.Tests.Governance;

/// <summary>An organization as tests write it: a few rows, ids from small numbers.</summary>
internal sealed class World
{
    public static readonly Guid Org = Id(1);
    public static readonly Guid Branch = Id(2);
    public static readonly Guid Team = Id(3);
    public static readonly Guid Project = Id(4);
    public static readonly Guid OtherProject = Id(5);
    public static readonly Guid Employee = Id(6);
    public static readonly Guid EmployeeAgent = Id(7);
    public static readonly Guid TeamAgent = Id(8);
    public static readonly Guid ProjectAgent = Id(9);
    public static readonly Guid Subagent = Id(10);
    public static readonly Guid Loner = Id(11);

    /// <summary>2026-03-15T12:00:00Z.</summary>
    public const long Noon = 1_773_576_000_000_000;

    public static readonly Scope[] Scopes =
    [
        new(Org, ScopeKind.Organization, "acme", "Acme", null),
        new(Branch, ScopeKind.Branch, "emea", "EMEA", null),
        new(Team, ScopeKind.Team, "search", "Search", Branch),
        new(Project, ScopeKind.Project, "atlas", "Atlas", null),
        new(OtherProject, ScopeKind.Project, "borea", "Borea", null),
        new(Employee, ScopeKind.Employee, "ada", "Ada", Team),
        new(EmployeeAgent, ScopeKind.Agent, "ada-bot", "Ada's bot", Employee),
        new(TeamAgent, ScopeKind.Agent, "search-bot", "Search bot", Team),
        new(ProjectAgent, ScopeKind.Agent, "atlas-bot", "Atlas bot", Project),
        new(Subagent, ScopeKind.Subagent, "ada-sub", "Ada's sub", EmployeeAgent),
        new(Loner, ScopeKind.Employee, "lone", "Lone", null),
    ];

    private readonly Dictionary<Guid, Budget> _budgets = [];
    private readonly Dictionary<Guid, Policy> _policies = [];

    public ScopedKey Key { get; set; } = new()
    {
        KeyId = Id(100), Slug = "key", Mode = KeyMode.Live, ActorId = Employee,
    };

    public static Guid Id(int n) => new(n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

    public Budget Budget(int id, string usd = "100", PeriodKind kind = PeriodKind.Month, Guid? scope = null)
    {
        var budget = new Budget
        {
            BudgetId = Id(id),
            Slug = $"budget-{id}",
            ScopeId = scope ?? Org,
            Amount = Usd(usd),
            Period = new Period { Kind = kind, RangeStart = new DateOnly(2026, 3, 1), RangeEnd = new DateOnly(2026, 3, 20) },
            Zone = TimeZoneInfo.Utc,
        };
        _budgets[budget.BudgetId] = budget;
        return budget;
    }

    public Policy HardCap(int id, Budget budget, Guid? scope = null) => Add(new Policy
    {
        PolicyId = Id(id), Slug = $"policy-{id}", Kind = PolicyKind.HardCap, ScopeId = scope ?? Org,
        BudgetId = budget.BudgetId,
    });

    public static Policy Rule(int id, PolicyKind kind, Guid? scope = null) => new()
    {
        PolicyId = Id(id), Slug = $"policy-{id}", Kind = kind, ScopeId = scope ?? Org,
    };

    public Policy Add(Policy policy)
    {
        _policies[policy.PolicyId] = policy;
        return policy;
    }

    /// <summary>Puts a budget in the place of the one with its id.</summary>
    public void Put(Budget budget) => _budgets[budget.BudgetId] = budget;

    public void Forget(Budget budget) => _budgets.Remove(budget.BudgetId);

    public GovernanceSnapshot Snapshot() => new(new GovernanceRows
    {
        OrganizationId = Org,
        Slug = "acme",
        Epoch = 7,
        Scopes = Scopes.ToDictionary(s => s.ScopeId),
        Budgets = _budgets,
        Policies = _policies,
        Keys = new Dictionary<Guid, ScopedKey> { [Key.KeyId] = Key },
        KeyDigests = new Dictionary<Guid, byte[]>(),
        Accounts = new Dictionary<Guid, ProviderAccount>(),
        Prices = new Dictionary<Guid, PriceVersion>(),
    });

    public KeyStanding Standing() => Snapshot().StandingOf(Key)!;

    public Decision Decide(RequestShape request, string boundUsd = "1", long at = Noon)
    {
        var snapshot = Snapshot();
        return Admission.Decide(snapshot, snapshot.StandingOf(Key)!, request, Usd(boundUsd), at);
    }

    public Decision.Admit Admit(RequestShape request, string boundUsd = "1", long at = Noon) =>
        Decide(request, boundUsd, at).Should().BeOfType<Decision.Admit>().Subject;

    public Refusal Deny(RequestShape request, string boundUsd = "1", long at = Noon) =>
        Decide(request, boundUsd, at).Should().BeOfType<Decision.Deny>().Subject.Refusal;

    public static RequestShape Chat(string model = "gpt-4.1-mini", string provider = "openai", string? environment = null) =>
        new() { Provider = provider, Model = model, Environment = environment };

    public static NanoUsd Usd(string text) =>
        NanoUsd.TryParse(text, out var amount) ? amount : throw new FormatException(text);

    public static NameSet Names(params string[] names) => new([.. names]);
}
