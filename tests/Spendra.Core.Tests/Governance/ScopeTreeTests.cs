using Spendra.Core.Governance;
using static Spendra.Core.Tests.Governance.World;

namespace Spendra.Core.Tests.Governance;

public sealed class ScopeTreeTests
{
    private static readonly ScopeTree Tree = new(Org, Scopes);

    public static TheoryData<string, string[]> Actors => new()
    {
        { "lone", ["acme", "lone"] },
        { "ada", ["acme", "ada", "search", "emea"] },
        { "ada-bot", ["acme", "ada-bot", "ada", "search", "emea"] },
        { "search-bot", ["acme", "search-bot", "search", "emea"] },
        { "atlas-bot", ["acme", "atlas-bot", "atlas"] },
        { "ada-sub", ["acme", "ada-sub", "ada-bot", "ada", "search", "emea"] },
    };

    [Theory]
    [MemberData(nameof(Actors))]
    public void Request_belongs_to_everything_that_owns_its_actor(string actor, string[] scopes)
    {
        Resolve(actor, null).Should().Equal(scopes);
        if (!scopes.Contains("atlas")) Resolve(actor, Project).Should().Equal([.. scopes, "atlas"]);
        Resolve(actor, OtherProject).Should().Equal([.. scopes, "borea"]);
    }

    [Fact]
    public void Project_that_owns_the_agent_is_counted_once() =>
        Resolve("atlas-bot", Project).Should().Equal("acme", "atlas-bot", "atlas");

    [Fact]
    public void Organization_named_as_a_parent_is_counted_once()
    {
        var tree = new ScopeTree(Org, [Scopes[0], new Scope(Loner, ScopeKind.Employee, "lone", "Lone", Org)]);
        tree.Resolve(Loner, null)!.Select(s => s.Slug).Should().Equal("acme", "lone");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(1)]
    [InlineData(999)]
    public void Only_employees_agents_and_subagents_act(int id) => Tree.Resolve(Id(id), null).Should().BeNull();

    [Fact]
    public void Key_of_a_missing_project_resolves_to_nothing()
    {
        Tree.Resolve(Employee, Id(999)).Should().BeNull();
        Tree.Resolve(Employee, Team).Should().BeNull("a team is no project");
    }

    [Fact]
    public void Missing_owner_resolves_to_nothing()
    {
        new ScopeTree(Org, Scopes.Where(s => s.ScopeId != Team)).Resolve(Subagent, null).Should().BeNull();
        new ScopeTree(Org, Scopes.Where(s => s.ScopeId != Branch)).Resolve(Subagent, null).Should().BeNull();
        new ScopeTree(Org, Scopes.Where(s => s.ScopeId != Org)).Resolve(Subagent, null).Should().BeNull();
    }

    [Theory]
    [InlineData(8, true)]
    [InlineData(9, false)]
    public void Chain_of_owners_has_at_most_eight_links(int length, bool isResolved)
    {
        var chain = Enumerable.Range(0, length).Select(i => new Scope(
            Id(50 + i), ScopeKind.Agent, $"a{i}", "A", i + 1 < length ? Id(51 + i) : null));
        new ScopeTree(Org, [Scopes[0], .. chain]).Resolve(Id(50), null)?.Length.Should().Be(9);
        (new ScopeTree(Org, [Scopes[0], .. chain]).Resolve(Id(50), null) is not null).Should().Be(isResolved);
    }

    [Fact]
    public void Cycle_resolves_to_nothing()
    {
        Guid a = Id(50), b = Id(51);
        var tree = new ScopeTree(Org,
        [
            Scopes[0], new Scope(a, ScopeKind.Agent, "a", "A", b), new Scope(b, ScopeKind.Agent, "b", "B", a),
            new Scope(Id(52), ScopeKind.Agent, "self", "Self", Id(52)),
        ]);
        tree.Resolve(a, null).Should().BeNull();
        tree.Resolve(Id(52), null).Should().BeNull();
    }

    [Fact]
    public void Scopes_are_found_by_id()
    {
        Tree.Find(Team)!.Slug.Should().Be("search");
        Tree.Find(Id(999)).Should().BeNull();
        Tree.All.Should().HaveCount(Scopes.Length);
    }

    [Fact]
    public void Scope_is_named_by_kind_and_slug()
    {
        Tree.Find(Org)!.Reference.Should().Be("organization");
        Scopes.Skip(1).Select(s => s.Reference).Should().Equal(
            "branch/emea", "team/search", "project/atlas", "project/borea", "employee/ada", "agent/ada-bot",
            "agent/search-bot", "agent/atlas-bot", "subagent/ada-sub", "employee/lone");
    }

    [Fact]
    public void Kinds_of_owners_are_fixed()
    {
        Scope.ParentKinds(ScopeKind.Organization).Should().BeEmpty();
        Scope.ParentKinds(ScopeKind.Branch).Should().BeEmpty();
        Scope.ParentKinds(ScopeKind.Project).Should().BeEmpty();
        Scope.ParentKinds(ScopeKind.Team).Should().Equal(ScopeKind.Branch);
        Scope.ParentKinds(ScopeKind.Employee).Should().Equal(ScopeKind.Team);
        Scope.ParentKinds(ScopeKind.Agent).Should().Equal(ScopeKind.Employee, ScopeKind.Team, ScopeKind.Project);
        Scope.ParentKinds(ScopeKind.Subagent).Should().Equal(ScopeKind.Agent);
    }

    private static IEnumerable<string>? Resolve(string actor, Guid? project) =>
        Tree.Resolve(Scopes.Single(s => s.Slug == actor).ScopeId, project)?.Select(s => s.Slug);
}
