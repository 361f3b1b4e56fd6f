using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Storage.Exports;

namespace Spendra.Storage.Governance;

/// <summary>What the author of a change must hold.</summary>
/// <param name="Capability">The capability.</param>
/// <param name="ScopeId">Over which scope; null wants it over the whole organization.</param>
/// <param name="FromAbove">The scope must lie strictly below one that the author holds.</param>
public sealed record ChangeNeed(Capability Capability, Guid? ScopeId, bool FromAbove = false);

/// <summary>
/// The one place that says what each write needs. Every change passes here, whether it comes from the management API or from
/// a declaration, under the lock that it is made with.
/// </summary>
public static class ChangeNeeds
{
    /// <summary>Why a change is not the author's to make, in one sentence; null when it is.</summary>
    /// <param name="authority">What the author holds.</param>
    /// <param name="write">The change.</param>
    /// <param name="scopes">Every scope of the organization, with those that the same transaction makes.</param>
    /// <param name="own">What self-service rests on; null for whoever has none, and where no key is written.</param>
    public static string? Denial(Authority authority, GovernanceWrite write, ScopeTree scopes, OwnKeyGrounds? own = null)
    {
        if (Of(write, authority, scopes).Find(need => !IsMet(authority, need, scopes)) is { } unmet)
            return IsSelfService(authority, write, scopes) && own is not null ? own.Denial(scopes, write) : Describe(unmet, scopes);
        return write switch
        {
            // An invitation is a role that is granted later: what it gives is the inviter's to give.
            GovernanceWrite.AddInvitation add when add.Row.InvitedBy != authority.MemberId && authority.MemberId is not null =>
                "nobody invites in the name of somebody else",
            GovernanceWrite.AddInvitation add => RoleGrants.Denial(authority, null, add.Row.Gives, scopes),
            // One that is accepted comes with the member, whom the inviter must be able to make.
            GovernanceWrite.EndInvitation { IsAccepted: false } end => RoleGrants.Untouchable(authority, end.Row.Gives),
            GovernanceWrite.PutMember put => MemberDenial(authority, put, scopes),
            GovernanceWrite.PutScope put => Raises.Denial(authority, put, scopes),
            GovernanceWrite.PutBudget put => Raises.Denial(authority, put, scopes),
            GovernanceWrite.PutPolicy put => Raises.Denial(authority, put, scopes),
            GovernanceWrite.GrantIncrease grant => Raises.BeyondLimit(authority, grant.Increase.Amount),
            GovernanceWrite.ApproveReview approve => Raises.BeyondLimit(authority, approve.Approval.Ceiling),
            GovernanceWrite.AskForBudget ask when ask.Request.RequestedBy != authority.MemberId => "nobody asks in somebody else's name",
            GovernanceWrite.EndRequest end => RequestDenial(authority, end.Request, scopes),
            GovernanceWrite.PutSignInRules put => SignInRules.Denial(authority, put.Before.Rules, put.Row.Rules, scopes),
            GovernanceWrite.AddToken add when add.Row.MemberId != authority.MemberId && authority.MemberId is not null =>
                "nobody makes a token for somebody else",
            GovernanceWrite.AddToken add when !CapabilitySet.Of(add.Row.Capabilities.AsSpan()).IsWithin(authority.Capabilities) =>
                "nobody gives a token more than they hold",
            GovernanceWrite.RevokeToken revoke => RoleGrants.Untouchable(authority, revoke.Owner),
            GovernanceWrite.DecideProposal { ProposerId: { } proposer } when proposer == authority.MemberId =>
                "nobody decides their own proposal",
            GovernanceWrite.DecideAdjustment decide when decide.Row.ProposerId == authority.MemberId || decide.Row.ProposerId == decide.DeciderId =>
                "nobody decides their own adjustment",
            _ => null,
        };
    }

    /// <summary>
    /// Whether a key that is not the author's to issue for others is judged as one of their own. Of a key for somebody else, whoever
    /// manages keys is told what they lack for it.
    /// </summary>
    private static bool IsSelfService(Authority authority, GovernanceWrite write, ScopeTree scopes) => OwnKeyGrounds.KeyOf(write) is { } key
        && (!authority.Holds(Capability.KeysIssue) || Raises.IsOwn(authority, key.ActorId, scopes));

