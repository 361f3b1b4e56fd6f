using System.CommandLine;
using Spendra.Cli;
using Spendra.Control.Catalog;
using Spendra.Governance;

namespace Spendra.Pricing;

/// <summary><c>prices diff</c> and <c>prices import</c>: files of prices against the book.</summary>
internal static class PriceFileCommands
{
    private const string StandardInput = "-";

    private static readonly Option<string> File = new("--file", "-f")
    {
        Description = "CSV in the columns of the built-in catalog, or OpenRouter's list of models as JSON; '-' reads standard input.",
        HelpName = "file",
        Required = true,
    };

    private static readonly Option<bool> Approve = new("--approve") { Description = "Take the prices into the book at once. Default: only propose them." };

    public static Command CreateDiff(CommandEnvironment environment)
    {
        var command = new Command("diff", "Show how a file of prices differs from the book.") { File, CommonOptions.Organization };
        command.DoesWithDatabase(environment, DiffAsync, mustExist: true);
        return command;
    }

    public static Command CreateImport(CommandEnvironment environment)
    {
        var command = new Command("import", "Propose the prices of a file.") { File, Approve, ProposalCommands.Reason, CommonOptions.Organization };
        command.DoesWithDatabase(environment, ImportAsync, mustExist: true);
        return command;
    }

    private static async Task<int> DiffAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var source = await ReadAsync(run);
        var comparison = (await PriceSync.CompareAsync(run.Database, organization.Slug, source.Document!, run.Time, run.Cancel))!;
        ComparisonView.Show(run.Output, comparison, source.Document!.Skipped);
        run.Output.Json(new ComparisonDocument(source.Source, DifferenceRow.Of(comparison.Differences), comparison.Unchanged,
            comparison.NotOffered, source.Document.Skipped, null, null), CliJson.Default.ComparisonDocument);
        return 0;
    }

    private static async Task<int> ImportAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var source = await ReadAsync(run);
        var result = await PriceSync.RunAsync(run.Database, organization, source, run.NowMicros, run.Time, run.Cancel);
        long? epoch = null;
        if (run.Arguments.GetValue(Approve) && result.Run.ProposalId is { } id)
        {
            var outcome = await ProposalDesk.ApproveAsync(run.Database, organization, id,
                DeclarationFile.AuthorOf(run.Arguments.GetValue(ProposalCommands.Reason)), run.Time, run.Cancel);
            epoch = ProposalCommands.Taken(outcome).Epoch;
        }
        PriceSyncCommands.Report(run, result, epoch);
        return 0;
    }

    private static async Task<SourceDocument> ReadAsync(CommandRun run)
    {
        var path = run.Arguments.GetRequiredValue(File);
        string text, name;
        if (path == StandardInput)
        {
            (text, name) = (await run.Environment.Input.ReadToEndAsync(run.Cancel), "<stdin>");
        }
        else
        {
            if (!System.IO.File.Exists(path)) throw new CommandException("file_not_found", $"{path} does not exist: name a file of prices");
            if (new FileInfo(path).Length > PriceDocument.LongestBytes) throw new CommandException("file_too_large", $"{path} is larger than {PriceDocument.LongestBytes} bytes: split it");
            (text, name) = (await System.IO.File.ReadAllTextAsync(path, run.Cancel), Path.GetFileName(path));
        }
        var source = PriceSync.Parse(name, text, run.Time);
        return source.Document is null ? throw new CommandException("prices_invalid", $"{name}: {source.Failure}: nothing was changed") : source;
    }
}
