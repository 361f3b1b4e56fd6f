using System.CommandLine;
using Spectre.Console;
using Spendra.Cli;
using Spendra.Control.Catalog;
using Spendra.Governance;
using Spendra.Storage;
using Spendra.Storage.Pricing;

namespace Spendra.Pricing;

internal sealed record ProposalRow(
    Guid ProposalId, string CreatedAt, string Source, string State, string? DecidedAt, string? DecidedBy, IReadOnlyList<DifferenceRow> Differences)
{
    public static ProposalRow Of(PriceProposal proposal) => new(
        proposal.ProposalId, InstantText.Of(proposal.CreatedAt), proposal.Source, proposal.Decision?.ToString().ToLowerInvariant() ?? "open",
        proposal.DecidedAt is { } at ? InstantText.Of(at) : null, proposal.DecidedBy, DifferenceRow.Of(ProposalDesk.DifferencesOf(proposal)));
}

internal sealed record ProposalsDocument(IReadOnlyList<ProposalRow> Proposals);

internal sealed record DecisionDocument(Guid ProposalId, string Decision, long Epoch, IReadOnlyList<DifferenceRow> Applied);

/// <summary><c>prices proposals</c>, <c>prices approve</c>, <c>prices reject</c>.</summary>
internal static class ProposalCommands
{
    public static readonly Option<string?> Reason = new("--reason") { Description = "Why, for the audit records.", HelpName = "text" };

    private static readonly Argument<Guid> Id = new("proposal") { Description = "The proposal's id from the list." };
    private static readonly Argument<Guid?> Shown = new("proposal") { Description = "Only this one, with its differences.", Arity = ArgumentArity.ZeroOrOne };

    public static Command CreateList(CommandEnvironment environment)
    {
        var command = new Command("proposals", "List proposals of prices, or show one.") { Shown, CommonOptions.Organization };
        command.DoesWithDatabase(environment, ListAsync, mustExist: true);
        return command;
    }

    public static Command CreateApprove(CommandEnvironment environment)
    {
        var command = new Command("approve", "Take a proposal's prices into the book.") { Id, Reason, CommonOptions.Organization };
        command.DoesWithDatabase(environment, run => DecideAsync(run, isApproval: true), mustExist: true);
        return command;
    }

    public static Command CreateReject(CommandEnvironment environment)
    {
        var command = new Command("reject", "End a proposal without taking its prices.") { Id, Reason, CommonOptions.Organization };
        command.DoesWithDatabase(environment, run => DecideAsync(run, isApproval: false), mustExist: true);
        return command;
    }

    /// <summary>The outcome, or the failure that it says.</summary>
    public static DecisionOutcome Taken(DecisionOutcome outcome) =>
        outcome.Refusal is { } refusal ? throw new CommandException("proposal_refused", refusal) : outcome;

    private static async Task<int> ListAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var shown = run.Arguments.GetValue(Shown);
        var proposals = (await PriceProposals.ListAsync(run.Database, organization.OrganizationId, run.Cancel))
            .Where(p => shown is null || p.ProposalId == shown).ToList();
        if (shown is not null && proposals.Count == 0) throw new CommandException("proposal_not_found", "there is no such proposal: see 'spendra prices proposals'");
        run.Output.Json(new ProposalsDocument([.. proposals.Select(ProposalRow.Of)]), CliJson.Default.ProposalsDocument);
        if (proposals.Count == 0) run.Output.Line("there is no proposal: 'spendra prices sync' or 'import' makes one when prices differ");
        else if (shown is not null) ComparisonView.Show(run.Output, ProposalDesk.DifferencesOf(proposals[0]));
        else Show(run.Output, proposals);
        return 0;
    }

    private static void Show(CommandOutput output, List<PriceProposal> proposals)
    {
        var table = CommandOutput.NewTable("proposal", "made", "source", "prices", "state", "decided by");
        foreach (var row in proposals.Select(ProposalRow.Of))
        {
            table.AddRow(CommandOutput.Cell(row.ProposalId.ToString()), CommandOutput.Cell(row.CreatedAt), CommandOutput.Cell(row.Source),
                CommandOutput.Cell(row.Differences.Count.ToString()), CommandOutput.Cell(row.State), CommandOutput.Cell(row.DecidedBy));
        }
        output.Show(table);
    }

    private static async Task<int> DecideAsync(CommandRun run, bool isApproval)
    {
        var organization = await run.FindOrganizationAsync();
        var id = run.Arguments.GetRequiredValue(Id);
        var author = DeclarationFile.AuthorOf(run.Arguments.GetValue(Reason));
        var outcome = Taken(isApproval
            ? await ProposalDesk.ApproveAsync(run.Database, organization, id, author, run.Time, run.Cancel)
            : await ProposalDesk.RejectAsync(run.Database, organization, id, author, run.Time, run.Cancel));
        ComparisonView.Show(run.Output, outcome.Comparison!.Differences);
        run.Output.Line(isApproval ? "taken into the book: the next reservation is bounded with these prices" : "rejected: the book is as it was");
        run.Output.Json(new DecisionDocument(id, isApproval ? "approved" : "rejected", outcome.Epoch, DifferenceRow.Of(outcome.Comparison.Differences)),
            CliJson.Default.DecisionDocument);
        return 0;
    }
}
