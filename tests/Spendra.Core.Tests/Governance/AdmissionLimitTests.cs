using Spendra.Core.Governance;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

public sealed class AdmissionLimitTests
{
    private readonly World _world = new();

    public AdmissionLimitTests() => _world.HardCap(200, _world.Budget(300));

    [Fact]
    public void Request_at_the_limit_of_its_key_passes_and_above_it_is_refused()
    {
        _world.Key = _world.Key with { MaxRequest = Usd("1") };
        _world.Admit(Chat(), "1");
        var refusal = _world.Deny(Chat(), "1.000000001");
        refusal.Code.Should().Be(RefusalCode.RequestLimitExceeded);
        refusal.Message.Should().Contain("1.000000001 USD").And.Contain("key allows 1 USD");
    }

    [Fact]
    public void Request_at_the_limit_of_a_policy_passes_and_above_it_is_refused()
    {
        var limit = _world.Add(Rule(201, PolicyKind.RequestLimit, Team) with { MaxRequest = Usd("1") });
        _world.Admit(Chat(), "1").PolicyIds.Should().Contain(limit.PolicyId);
        var refusal = _world.Deny(Chat(), "1.000000001");
        refusal.Code.Should().Be(RefusalCode.RequestLimitExceeded);
        refusal.PolicyId.Should().Be(limit.PolicyId);
    }

    [Fact]
    public void Limit_binds_only_what_its_filter_matches()
    {
        _world.Add(Rule(201, PolicyKind.RequestLimit) with
        {
            MaxRequest = Usd("1"), MaxOutputTokens = 10, MaxConcurrent = 1,
            Filter = new PolicyFilter { Models = Names("gpt-4.1") },
        });
        _world.Admit(Chat(), "5");
        Admission.OutputClamp(_world.Standing(), Chat()).Should().BeNull();
        _world.Deny(Chat("gpt-4.1"), "5").Code.Should().Be(RefusalCode.RequestLimitExceeded);
        Admission.OutputClamp(_world.Standing(), Chat("gpt-4.1")).Should().Be(10);
    }

    [Theory]
    [InlineData(100, 50, 50)]
    [InlineData(50, 100, 50)]
    [InlineData(null, 70, 70)]
    [InlineData(70, null, 70)]
    [InlineData(null, null, null)]
    [InlineData(0, 70, 0)]
    public void Clamp_is_the_least_of_all_matching_limits(int? first, int? second, int? expected)
    {
        _world.Add(Rule(201, PolicyKind.RequestLimit) with { MaxOutputTokens = first, MaxConcurrent = first });
        _world.Add(Rule(202, PolicyKind.RequestLimit, Employee) with { MaxOutputTokens = second, MaxConcurrent = second });
        _world.Add(Rule(203, PolicyKind.RequestLimit, Project) with { MaxOutputTokens = 1, MaxConcurrent = 1 });
        Admission.OutputClamp(_world.Standing(), Chat()).Should().Be(expected);
    }

    [Fact]
    public void Limits_stand_only_on_policies_of_that_kind()
    {
        _world.Add(Rule(201, PolicyKind.Alert) with { MaxRequest = Usd("0"), MaxOutputTokens = 1, MaxConcurrent = 1 });
        _world.Admit(Chat());
        Admission.OutputClamp(_world.Standing(), Chat()).Should().BeNull();
    }

    [Fact]
    public void Review_holds_requests_above_its_threshold()
    {
        var review = _world.Add(Rule(201, PolicyKind.Review) with { ReviewAbove = Usd("2") });
        _world.Admit(Chat(), "2");
        var refusal = _world.Deny(Chat(), "2.000000001");
        refusal.Code.Should().Be(RefusalCode.ReviewRequired);
        refusal.PolicyId.Should().Be(review.PolicyId);
        refusal.Message.Should().Contain("2 USD");
    }

    [Fact]
    public void Review_above_zero_holds_every_request_that_can_cost_anything()
    {
        _world.Add(Rule(201, PolicyKind.Review));
        _world.Deny(Chat(), "0.000000001").Code.Should().Be(RefusalCode.ReviewRequired);
        _world.Admit(Chat(), "0");
    }

    [Fact]
    public void Review_holds_only_what_its_filter_matches()
    {
        _world.Add(Rule(201, PolicyKind.Review) with { Filter = new PolicyFilter { Environments = Names("prod") } });
        _world.Admit(Chat());
        _world.Deny(Chat(environment: "prod")).Code.Should().Be(RefusalCode.ReviewRequired);
    }
}
