using Spendra.Control.Hierarchy;

namespace Spendra.Control.Tests.Dashboard;

public sealed class ScopeBranchesTests
{
    [Fact]
    public void Each_scope_stands_behind_what_contains_it_and_containers_before_people()
    {
        var placed = ScopeBranches.Place(
        [
            Scope("subagent", "fetcher", "agent/crawler"), Scope("employee", "ada", "team/search"), Scope("agent", "crawler", "team/search"), Scope("project", "atlas", null),
            Scope("team", "search", "branch/emea"), Scope("team", "ads", "branch/emea"), Scope("branch", "emea", null), Scope("employee", "zoe", null),
        ]);

        placed.Select(p => $"{p.Depth} {p.Reference}").Should().Equal(
            "0 branch/emea", "1 team/ads", "1 team/search", "2 employee/ada", "2 agent/crawler", "3 subagent/fetcher", "0 project/atlas", "0 employee/zoe");
    }

    [Fact]
    public void A_scope_whose_parent_is_not_seen_stands_at_the_root()
    {
        var placed = ScopeBranches.Place([Scope("team", "search", "branch/emea"), Scope("employee", "ada", "team/search")]);

        placed.Select(p => $"{p.Depth} {p.Reference}").Should().Equal("0 team/search", "1 employee/ada");
    }

    [Theory]
    [InlineData("team/search", "teams/search")]
    [InlineData("branch/a b", "branches/a%20b")]
    [InlineData("team/", null)]
    [InlineData("planet/earth", null)]
    [InlineData("organization", null)]
    public void A_reference_is_read_where_the_api_has_it(string reference, string? path) => ScopeBranches.PathOfReference(reference).Should().Be(path);

    private static ScopeView Scope(string kind, string slug, string? parent) => new(kind, slug, slug, parent, null, [], false, 1);
}
