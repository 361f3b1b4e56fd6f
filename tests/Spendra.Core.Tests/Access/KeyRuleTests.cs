using CsCheck;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Core.Tests.Governance;

namespace Spendra.Core.Tests.Access;

/// <summary>What employees may issue themselves.</summary>
public sealed class KeyRuleTests
{
    private const long Day = 86_400_000_000;

    private static readonly ScopeTree Scopes = new(World.Org, World.Scopes);

    private static readonly Gen<NameSet> Models = Names("*", "gpt-5", "openai/gpt-5", "claude", "anthropic/claude", "x/y/z", "openai/x/y", "x/y");
    private static readonly Gen<NameSet> Providers = Names("*", "openai", "anthropic", "x");
    private static readonly Gen<NameSet> Tools = Names("*", "web_search", "finder/*", "finder/find", "finder/a/*", "other/*", "other/do");

    private static readonly Gen<KeyRule> Rules =
        from scope in Any(World.Org, World.Branch, World.Team, World.Project, World.OtherProject, World.Employee, World.EmployeeAgent, World.Loner)
        from providers in Providers
        from models in Models
        from tools in Tools
        from max in Gen.Int[0, 3].Select(i => i == 0 ? (NanoUsd?)null : new NanoUsd(i))
        from life in Gen.Int[0, 3].Select(i => i == 0 ? (int?)null : i)
        from count in Gen.Int[0, 3].Select(i => i == 0 ? (int?)null : i)
        select new KeyRule
        {
            RuleId = World.Id(1), Slug = "rule", ScopeId = scope, Providers = providers, Models = models, Tools = tools,
            MaxRequest = max, LongestLifeDays = life, MaxLiveKeys = count,
        };

    private static readonly Gen<OwnKey> Wanted =
        from actor in Any(World.Employee, World.EmployeeAgent, World.Subagent, World.TeamAgent, World.Loner, World.Team)
        from project in Any<Guid?>(null, World.Project)
        from providers in Providers
        from models in Models
        from tools in Tools
        from max in Gen.Int[0, 4].Select(i => i == 0 ? (NanoUsd?)null : new NanoUsd(i))
        from life in Gen.Int[0, 4].Select(i => i == 0 ? (long?)null : World.Noon + i * Day)
        from others in Gen.Int[0, 3]
        select new OwnKey(World.Employee, new ScopedKey
        {
            KeyId = World.Id(100), Slug = "key", Mode = KeyMode.Live, ActorId = actor, ProjectId = project, Providers = providers, Models = models,
            Tools = tools, MaxRequest = max, ExpiresAt = life,
        }, World.Noon, others);

    private static readonly RequestShape[] Shapes =
    [
        .. from provider in new[] { "openai", "anthropic", "x", "openai/x", "x/y", "other" }
           from model in new[] { "gpt-5", "claude", "x/y", "y/z", "z", "y", "openai/gpt-5", "other" }
           select World.Chat(model, provider),
        .. from tool in new[] { "web_search", "finder/find", "finder/a/b", "finder/a/*", "other/do", "third" }
           select new RequestShape { Provider = "openai", Model = "gpt-5", Tools = [tool] },
        .. from tool in new[] { "finder/find", "finder/new", "other/do", "third/x" }
           select new RequestShape { Provider = KnownProvider.Mcp, Model = tool, Tools = [tool], ToolServer = ToolName.ServerOf(tool) },
        .. from server in new[] { "finder", "other", "third" }
           select new RequestShape { Provider = KnownProvider.Mcp, Model = "", ToolServer = server },
    ];

    [Fact]
    public void Whatever_an_employee_mints_is_within_the_rules_above_it()
    {
        var minted = 0;
        Rules.List[0, 3].Select(Wanted).Sample((rules, wanted) =>
        {
            if (KeyRules.Denial(Scopes, rules, wanted) is not null) return true;
            Interlocked.Increment(ref minted);
            var key = wanted.Key;
            if (!Scopes.WithAncestors(key.ActorId).Any(s => s.ScopeId == World.Employee)) return false;
            Guid[] onEmployee = [World.Employee, World.Team, World.Branch, World.Org];
            if (!rules.Any(r => onEmployee.Contains(r.ScopeId))) return false;
            var holding = rules.Where(r => Scopes.WithAncestors(key.ActorId).Any(s => s.ScopeId == r.ScopeId) || r.ScopeId == key.ProjectId);
            return holding.All(rule => IsWithin(rule, wanted));
        }, iter: 200_000);
        minted.Should().BeGreaterThan(1_000, "a property over refusals alone proves nothing");
    }

