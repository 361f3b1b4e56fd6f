using System.CommandLine;
using Spendra.Cli;
using Spendra.Control.Exports;
using Spendra.Governance;
using Spendra.Storage;
using Spendra.Storage.Exports;

namespace Spendra.Exports;

internal sealed record ExportDocument(Guid Id, string Folder, long Rows, int Files, bool IsResumed);

/// <summary><c>export</c>: writes events, journal, sums, audit records or FOCUS charges into a folder or bucket.</summary>
internal static class ExportCommand
{
    private static readonly Argument<string> Dataset = new("dataset") { Description = $"What: {string.Join(", ", Enum.GetValues<ExportDataset>().Select(ExportNames.Of))}." };
    private static readonly Option<string> Format = new("--format") { Description = $"As what: {string.Join(", ", Enum.GetValues<ExportFormat>().Select(ExportNames.Of))}.", HelpName = "format", Required = true };
    private static readonly Option<string> From = new("--from") { Description = "The first instant, such as 2026-10-01T00:00:00Z.", HelpName = "instant", Required = true };
    private static readonly Option<string> To = new("--to") { Description = "The first instant behind the span.", HelpName = "instant", Required = true };
    private static readonly Option<string> Out = new("--out") { Description = "A folder of its own, or s3://bucket/prefix; the same command goes on with what was stopped there.", HelpName = "place", Required = true };

    public static Command Create(CommandEnvironment environment)
    {
        var command = new Command("export", "Write the books into a folder or bucket, with a manifest of row counts and hashes.") { Dataset, Format, From, To, Out, Pricing.ProposalCommands.Reason, CommonOptions.Organization };
        command.DoesWithDatabase(environment, WriteAsync, mustExist: true);
        return command;
    }

    private static async Task<int> WriteAsync(CommandRun run)
    {
        var dataset = ExportNames.FindDataset(run.Arguments.GetRequiredValue(Dataset)) ?? throw new CommandException("usage", $"there is no such dataset: {Dataset.Description}");
        var format = ExportNames.FindFormat(run.Arguments.GetRequiredValue(Format)) ?? throw new CommandException("usage", $"there is no such format: {Format.Description}");
        var (from, to) = (Instant(run, From), Instant(run, To));
        if (to <= from || to > run.NowMicros) throw new CommandException("usage", "--to is after --from, and has come");
        var organization = await run.FindOrganizationAsync();
        var place = run.Arguments.GetRequiredValue(Out);
        try
        {
            var result = await DirectExport.WriteAsync(run.Database, organization, dataset, format, from, to, place,
                run.Options.Exports, DeclarationFile.AuthorOf(run.Arguments.GetValue(Pricing.ProposalCommands.Reason)), run.Time, rows: null, run.Cancel);
            run.Output.Line($"{result.Rows:N0} rows are in {result.Parts:N0} files and manifest.json in {place}{(result.IsResumed ? "; it went on with what was begun before" : "")}.");
            run.Output.Json(new ExportDocument(result.RunId, place, result.Rows, result.Parts, result.IsResumed), CliJson.Default.ExportDocument);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException("export_not_written", e.Message);
        }
        catch (InvalidOperationException e)
        {
            throw new CommandException("export_held", e.Message);
        }
    }

    private static long Instant(CommandRun run, Option<string> option) => InstantText.TryParse(run.Arguments.GetRequiredValue(option), out var micros)
        ? micros : throw new CommandException("usage", $"{option.Name} is no instant such as 2026-10-01T00:00:00Z");
}
