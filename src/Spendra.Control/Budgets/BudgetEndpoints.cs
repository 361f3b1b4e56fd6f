using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Ledger;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Budgets;

/// <summary>
/// Budgets and their windows: listed with how they stand and where they are going, created, raised and lowered, archived,
/// restored, and tried on the past. Only the amount can change. They are set from above the scope that they are for.
/// </summary>
internal static class BudgetEndpoints
{
    private const StateParts Parts = StateParts.Budgets | StateParts.Policies;

    private static readonly NewBudget Example = new()
    {
        Slug = "search-week", Scope = "team/search", AmountUsd = NanoUsd.FromUsd(400), Period = "week", WeekStart = "monday", TimeZone = "Europe/Berlin",
    };

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/budgets").WithTags("Budgets");
        group.MapGet("", ListAsync).ForMembers("listBudgets", "List budgets with how they stand", Capability.BudgetsRead);
        group.MapGet("/{slug}", GetAsync).ForMembers("getBudget", "Get a budget with how it stands", Capability.BudgetsRead);
        group.MapGet("/{slug}/windows", WindowsAsync).ForMembers("listBudgetWindows", "List the windows of a budget that were used, newest first", Capability.BudgetsRead);
        group.MapPost("", CreateAsync).ForMembers("createBudget", "Create a budget, or try it on the past", Capability.BudgetsWrite, Example,
            ProblemKind.Duplicate, ProblemKind.IdempotencyMismatch);
        group.MapPut("/{slug}", EditAsync).ForMembers("updateBudget", "Change a budget's amount, or try the change on the past", Capability.BudgetsWrite,
            new EditedBudget { AmountUsd = NanoUsd.FromUsd(500) }, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/archive", ArchiveAsync)
            .ForMembers("archiveBudget", "Archive a budget that no policy watches", Capability.BudgetsWrite, null,
                ProblemKind.InUse, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/restore", RestoreAsync)
            .ForMembers("restoreBudget", "Restore an archived budget", Capability.BudgetsWrite, null,
                ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<Page<BudgetView>>> ListAsync(
        [AsParameters] PageQuery query, [AsParameters] BudgetListFilter filter, Caller caller, Database database, TimeProvider time, CancellationToken cancel)
    {
        var read = query.Read("slug", "-slug");
        if (!read.IsDone) return read.Problem;
        var (page, now) = (read.Value, Micros.Now(time));
        var rows = await BudgetLists.ReadAsync(database, caller.Coverage, new BudgetListQuery(page.Sort, page.After, page.Limit + 1, now)
        {
            Period = filter.Period is { } period ? GovernanceNames.FindPeriodKind(period) : null, Scope = filter.Scope,
            Search = filter.Search, WithArchived = filter.Archived == "true",
        }, cancel);
        return Outcome<Page<BudgetView>>.Done(page.Take(rows, r => BudgetView.Of(r.Row, r.Scope, r.Window, now), r => [r.Row.Budget.Slug]));
    }

    private static async Task<Answer<BudgetView>> GetAsync(
        string slug, Caller caller, Database database, TimeProvider time, CancellationToken cancel)
    {
        var now = Micros.Now(time);
        return await BudgetLists.FindAsync(database, caller.Coverage, slug, now, cancel) is { } found
            ? Outcome<BudgetView>.Done(BudgetView.Of(found.Row, found.Scope, found.Window, now), found.Row.ChangedEpoch)
            : Problem.NotFound;
    }

    private static async Task<Answer<Page<WindowView>>> WindowsAsync(
        string slug, [AsParameters] PageQuery query, Caller caller, Database database, TimeProvider time, CancellationToken cancel)
    {
        var read = query.Read("-start");
        if (!read.IsDone) return read.Problem;
        var page = read.Value;
        var before = long.MaxValue;
        if (page.After is { } after && !long.TryParse(after[0], NumberStyles.None, CultureInfo.InvariantCulture, out before))
            return Problem.Field("cursor", "is not a cursor of this list");
        if (await BudgetLists.FindAsync(database, caller.Coverage, slug, Micros.Now(time), cancel) is not { } found) return Problem.NotFound;
        var rows = await BudgetLists.ReadWindowsAsync(database, caller.OrganizationId, found.Row.Budget.BudgetId, before, page.Limit + 1, cancel);
        return Outcome<Page<WindowView>>.Done(page.Take(rows, WindowView.Of, r => [r.Span.StartsAt.ToString(CultureInfo.InvariantCulture)]));
    }

    private static async Task<TriedCreationAnswer<BudgetView>> CreateAsync(
        NewBudget body, [AsParameters] SimulateQuery simulate, Repetition repetition, Caller caller, ChangeDesk desk, Database database,
        CancellationToken cancel) => simulate.IsAsked
            ? await BudgetTrial.RunAsync(simulate, draft => Create(draft, body), caller, desk, database, cancel)
            : await desk.CreateAsync(caller, repetition, Parts, draft => Create(draft, body), cancel);

    private static async Task<Answer<BudgetView>> EditAsync(
        string slug, EditedBudget body, [AsParameters] SimulateQuery simulate, EntityTag match, Caller caller, ChangeDesk desk,
        Database database, TimeProvider time, CancellationToken cancel)
    {
        if (simulate.IsAsked) return await BudgetTrial.RunAsync(simulate, draft => Edit(draft, slug, body, match), caller, desk, database, cancel);
        var changed = await desk.RunAsync(caller, Parts, draft => Edit(draft, slug, body, match), cancel);
        // How it stands is read again: the change has carried the amount to its window.
        return changed.IsDone ? await GetAsync(slug, caller, database, time, cancel) : changed.Problem;
    }

    private static async Task<Answer<BudgetView>> ArchiveAsync(
        string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync(caller, Parts, draft => Archive(draft, slug, match, isArchived: true), cancel);

    private static async Task<Answer<BudgetView>> RestoreAsync(
        string slug, EntityTag match, Caller caller, ChangeDesk desk, Database database, TimeProvider time, CancellationToken cancel)
    {
        var changed = await desk.RunAsync(caller, Parts, draft => Archive(draft, slug, match, isArchived: false), cancel);
        return changed.IsDone ? await GetAsync(slug, caller, database, time, cancel) : changed.Problem;
    }

    private static Outcome<BudgetView> Archive(Draft draft, string slug, EntityTag match, bool isArchived)
    {
        if (Find(draft, slug) is not { } before) return Problem.NotFound;
        draft.About(new GovernanceWrite.PutBudget(before, before));
        if (match.Check(before.ChangedEpoch) is { } stale) return stale;
        if (before.IsArchived == isArchived) return new Problem(ProblemKind.WrongState, isArchived ? "It is archived already." : "It is not archived.");
        if (isArchived && BudgetDrafts.InUse(draft, before.Budget) is { } use) return use;
        if (!isArchived && draft.State.Scopes.Any(s => s.IsArchived && s.Scope.ScopeId == before.Budget.ScopeId))
            return new Problem(ProblemKind.WrongState, $"Restore {draft.NameOf(before.Budget.ScopeId)} first: the budget is on it.");
        var row = before with { IsArchived = isArchived, ChangedEpoch = draft.NextVersion };
        draft.Change(new GovernanceWrite.PutBudget(row, before), isArchived ? "archive" : "restore", "budget", slug,
            Description.Of(before.Budget, draft.NameOf), isArchived ? null : Description.Of(row.Budget, draft.NameOf));
        return Outcome<BudgetView>.Done(View(draft, row), row.ChangedEpoch);
    }

    private static Outcome<BudgetView> Create(Draft draft, NewBudget body)
    {
        var drafted = BudgetDrafts.Read(draft, body);
        if (!drafted.IsDone) return drafted.Problem;
        var row = new BudgetRow(drafted.Value, IsArchived: false) { ChangedEpoch = draft.NextVersion };
        draft.About(new GovernanceWrite.PutBudget(row, null));
        if (draft.State.Budgets.Any(b => b.Budget.Slug == body.Slug))
            return new Problem(ProblemKind.Duplicate, $"There is a budget '{body.Slug}', perhaps archived. A slug is used once.");
        draft.Change(new GovernanceWrite.PutBudget(row, null), "create", "budget", body.Slug, null, Description.Of(row.Budget, draft.NameOf));
        return Outcome<BudgetView>.Done(View(draft, row), row.ChangedEpoch, $"/api/v1/organizations/{draft.Caller.Organization}/budgets/{body.Slug}");
    }

    private static Outcome<BudgetView> Edit(Draft draft, string slug, EditedBudget body, EntityTag match)
    {
        if (Find(draft, slug) is not { } before) return Problem.NotFound;
        draft.About(new GovernanceWrite.PutBudget(before, before));
        if (match.Check(before.ChangedEpoch) is { } stale) return stale;
        if (before.IsArchived) return new Problem(ProblemKind.WrongState, "It is archived. Restore it first.");
        var changed = BudgetDrafts.WithAmount(before.Budget, body.AmountUsd);
        if (!changed.IsDone) return changed.Problem;
        var row = before with { Budget = changed.Value, ChangedEpoch = draft.NextVersion };
        draft.Change(new GovernanceWrite.PutBudget(row, before), "update", "budget", slug,
            Description.Of(before.Budget, draft.NameOf), Description.Of(row.Budget, draft.NameOf));
        return Outcome<BudgetView>.Done(View(draft, row), row.ChangedEpoch);
    }

    private static BudgetRow? Find(Draft draft, string slug) =>
        draft.State.Budgets.FirstOrDefault(b => b.Budget.Slug == slug) is { } row
        && draft.Authority.Covers(draft.Scopes, row.Budget.ScopeId) ? row : null;

    private static BudgetView View(Draft draft, BudgetRow row) =>
        BudgetView.Of(row, draft.NameOf(row.Budget.ScopeId), (WindowRow?)null, draft.NowMicros);
}

/// <summary>Which budgets.</summary>
public sealed class BudgetListFilter
{
    [FromQuery(Name = "period"), Description("Only those of this period."), AllowedTexts("day", "week", "month", "quarter", "year", "range", "total")]
    public string? Period { get; init; }

    [FromQuery(Name = "scope"), Description("Only those of this scope, such as team/search.")]
    public string? Scope { get; init; }

    [FromQuery(Name = "search"), Description("Only those whose slug contains this text.")]
    public string? Search { get; init; }

    [FromQuery(Name = "archived"), Description("'true' lists archived ones as well."), AllowedTexts("true", "false")]
    public string? Archived { get; init; }
}
