using Spendra.Core.Keys;
using Spendra.Core.Pricing;
using Spendra.Storage.Pricing;

namespace Spendra.Storage.Governance;

/// <summary>Who changes governance, from where and why: copied into every audit record.</summary>
/// <param name="Actor">For example the operating system's user, or a member of the organization.</param>
/// <param name="Origin">For example <c>cli</c> or an address.</param>
/// <param name="Reason">Free text, or null.</param>
public sealed record ChangeAuthor(string Actor, string Origin, string? Reason = null);

/// <summary>What an audit record says about a change. States are JSON objects without secrets.</summary>
public sealed record ChangeNote(string Action, string SubjectKind, string Subject, string? Before, string? After);

/// <summary>One change: the row to write and the audit record that goes with it.</summary>
public sealed record GovernanceChange(GovernanceWrite Write, ChangeNote Note);

/// <summary>
/// A row to write. Rows are put whole: inserted when their id is new, otherwise updated. Nothing is deleted.
/// </summary>
public abstract record GovernanceWrite
{
    private GovernanceWrite()
    {
    }

    /// <summary>Creates the organization with its own scope and the catalog's prices, or changes name and time zone.</summary>
    public sealed record PutOrganization(OrganizationRow Row) : GovernanceWrite;

    public sealed record PutScope(ScopeRow Row) : GovernanceWrite;

    /// <summary>Only the amount and the archive mark of a stored budget may differ.</summary>
    public sealed record PutBudget(BudgetRow Row) : GovernanceWrite;

    public sealed record PutPolicy(PolicyRow Row) : GovernanceWrite;

    public sealed record PutAccount(AccountRow Row) : GovernanceWrite;

    /// <summary>Prices are only ever added.</summary>
    public sealed record AddPrice(PriceVersion Price) : GovernanceWrite;

    /// <summary>Ends an open proposal of prices. Its prices are added by writes of their own.</summary>
    public sealed record DecideProposal(Guid ProposalId, ProposalDecision Decision) : GovernanceWrite;

    public sealed record AddKey(ScopedKey Key, byte[] SecretHmac) : GovernanceWrite
    {
        public override string ToString() => $"AddKey {Key.Slug} [redacted]";
    }

    /// <summary>Changes what a key permits; its actor, mode and secret stay. A revoked key is not touched.</summary>
    public sealed record ChangeKey(ScopedKey Key) : GovernanceWrite;

    public sealed record RevokeKey(Guid KeyId) : GovernanceWrite;
}
