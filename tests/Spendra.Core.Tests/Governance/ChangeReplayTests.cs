using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

/// <summary>What changed rules would have made of past requests.</summary>
public sealed class ChangeReplayTests
{
    private const long Day = 86_400_000_000;

    private int _made;

    [Fact]
    public void An_allowlist_refuses_what_it_does_not_list_in_its_scope_and_filter()
    {
        var rule = Rule(1, PolicyKind.Allowlist, Team) with
        {
            Allowed = new PolicyFilter { Models = Names("gpt-5") }, Filter = new PolicyFilter { Environments = Names("production") },
        };

        Effects(rule, Past("gpt-5"), Past("gpt-4"), Past("gpt-4") with { Environment = "dev" }, Past("gpt-4") with { ScopeIds = [Org, Loner] })
            .Should().Equal(null, new ReplayedEffect(true, "model_not_allowed", "policy-1"), null, null);
    }

    [Fact]
    public void A_tool_call_through_the_gateway_is_seen_and_a_providers_own_tools_are_not()
    {
        var rule = Rule(1, PolicyKind.Allowlist) with { Allowed = new PolicyFilter { Tools = Names("finder/find") } };

        Effects(rule, Past("finder/find", KnownProvider.Mcp), Past("finder/other", KnownProvider.Mcp), Past("gpt-5"))
            .Should().Equal(null, new ReplayedEffect(true, "tool_not_allowed", "policy-1"), null);
    }

    [Fact]
    public void Reviews_hold_or_flag_above_their_threshold_but_for_approved_keys()
    {
        var hold = Rule(1, PolicyKind.Review) with { ReviewAbove = Usd("1") };
        var large = Past() with { Bound = Usd("1.5") };

        Effects(hold, Past() with { Bound = Usd("1") }, large).Should().Equal(null, new ReplayedEffect(true, "review_required", "policy-1"));
        Effects(hold with { OnlyFlags = true }, large).Should().Equal(new ReplayedEffect(false, "review", "policy-1"));
        Effects(hold with { Approvals = [new ReviewApproval(Id(9), Id(100), Usd("2"), long.MaxValue)] }, large).Should().Equal((ReplayedEffect?)null);
    }

    [Fact]
    public void Request_limits_refuse_by_the_bound_and_clamp_the_output()
    {
        var limit = Rule(1, PolicyKind.RequestLimit) with { MaxRequest = Usd("1"), MaxOutputTokens = 100 };

        Effects(limit, Past() with { BoundOutput = 100 }, Past() with { Bound = Usd("1.01") }, Past() with { BoundOutput = 101 })
            .Should().Equal(null, new ReplayedEffect(true, "request_limit_exceeded", "policy-1"), new ReplayedEffect(false, "output_clamped", "policy-1"));
    }

    [Fact]
    public void A_hard_cap_refuses_from_where_its_window_is_full_and_begins_again_with_the_next()
    {
        var (budget, cap) = Cap("10", PeriodKind.Day);
        var requests = Enumerable.Range(0, 4).Select(i => Past() with { Bound = Usd("5"), Cost = Usd("4"), ReservedAt = Noon + i }).ToArray();

        // 4 + 4 are spent; another 5 would not have fitted.
        Effects(budget, [cap], [cap], requests).Should().Equal(null, null, Exceeded, Exceeded);
        Effects(budget, [cap], [cap], [.. requests, Past() with { Bound = Usd("5"), ReservedAt = Noon + Day }])[^1].Should().BeNull();
    }

    [Fact]
    public void A_cap_of_zero_refuses_everything_that_it_applies_to()
    {
        var (budget, cap) = Cap("0", PeriodKind.Total);

        Effects(budget, [cap], [cap], Past()).Should().Equal(Exceeded);
        Effects(budget, [cap with { ScopeId = Loner }], [cap], Past()).Should().Equal((ReplayedEffect?)null);
    }

