using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Pricing;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Pricing;

namespace Spendra.Control.Catalog;

/// <summary>The price book: what is in force, what was, and proposals that change it. Nobody decides their own proposal.</summary>
internal static class PriceEndpoints
{
    private static readonly NewProposal Example = new() { Discount = new NewDiscount { Provider = "openai", Percent = 10 } };

    public static void Map(IEndpointRouteBuilder organization)
    {
        var prices = organization.MapGroup("/prices").WithTags("Prices");
        prices.MapGet("", ListAsync).ForMembers("listPrices", "List the prices that are in force", Capability.PricesRead);
        prices.MapGet("/history", HistoryAsync).ForMembers("listPriceHistory", "List every version of prices", Capability.PricesRead);
        var proposals = organization.MapGroup("/price-proposals").WithTags("Prices");
        proposals.MapGet("", ListProposalsAsync).ForMembers("listPriceProposals", "List proposals of prices, the newest first", Capability.PricesRead);
        proposals.MapGet("/{id:guid}", GetProposalAsync).ForMembers("getPriceProposal", "Get a proposal of prices with its differences", Capability.PricesRead);
        proposals.MapPost("", ProposeAsync).ForMembers("proposePrices", "Propose prices: a file, agreed rates or a discount", Capability.PricesPropose, Example, ProblemKind.WrongState, ProblemKind.IdempotencyMismatch);
        proposals.MapPost("/{id:guid}/approve", (Guid id, EntityTag match, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
                DecideAsync(id, ProposalDecision.Approved, match, caller, desk, database, cancel))
            .ForMembers("approvePriceProposal", "Take the prices of a proposal into the book", Capability.PricesApprove, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        proposals.MapPost("/{id:guid}/reject", (Guid id, EntityTag match, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
                DecideAsync(id, ProposalDecision.Rejected, match, caller, desk, database, cancel))
            .ForMembers("rejectPriceProposal", "End a proposal without taking its prices", Capability.PricesApprove, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<Page<PriceView>>> ListAsync(
        [AsParameters] PageQuery query, [AsParameters] PriceFilter filter, Caller caller, Database database, TimeProvider time, CancellationToken cancel)
    {
        var read = query.Read("model");
        if (!read.IsDone) return read.Problem;
        var book = new PriceBook(await PriceBookReader.ReadAsync(database, caller.OrganizationId, cancel));
        return Cut(read.Value, filter.Of(book.InForce(Micros.Now(time))).OrderBy(Key, StringComparer.Ordinal), Key);

        static string Key(PriceVersion price) => $"{price.Provider}\n{price.Model}";
    }

    private static async Task<Answer<Page<PriceView>>> HistoryAsync(
        [AsParameters] PageQuery query, [AsParameters] PriceFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = query.Read("model");
        if (!read.IsDone) return read.Problem;
        var all = await PriceBookReader.ReadAsync(database, caller.OrganizationId, cancel);
        return Cut(read.Value, filter.Of(all).OrderBy(Key, StringComparer.Ordinal), Key);

        static string Key(PriceVersion price) => string.Create(CultureInfo.InvariantCulture,
            $"{price.Provider}\n{price.Model}\n{price.EffectiveFrom:D19}\n{price.RecordedAt:D19}\n{price.PriceId}");
    }

    private static async Task<Answer<Page<ProposalView>>> ListProposalsAsync(
        [AsParameters] PageQuery query, [AsParameters] ProposalFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var (page, before, problem) = query.ReadById("-time");
        if (problem is not null) return problem;
        var rows = await PriceProposals.ListAsync(database, caller.OrganizationId, filter.State, before, page!.Limit + 1, cancel);
        return Outcome<Page<ProposalView>>.Done(page.Take(rows, ProposalView.Of, r => [r.ProposalId.ToString()]));
    }

    private static async Task<Answer<ProposalView>> GetProposalAsync(Guid id, Caller caller, Database database, CancellationToken cancel) =>
        await PriceProposals.FindAsync(database, caller.OrganizationId, id, cancel) is { } row
            ? Outcome<ProposalView>.Done(ProposalView.Of(row), ProposalView.VersionOf(row))
            : Problem.NotFound;

    private static async Task<CreationAnswer<ProposalView>> ProposeAsync(
        NewProposal body, Repetition repetition, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.CreateAsync<ProposalView>(caller, repetition, StateParts.Prices, draft =>
        {
            var (source, offers, wrong) = OfferRules.Read(body, draft.State.Prices, draft.NowMicros);
            if (wrong is not null) return wrong;
            var isAgreement = source == PriceVersion.NegotiatedSource;
            var comparison = PriceComparison.Of(draft.State.Prices, offers, draft.NowMicros, Guid.CreateVersion7, isAgreement);
            var proposal = new PriceProposal
            {
                ProposalId = Guid.CreateVersion7(),
                CreatedAt = draft.NowMicros,
                Source = source,
                Prices = PriceFile.Write(comparison.Offers),
                Differences = JsonSerializer.Serialize([.. comparison.Differences], DifferenceJson.Default.PriceDifferenceArray),
                ProposedBy = caller.Actor,
                ProposerId = caller.MemberId,
            };
            draft.About(new GovernanceWrite.AddProposal(proposal));
            if (comparison.IsEmpty) return new Problem(ProblemKind.WrongState, "The book has all of this already, or a contract outranks it: there is nothing to propose.");
            draft.Change(new GovernanceWrite.AddProposal(proposal), "propose", "priceProposal", proposal.ProposalId.ToString(), null,
                new Description([("source", source), ("prices", comparison.Changes.Length.ToString(CultureInfo.InvariantCulture))]));
            return Outcome<ProposalView>.Done(ProposalView.Of(proposal), 1, $"/api/v1/organizations/{caller.Organization}/price-proposals/{proposal.ProposalId}");
        }, cancel);

    private static async Task<Answer<ProposalView>> DecideAsync(
        Guid id, ProposalDecision decision, EntityTag match, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
        await desk.RunAsync<ProposalView>(caller, StateParts.Prices, async draft =>
        {
            if (await PriceProposals.FindAsync(database, caller.OrganizationId, id, cancel) is not { } row) return Problem.NotFound;
            draft.About(new GovernanceWrite.DecideProposal(id, decision) { ProposerId = row.ProposerId });
            if (match.Check(ProposalView.VersionOf(row)) is { } stale) return stale;
            if (row.Decision is { } already) return new Problem(ProblemKind.WrongState, $"It is {already.ToString().ToLowerInvariant()} already.");
            var (comparison, changes, refusal) = ProposalDesk.Decide(draft.State.Prices, row, decision, draft.NowMicros);
            if (comparison is null) return new Problem(ProblemKind.WrongState, $"This is not possible: {refusal}.");
            draft.Changes.AddRange(changes);
            var after = row with { Decision = decision, DecidedAt = draft.NowMicros, DecidedBy = caller.Actor };
            return Outcome<ProposalView>.Done(ProposalView.Of(after), ProposalView.VersionOf(after));
        }, cancel);

    private static Outcome<Page<PriceView>> Cut(PageOf page, IEnumerable<PriceVersion> ordered, Func<PriceVersion, string> key)
    {
        var rows = ordered.Where(p => page.After is not { } after || string.CompareOrdinal(key(p), after[0]) > 0).Take(page.Limit + 1).ToList();
        return Outcome<Page<PriceView>>.Done(page.Take(rows, PriceView.Of, p => [key(p)]));
    }
}
