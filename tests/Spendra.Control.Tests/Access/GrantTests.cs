using CsCheck;
using Spendra.Core.Access;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Money;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;
using static Spendra.Control.Tests.Access.MintingTests;

namespace Spendra.Control.Tests.Access;

/// <summary>
/// Whatever a member makes that lets somebody spend, a key, a budget, an increase, an approval, a decision on a request, and rules that give
/// roles by themselves, is within what the member holds: over random hierarchies, roles, scopes, limits and tokens. What somebody may do is
/// worked out one scope at a time, and not with the rules of the code under test.
/// </summary>
public sealed class GrantTests
{
    private const int Trials = 20_000;

    private static readonly Guid Maker = Id(1_000);

    private static readonly Gen<Pick> Picks = Gen.Select(Gen.Int[0, 1_000], Gen.Int[-500, 1_000], Gen.Int[-1_000, 1_000], Gen.Long[0, 4],
        (scope, project, employee, amount) => new Pick(scope, project, employee, amount));

    [Fact]
    public void A_key_is_issued_over_an_actor_and_a_project_that_its_maker_issues_keys_for() => Sample((maker, pick, scopes, tree, _) =>
    {
        var actors = scopes.Where(s => s.IsActor).ToList();
        var projects = scopes.Where(s => s.Kind == ScopeKind.Project).ToList();
        if (actors.Count == 0) return null;
        var actor = actors[pick.Scope % actors.Count];
        var project = pick.Project < 0 || projects.Count == 0 ? null : projects[pick.Project % projects.Count];
        var key = new ScopedKey { KeyId = Id(7), Slug = "k", Mode = KeyMode.Live, ActorId = actor.ScopeId, ProjectId = project?.ScopeId };
        var may = May(maker, Capability.KeysIssue, actor, scopes) && (project is null || May(maker, Capability.KeysIssue, project, scopes));
        var isOwn = IsOwn(maker, actor, scopes);
        (ChangeNeeds.Denial(maker, new GovernanceWrite.AddKey(key, []), tree) is null).Should().Be(may);
        (ChangeNeeds.Denial(maker, new GovernanceWrite.RotateKey(key, [], 0), tree) is null).Should().Be(may);
        (ChangeNeeds.Denial(maker, new GovernanceWrite.RevokeKey(key), tree) is null).Should().Be(
            May(maker, Capability.KeysRevoke, actor, scopes) || (isOwn && maker.Holds(Capability.KeysRevokeOwn)));
        return may;
    });

    [Fact]
    public void Money_is_given_from_above_up_to_a_limit_and_never_to_oneself() => Sample((maker, pick, scopes, tree, _) =>
    {
        var scope = scopes[pick.Scope % scopes.Length];
        var amount = new NanoUsd(pick.Amount);
        var isWithin = maker.ApprovalLimit is not { } most || amount.Value <= most.Value;
        var isOwn = IsOwn(maker, scope, scopes);
        var increase = new BudgetIncrease(Id(8), amount, 1);
        var before = new BudgetRow(new Budget
        {
            BudgetId = Id(7), Slug = "b", ScopeId = scope.ScopeId, Amount = new NanoUsd(3), Period = Period.Of(PeriodKind.Month), Zone = TimeZoneInfo.Utc,
        }, IsArchived: false);
        var raised = before with { Budget = before.Budget with { Amount = before.Budget.Amount + amount } };
        var policy = new PolicyRow(new Policy { PolicyId = Id(9), Slug = "r", Kind = PolicyKind.Review, ScopeId = scope.ScopeId }, IsArchived: false);
        var request = new BudgetRequest
        {
            RequestId = Id(8), Kind = BudgetRequestKind.Increase, RefusalId = Id(11), KeyId = Id(12), ActorId = scope.ScopeId, ScopeId = scope.ScopeId,
            Amount = amount, Until = 1, Reason = "x", RequestedBy = Id(13), State = BudgetRequestState.Approved,
        };
        var (decides, writes) = (MayFromAbove(maker, Capability.RequestsDecide, scope, scopes), MayFromAbove(maker, Capability.BudgetsWrite, scope, scopes));

        Allows(new GovernanceWrite.GrantIncrease(raised, increase)).Should().Be(decides && isWithin);
        Allows(new GovernanceWrite.ApproveReview(policy, new ReviewApproval(Id(8), Id(12), amount, 1))).Should().Be(decides && isWithin);
        Allows(new GovernanceWrite.PutBudget(raised, before)).Should().Be(writes && (amount == NanoUsd.Zero || (isWithin && !isOwn)));
        Allows(new GovernanceWrite.EndRequest(request)).Should().Be(decides && !isOwn);
        // The call was for somebody else, and what would be raised is one's own.
        Allows(new GovernanceWrite.EndRequest(request with { ActorId = Id(999) })).Should().Be(decides && !isOwn);
        Allows(new GovernanceWrite.EndRequest(request with { RequestedBy = Maker })).Should().BeFalse("it is the maker's own request");
        return writes && isWithin;

        bool Allows(GovernanceWrite write) => ChangeNeeds.Denial(maker, write, tree) is null;
    });

