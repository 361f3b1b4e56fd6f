using Spendra.Core.Access;
using Spendra.Core.Alerts;
using Spendra.Core.Budgets;
using Spendra.Core.Governance;
using Spendra.Core.Keys;
using Spendra.Core.Ledger;
using Spendra.Core.Pricing;
using Spendra.Core.Reconciliation;
using Spendra.Storage.Access;
using Spendra.Storage.Alerts;
using Spendra.Storage.Exports;
using Spendra.Storage.Ledger;
using Spendra.Storage.Periods;
using Spendra.Storage.Pricing;
using Spendra.Storage.Reconciliation;

namespace Spendra.Storage.Governance;

/// <summary>Who changes governance, from where and why: copied into every audit record.</summary>
/// <param name="Actor">For example the operating system's user, or a member of the organization.</param>
/// <param name="Origin">For example <c>cli</c> or an address.</param>
/// <param name="Reason">Free text, or null.</param>
public sealed record ChangeAuthor(string Actor, string Origin, string? Reason = null)
{
    /// <summary>
    /// What the author may do: a transaction refuses changes beyond it. The command line is the operator, whom only
    /// having the database and the master key makes one; the management API sets its caller's.
    /// </summary>
    public Authority Authority { get; init; } = Authority.Operator;
}

/// <summary>What an audit record says about a change. States are JSON objects without secrets.</summary>
public sealed record ChangeNote(string Action, string SubjectKind, string Subject, string? Before, string? After);

/// <summary>One change: the row to write and the audit record that goes with it.</summary>
public sealed record GovernanceChange(GovernanceWrite Write, ChangeNote Note);

/// <summary>
/// A row to write. Rows are put whole: inserted when their id is new, otherwise updated. Nothing is deleted. What a write
/// needs its author to hold stands in one place, <see cref="ChangeNeeds"/>.
/// </summary>
public abstract record GovernanceWrite
{
    private GovernanceWrite()
    {
    }

    /// <summary>False for what no gateway decides by: it raises no epoch, and no reservation is resolved again for it.</summary>
    public virtual bool ChangesRules => true;

    /// <summary>Creates the organization with its own scope and the catalog's prices, or changes name and time zone.</summary>
    public sealed record PutOrganization(OrganizationRow Row) : GovernanceWrite;

    /// <param name="Row">The scope as it shall be.</param>
    /// <param name="PreviousParentId">What contained it before, when it is moved.</param>
    public sealed record PutScope(ScopeRow Row, Guid? PreviousParentId = null) : GovernanceWrite
    {
        /// <summary>Whether a hard cap or a review holds what spends there where it is, and not where it goes.</summary>
        public bool LeavesRules { get; init; }
    }

    /// <summary>Only the amount and the archive mark of a stored budget may differ.</summary>
    /// <param name="Row">The budget as it shall be.</param>
    /// <param name="Before">As it stands; null for a new one. What it is raised by is measured from there.</param>
    public sealed record PutBudget(BudgetRow Row, BudgetRow? Before) : GovernanceWrite;

    /// <param name="Row">The policy as it shall be.</param>
    /// <param name="Before">As it stands; null for a new one.</param>
    public sealed record PutPolicy(PolicyRow Row, PolicyRow? Before) : GovernanceWrite
    {
        /// <summary>Of the budgets that it watches and watched before: what it makes them count matters there.</summary>
        public IReadOnlyList<Guid> BudgetScopeIds { get; init; } = [];

        /// <summary>Of the other policies on these budgets: a hard cap decides what they see.</summary>
        public IReadOnlyList<Guid> WatcherScopeIds { get; init; } = [];
    }

    public sealed record PutAccount(AccountRow Row) : GovernanceWrite;

    /// <summary>Prices are only ever added.</summary>
    public sealed record AddPrice(PriceVersion Price) : GovernanceWrite;

    /// <summary>Ends an open proposal of prices. Its prices are added by writes of their own.</summary>
    public sealed record DecideProposal(Guid ProposalId, ProposalDecision Decision) : GovernanceWrite
    {
        /// <summary>The member who proposed it, where one did: nobody decides their own proposal.</summary>
        public Guid? ProposerId { get; init; }
    }

    /// <summary>Adds an open proposal of prices, which changes nothing until somebody else approves it.</summary>
    public sealed record AddProposal(PriceProposal Proposal) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Proposes a correction of the ledger.</summary>
    public sealed record AddAdjustment(AdjustmentRow Row) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Approves a correction, with what the ledger decided to write for it, or rejects it.</summary>
    /// <param name="Row">The correction as it stands under the lock.</param>
    /// <param name="DeciderId">Who decides; never who proposed it.</param>
    /// <param name="Booking">Null for a rejection.</param>
    public sealed record DecideAdjustment(AdjustmentRow Row, Guid DeciderId, LedgerWrites? Booking) : GovernanceWrite
    {
        /// <summary>The month that it is booked into by name; see <see cref="PeriodReader.BookedMonthAsync"/>.</summary>
        public string? BookedMonth { get; init; }

        public override bool ChangesRules => false;
    }

