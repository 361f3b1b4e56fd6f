using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

public sealed class AdmissionBudgetTests
{
    private const long AfterRange = Noon + 30 * 86_400_000_000;

    private readonly World _world = new();

    [Fact]
    public void Spend_without_any_hard_cap_is_refused() =>
        _world.Deny(Chat()).Code.Should().Be(RefusalCode.NoApplicableBudget);

    [Theory]
    [InlineData(PolicyKind.SoftCap)]
    [InlineData(PolicyKind.Alert)]
    public void Soft_caps_and_alerts_permit_no_spend(PolicyKind kind)
    {
        _world.Add(Rule(200, kind) with { BudgetId = _world.Budget(300).BudgetId });
        _world.Deny(Chat()).Code.Should().Be(RefusalCode.NoApplicableBudget);
    }

    [Fact]
    public void Hard_caps_of_all_scopes_are_claimed()
    {
        _world.Key = _world.Key with { ActorId = Subagent, ProjectId = Project };
        Guid[] scopes = [Org, Subagent, EmployeeAgent, Employee, Team, Branch, Project];
        for (var i = 0; i < scopes.Length; i++) _world.HardCap(200 + i, _world.Budget(300 + i), scopes[i]);
        _world.HardCap(290, _world.Budget(390), OtherProject);

        var admitted = _world.Admit(Chat());

        admitted.Claims.Select(c => c.Window.Budget.Slug).Should().Equal(Enumerable.Range(300, 7).Select(i => $"budget-{i}"));
        admitted.Claims.Should().OnlyContain(c => c.Enforcement == Enforcement.Hard && c.Window.Span.Contains(Noon));
        admitted.Claims.Select(c => c.PolicyId).Should().Equal(admitted.PolicyIds);
        admitted.Claims[0].PolicySlug.Should().Be("policy-200");
    }

    [Fact]
    public void Hard_cap_of_zero_closes_its_scope()
    {
        _world.HardCap(200, _world.Budget(300));
        _world.HardCap(201, _world.Budget(301, usd: "0"), Team);
        var refusal = _world.Deny(Chat());
        refusal.Code.Should().Be(RefusalCode.BudgetExceeded);
        refusal.PolicyId.Should().Be(Id(201));
        refusal.Window!.BudgetSlug.Should().Be("budget-301");
        refusal.Window.Limit.Should().Be(NanoUsd.Zero);
        refusal.Window.Needed.Should().Be(Usd("1"));
        refusal.Window.EndsAt.Should().BeGreaterThan(Noon);
        _world.Deny(Chat(), "0").Code.Should().Be(RefusalCode.BudgetExceeded, "closed means closed to free calls too");
    }

    [Fact]
    public void Hard_cap_whose_filter_does_not_match_neither_permits_nor_claims()
    {
        _world.Add(_world.HardCap(200, _world.Budget(300)) with { Filter = new PolicyFilter { Environments = Names("prod") } });
        _world.Deny(Chat()).Code.Should().Be(RefusalCode.NoApplicableBudget);
        _world.HardCap(201, _world.Budget(301));
        _world.Admit(Chat()).Claims.Select(c => c.PolicyId).Should().Equal(Id(201));
        _world.Admit(Chat(environment: "prod")).Claims.Should().HaveCount(2);
    }

    [Fact]
    public void Hard_cap_for_certain_models_permits_no_other_model()
    {
        CapForModels(200, "gpt-4.1");
        _world.Deny(Chat("gpt-4.1-mini")).Code.Should().Be(RefusalCode.NoApplicableBudget);
        _world.Admit(Chat("gpt-4.1")).Claims.Should().HaveCount(1);
    }

    [Fact]
    public void Hard_caps_for_certain_models_permit_routes_without_a_model()
    {
        CapForModels(200, "gpt-4.1");
        _world.Admit(Chat(model: ""), "0").Claims.Should().BeEmpty();
        CapForModels(201, "gpt-4.1-mini");
        _world.Admit(Chat(model: ""), "0").Claims.Should().BeEmpty();
    }

    [Theory]
    [InlineData(PolicyKind.SoftCap)]
    [InlineData(PolicyKind.Alert)]
    public void Soft_caps_for_certain_models_permit_no_route_without_a_model(PolicyKind kind)
    {
        _world.Add(Rule(200, kind) with
        {
            BudgetId = _world.Budget(300).BudgetId, Filter = new PolicyFilter { Models = Names("gpt-4.1") },
        });
        _world.Deny(Chat(model: ""), "0").Code.Should().Be(RefusalCode.NoApplicableBudget);
    }

    [Fact]
    public void What_can_cost_nothing_holds_nothing()
    {
        _world.HardCap(200, _world.Budget(300));
        var admitted = _world.Admit(Chat(), "0");
        admitted.Claims.Should().BeEmpty();
        admitted.PolicyIds.Should().Equal(Id(200));
    }

