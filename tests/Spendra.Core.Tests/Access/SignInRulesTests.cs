using System.Collections.Immutable;
using Spendra.Core.Access;
using Spendra.Core.Governance;

namespace Spendra.Core.Tests.Access;

public sealed class SignInRulesTests
{
    private static readonly Guid Organization = Guid.NewGuid();
    private static readonly Guid Team = Guid.NewGuid();
    private static readonly ScopeTree Scopes = new(Organization,
    [
        new Scope(Organization, ScopeKind.Organization, "acme", "Acme", null),
        new Scope(Team, ScopeKind.Team, "search", "Search", null),
    ]);

    private static readonly SignInRule Everybody = new(null, MemberRole.Employee, [Team]);
    private static readonly SignInRule Auditors = new("auditors", MemberRole.Auditor, []);
    private static readonly SignInRule Money = new("money", MemberRole.FinanceManager, []);

    [Fact]
    public void The_first_rule_that_fits_holds()
    {
        ImmutableArray<SignInRule> rules = [Auditors, Everybody, Money];

        SignInRules.Find(rules, Groups("auditors", "money"), isOfDomain: true).Role.Should().Be(MemberRole.Auditor);
        SignInRules.Find(rules, Groups("money"), isOfDomain: true).Should().Match<MappedRole>(m => m.Role == MemberRole.Employee && m.ScopeIds.Single() == Team);
        SignInRules.Find(rules, Groups("money"), isOfDomain: false).Role.Should().Be(MemberRole.FinanceManager);
        SignInRules.Find(rules, Groups("Auditors"), isOfDomain: false).Role.Should().BeNull();
        SignInRules.Find([], Groups("money"), isOfDomain: true).Role.Should().BeNull();
    }

    [Fact]
    public void Rules_beside_an_elevated_one_are_changed_by_org_admins_only()
    {
        var iam = Authority(MemberRole.IamAdmin);
        var admin = Authority(MemberRole.OrgAdmin);

        SignInRules.Denial(iam, [], [Auditors, Everybody], Scopes).Should().BeNull();
        SignInRules.Denial(iam, [], [Money], Scopes).Should().Contain("only org admins");
        SignInRules.Denial(iam, [Money], [], Scopes).Should().Contain("only org admins");
        SignInRules.Denial(iam, [Auditors, Money], [Money, Auditors], Scopes).Should().Contain("only org admins", "the order decides who gets it");
        SignInRules.Denial(admin, [Money], [Auditors, Money], Scopes).Should().BeNull();
        SignInRules.Denial(admin, [], [Money with { Group = null }], Scopes).Should().Contain("a domain gives nobody an elevated role");
    }

    [Fact]
    public void Nobody_maps_a_group_to_more_than_they_hold()
    {
        var authority = Authority(MemberRole.IamAdmin) with { CoversEverything = false, ScopeIds = [Team] };

        SignInRules.Denial(authority, [], [Everybody], Scopes).Should().BeNull();
        SignInRules.Denial(authority, [], [Everybody with { ScopeIds = [Organization] }], Scopes).Should().Be("nobody grants more than they hold");
        SignInRules.Denial(authority, [], [Auditors], Scopes).Should().Be("nobody grants more than they hold");
    }

    [Fact]
    public void Who_comes_in_comes_by_a_domain()
    {
        var stranger = new MappedPlace(null, false, null);
        var wanted = new MappedRole(MemberRole.Auditor, []);

        SignInRules.Decide(stranger, wanted, isOfDomain: true).Should().Be(wanted);
        SignInRules.Decide(stranger, MappedRole.None, isOfDomain: true).Should().Be(MappedRole.None);
        SignInRules.Decide(stranger, wanted, isOfDomain: false).Should().BeNull();
        SignInRules.Decide(new MappedPlace(null, IsRemoved: true, null), wanted, isOfDomain: true).Should().BeNull();
    }

    [Fact]
    public void A_role_is_changed_while_it_is_what_the_rules_gave()
    {
        var employee = new MappedRole(MemberRole.Employee, [Team]);
        var auditor = new MappedRole(MemberRole.Auditor, []);

        SignInRules.Decide(Place(MemberRole.Employee, [Team], employee), auditor, true).Should().Be(auditor);
        SignInRules.Decide(Place(MemberRole.Employee, [Team], employee), MappedRole.None, false).Should().Be(MappedRole.None);
        SignInRules.Decide(Place(MemberRole.Employee, [Team], employee), employee, true).Should().BeNull("nothing changes");
        SignInRules.Decide(Place(MemberRole.Employee, [Organization], employee), auditor, true).Should().BeNull("people gave other scopes");
        SignInRules.Decide(Place(MemberRole.Manager, [Team], employee), auditor, true).Should().BeNull("people gave another role");
        SignInRules.Decide(Place(MemberRole.Auditor, [], null), employee, true).Should().BeNull("the rules never gave anything");
        SignInRules.Decide(Place(null, [], null), employee, true).Should().Be(employee, "a member who waits for a role");
        SignInRules.Decide(Place(null, [], employee), employee, true).Should().BeNull("people took it away");
    }

    private static MappedPlace Place(MemberRole? role, ImmutableArray<Guid> scopeIds, MappedRole? mapped) =>
        new(new Membership(Guid.NewGuid(), role, scopeIds), IsRemoved: false, mapped);

    private static Authority Authority(MemberRole role) => new Membership(Guid.NewGuid(), role, []).ToAuthority();

    private static HashSet<string> Groups(params string[] groups) => [.. groups];
}