    /// <summary>Adds what a provider says that it billed; for the days that it covers it counts in place of earlier imports.</summary>
    /// <param name="Import">What was imported.</param>
    /// <param name="Lines">Its lines; none when <see cref="BilledLineWriter"/> wrote them before.</param>
    public sealed record AddBill(BillImport Import, IReadOnlyList<BilledLine> Lines) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Keeps a comparison of a bill with the ledger.</summary>
    public sealed record AddRun(ReconciliationRun Run, IReadOnlyList<Difference> Differences) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Says for which differences a correction was proposed; it comes with an <see cref="AddAdjustment"/>.</summary>
    public sealed record LinkProposal(ReconciliationProposal Proposal) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Locks an accounting period.</summary>
    public sealed record LockPeriod(PeriodLock Lock) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Ends the lock of an accounting period, with the reason that it carries.</summary>
    public sealed record ReopenPeriod(PeriodLock Lock) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Puts what is asked for before a period is locked.</summary>
    public sealed record PutClosingRules(ClosingRules Rules) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Asks for an export, or notes the one that a schedule asks for.</summary>
    public sealed record RequestExport(ExportRun Run) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Adds a schedule of exports, moves it to its next instant, or ends it: then it has none.</summary>
    public sealed record PutExportSchedule(ExportSchedule Schedule) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Adds a schedule of bills, moves it behind an instant that was served, or ends it: then it has none.</summary>
    public sealed record PutBillSchedule(BillSchedule Schedule) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    public sealed record AddKey(ScopedKey Key, byte[] SecretHmac) : GovernanceWrite
    {
        public override string ToString() => $"AddKey {Key.Slug} [redacted]";
    }

    /// <summary>Changes what a key permits; its actor, mode and secret stay. A revoked key is not touched.</summary>
    public sealed record ChangeKey(ScopedKey Key) : GovernanceWrite;

    public sealed record RevokeKey(ScopedKey Key) : GovernanceWrite;

    /// <summary>Gives a key another secret, and another expiry should the row have one; the old secret stays good for a time.</summary>
    /// <param name="Key">The key as it shall be.</param>
    /// <param name="SecretHmac">Digest of the new secret.</param>
    /// <param name="PreviousUntil">From then on the old secret is refused; microseconds since the Unix epoch.</param>
    public sealed record RotateKey(ScopedKey Key, byte[] SecretHmac, long PreviousUntil) : GovernanceWrite
    {
        public override string ToString() => $"RotateKey {Key.Slug} [redacted]";
    }

    /// <summary>Adds or changes a rule for self-service; its slug and scope stay.</summary>
    public sealed record PutKeyRule(KeyRuleRow Row) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Adds a membership or changes its role and scopes.</summary>
    /// <param name="Row">The membership as it shall be.</param>
    /// <param name="Before">As it stands; null for a new one.</param>
    public sealed record PutMember(MemberRow Row, MemberRow? Before) : GovernanceWrite
    {
        /// <summary>True for what the rules for sign-ins give: they may change it again as long as nobody else has.</summary>
        public bool IsMapped { get; init; }

        public override bool ChangesRules => false;
    }

    /// <summary>Adds a personal access token of the author's own.</summary>
    public sealed record AddToken(AccessTokenRow Row, byte[] SecretHmac) : GovernanceWrite
    {
        public override bool ChangesRules => false;

        public override string ToString() => $"AddToken {Row.Name} [redacted]";
    }

    /// <param name="Row">The token as it stands.</param>
    /// <param name="Owner">Whose it is; null for somebody who is no member any more.</param>
    public sealed record RevokeToken(AccessTokenRow Row, Membership? Owner) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Adds money to a budget for a time, by a decision on a request.</summary>
    /// <param name="Row">The budget with the increase.</param>
    /// <param name="Increase">What is added.</param>
    public sealed record GrantIncrease(BudgetRow Row, BudgetIncrease Increase) : GovernanceWrite;

    /// <summary>Lets a key pass a review for a time, by a decision on a request.</summary>
    /// <param name="Row">The policy with the approval.</param>
    /// <param name="Approval">What is permitted.</param>
    public sealed record ApproveReview(PolicyRow Row, ReviewApproval Approval) : GovernanceWrite;

    /// <summary>Asks for something after a refusal.</summary>
    public sealed record AskForBudget(BudgetRequest Request) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Approves, declines or withdraws a request.</summary>
    public sealed record EndRequest(BudgetRequest Request) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Adds an invitation by one of the organization's members.</summary>
    public sealed record AddInvitation(InvitationRow Row, byte[] SecretHmac) : GovernanceWrite
    {
        public override bool ChangesRules => false;

        public override string ToString() => $"AddInvitation {Row.InvitationId} [redacted]";
    }

    /// <summary>Ends a pending invitation: by its acceptance, which comes with a <see cref="PutMember"/>, or by taking it back.</summary>
    public sealed record EndInvitation(InvitationRow Row, bool IsAccepted) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Adds a domain, notes that it is proven, or removes it. What is proven was claimed in the same transaction.</summary>
    public sealed record PutDomain(DomainRow Row) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Puts all rules for people who sign in at the issuer.</summary>
    public sealed record PutSignInRules(SignInRulesRow Row, SignInRulesRow Before) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Adds or changes a channel for alerts, or archives it: what waits for it is given up then, and is due at once otherwise.</summary>
    public sealed record PutChannel(ChannelRow Row) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Adds or changes who is told of alerts.</summary>
    public sealed record PutAlertRule(AlertRuleRow Row) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Acknowledges or resolves an alert, in the author's name, and tells those who were told of it.</summary>
    /// <param name="Row">The alert as it shall be.</param>
    /// <param name="Transition">What happens to it.</param>
    public sealed record MoveAlert(AlertRow Row, AlertTransition Transition) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Begins anew with a notice that was given up.</summary>
    public sealed record RetryDelivery(DeliveryRow Row) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Lets a row of the outbox that could not be counted be tried again at once.</summary>
    public sealed record RetryUncounted(long Sequence) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }

    /// <summary>Remembers what was answered to a creation, for its repetition.</summary>
    public sealed record AddReceipt(CreationReceipt Receipt) : GovernanceWrite
    {
        public override bool ChangesRules => false;
    }
}
