using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

public sealed class BudgetWarningTests
{
    private readonly World _world = new();

    [Theory]
    [InlineData(60, 40, false)]
    [InlineData(60, 41, true)]
    [InlineData(101, 0, true)]
    [InlineData(0, 101, true)]
    public void Soft_cap_speaks_above_its_limit(long settled, long reserved, bool speaks)
    {
        var budget = _world.Budget(300);
        Watch(201, PolicyKind.SoftCap, budget);
        Warnings((budget, 100, settled, reserved)).Should().Equal(speaks ? ["soft_cap:policy-201"] : []);
    }

    [Theory]
    [InlineData(49, null)]
    [InlineData(50, "alert:policy-201:50%")]
    [InlineData(79, "alert:policy-201:50%")]
    [InlineData(80, "alert:policy-201:80%")]
    [InlineData(99, "alert:policy-201:80%")]
    [InlineData(100, "alert:policy-201:100%")]
    [InlineData(250, "alert:policy-201:100%")]
    public void Alert_names_the_highest_share_that_is_reached(long used, string? warning)
    {
        var budget = _world.Budget(300);
        Watch(201, PolicyKind.Alert, budget, 50, 80, 100);
        Warnings((budget, 100, used - 20, 20)).Should().Equal(warning is null ? [] : [warning]);
    }

    [Fact]
    public void Order_of_the_shares_does_not_matter()
    {
        var budget = _world.Budget(300);
        Watch(201, PolicyKind.Alert, budget, 80, 50);
        Warnings((budget, 100, 90, 0)).Should().Equal("alert:policy-201:80%");
    }

    [Fact]
    public void Share_of_a_great_budget_is_exact()
    {
        var budget = _world.Budget(300);
        Watch(201, PolicyKind.Alert, budget, 100);
        Warnings((budget, long.MaxValue, long.MaxValue - 1, 0)).Should().BeEmpty();
        Warnings((budget, long.MaxValue, long.MaxValue - 1, 1)).Should().Equal("alert:policy-201:100%");
    }

    [Fact]
    public void Alert_without_shares_says_nothing()
    {
        var budget = _world.Budget(300);
        Watch(201, PolicyKind.Alert, budget);
        Warnings((budget, 100, 500, 0)).Should().BeEmpty();
    }

    [Fact]
    public void Only_soft_caps_and_alerts_warn()
    {
        var budget = _world.Budget(300);
        _world.HardCap(200, budget);
        Watch(201, PolicyKind.RequestLimit, budget);
        Watch(202, PolicyKind.Review, budget);
        Warnings((budget, 100, 500, 0)).Should().BeEmpty();
    }

    [Fact]
    public void Rule_warns_of_its_own_budget_alone()
    {
        var (calm, passed) = (_world.Budget(300), _world.Budget(301));
        Watch(201, PolicyKind.SoftCap, calm);
        Warnings((calm, 100, 5, 0), (passed, 100, 500, 0)).Should().BeEmpty();
    }

    [Fact]
    public void Rule_whose_filter_does_not_match_says_nothing()
    {
        var budget = _world.Budget(300);
        _world.Add(Rule(201, PolicyKind.SoftCap) with
        {
            BudgetId = budget.BudgetId, Filter = new PolicyFilter { Environments = Names("prod") },
        });
        Warnings((budget, 100, 500, 0)).Should().BeEmpty();
    }

    [Fact]
    public void Every_rule_that_speaks_is_heard()
    {
        var (first, second) = (_world.Budget(300), _world.Budget(301));
        Watch(201, PolicyKind.SoftCap, first);
        Watch(202, PolicyKind.Alert, first, 10);
        Watch(203, PolicyKind.SoftCap, second);
        Warnings((first, 100, 500, 0), (second, 100, 500, 0)).Should().Equal(
            "soft_cap:policy-201", "alert:policy-202:10%", "soft_cap:policy-203");
    }

    [Theory]
    [InlineData("1", true, false)]
    [InlineData("1.000000001", true, true)]
    [InlineData("1.000000001", false, false)]
    public void A_review_that_only_flags_speaks_above_its_threshold(string bound, bool onlyFlags, bool speaks)
    {
        _world.Add(Rule(201, PolicyKind.Review) with { ReviewAbove = Usd("1"), OnlyFlags = onlyFlags });
        _world.Add(Rule(202, PolicyKind.Review) with { OnlyFlags = true, Filter = new PolicyFilter { Environments = Names("prod") } });
        BudgetWarnings.Of(_world.Standing(), Chat(), Usd(bound), [], []).Should().Equal(speaks ? ["review:policy-201"] : []);
    }

    private void Watch(int id, PolicyKind kind, Budget budget, params int[] percents) =>
        _world.Add(Rule(id, kind) with { BudgetId = budget.BudgetId, ThresholdPercents = [.. percents] });

    private System.Collections.Immutable.ImmutableArray<string> Warnings(params (Budget Budget, long Limit, long Settled, long Reserved)[] used)
    {
        var claims = used.Select(u => new WindowClaim(
            u.Budget.WindowAt(Noon)!, Id(1), "policy", Enforcement.Observed)).ToArray();
        return BudgetWarnings.Of(_world.Standing(), Chat(), NanoUsd.Zero, claims, [.. used.Select((u, i) => new WindowRow
        {
            OrganizationId = Org, WindowId = claims[i].WindowId, BudgetId = u.Budget.BudgetId, Span = claims[i].Window.Span,
            Limit = new NanoUsd(u.Limit), Reserved = new NanoUsd(u.Reserved), Settled = new NanoUsd(u.Settled),
        })]);
    }
}
