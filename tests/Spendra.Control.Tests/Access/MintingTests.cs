using System.Collections.Immutable;
using CsCheck;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Control.Tests.Access;

/// <summary>
/// Whatever a member can mint, a role, an invitation or a token, and whatever can be minted with what was minted, is within what
/// the member holds: over random hierarchies, roles, scopes, limits and tokens. What somebody may do is worked out here one
/// capability and one scope at a time, and not with the sets of the code under test.
/// </summary>
public sealed class MintingTests
{
    private const int Trials = 20_000;
    private const int Steps = 4;

    internal static readonly Guid OrganizationId = Id(1);
    private static readonly ScopeKind[] Kinds = [ScopeKind.Branch, ScopeKind.Team, ScopeKind.Project, ScopeKind.Employee, ScopeKind.Agent, ScopeKind.Subagent];

    internal static readonly Gen<Scope[]> Hierarchies = Gen.Select(Gen.Int[0, Kinds.Length - 1], Gen.Int[0, 1_000]).Array[0, 14].Select(Grow);

    private static readonly Gen<CapabilitySet> Masks = Gen.OneOf(
        Gen.Const(CapabilitySet.Everything),
        Gen.Enum<MemberRole>().Select(MemberRoles.CapabilitiesOf),
        Gen.Bool.Array[Capabilities.All.Count].Select(bits => CapabilitySet.Of([.. Capabilities.All.Where((_, i) => bits[i])])),
        // Nearly all of it: what is missing must be missed.
        Gen.Int[0, Capabilities.All.Count - 1].Select(i => CapabilitySet.Of([.. Capabilities.All.Where((_, j) => i != j)])));

    internal static readonly Gen<Wish> Wishes = Gen.Select(
        Gen.Enum<MemberRole>(), Gen.Int[0, 9], Gen.Int[0, 1_000].Array[1, 3], Gen.OneOf(Gen.Const(-1L), Gen.Long[0, 3]), Masks,
        (role, roll, picks, limit, mask) => new Wish(roll == 0 ? null : role, picks, limit < 0 ? null : new NanoUsd(limit), mask));

    [Fact]
    public void Nothing_that_is_minted_is_more_than_what_its_maker_holds()
    {
        var (granted, refused, viaToken) = (0, 0, 0);
        Gen.Select(Hierarchies, Wishes, Wishes.Array[Steps], Gen.Int[0, 3].Array[Steps]).Sample((scopes, first, wishes, ways) =>
        {
            var tree = new ScopeTree(OrganizationId, scopes);
            var root = first.ToAuthority(scopes, Id(1_000));
            root = root with { Capabilities = root.Capabilities & first.Mask };
            var maker = root;
            for (var step = 0; step < Steps; step++)
            {
                var minted = Mint(maker, wishes[step], ways[step], scopes, tree, Id(1_001 + step));
                if (minted is null)
                {
                    refused++;
                    continue;
                }
                AssertWithin(minted, root, scopes);
                if (!minted.Capabilities.IsEmpty) granted++;
                if (ways[step] == 0 && step > 0) viaToken++;
                // What was minted mints on.
                maker = minted;
            }
        }, iter: Trials, threads: 1);
        granted.Should().BeGreaterThan(Trials / 20, "a property of nothing proves nothing");
        refused.Should().BeGreaterThan(Trials / 2);
        viaToken.Should().BeGreaterThan(Trials / 100);
    }

    [Fact]
    public void What_an_org_admin_asks_for_others_is_given_and_iam_admins_give_the_roles_that_are_not_elevated()
    {
        Gen.Select(Hierarchies, Wishes).Sample((scopes, wish) =>
        {
            var tree = new ScopeTree(OrganizationId, scopes);
            var write = new GovernanceWrite.PutMember(Member(wish.ToMembership(scopes, Id(2_001))), null);
            ChangeNeeds.Denial(Admin(MemberRole.OrgAdmin), write, tree).Should().BeNull();
            var isElevated = wish.Role is MemberRole.OrgAdmin or MemberRole.IamAdmin or MemberRole.PlatformAdmin or MemberRole.FinanceManager;
            (ChangeNeeds.Denial(Admin(MemberRole.IamAdmin), write, tree) is null).Should().Be(!isElevated);
        }, iter: 2_000);
    }