    private static List<ChangeNeed> Of(GovernanceWrite write, Authority authority, ScopeTree scopes) => write switch
    {
        GovernanceWrite.PutOrganization => [new(Capability.OrganizationWrite, null)],
        GovernanceWrite.PutScope put => OfScope(put, scopes.OrganizationId),
        GovernanceWrite.PutBudget put => [new(Capability.BudgetsWrite, put.Row.Budget.ScopeId, FromAbove: true)],
        GovernanceWrite.PutPolicy put => OfPolicy(put),
        GovernanceWrite.PutAccount => [new(Capability.ProvidersWrite, null)],
        GovernanceWrite.AddPrice => [new(Capability.PricesApprove, null)],
        GovernanceWrite.DecideProposal => [new(Capability.PricesApprove, null)],
        GovernanceWrite.AddProposal => [new(Capability.PricesPropose, null)],
        GovernanceWrite.AddAdjustment => [new(Capability.LedgerAdjust, null)],
        GovernanceWrite.DecideAdjustment => [new(Capability.LedgerApprove, null)],
        GovernanceWrite.AddBill => [new(Capability.ReconciliationWrite, null)],
        GovernanceWrite.AddRun => [new(Capability.ReconciliationWrite, null)],
        GovernanceWrite.PutBillSchedule => [new(Capability.ReconciliationWrite, null)],
        GovernanceWrite.LinkProposal => [new(Capability.LedgerAdjust, null)],
        GovernanceWrite.LockPeriod => [new(Capability.PeriodsClose, null)],
        GovernanceWrite.PutClosingRules => [new(Capability.PeriodsClose, null)],
        GovernanceWrite.ReopenPeriod => [new(Capability.PeriodsReopen, null)],
        GovernanceWrite.RequestExport request => OfExport(request.Run.Dataset),
        GovernanceWrite.PutExportSchedule put => OfExport(put.Schedule.Dataset),
        GovernanceWrite.AddKey add => OfKey(add.Key),
        GovernanceWrite.ChangeKey change => OfKey(change.Key),
        GovernanceWrite.RotateKey rotate => OfKey(rotate.Key),
        GovernanceWrite.PutKeyRule put => [new(Capability.KeyRulesWrite, put.Row.Rule.ScopeId)],
        GovernanceWrite.RevokeKey revoke when authority.Holds(Capability.KeysRevokeOwn) && Raises.IsOwn(authority, revoke.Key.ActorId, scopes) => [],
        GovernanceWrite.RevokeKey revoke => [new(Capability.KeysRevoke, revoke.Key.ActorId)],
        GovernanceWrite.GrantIncrease grant => [new(Capability.RequestsDecide, grant.Row.Budget.ScopeId, FromAbove: true)],
        GovernanceWrite.ApproveReview approve => [new(Capability.RequestsDecide, approve.Row.Policy.ScopeId, FromAbove: true)],
        GovernanceWrite.AskForBudget ask => [new(Capability.RequestsCreate, ask.Request.ActorId)],
        GovernanceWrite.EndRequest end when end.Request.State == BudgetRequestState.Withdrawn => [new(Capability.RequestsCreate, end.Request.ActorId)],
        GovernanceWrite.EndRequest end => [new(Capability.RequestsDecide, end.Request.ScopeId, FromAbove: true)],
        // Whoever leaves takes nothing from anybody.
        GovernanceWrite.PutMember put when put.Row.IsRemoved && put.Row.MemberId == authority.MemberId => [],
        GovernanceWrite.PutMember => [new(Capability.MembersWrite, null)],
        GovernanceWrite.AddToken => [],
        GovernanceWrite.RevokeToken revoke when revoke.Row.MemberId == authority.MemberId => [],
        GovernanceWrite.RevokeToken => [new(Capability.MembersWrite, null)],
        GovernanceWrite.AddInvitation => [new(Capability.MembersWrite, null)],
        GovernanceWrite.EndInvitation => [new(Capability.MembersWrite, null)],
        GovernanceWrite.PutDomain => [new(Capability.DomainsWrite, null)],
        GovernanceWrite.PutSignInRules => [new(Capability.RolesGrant, null)],
        GovernanceWrite.PutChannel => [new(Capability.ChannelsWrite, null)],
        GovernanceWrite.PutAlertRule => [new(Capability.AlertRulesWrite, null)],
        GovernanceWrite.MoveAlert move => [new(Capability.AlertsHandle, move.Row.ScopeId)],
        GovernanceWrite.RetryDelivery => [new(Capability.ChannelsWrite, null)],
        GovernanceWrite.RetryUncounted => [new(Capability.AlertsHandle, null)],
        GovernanceWrite.AddReceipt => [],
        _ => throw new InvalidOperationException($"{write.GetType().Name} has no rule that says who may write it"),
    };