    [Fact]
    public void Range_outside_its_days_neither_permits_nor_claims()
    {
        _world.HardCap(200, _world.Budget(300, kind: PeriodKind.Range));
        _world.Admit(Chat()).Claims.Should().HaveCount(1);
        _world.Deny(Chat(), at: AfterRange).Code.Should().Be(RefusalCode.NoApplicableBudget);
        _world.HardCap(201, _world.Budget(301));
        var admitted = _world.Admit(Chat(), at: AfterRange);
        admitted.Claims.Select(c => c.PolicyId).Should().Equal(Id(201));
    }

    [Fact]
    public void Closed_range_closes_only_during_its_days()
    {
        _world.HardCap(200, _world.Budget(300));
        _world.HardCap(201, _world.Budget(301, "0", PeriodKind.Range));
        _world.Deny(Chat()).Code.Should().Be(RefusalCode.BudgetExceeded);
        _world.Admit(Chat(), at: AfterRange);
    }

    [Fact]
    public void Hard_cap_whose_budget_is_gone_closes()
    {
        _world.HardCap(200, _world.Budget(300));
        _world.HardCap(201, _world.Budget(301), Team);
        _world.Forget(_world.Budget(301));
        var refusal = _world.Deny(Chat());
        refusal.Code.Should().Be(RefusalCode.NoApplicableBudget);
        refusal.PolicyId.Should().Be(Id(201));
    }

    [Fact]
    public void Soft_cap_whose_budget_is_gone_is_ignored()
    {
        _world.HardCap(200, _world.Budget(300));
        _world.Add(Rule(201, PolicyKind.SoftCap) with { BudgetId = Id(399) });
        _world.Admit(Chat()).Claims.Should().HaveCount(1);
    }

    [Theory]
    [InlineData(PolicyKind.SoftCap)]
    [InlineData(PolicyKind.Alert)]
    public void Soft_caps_and_alerts_observe_a_budget_of_their_own(PolicyKind kind)
    {
        _world.HardCap(200, _world.Budget(300));
        _world.Add(Rule(201, kind) with { BudgetId = _world.Budget(301, usd: "0").BudgetId });
        var admitted = _world.Admit(Chat());
        admitted.Claims.Select(c => c.Enforcement).Should().Equal(Enforcement.Hard, Enforcement.Observed);
        admitted.PolicyIds.Should().Equal(Id(200), Id(201));
    }

    [Theory]
    [InlineData(PolicyKind.SoftCap)]
    [InlineData(PolicyKind.Alert)]
    public void Soft_caps_and_alerts_on_a_hard_capped_budget_add_no_claim(PolicyKind kind)
    {
        var budget = _world.Budget(300);
        _world.Add(Rule(199, kind) with { BudgetId = budget.BudgetId });
        _world.HardCap(200, budget);
        _world.Add(Rule(201, kind) with { BudgetId = budget.BudgetId });
        var admitted = _world.Admit(Chat());
        admitted.Claims.Should().ContainSingle().Which.Enforcement.Should().Be(Enforcement.Hard);
        admitted.PolicyIds.Should().Equal(Id(199), Id(200), Id(201));
    }

    [Fact]
    public void Hard_capped_budget_counts_only_what_its_hard_caps_apply_to()
    {
        var budget = _world.Budget(300);
        _world.Add(_world.HardCap(200, budget) with { Filter = new PolicyFilter { Environments = Names("prod") } });
        _world.Add(Rule(201, PolicyKind.Alert) with { BudgetId = budget.BudgetId });
        _world.HardCap(202, _world.Budget(302));
        _world.Admit(Chat(environment: "dev")).Claims.Select(c => c.Window.Budget.BudgetId).Should().Equal(Id(302));
    }

    [Fact]
    public void Budget_under_two_hard_caps_is_claimed_once()
    {
        var budget = _world.Budget(300);
        _world.HardCap(200, budget);
        _world.HardCap(201, budget, Team);
        var admitted = _world.Admit(Chat());
        admitted.Claims.Should().ContainSingle().Which.PolicyId.Should().Be(Id(200));
        admitted.PolicyIds.Should().Equal(Id(200), Id(201));
    }

    [Fact]
    public void Budget_under_two_soft_caps_is_observed_once()
    {
        _world.HardCap(200, _world.Budget(300));
        var watched = _world.Budget(301);
        _world.Add(Rule(201, PolicyKind.SoftCap) with { BudgetId = watched.BudgetId });
        _world.Add(Rule(202, PolicyKind.Alert) with { BudgetId = watched.BudgetId });
        _world.Admit(Chat()).Claims.Should().HaveCount(2);
    }

    [Fact]
    public void Decision_does_not_check_what_the_ledger_alone_knows()
    {
        _world.HardCap(200, _world.Budget(300, usd: "1"));
        _world.Admit(Chat(), "1000000");
    }

    private void CapForModels(int id, string model) => _world.Add(
        _world.HardCap(id, _world.Budget(id + 100)) with { Filter = new PolicyFilter { Models = Names(model) } });
}