    [Fact]
    public void Only_who_could_have_given_a_role_takes_it_away()
    {
        Gen.Select(Hierarchies, Wishes, Wishes, Wishes).Sample((scopes, who, was, becomes) =>
        {
            var tree = new ScopeTree(OrganizationId, scopes);
            var maker = who.ToAuthority(scopes, Id(1_000));
            var before = Member(was.ToMembership(scopes, Id(2_001)));
            var after = Member(becomes.ToMembership(scopes, Id(2_001)));
            if (Same(before.Membership, after.Membership)) return;
            if (ChangeNeeds.Denial(maker, new GovernanceWrite.PutMember(after, before), tree) is not null) return;
            maker.Holds(Capability.RolesGrant).Should().BeTrue();
            foreach (var role in new[] { was.Role, becomes.Role }.OfType<MemberRole>().Where(MemberRoles.IsElevated))
                maker.Holds(Capability.RolesGrantElevated).Should().BeTrue($"{role} is elevated");
        }, iter: Trials);
    }

    [Fact]
    public void Nobody_changes_what_they_hold_themselves_but_by_giving_it_up()
    {
        Gen.Select(Hierarchies, Wishes, Wishes, Gen.Bool).Sample((scopes, was, becomes, isRemoved) =>
        {
            var tree = new ScopeTree(OrganizationId, scopes);
            var own = was.ToMembership(scopes, Id(1_000));
            var after = becomes.ToMembership(scopes, Id(1_000));
            var put = new GovernanceWrite.PutMember(Member(after) with { IsRemoved = isRemoved && after.Role is null }, Member(own));
            if (ChangeNeeds.Denial(own.ToAuthority(), put, tree) is null) (after.Role is null || Same(own, after)).Should().BeTrue();
        }, iter: Trials);
    }

    [Fact]
    public void Members_tokens_invitations_and_domains_of_others_are_for_whoever_writes_them_and_ones_own_are_ones_own()
    {
        var tree = new ScopeTree(OrganizationId, [new Scope(OrganizationId, ScopeKind.Organization, "acme", "Acme", null)]);
        var me = new Membership(Id(1_000), MemberRole.Auditor, []);
        var other = new Membership(Id(1_001), MemberRole.Auditor, []);
        var token = new AccessTokenRow { TokenId = Id(7), MemberId = Id(1_001), Name = "t", ExpiresAt = 1, Capabilities = [] };
        var invitation = new InvitationRow { InvitationId = Id(8), Email = "x", Gives = other, InvitedBy = Id(1_000), ExpiresAt = 1 };
        var asEmployee = Member(other) with { EmployeeId = Id(9) };
        var left = Member(me with { Role = null }) with { IsRemoved = true };
        (GovernanceWrite Write, Capability Needed)[] writes =
        [
            (new GovernanceWrite.PutMember(asEmployee, Member(other)), Capability.MembersWrite),
            (new GovernanceWrite.PutMember(Member(me) with { EmployeeId = Id(9) }, Member(me)), Capability.MembersWrite),
            (new GovernanceWrite.RevokeToken(token, other), Capability.MembersWrite),
            (new GovernanceWrite.EndInvitation(invitation, IsAccepted: false), Capability.MembersWrite),
            (new GovernanceWrite.AddInvitation(invitation, []), Capability.MembersWrite),
            (new GovernanceWrite.PutDomain(new DomainRow("a.example", "c", 1, null, false, 1)), Capability.DomainsWrite),
        ];
        foreach (var (write, needed) in writes)
        {
            foreach (var capability in Capabilities.All)
            {
                var maker = Admin(MemberRole.OrgAdmin) with { Capabilities = CapabilitySet.Of([.. Capabilities.All.Where(c => c != capability)]) };
                // An auditor's own capabilities are given by whoever holds them.
                if (write is GovernanceWrite.AddInvitation && capability != needed) continue;
                (ChangeNeeds.Denial(maker, write, tree) is null).Should().Be(capability != needed, $"{write} without {capability}");
            }
        }
        ChangeNeeds.Denial(me.ToAuthority(), new GovernanceWrite.PutMember(left, Member(me)), tree).Should().BeNull("anybody may leave");
        ChangeNeeds.Denial(me.ToAuthority(), new GovernanceWrite.RevokeToken(token with { MemberId = Id(1_000) }, me), tree).Should().BeNull();
        ChangeNeeds.Denial(Admin(MemberRole.OrgAdmin), new GovernanceWrite.AddInvitation(invitation with { InvitedBy = Id(1_001) }, []), tree)
            .Should().Contain("in the name of somebody else");
        ChangeNeeds.Denial(Admin(MemberRole.OrgAdmin), new GovernanceWrite.AddToken(token, []), tree).Should().Contain("somebody else");
    }

