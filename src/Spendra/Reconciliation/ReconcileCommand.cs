using System.CommandLine;
using System.Globalization;
using Spendra.Cli;
using Spendra.Control.Reconciliation;
using Spendra.Core.Money;
using Spendra.Core.Reconciliation;
using Spendra.Governance;
using Spendra.Storage.Governance;
using Spendra.Storage.Reconciliation;

namespace Spendra.Reconciliation;

internal sealed record BillImportDocument(
    Guid Id, string Account, string Format, string From, string To, int Lines, int Skipped, NanoUsd AmountUsd, bool IsNew)
{
    public static BillImportDocument Of(BillImport row, bool isNew) => new(row.ImportId, row.Account, row.Format, Iso(row.FirstDay), Iso(row.EndDay - 1),
        row.LineCount, row.SkippedCount, row.Amount, isNew);

    private static string Iso(long day) => BilledDay.ToDate(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary><c>reconcile import</c> and <c>reconcile fetch</c>: what providers say that they billed.</summary>
internal static class ReconcileCommand
{
    private const string StandardInput = "-";
    private const int LongestBytes = 256 << 20;

    private static readonly Argument<string> Account = new("account") { Description = "The provider account whose bill it is, by its slug." };
    private static readonly Option<string> File = new("--file", "-f") { Description = "The bill; '-' reads standard input.", HelpName = "file", Required = true };
    private static readonly Option<string> Format = new("--format") { Description = $"What the file is: {string.Join(", ", BillFormats.All)}.", HelpName = "format", Required = true };
    private static readonly Option<string?> Mapping = new("--mapping") { Description = "A JSON file that names columns, models and classes.", HelpName = "file" };
    private static readonly Option<string?> From = new("--from") { Description = "The first day that it is the bill of. Default: the first one that it names.", HelpName = "day" };
    private static readonly Option<string?> To = new("--to") { Description = "The last day. Default: the last one that it names.", HelpName = "day" };
    private static readonly Option<string> FetchFrom = new("--from") { Description = "The first day, UTC.", HelpName = "day", Required = true };
    private static readonly Option<string> FetchTo = new("--to") { Description = "The last day.", HelpName = "day", Required = true };
    private static readonly Option<string?> CredentialOf = new("--credential-of") { Description = "The account whose credential may see bills. Default: the account itself.", HelpName = "account" };

    public static Command Create(CommandEnvironment environment)
    {
        var import = new Command("import", "Import a provider's bill from a file.") { Account, File, Format, Mapping, From, To, ProposalReason, CommonOptions.Organization };
        import.DoesWithDatabase(environment, ImportAsync, mustExist: true);
        var fetch = new Command("fetch", "Fetch a bill from the provider and import it.") { Account, FetchFrom, FetchTo, CredentialOf, ProposalReason, CommonOptions.Organization };
        fetch.DoesWithDatabase(environment, FetchAsync, mustExist: true);
        return new Command("reconcile", "Import what providers say that they billed.") { import, fetch };
    }

    private static Option<string?> ProposalReason => Pricing.ProposalCommands.Reason;

    private static async Task<int> ImportAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var account = await AccountAsync(run, organization, run.Arguments.GetRequiredValue(Account));
        var format = run.Arguments.GetRequiredValue(Format);
        if (!BillFormats.All.Contains(format)) throw new CommandException("usage", $"--format is one of {string.Join(", ", BillFormats.All)}");
        var content = new BillContent(account.Account.AccountId, format, await ReadAsync(run, run.Arguments.GetRequiredValue(File)))
        {
            Mapping = await MappingAsync(run), From = Day("--from", run.Arguments.GetValue(From)), To = Day("--to", run.Arguments.GetValue(To)),
        };
        return await KeepAsync(run, organization, account, content);
    }

    private static async Task<int> FetchAsync(CommandRun run)
    {
        var organization = await run.FindOrganizationAsync();
        var account = await AccountAsync(run, organization, run.Arguments.GetRequiredValue(Account));
        var credential = run.Arguments.GetValue(CredentialOf) is { } other ? await AccountAsync(run, organization, other) : account;
        if (credential.Account.Provider != account.Account.Provider) throw new CommandException("usage", "--credential-of names an account of another provider");
        var (from, to) = (Day("--from", run.Arguments.GetRequiredValue(FetchFrom))!.Value, Day("--to", run.Arguments.GetRequiredValue(FetchTo))!.Value);
        if (to < from) throw new CommandException("usage", "--to is before --from");
        using var fetcher = new BillFetcher(await DeclarationFile.MasterKeyAsync(run), new BillFetchOptions(run.Options.Gateway.AllowPrivateUpstreams));
        var (content, failure) = await fetcher.FetchAsync(organization.OrganizationId, account.Account.AccountId, credential.Account, from, to, run.Cancel);
        return content is null ? throw new CommandException("bill_not_fetched", $"{failure}: nothing was changed") : await KeepAsync(run, organization, account, content);
    }

    private static async Task<int> KeepAsync(CommandRun run, OrganizationName organization, AccountRow account, BillContent content)
    {
        var author = DeclarationFile.AuthorOf(run.Arguments.GetValue(ProposalReason));
        var (import, isNew, fault) = await BillIntake.ImportAsync(run.Database, organization.OrganizationId, account.Account.Slug, content, author, run.Time, run.Cancel);
        if (import is null) throw new CommandException("bill_invalid", $"{fault}: nothing was changed");
        var document = BillImportDocument.Of(import, isNew);
        run.Output.Json(document, CliJson.Default.BillImportDocument);
        run.Output.Line(isNew
            ? $"{document.Lines:N0} lines of {document.Account} from {document.From} to {document.To}: {document.AmountUsd} USD; {document.Skipped:N0} lines are about something else"
            : $"this bill was imported before and still counts: {document.Id}");
        return 0;
    }

    private static async Task<AccountRow> AccountAsync(CommandRun run, OrganizationName organization, string slug) =>
        await AccountLists.FindAsync(run.Database, organization.OrganizationId, isMcp: false, slug, run.Cancel)
        ?? throw new CommandException("account_not_found", $"there is no provider account '{slug}'");

    private static async Task<BillMapping> MappingAsync(CommandRun run)
    {
        if (run.Arguments.GetValue(Mapping) is not { } path) return new BillMapping();
        return BillMapping.Parse(await ReadAsync(run, path)) ?? throw new CommandException("mapping_invalid", $"{path} is no mapping: expected a JSON object as docs/reconciliation.md shows it");
    }

    private static async Task<string> ReadAsync(CommandRun run, string path)
    {
        if (path == StandardInput) return await run.Environment.Input.ReadToEndAsync(run.Cancel);
        if (!System.IO.File.Exists(path)) throw new CommandException("file_not_found", $"{path} does not exist");
        if (new FileInfo(path).Length > LongestBytes) throw new CommandException("file_too_large", $"{path} is larger than {LongestBytes} bytes: split it");
        return await System.IO.File.ReadAllTextAsync(path, run.Cancel);
    }

    private static DateOnly? Day(string option, string? text)
    {
        if (text is null) return null;
        return DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? day : throw new CommandException("usage", $"{option} is no day such as 2026-10-31");
    }
}
