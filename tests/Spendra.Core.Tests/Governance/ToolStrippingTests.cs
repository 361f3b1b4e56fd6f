using Spendra.Core.Governance;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

/// <summary>Which denied tools are left out of a request, and which refuse it.</summary>
public sealed class ToolStrippingTests
{
    private readonly World _world = new();

    private Policy Allow(int id, bool strips, params string[] tools) => _world.Add(
        Rule(id, PolicyKind.Allowlist) with { Allowed = new PolicyFilter { Tools = Names(tools) }, StripsTools = strips });

    private string[] Stripped(params string[] tools) =>
        [.. ToolStripping.Of(_world.Standing(), Offering(tools)).Select(s => $"{s.Tool} by {s.PolicySlug}")];

    private static RequestShape Offering(params string[] tools) => Chat() with { Tools = [.. tools] };

    public ToolStrippingTests() => _world.Key = _world.Key with { Tools = Names("web_search", "maps") };

    [Fact]
    public void Without_a_policy_that_says_so_nothing_is_left_out()
    {
        Stripped("web_search", "code_interpreter").Should().BeEmpty();
        Allow(201, strips: false, "maps");
        Stripped("web_search", "code_interpreter").Should().BeEmpty();
        Allow(201, strips: false, "*");
        Stripped("code_interpreter").Should().BeEmpty("the policy allows it, and the key's scope refuses");
    }

    [Fact]
    public void What_the_policy_itself_denies_is_left_out()
    {
        Allow(201, strips: true, "maps");
        Stripped("maps", "web_search").Should().Equal("web_search by policy-201");
    }

    [Fact]
    public void What_the_keys_scope_denies_is_left_out_too()
    {
        Allow(201, strips: true, "*");
        Stripped("maps", "code_interpreter").Should().Equal("code_interpreter by policy-201");
        _world.Key = _world.Key with { Tools = NameSet.Unrestricted };
        Stripped("maps").Should().Equal(["maps by policy-201"], "a key without a list of tools has none");
    }

    [Fact]
    public void A_policy_that_refuses_a_tool_is_stronger()
    {
        Allow(201, strips: true, "maps");
        Allow(202, strips: false, "maps", "code_interpreter");
        Stripped("web_search", "code_interpreter").Should().Equal("code_interpreter by policy-201");
    }

    [Fact]
    public void The_policy_that_denies_is_named_before_one_that_only_strips()
    {
        Allow(201, strips: true, "*");
        Allow(202, strips: true, "maps");
        Stripped("web_search").Should().Equal("web_search by policy-202");
    }

    [Theory]
    [InlineData("*")]
    [InlineData("maps")]
    public void Of_several_policies_with_equal_say_the_first_is_named(string allowed)
    {
        Allow(201, strips: true, allowed);
        Allow(202, strips: true, allowed);
        Stripped("code_interpreter").Should().Equal("code_interpreter by policy-201");
    }

    [Fact]
    public void The_policy_that_denies_is_named_for_tools_outside_of_the_keys_scope_too()
    {
        Allow(201, strips: true, "*");
        Allow(202, strips: true, "maps");
        Stripped("code_interpreter").Should().Equal("code_interpreter by policy-202");
    }

    [Fact]
    public void A_policy_for_other_requests_leaves_nothing_out()
    {
        var list = Allow(201, strips: true, "maps");
        _world.Add(list with { Filter = new PolicyFilter { Models = Names("gpt-5") } });
        Stripped("web_search").Should().BeEmpty();
        _world.Add(list with { Kind = PolicyKind.Review });
        Stripped("web_search").Should().BeEmpty();
    }

    [Fact]
    public void A_call_of_a_tool_through_the_gateway_is_refused_whole()
    {
        Allow(201, strips: true, "maps");
        ToolStripping.Of(_world.Standing(), Offering("finder/search") with { Provider = KnownProvider.Mcp, ToolServer = "finder" }).Should().BeEmpty();
        Stripped().Should().BeEmpty();
    }
}