    /// <summary>What somebody else could do with what the maker mints; null when it is refused.</summary>
    private static Authority? Mint(Authority maker, Wish wish, int way, Scope[] scopes, ScopeTree tree, Guid newId)
    {
        var membership = wish.ToMembership(scopes, newId);
        switch (way)
        {
            case 0:
                var token = new AccessTokenRow
                {
                    TokenId = newId, MemberId = maker.MemberId!.Value, Name = "t", ExpiresAt = 1, Capabilities = [.. Capabilities.All.Where(wish.Mask.Holds)],
                };
                return ChangeNeeds.Denial(maker, new GovernanceWrite.AddToken(token, []), tree) is null
                    // The call is let in with the member's own rights, of which the token leaves a part.
                    ? maker with { Capabilities = wish.Mask } : null;
            case 1:
                var invitation = new InvitationRow { InvitationId = newId, Email = "x", Gives = membership, InvitedBy = maker.MemberId!.Value, ExpiresAt = 1 };
                return ChangeNeeds.Denial(maker, new GovernanceWrite.AddInvitation(invitation, []), tree) is null ? membership.ToAuthority() : null;
            case 2:
                var none = membership with { Role = null, ScopeIds = [], ApprovalLimit = null };
                return ChangeNeeds.Denial(maker, new GovernanceWrite.PutMember(Member(membership), Member(none)), tree) is null ? membership.ToAuthority() : null;
            default:
                return ChangeNeeds.Denial(maker, new GovernanceWrite.PutMember(Member(membership), null), tree) is null ? membership.ToAuthority() : null;
        }
    }

    internal static void AssertWithin(Authority minted, Authority holder, Scope[] scopes)
    {
        foreach (var scope in scopes)
        {
            foreach (var capability in Capabilities.All)
            {
                if (May(minted, capability, scope, scopes))
                    May(holder, capability, scope, scopes).Should().BeTrue($"{capability} over {scope.Reference} was minted by one who lacks it");
            }
            if (May(minted, Capability.RequestsDecide, scope, scopes) && holder.ApprovalLimit is { } most)
                (minted.ApprovalLimit is { } limit && limit.Value <= most.Value).Should().BeTrue("a higher approval limit was minted");
        }
    }

    internal static bool May(Authority who, Capability capability, Scope scope, Scope[] scopes)
    {
        if (!who.Capabilities.Holds(capability)) return false;
        if (who.CoversEverything) return true;
        for (var at = scope; ; at = scopes.Single(s => s.ScopeId == (at.ParentId ?? OrganizationId)))
        {
            if (who.ScopeIds.Contains(at.ScopeId)) return true;
            if (at.Kind == ScopeKind.Organization) return false;
        }
    }

    private static Scope[] Grow((int Kind, int Parent)[] wishes)
    {
        var grown = new List<Scope> { new(OrganizationId, ScopeKind.Organization, "acme", "Acme", null) };
        foreach (var (pick, parent) in wishes)
        {
            var kind = Kinds[pick];
            var parents = grown.Where(s => Scope.ParentKinds(kind).Contains(s.Kind)).ToList();
            if (parents.Count == 0 && kind is ScopeKind.Agent or ScopeKind.Subagent) continue;
            // Some lie directly below the organization, though there is something that could contain them.
            var owner = parents.Count == 0 || (parent % 4 == 0 && kind is not (ScopeKind.Agent or ScopeKind.Subagent)) ? null : parents[parent % parents.Count];
            grown.Add(new Scope(Id(10 + grown.Count), kind, $"s{grown.Count}", "", owner?.ScopeId));
        }
        return [.. grown];
    }

    private static Authority Admin(MemberRole role) => new Membership(Id(1_000), role, []).ToAuthority();

    private static MemberRow Member(Membership membership) => new(membership, Id(5_000), "x@acme.example", "X", null, false, 1);

    private static bool Same(Membership a, Membership b) =>
        a.Role == b.Role && a.ApprovalLimit == b.ApprovalLimit && a.ScopeIds.Order().SequenceEqual(b.ScopeIds.Order());

    internal static Guid Id(int number) => new(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    internal sealed record Wish(MemberRole? Role, int[] Picks, NanoUsd? Limit, CapabilitySet Mask)
    {
        public Membership ToMembership(Scope[] scopes, Guid memberId)
        {
            var isScoped = Role is MemberRole.Manager or MemberRole.Employee;
            ImmutableArray<Guid> ids = isScoped ? [.. Picks.Select(p => scopes[p % scopes.Length].ScopeId).Distinct()] : [];
            return new Membership(memberId, Role, ids, Role is null ? null : Limit);
        }

        public Authority ToAuthority(Scope[] scopes, Guid memberId) => ToMembership(scopes, memberId).ToAuthority();
    }
}