    /// <summary>The oracle: what the key lets through, an allowlist of the rule's names lets through as well.</summary>
    private static bool IsWithin(KeyRule rule, OwnKey wanted)
    {
        var key = wanted.Key;
        if (wanted.OtherLiveKeys + 1 > (rule.MaxLiveKeys ?? int.MaxValue)) return false;
        if (rule.MaxRequest is { } max && (key.MaxRequest is null || key.MaxRequest > max)) return false;
        if (rule.LongestLifeDays is { } days && (key.ExpiresAt is null || key.ExpiresAt - wanted.IssuedAt > days * Day)) return false;
        var allowlist = World.Rule(1, PolicyKind.Allowlist) with
        {
            Allowed = new PolicyFilter { Providers = rule.Providers, Models = rule.Models, Tools = rule.Tools },
        };
        var alone = new KeyStanding(key, [], []);
        var ruled = new KeyStanding(key, [], [allowlist]);
        return Shapes.All(shape => Admission.CheckPermissions(alone, shape) is not null || Admission.CheckPermissions(ruled, shape) is null);
    }

    [Fact]
    public void Without_a_rule_on_the_employee_or_above_there_is_no_self_service()
    {
        Denial(Key()).Should().Contain("no key rule");
        Denial(Key(), Rule(World.Project), Rule(World.Loner), Rule(World.EmployeeAgent)).Should().Contain("no key rule");
        Denial(Key(), Rule(World.Branch)).Should().BeNull();
        Denial(Key(), Rule(World.Employee)).Should().BeNull();
    }

    [Fact]
    public void Only_oneself_and_ones_agents_get_keys()
    {
        Guid[] own = [World.Employee, World.EmployeeAgent, World.Subagent];
        foreach (var actor in own) Denial(Key() with { ActorId = actor }, Rule(World.Org)).Should().BeNull();
        Guid[] others = [World.TeamAgent, World.ProjectAgent, World.Loner, World.Team, Guid.Empty];
        foreach (var actor in others) Denial(Key() with { ActorId = actor }, Rule(World.Org)).Should().Contain("themselves and their agents only");
    }

    [Fact]
    public void All_rules_hold_together_those_of_the_project_and_the_agent_too()
    {
        var narrow = Rule(World.Project) with { Models = World.Names("gpt-5") };
        Denial(Key() with { ProjectId = World.Project }, Rule(World.Org), narrow).Should().Contain("'rule' does not allow this: models must be among gpt-5");
        Denial(Key(), Rule(World.Org), narrow).Should().BeNull();
        Denial(Key() with { ActorId = World.Subagent }, Rule(World.Org), narrow with { ScopeId = World.EmployeeAgent }).Should().Contain("models");
    }

    [Fact]
    public void Each_field_of_a_rule_restricts()
    {
        var full = Rule(World.Team) with
        {
            MaxLiveKeys = 2, Providers = World.Names("openai"), Models = World.Names("gpt-5"), Tools = World.Names("finder/*"),
            MaxRequest = World.Usd("1"), LongestLifeDays = 2,
        };
        var fits = Key() with
        {
            Providers = World.Names("openai"), Models = World.Names("gpt-5"), Tools = World.Names("finder/find"), MaxRequest = World.Usd("1"),
            ExpiresAt = World.Noon + 2 * Day,
        };
        KeyRules.Denial(Scopes, [full], new OwnKey(World.Employee, fits, World.Noon, 1)).Should().BeNull();
        KeyRules.Denial(Scopes, [full], new OwnKey(World.Employee, fits, World.Noon, 2)).Should().EndWith("one employee may have 2 live keys at a time");
        Denial(fits with { Providers = NameSet.Unrestricted }, full).Should().EndWith("providers must be among openai");
        Denial(fits with { Models = World.Names("*") }, full).Should().EndWith("models must be among gpt-5");
        Denial(fits with { Tools = World.Names("web_search") }, full).Should().EndWith("tools must be among finder/*");
        Denial(fits with { Tools = NameSet.Unrestricted }, full).Should().BeNull("a key without a list of tools permits none");
        Denial(fits with { MaxRequest = null }, full).Should().EndWith("maxRequestUsd must be 1 at most");
        Denial(fits with { MaxRequest = World.Usd("1.000000001") }, full).Should().EndWith("maxRequestUsd must be 1 at most");
        Denial(fits with { ExpiresAt = null }, full).Should().EndWith("it must expire within 2 days of being made");
        Denial(fits with { ExpiresAt = World.Noon + 2 * Day + 1 }, full).Should().EndWith("it must expire within 2 days of being made");
        Denial(fits with { Models = World.Names() }, full with { Models = World.Names() }).Should().BeNull();
        Denial(fits, full with { Models = World.Names() }).Should().EndWith("models must be among none");
    }

    private static string? Denial(ScopedKey key, params KeyRule[] rules) =>
        KeyRules.Denial(Scopes, rules, new OwnKey(World.Employee, key, World.Noon, 0));

    private static ScopedKey Key() => new() { KeyId = World.Id(100), Slug = "key", Mode = KeyMode.Live, ActorId = World.Employee };

    private static KeyRule Rule(Guid scopeId) => new() { RuleId = World.Id(1), Slug = "rule", ScopeId = scopeId };

    private static Gen<NameSet> Names(params string[] names) => Gen.Frequency(
        (1, Gen.Const(NameSet.Unrestricted)),
        (4, Any(names).List[0, 3].Select(chosen => new NameSet([.. chosen.Distinct()]))));

    private static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
