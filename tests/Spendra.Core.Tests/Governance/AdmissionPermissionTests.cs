using Spendra.Core.Governance;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

public sealed class AdmissionPermissionTests
{
    private readonly World _world = new();

    public AdmissionPermissionTests() => _world.HardCap(200, _world.Budget(300));

    [Fact]
    public void Key_without_lists_may_use_every_provider_and_model() =>
        _world.Admit(Chat("claude", "anthropic")).Claims.Should().HaveCount(1);

    [Fact]
    public void Provider_outside_the_scope_of_the_key_is_refused()
    {
        _world.Key = _world.Key with { Providers = Names("anthropic"), Models = Names("none") };
        var refusal = _world.Deny(Chat());
        refusal.Code.Should().Be(RefusalCode.ProviderNotAllowed, "the provider is named before the model");
        refusal.Message.Should().Contain("openai").And.Contain("key");
        refusal.PolicyId.Should().BeNull();
    }

    [Fact]
    public void Model_outside_the_scope_of_the_key_is_refused()
    {
        _world.Key = _world.Key with { Models = Names("gpt-4.1", "anthropic/gpt-4.1-mini") };
        _world.Deny(Chat()).Code.Should().Be(RefusalCode.ModelNotAllowed);
        _world.Key = _world.Key with { Models = Names("gpt-4.1-mini") };
        _world.Admit(Chat());
    }

    [Fact]
    public void Empty_lists_of_a_key_admit_nothing()
    {
        _world.Key = _world.Key with { Providers = Names() };
        _world.Deny(Chat()).Code.Should().Be(RefusalCode.ProviderNotAllowed);
        _world.Key = _world.Key with { Providers = default, Models = Names() };
        _world.Deny(Chat()).Code.Should().Be(RefusalCode.ModelNotAllowed);
    }

    [Fact]
    public void Tool_needs_to_be_named_by_the_key()
    {
        var request = Chat() with { Tools = ["web_search"] };
        _world.Deny(request).Code.Should().Be(RefusalCode.ToolNotAllowed, "an absent list permits no tool");
        _world.Key = _world.Key with { Tools = Names() };
        _world.Deny(request).Code.Should().Be(RefusalCode.ToolNotAllowed);
        _world.Key = _world.Key with { Tools = Names("web_search") };
        _world.Admit(request);
        _world.Deny(request with { Tools = ["web_search", "code"] }).Message.Should().Contain("code");
        _world.Key = _world.Key with { Tools = Names("*") };
        _world.Admit(request with { Tools = ["web_search", "code"] });
    }

    [Fact]
    public void Allowlist_refuses_what_it_does_not_name()
    {
        var list = _world.Add(Rule(201, PolicyKind.Allowlist, Team) with
        {
            Allowed = new PolicyFilter { Providers = Names("openai"), Models = Names("gpt-4.1-mini"), Tools = Names("code") },
        });
        _world.Key = _world.Key with { Tools = Names("*") };

        _world.Admit(Chat() with { Tools = ["code"] }).PolicyIds.Should().Contain(list.PolicyId);
        var refusal = _world.Deny(Chat("claude", "anthropic"));
        refusal.Code.Should().Be(RefusalCode.ProviderNotAllowed);
        refusal.PolicyId.Should().Be(list.PolicyId);
        refusal.PolicySlug.Should().Be("policy-201");
        _world.Deny(Chat("gpt-4.1")).Code.Should().Be(RefusalCode.ModelNotAllowed);
        _world.Deny(Chat() with { Tools = ["code", "shell"] }).Code.Should().Be(RefusalCode.ToolNotAllowed);
    }

    [Fact]
    public void Allowlist_without_a_list_of_tools_does_not_restrict_them()
    {
        _world.Add(Rule(201, PolicyKind.Allowlist) with { Allowed = new PolicyFilter { Providers = Names("openai") } });
        _world.Key = _world.Key with { Tools = Names("shell") };
        _world.Admit(Chat() with { Tools = ["shell"] });
    }

    [Fact]
    public void Allowlist_binds_only_what_its_filter_matches()
    {
        _world.Add(Rule(201, PolicyKind.Allowlist) with
        {
            Filter = new PolicyFilter { Environments = Names("prod") },
            Allowed = new PolicyFilter { Models = Names("gpt-4.1") },
        });
        _world.Admit(Chat(environment: "dev"));
        _world.Deny(Chat(environment: "prod")).Code.Should().Be(RefusalCode.ModelNotAllowed);
    }

    [Fact]
    public void Every_allowlist_must_admit()
    {
        _world.Add(Rule(201, PolicyKind.Allowlist) with { Allowed = new PolicyFilter { Models = Names("*") } });
        _world.Add(Rule(202, PolicyKind.Allowlist, Branch) with { Allowed = new PolicyFilter { Models = Names("gpt-4.1") } });
        _world.Deny(Chat()).PolicyId.Should().Be(Id(202));
    }

    [Fact]
    public void Allowlist_of_a_scope_that_the_request_is_not_in_does_not_bind()
    {
        _world.Add(Rule(201, PolicyKind.Allowlist, Project) with { Allowed = new PolicyFilter { Models = Names() } });
        _world.Admit(Chat());
        _world.Key = _world.Key with { ProjectId = Project };
        _world.Deny(Chat()).Code.Should().Be(RefusalCode.ModelNotAllowed);
    }

    [Fact]
    public void Reasons_come_in_order_from_permission_to_money()
    {
        // Everything is wrong with this request; each step mends what was named.
        _world.Budget(300, usd: "0");
        _world.Key = _world.Key with { Models = Names("other"), MaxRequest = Usd("0.1") };
        _world.Add(Rule(201, PolicyKind.Allowlist) with { Allowed = new PolicyFilter { Models = Names("other") } });
        var limit = _world.Add(Rule(202, PolicyKind.RequestLimit) with { MaxRequest = Usd("0.2") });
        var review = _world.Add(Rule(203, PolicyKind.Review) with { ReviewAbove = Usd("0.3") });

        _world.Deny(Chat()).Should().Match<Refusal>(r => r.Code == RefusalCode.ModelNotAllowed && r.PolicyId == null);
        _world.Key = _world.Key with { Models = default };
        _world.Deny(Chat()).Should().Match<Refusal>(r => r.Code == RefusalCode.ModelNotAllowed && r.PolicyId == Id(201));
        _world.Add(Rule(201, PolicyKind.Allowlist));
        _world.Deny(Chat()).Should().Match<Refusal>(r => r.Code == RefusalCode.RequestLimitExceeded && r.PolicyId == null);
        _world.Key = _world.Key with { MaxRequest = null };
        _world.Deny(Chat()).Should().Match<Refusal>(r => r.Code == RefusalCode.RequestLimitExceeded && r.PolicyId == Id(202));
        _world.Add(limit with { MaxRequest = null });
        _world.Deny(Chat()).Should().Match<Refusal>(r => r.Code == RefusalCode.ReviewRequired && r.PolicyId == Id(203));
        _world.Add(review with { ReviewAbove = Usd("2") });
        _world.Deny(Chat()).Should().Match<Refusal>(r => r.Code == RefusalCode.BudgetExceeded && r.PolicyId == Id(200));
        _world.Budget(300, usd: "5");
        _world.Admit(Chat());
    }
}
