using Spendra.Core.Governance;
using Spendra.Core.Tests.Pricing;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

public sealed class GovernanceSnapshotTests
{
    private readonly World _world = new();

    [Fact]
    public void Standing_has_the_policies_of_its_scopes_in_order_of_scope_and_creation()
    {
        _world.Add(Rule(203, PolicyKind.Alert, Team));
        _world.Add(Rule(202, PolicyKind.Alert));
        _world.Add(Rule(201, PolicyKind.Alert));
        _world.Add(Rule(200, PolicyKind.Alert, Project));
        var standing = _world.Standing();
        standing.Policies.Select(p => p.PolicyId).Should().Equal(Id(201), Id(202), Id(203));
        standing.ScopeIds.Should().Equal(Org, Employee, Team, Branch);
    }

    [Fact]
    public void Key_whose_actor_or_project_is_gone_has_no_standing()
    {
        var snapshot = _world.Snapshot();
        snapshot.StandingOf(_world.Key with { KeyId = Id(101), ActorId = Id(999) }).Should().BeNull();
        snapshot.StandingOf(_world.Key with { KeyId = Id(102), ProjectId = Id(999) }).Should().BeNull();
    }

    [Fact]
    public void Standing_is_worked_out_once()
    {
        var snapshot = _world.Snapshot();
        snapshot.StandingOf(_world.Key).Should().BeSameAs(snapshot.StandingOf(_world.Key));
    }

    [Fact]
    public void Budget_is_hard_capped_when_a_hard_cap_points_at_it()
    {
        _world.HardCap(200, _world.Budget(300));
        _world.Add(Rule(201, PolicyKind.SoftCap) with { BudgetId = _world.Budget(301).BudgetId });
        var snapshot = _world.Snapshot();
        snapshot.IsHardCapped(Id(300)).Should().BeTrue();
        snapshot.IsHardCapped(Id(301)).Should().BeFalse();
    }

    [Fact]
    public void Oldest_account_serves_its_provider()
    {
        var rows = _world.Snapshot().Rows with
        {
            Accounts = new[] { Account(3, "openai"), Account(2, "openai"), Account(1, "anthropic") }.ToDictionary(a => a.AccountId),
            Prices = new Dictionary<Guid, Core.Pricing.PriceVersion> { [Prices.Mini.PriceId] = Prices.Mini },
        };
        var snapshot = new GovernanceSnapshot(rows);
        snapshot.AccountFor("openai")!.AccountId.Should().Be(Id(2));
        snapshot.AccountFor("gemini").Should().BeNull();
        snapshot.Prices.Find("openai", "gpt-4.1-mini", 0).Should().Be(Prices.Mini);
        snapshot.OrganizationId.Should().Be(Org);
        snapshot.Epoch.Should().Be(7);
    }

    [Fact]
    public void Rows_are_found_by_id()
    {
        _world.Budget(300);
        var snapshot = _world.Snapshot();
        snapshot.FindKey(_world.Key.KeyId).Should().Be(_world.Key);
        snapshot.FindKey(Id(999)).Should().BeNull();
        snapshot.FindBudget(Id(300))!.Slug.Should().Be("budget-300");
        snapshot.FindBudget(Id(999)).Should().BeNull();
    }

    [Fact]
    public void Codes_of_refusals_never_change()
    {
        Enum.GetValues<RefusalCode>().Select(Refusal.NameOf).Should().Equal(
            "invalid_api_key", "key_expired", "key_revoked", "actor_unavailable", "provider_not_allowed",
            "model_not_allowed", "tool_not_allowed", "request_limit_exceeded", "concurrency_limit_exceeded",
            "review_required", "no_applicable_budget", "budget_exceeded", "budget_held", "unpriceable_request",
            "idempotency_in_progress", "idempotency_replay_unavailable", "idempotency_mismatch",
            "provider_unavailable", "ledger_unavailable", "not_found");
        new Refusal(RefusalCode.BudgetHeld, "").CodeName.Should().Be("budget_held");
    }

    [Fact]
    public void An_account_without_settings_has_no_deployments_and_the_rates_of_the_price_book()
    {
        AccountSettings.None.Deployments.Should().NotBeNull().And.BeEmpty();
        AccountSettings.None.RatePercent.Should().Be(100);
    }

    private static ProviderAccount Account(int id, string provider) => new()
    {
        AccountId = Id(id), Slug = provider, Provider = provider, BaseUrl = "https://example.com",
        CredentialKind = CredentialKind.Environment, Credential = [],
    };
}
