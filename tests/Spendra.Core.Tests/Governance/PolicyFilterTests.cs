using Spendra.Core.Governance;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

public sealed class PolicyFilterTests
{
    private static readonly RequestShape Request = Chat(environment: "prod") with { Tools = ["web_search", "code"] };

    [Fact]
    public void Filter_without_sets_matches_everything()
    {
        PolicyFilter.Everything.Matches(Request).Should().BeTrue();
        PolicyFilter.Everything.Matches(Chat()).Should().BeTrue();
    }

    [Fact]
    public void Each_set_restricts()
    {
        new PolicyFilter { Providers = Names("openai") }.Matches(Request).Should().BeTrue();
        new PolicyFilter { Providers = Names("azure") }.Matches(Request).Should().BeFalse();
        new PolicyFilter { Models = Names("gpt-4.1-mini") }.Matches(Request).Should().BeTrue();
        new PolicyFilter { Models = Names("gpt-4.1") }.Matches(Request).Should().BeFalse();
        new PolicyFilter { Environments = Names("prod") }.Matches(Request).Should().BeTrue();
        new PolicyFilter { Environments = Names("dev") }.Matches(Request).Should().BeFalse();
        new PolicyFilter { Tools = Names("code") }.Matches(Request).Should().BeTrue();
        new PolicyFilter { Tools = Names("shell") }.Matches(Request).Should().BeFalse();
    }

    [Fact]
    public void Empty_sets_match_nothing()
    {
        new PolicyFilter { Providers = Names() }.Matches(Request).Should().BeFalse();
        new PolicyFilter { Models = Names() }.Matches(Request).Should().BeFalse();
        new PolicyFilter { Environments = Names() }.Matches(Request).Should().BeFalse();
        new PolicyFilter { Tools = Names() }.Matches(Request).Should().BeFalse();
    }

    [Fact]
    public void All_sets_must_match()
    {
        var filter = new PolicyFilter { Providers = Names("openai"), Environments = Names("prod"), Tools = Names("code") };
        filter.Matches(Request).Should().BeTrue();
        filter.Matches(Request with { Provider = "azure" }).Should().BeFalse();
        filter.Matches(Request with { Environment = "dev" }).Should().BeFalse();
        filter.Matches(Request with { Tools = [] }).Should().BeFalse();
    }

    [Fact]
    public void Request_without_environment_is_in_no_named_one()
    {
        new PolicyFilter { Environments = Names("prod") }.Matches(Chat()).Should().BeFalse();
        new PolicyFilter { Environments = Names("*") }.Matches(Chat()).Should().BeTrue();
    }

    [Fact]
    public void Filter_on_tools_wants_one_of_them_to_be_used()
    {
        new PolicyFilter { Tools = Names("*") }.Matches(Chat()).Should().BeFalse("no tool is used");
        new PolicyFilter { Tools = Names("*") }.Matches(Request).Should().BeTrue();
        new PolicyFilter { Tools = Names("code") }.Matches(Chat() with { Tools = ["web_search"] }).Should().BeFalse();
    }

    [Fact]
    public void Route_without_a_model_has_none()
    {
        Chat(model: "").HasModel.Should().BeFalse();
        default(RequestShape).HasModel.Should().BeFalse();
        Chat(model: "m").HasModel.Should().BeTrue();
    }

    [Fact]
    public void Request_that_says_nothing_of_tools_uses_none() => default(RequestShape).Tools.Should().BeEmpty();
}