    [Fact]
    public void Rules_for_sign_ins_give_nothing_that_their_maker_does_not_hold() => Sample((maker, _, scopes, tree, wish) =>
    {
        var gives = wish.ToMembership(scopes, Id(2_001));
        if (gives.Role is not { } role) return null;
        var rules = new SignInRulesRow([new SignInRule("group", role, gives.ScopeIds)], 1);
        var isMade = ChangeNeeds.Denial(maker, new GovernanceWrite.PutSignInRules(rules, SignInRulesRow.Empty), tree) is null;
        // What a rule gives has no limit.
        if (isMade) AssertWithin((gives with { ApprovalLimit = null }).ToAuthority(), maker, scopes);
        return isMade;
    });

    /// <summary>Tries something, which says whether it was allowed, or null when it could not be tried.</summary>
    private static void Sample(Func<Authority, Pick, Scope[], ScopeTree, Wish, bool?> run)
    {
        var (allowed, refused) = (0, 0);
        Gen.Select(Hierarchies, Wishes, Wishes, Picks).Sample((scopes, who, wish, pick) =>
        {
            var employees = scopes.Where(s => s.Kind == ScopeKind.Employee).ToList();
            var maker = who.ToAuthority(scopes, Maker) with
            {
                EmployeeId = pick.Employee < 0 || employees.Count == 0 ? null : employees[pick.Employee % employees.Count].ScopeId,
            };
            maker = maker with { Capabilities = maker.Capabilities & who.Mask };
            if (run(maker, pick, scopes, new ScopeTree(OrganizationId, scopes), wish) is not { } isAllowed) return;
            if (isAllowed) allowed++; else refused++;
        }, iter: Trials, threads: 1);
        allowed.Should().BeGreaterThan(Trials / 100, "a property of nothing proves nothing");
        refused.Should().BeGreaterThan(Trials / 10);
    }

    private static bool MayFromAbove(Authority who, Capability capability, Scope scope, Scope[] scopes) =>
        who.CoversEverything ? who.Capabilities.Holds(capability)
            : scope.Kind != ScopeKind.Organization && May(who, capability, Above(scope, scopes), scopes);

    private static bool IsOwn(Authority who, Scope scope, Scope[] scopes)
    {
        for (var at = scope; at.Kind != ScopeKind.Organization; at = Above(at, scopes))
        {
            if (at.ScopeId == who.EmployeeId) return true;
        }
        return false;
    }

    private static Scope Above(Scope scope, Scope[] scopes) => scopes.Single(s => s.ScopeId == (scope.ParentId ?? OrganizationId));

    private sealed record Pick(int Scope, int Project, int Employee, long Amount);
}
