using System.Globalization;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Ledger;
using Spendra.Core.Reconciliation;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Reconciliation;

namespace Spendra.Control.Reconciliation;

/// <summary>
/// What providers say that they billed, compared with the ledger. A comparison is kept as it was made; what became of its
/// differences is read with it. Differences become corrections of the account, which two people decide like all others.
/// </summary>
internal static class ReconciliationEndpoints
{
    private const int MostDays = 366;

    private static readonly NewImport ExampleImport = new()
    {
        Account = "main", Format = BillFormats.Csv, Content = "day,model,class,units,usd\n2026-10-31,gpt-5.4,input,1200000,3.6\n",
        Mapping = new BillMapping { Day = "day", Model = "model", Class = "class", Quantity = "units", Amount = "usd" },
    };

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/reconciliation").WithTags("Reconciliation");
        var fetch = new NewFetch { Account = "main", From = new DateOnly(2026, 10, 1), To = new DateOnly(2026, 10, 31) };
        group.MapGet("/imports", ListImportsAsync).ForMembers("listBillImports", "List imported bills, the newest first", Capability.LedgerRead);
        group.MapGet("/imports/{id:guid}", GetImportAsync).ForMembers("getBillImport", "Get an imported bill", Capability.LedgerRead);
        group.MapPost("/imports", ImportAsync).ForMembers("importBill", "Import a provider's bill", Capability.ReconciliationWrite, ExampleImport, ProblemKind.IdempotencyMismatch);
        group.MapPost("/fetches", FetchAsync).ForMembers("fetchBill", "Fetch a bill from the provider and import it", Capability.ReconciliationWrite, fetch, ProblemKind.WrongState, ProblemKind.IdempotencyMismatch);
        BillScheduleEndpoints.Map(group);
        LookupEndpoints.Map(group);
        group.MapGet("/runs", ListRunsAsync).ForMembers("listReconciliations", "List comparisons of bills with the ledger, the newest first", Capability.LedgerRead);
        group.MapPost("/runs", RunAsync).ForMembers("reconcile", "Compare the bill of an account's month with the ledger", Capability.ReconciliationWrite,
            new NewRun { Account = "main", Month = "2026-10" }, ProblemKind.WrongState, ProblemKind.IdempotencyMismatch);
        group.MapGet("/runs/{id:guid}", ReportAsync).ForMembers("getReconciliation", "Get a comparison and how far it is explained", Capability.LedgerRead);
        group.MapGet("/runs/{id:guid}/page", PageAsync).ForMembers("getReconciliationPage", "Get a comparison as a document to print and file", Capability.LedgerRead);
        group.MapGet("/runs/{id:guid}/differences", ListDifferencesAsync).ForMembers("listDifferences", "List the differences of a comparison", Capability.LedgerRead);
        group.MapPost("/runs/{id:guid}/proposals", ProposeAsync).ForMembers("proposeCorrections", "Propose corrections for the differences of a comparison", Capability.LedgerAdjust,
            new NewProposals { Kinds = ["price_drift", "rounding"] }, ProblemKind.WrongState, ProblemKind.IdempotencyMismatch);
    }

    private static async Task<Answer<Page<ImportView>>> ListImportsAsync([AsParameters] PageQuery query, Caller caller, Database database, CancellationToken cancel)
    {
        var (page, before, problem) = query.ReadById("-time");
        if (problem is not null) return problem;
        // A bill is of all who used the account: whoever sees some scopes only sees none of it.
        if (!caller.Coverage.IsEverything) return Outcome<Page<ImportView>>.Done(new Page<ImportView>([], null));
        var rows = await BillReader.ListAsync(database, caller.OrganizationId, before, page!.Limit + 1, cancel);
        return Outcome<Page<ImportView>>.Done(page.Take(rows, ImportView.Of, r => [r.ImportId.ToString()]));
    }

    private static async Task<Answer<ImportView>> GetImportAsync(Guid id, Caller caller, Database database, CancellationToken cancel) =>
        caller.Coverage.IsEverything && await BillReader.FindAsync(database, caller.OrganizationId, id, cancel) is { } row
            ? Outcome<ImportView>.Done(ImportView.Of(row))
            : Problem.NotFound;

    private static async Task<CreationAnswer<ImportView>> ImportAsync(
        NewImport body, Repetition repetition, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel)
    {
        if (await AccountLists.FindAsync(database, caller.OrganizationId, isMcp: false, body.Account, cancel) is not { } account) return Problem.Field("account", "names no provider account");
        var content = new BillContent(account.Account.AccountId, body.Format, body.Content) { Mapping = body.Mapping ?? new BillMapping(), From = body.From, To = body.To };
        return await AddAsync(content, body.Account, repetition, caller, desk, database, cancel);
    }

    private static async Task<CreationAnswer<ImportView>> FetchAsync(
        NewFetch body, Repetition repetition, Caller caller, ChangeDesk desk, Database database, BillFetcher fetcher, CancellationToken cancel)
    {
        if (body.To < body.From || body.To.DayNumber - body.From.DayNumber >= MostDays) return Problem.Field("to", $"is not from 'from' to {MostDays} days after it");
        // Nobody waits for a provider under the lock.
        var account = await AccountLists.FindAsync(database, caller.OrganizationId, isMcp: false, body.Account, cancel);
        var credential = body.CredentialOf is { } other ? await AccountLists.FindAsync(database, caller.OrganizationId, isMcp: false, other, cancel) : account;
        if (account is null) return Problem.Field("account", "names no provider account");
        if (credential is null || credential.IsArchived || credential.Account.Provider != account.Account.Provider) return Problem.Field("credentialOf", "names no provider account of the same provider");
        var (content, failure) = await fetcher.FetchAsync(caller.OrganizationId, account.Account.AccountId, credential.Account, body.From, body.To, cancel);
        if (content is null) return new Problem(ProblemKind.WrongState, $"The bill was not fetched: {failure}.");
        return await AddAsync(content, body.Account, repetition, caller, desk, database, cancel);
    }

    private static async Task<CreationAnswer<ImportView>> AddAsync(
        BillContent content, string account, Repetition repetition, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel)
    {
        // Read and written before the lock, as far as it is much.
        var (bill, fault) = BillParser.Read(content);
        if (bill is null) return Problem.Field("content", $"is no bill of this format: {fault}");
        var staged = await BillIntake.StageAsync(database, caller.OrganizationId, content.AccountId, bill, cancel);
        return await desk.CreateAsync<ImportView>(caller, repetition, StateParts.Scopes, async draft =>
        {
            var (import, change) = await BillIntake.PlanAsync(draft.Transaction, staged, content.AccountId, account, content.Format, bill, caller.Actor, cancel);
            if (change is not null) draft.Changes.Add(change);
            return Outcome<ImportView>.Done(ImportView.Of(import), location: $"/api/v1/organizations/{caller.Organization}/reconciliation/imports/{import.ImportId}");
        }, cancel);
    }

    private static async Task<Answer<Page<ListedRunView>>> ListRunsAsync([AsParameters] PageQuery query, Caller caller, Database database, CancellationToken cancel)
    {
        var (page, before, problem) = query.ReadById("-time");
        if (problem is not null) return problem;
        if (!caller.Coverage.IsEverything) return Outcome<Page<ListedRunView>>.Done(new Page<ListedRunView>([], null));
        var rows = await RunReader.ListAsync(database, caller.OrganizationId, before, page!.Limit + 1, cancel);
        return Outcome<Page<ListedRunView>>.Done(page.Take(rows, ListedRunView.Of, r => [r.RunId.ToString()]));
    }

    private static async Task<CreationAnswer<RunView>> RunAsync(
        NewRun body, Repetition repetition, Caller caller, ChangeDesk desk, Database database, TimeProvider time, CancellationToken cancel)
    {
        _ = AccountingPeriod.TryParse(body.Month, out var period);
        if (period.StartsAt > Micros.Now(time)) return Problem.Field("month", "has not begun yet");
        if (await AccountLists.FindAsync(database, caller.OrganizationId, isMcp: false, body.Account, cancel) is not { } account) return Problem.Field("account", "names no provider account");
        // Both sides are read before the lock: a month of events takes its time, and they do not change any more.
        var comparison = await ReconciliationDesk.CompareAsync(database, caller.OrganizationId, account.Account, period, body.RoundingUsd ?? ComparisonRules.DefaultRounding, cancel);
        if (comparison is null) return new Problem(ProblemKind.WrongState, "No bill was imported for any day of this month.");
        return await desk.CreateAsync<RunView>(caller, repetition, StateParts.Scopes, async draft =>
        {
            var run = comparison.Run with { CreatedAt = draft.NowMicros, CreatedBy = caller.Actor };
            draft.Change(new GovernanceWrite.AddRun(run, comparison.Differences), "compare", "reconciliation", run.RunId.ToString(), null, RunView.Describe(run));
            var standings = await RunReader.StandingsAsync(draft.Transaction, run, comparison.Differences, cancel);
            return Outcome<RunView>.Done(RunView.Of(new RunReport(run, standings, IsLatest: true)), location: $"/api/v1/organizations/{caller.Organization}/reconciliation/runs/{run.RunId}");
        }, cancel);
    }

    private static async Task<Answer<RunView>> ReportAsync(Guid id, Caller caller, Database database, CancellationToken cancel) =>
        caller.Coverage.IsEverything && await RunReader.ReportAsync(database, caller.OrganizationId, id, cancel) is { } report
            ? Outcome<RunView>.Done(RunView.Of(report))
            : Problem.NotFound;

    private static async Task<DocumentAnswer> PageAsync(Guid id, Caller caller, Database database, CancellationToken cancel)
    {
        if (!caller.Coverage.IsEverything || await RunReader.ReportAsync(database, caller.OrganizationId, id, cancel) is not { } report)
            return new DocumentAnswer(Problem.NotFound, "");
        var differences = await RunReader.DifferencesAsync(database, caller.OrganizationId, id, 0, null, ReportPage.MostDifferences, cancel);
        return new DocumentAnswer(null, ReportPage.Write(caller.Organization, report, differences));
    }

    private static async Task<Answer<Page<DifferenceView>>> ListDifferencesAsync(
        Guid id, [AsParameters] PageQuery query, [AsParameters] DifferenceFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = query.Read("number");
        if (!read.IsDone) return read.Problem;
        var after = 0;
        if (read.Value.After is { } keys && (keys.Length != 1 || !int.TryParse(keys[0], NumberStyles.None, CultureInfo.InvariantCulture, out after)))
            return Problem.Field("cursor", PageQuery.NotACursor);
        if (!caller.Coverage.IsEverything || await RunReader.ReportAsync(database, caller.OrganizationId, id, cancel) is null) return Problem.NotFound;
        var rows = await RunReader.DifferencesAsync(database, caller.OrganizationId, id, after, filter.Kind, read.Value.Limit + 1, cancel);
        return Outcome<Page<DifferenceView>>.Done(read.Value.Take(rows, DifferenceView.Of, r => [r.Number.ToString(CultureInfo.InvariantCulture)]));
    }

    private static async Task<CreationAnswer<ProposalsView>> ProposeAsync(
        Guid id, NewProposals body, Repetition repetition, Caller caller, ChangeDesk desk, CancellationToken cancel)
    {
        if (body.Kinds?.Any(k => DifferenceKinds.Find(k) is null) == true) return Problem.Field("kinds", "has a text that is no kind of difference");
        return await desk.CreateAsync<ProposalsView>(caller, repetition, StateParts.Scopes, async draft =>
        {
            if (!draft.Authority.CoversEverything || await RunReader.ReportAsync(draft.Transaction, id, cancel) is not { } report) return Problem.NotFound;
            draft.About();
            if (!report.IsLatest) return new Problem(ProblemKind.WrongState, "This month was compared again since: propose by the latest comparison.");
            var proposed = report.Standings.Where(s => s.Missing != Core.Money.NanoUsd.Zero)
                .Where(s => body.Kinds is null || body.Kinds.Contains(DifferenceKinds.NameOf(s.Kind))).Select(s => ReconciliationDesk.Propose(draft, report.Run, s)).ToList();
            return Outcome<ProposalsView>.Done(new ProposalsView(proposed), location: $"/api/v1/organizations/{caller.Organization}/ledger/adjustments");
        }, cancel);
    }

    /// <summary>A document for browsers, or why there is none.</summary>
    internal sealed class DocumentAnswer(Problem? problem, string html) : IResult, IEndpointMetadataProvider
    {
        public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
            builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/html"]));

        public Task ExecuteAsync(HttpContext httpContext)
        {
            if (problem is not null) return problem.WriteAsync(httpContext);
            httpContext.Response.Headers.ContentSecurityPolicy = ReportPage.Policy;
            httpContext.Response.Headers.XContentTypeOptions = "nosniff";
            return TypedResults.Text(html, ReportPage.ContentType).ExecuteAsync(httpContext);
        }
    }
}
