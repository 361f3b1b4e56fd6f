using System.Text.Json;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Catalog;

/// <summary>What deciding a proposal did, or why nothing was done: exactly one of result and refusal.</summary>
/// <param name="Comparison">What was taken into the book; empty for a rejection.</param>
/// <param name="Epoch">The governance epoch from now on.</param>
/// <param name="Refusal">In one line.</param>
public sealed record DecisionOutcome(PriceComparison? Comparison, long Epoch, string? Refusal);

/// <summary>Lists proposals and decides them. What is approved is compared again, under the organization's lock.</summary>
public static class ProposalDesk
{
    /// <summary>What a proposal would have changed when it was made.</summary>
    public static IReadOnlyList<PriceDifference> DifferencesOf(PriceProposal proposal) =>
        JsonSerializer.Deserialize(proposal.Differences, DifferenceJson.Default.PriceDifferenceArray) ?? [];

    /// <summary>
    /// Takes the proposal's prices into the book, with an audit record for each and one for the decision. Offers that the
    /// book has by now change nothing.
    /// </summary>
    public static Task<DecisionOutcome> ApproveAsync(
        Database database, OrganizationName organization, Guid proposalId, ChangeAuthor author, TimeProvider time, CancellationToken cancel) =>
        DecideAsync(database, organization, proposalId, ProposalDecision.Approved, author, time, cancel);

    public static Task<DecisionOutcome> RejectAsync(
        Database database, OrganizationName organization, Guid proposalId, ChangeAuthor author, TimeProvider time, CancellationToken cancel) =>
        DecideAsync(database, organization, proposalId, ProposalDecision.Rejected, author, time, cancel);

    private static async Task<DecisionOutcome> DecideAsync(
        Database database, OrganizationName organization, Guid proposalId, ProposalDecision decision, ChangeAuthor author,
        TimeProvider time, CancellationToken cancel)
    {
        // 1. Lock and load: from here on nobody else decides.
        await using var transaction = await GovernanceTransaction.BeginAsync(database, organization.Slug, time, cancel);
        var state = await transaction.LoadStateAsync(cancel);
        var proposal = await PriceProposals.FindAsync(database, organization.OrganizationId, proposalId, cancel);
        if (proposal is null) return Refused("there is no such proposal: expected an id from the list of proposals");
        if (proposal.Decision is { } already) return Refused($"the proposal is {already.ToString().ToLowerInvariant()} already, since {InstantText.Of(proposal.DecidedAt!.Value)}");

        // 2. Decide.
        var (comparison, changes, refusal) = Decide(state.Prices, proposal, decision, transaction.NowMicros);
        if (comparison is null) return Refused(refusal!);

        // 3. Apply.
        var epoch = await transaction.ApplyAsync(changes, author, cancel);
        return new DecisionOutcome(comparison, epoch, null);

        static DecisionOutcome Refused(string message) => new(null, 0, message);
    }

    /// <summary>What a decision writes: pure. Without a comparison, why it is not possible.</summary>
    internal static (PriceComparison? Comparison, IReadOnlyList<GovernanceChange> Changes, string? Refusal) Decide(
        IEnumerable<PriceVersion> stored, PriceProposal proposal, ProposalDecision decision, long nowMicros)
    {
        var isAgreement = IsAgreement(proposal);
        var file = decision == ProposalDecision.Approved ? PriceFile.Read(proposal.Prices, isAgreement) : new PriceFileContent([], []);
        // What an earlier version took may be no file of prices any more.
        if (file.Errors is [var first, ..]) return (null, [], $"the proposal's prices cannot be used: {first}. Reject it and propose them again");
        var comparison = PriceComparison.Of(stored, file.Prices, nowMicros, Guid.CreateVersion7, isAgreement);
        var verb = decision == ProposalDecision.Approved ? "approve" : "reject";
        var note = new ChangeNote(verb, "priceProposal", proposal.ProposalId.ToString(), null,
            new Description([("source", proposal.Source), ("prices", comparison.Changes.Length.ToString())]).ToJson());
        var write = new GovernanceWrite.DecideProposal(proposal.ProposalId, decision) { ProposerId = proposal.ProposerId };
        return (comparison, [.. comparison.Changes, new GovernanceChange(write, note)], null);
    }

    /// <summary>Whether people agreed on a proposal's prices: then a person proposed it, and it did not come out of a file.</summary>
    internal static bool IsAgreement(PriceProposal proposal) => proposal.ProposerId is not null && proposal.Source == PriceVersion.NegotiatedSource;
}