    private static string? MemberDenial(Authority authority, GovernanceWrite.PutMember put, ScopeTree scopes)
    {
        if (RoleGrants.Untouchable(authority, put.Before?.Membership) is { } untouchable) return untouchable;
        // Which employee somebody is says what they may not decide: nobody slips out of that by themselves.
        if (put.Row is { IsRemoved: false } row && row.MemberId == authority.MemberId && put.Before?.EmployeeId is { } employee && row.EmployeeId != employee)
            return "nobody stops being the employee that they are by themselves";
        return RoleGrants.Denial(authority, put.Before?.Membership, put.Row.Membership, scopes);
    }

    private static string? RequestDenial(Authority authority, BudgetRequest request, ScopeTree scopes)
    {
        var isAsker = request.RequestedBy == authority.MemberId;
        if (request.State == BudgetRequestState.Withdrawn) return isAsker ? null : "only who asked takes a request back";
        if (isAsker) return "nobody decides on their own request";
        // Whoever asked for it: the money is for a key of the decider's own. An agent may have moved since, from under a budget of theirs.
        if (Raises.IsOwn(authority, request.ActorId, scopes)) return "nobody decides on a request for a key of their own";
        return Raises.IsOwn(authority, request.ScopeId, scopes) ? "nobody decides what a rule on themselves lets through" : null;
    }

    private static List<ChangeNeed> OfScope(GovernanceWrite.PutScope put, Guid organizationId)
    {
        // Where it is put, and where it is taken from: whoever holds both may move it.
        var needs = new List<ChangeNeed> { new(Capability.HierarchyWrite, put.Row.Scope.ParentId ?? organizationId) };
        if (put.PreviousParentId is { } previous) needs.Add(new(Capability.HierarchyWrite, previous));
        return needs;
    }

    /// <summary>Rules about money belong to whoever holds budgets, rules about what may be used to whoever holds policies.</summary>
    private static List<ChangeNeed> OfPolicy(GovernanceWrite.PutPolicy put)
    {
        var policy = put.Row.Policy;
        var capability = policy.Kind is PolicyKind.Allowlist or PolicyKind.RequestLimit ? Capability.PoliciesWrite : Capability.BudgetsWrite;
        var needs = new List<ChangeNeed> { new(capability, policy.ScopeId, FromAbove: true) };
        if (put.Before is { Policy: var before } && before.ScopeId != policy.ScopeId) needs.Add(new(capability, before.ScopeId, FromAbove: true));
        // A budget with hard caps counts what these apply to, and nothing else: whoever adds one, narrow as it may be, decides what
        // every other policy on the budget sees.
        var isCap = policy.Kind == PolicyKind.HardCap;
        needs.AddRange(put.BudgetScopeIds.Select(budgetScope => new ChangeNeed(capability, budgetScope, FromAbove: isCap)));
        if (isCap) needs.AddRange(put.WatcherScopeIds.Select(watcher => new ChangeNeed(capability, watcher, FromAbove: true)));
        return needs;
    }

    /// <summary>Exports leave the system: beside the right to make them, whoever asks may see all of what is in them.</summary>
    private static List<ChangeNeed> OfExport(ExportDataset dataset) =>
        [new(Capability.ExportsWrite, null), new(dataset == ExportDataset.Audit ? Capability.AuditRead : Capability.LedgerRead, null)];

    private static List<ChangeNeed> OfKey(Core.Keys.ScopedKey key)
    {
        var needs = new List<ChangeNeed> { new(Capability.KeysIssue, key.ActorId) };
        if (key.ProjectId is { } project) needs.Add(new(Capability.KeysIssue, project));
        return needs;
    }

    private static bool IsMet(Authority authority, ChangeNeed need, ScopeTree scopes)
    {
        if (!authority.Holds(need.Capability)) return false;
        if (authority.CoversEverything) return true;
        if (need.ScopeId is not { } scopeId) return false;
        return need.FromAbove ? authority.CoversFromAbove(scopes, scopeId) : authority.Covers(scopes, scopeId);
    }

    private static string Describe(ChangeNeed need, ScopeTree scopes)
    {
        var where = need.ScopeId is { } scopeId ? scopes.Find(scopeId)?.Reference ?? "that scope" : "the whole organization";
        return $"this needs {Capabilities.NameOf(need.Capability)} over {where}{(need.FromAbove ? ", from a scope above it" : "")}";
    }
}