    [Fact]
    public void Soft_caps_and_alerts_flag_and_watch_what_the_hard_caps_of_their_budget_count()
    {
        var (budget, cap) = Cap("10", PeriodKind.Month);
        var only = cap with { Filter = new PolicyFilter { Models = Names("counted") } };
        var soft = Rule(2, PolicyKind.SoftCap) with { BudgetId = budget.BudgetId };
        var alert = Rule(3, PolicyKind.Alert) with { BudgetId = budget.BudgetId, ThresholdPercents = [50, 90] };
        PastRequest[] requests = [Past("other", usd: "100"), Past("counted", usd: "4"), Past("counted", usd: "4"), Past("counted", usd: "4")];

        Effects(budget, [soft], [soft], requests[1..]).Should().Equal(null, null, new ReplayedEffect(false, "soft_cap", "policy-2"));
        Effects(budget, [alert], [alert], requests[1..]).Should().Equal(null, new ReplayedEffect(false, "alert", "policy-3"), new ReplayedEffect(false, "alert", "policy-3"));
        Effects(budget, [alert, only], [alert], requests).Should().Equal(
            null, null, new ReplayedEffect(false, "alert", "policy-3"), new ReplayedEffect(false, "alert", "policy-3"));
    }

    [Fact]
    public void What_only_an_unchanged_cap_would_refuse_was_admitted_and_stays_so()
    {
        var (budget, cap) = Cap("10", PeriodKind.Month);
        var soft = Rule(2, PolicyKind.SoftCap) with { BudgetId = budget.BudgetId };
        PastRequest[] requests = [Past(usd: "8"), Past(usd: "8")];

        Effects(budget, [cap, soft], [soft], requests).Should().Equal(null, new ReplayedEffect(false, "soft_cap", "policy-2"));
        Effects(budget, [cap, soft], [cap], requests).Should().Equal(null, Exceeded);
        Effects(budget, [cap, cap with { PolicyId = Id(5), Slug = "policy-5" }], [cap with { PolicyId = Id(5) }], requests)
            .Should().Equal(null, new ReplayedEffect(true, "budget_exceeded", "policy-5"));
    }

    [Fact]
    public void A_tally_counts_costs_reasons_and_the_first_examples()
    {
        var rule = Rule(1, PolicyKind.Review) with { ReviewAbove = Usd("1") };
        PastRequest[] requests = [.. Enumerable.Range(0, 25).Select(_ => Past(usd: "2")), Past(usd: "0.5")];

        var tally = ReplayTally.Of(requests, new ChangeReplay(Org, null, [rule], [rule.PolicyId]));

        tally.Examined.Should().Be(new ReplayCount(26, 50_500_000_000));
        ReplayTally.Of(requests, new ChangeReplay(Org, null, [rule with { ScopeId = Loner }], [rule.PolicyId])).Examined.Should().Be(default(ReplayCount));
        tally.Refused.Should().Be(new ReplayCount(25, 50_000_000_000));
        tally.Flagged.Requests.Should().Be(0);
        tally.ByCode.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("review_required", tally.Refused));
        tally.Examples.Select(e => e.Request.RequestId).Should().Equal(requests.Take(20).Select(r => r.RequestId));
    }

    private static readonly ReplayedEffect Exceeded = new(true, "budget_exceeded", "policy-1");

    private static (Budget Budget, Policy Cap) Cap(string usd, PeriodKind kind)
    {
        var world = new World();
        var budget = world.Budget(50, usd, kind);
        return (budget, world.HardCap(1, budget));
    }

    private static ReplayedEffect?[] Effects(Policy rule, params PastRequest[] requests) => Effects(null, [rule], [rule], requests);

    private static ReplayedEffect?[] Effects(Budget? budget, Policy[] policies, Policy[] subjects, params PastRequest[] requests)
    {
        var replay = new ChangeReplay(Org, budget, policies, subjects.Select(s => s.PolicyId));
        return [.. requests.Select(replay.Next)];
    }

    private PastRequest Past(string model = "gpt-5", string provider = "openai", string usd = "0.5") => new()
    {
        RequestId = Id(1_000 + _made), KeyId = Id(100), ScopeIds = [Org, Branch, Team, Employee], Provider = provider, Model = model,
        Environment = "production", Bound = Usd(usd), Cost = Usd(usd), ReservedAt = Noon + _made++,
    };
}
