using Spendra.Core.Governance;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

/// <summary>Reviews that an approver let a key pass, and reviews that only flag.</summary>
public sealed class ApprovalTests
{
    private readonly World _world = new();

    public ApprovalTests() => _world.HardCap(200, _world.Budget(300));

    [Theory]
    [InlineData("3", Noon - 1, true)]
    [InlineData("3", Noon, false)]
    [InlineData("3.000000001", Noon - 1, false)]
    public void An_approval_lets_its_key_pass_up_to_its_ceiling_and_until_its_end(string bound, long at, bool passes)
    {
        Review([new ReviewApproval(Id(1), _world.Key.KeyId, Usd("3"), Noon)]);

        if (passes) _world.Admit(Chat(), bound, at);
        else _world.Deny(Chat(), bound, at).Code.Should().Be(RefusalCode.ReviewRequired);
    }

    [Fact]
    public void An_approval_is_for_one_key_and_one_policy()
    {
        Review([new ReviewApproval(Id(1), Id(999), Usd("3"), Noon + 1)]);
        _world.Deny(Chat(), "3").Code.Should().Be(RefusalCode.ReviewRequired);

        Review([new ReviewApproval(Id(1), _world.Key.KeyId, Usd("3"), Noon + 1)]);
        _world.Add(Rule(202, PolicyKind.Review) with { ReviewAbove = Usd("1") });
        _world.Deny(Chat(), "3").PolicySlug.Should().Be("policy-202");
    }

    [Fact]
    public void Any_of_several_approvals_is_enough()
    {
        Review([new ReviewApproval(Id(1), Id(999), Usd("9"), Noon + 1), new ReviewApproval(Id(2), _world.Key.KeyId, Usd("2"), Noon + 1),
            new ReviewApproval(Id(3), _world.Key.KeyId, Usd("3"), Noon + 1)]);

        _world.Admit(Chat(), "3");
    }

    [Fact]
    public void A_review_that_only_flags_holds_nothing()
    {
        Review([], onlyFlags: true);

        _world.Admit(Chat(), "50");
    }

    private void Review(ReviewApproval[] approvals, bool onlyFlags = false) => _world.Add(
        Rule(201, PolicyKind.Review) with { ReviewAbove = Usd("1"), Approvals = [.. approvals], OnlyFlags = onlyFlags });
}
