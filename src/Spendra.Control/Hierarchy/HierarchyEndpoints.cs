using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Hierarchy;

/// <summary>
/// Branches, teams, projects, employees, agents and subagents: listed, created, changed, moved, archived and restored. All
/// kinds are treated alike; what may contain what is the domain's rule. Nothing is deleted.
/// </summary>
internal static class HierarchyEndpoints
{
    private static readonly (ScopeKind Kind, string Path, string One, string Many, string? Parent)[] Kinds =
    [
        (ScopeKind.Branch, "branches", "Branch", "Branches", null),
        (ScopeKind.Team, "teams", "Team", "Teams", "branch/emea"),
        (ScopeKind.Project, "projects", "Project", "Projects", null),
        (ScopeKind.Employee, "employees", "Employee", "Employees", "team/search"),
        (ScopeKind.Agent, "agents", "Agent", "Agents", "team/search"),
        (ScopeKind.Subagent, "subagents", "Subagent", "Subagents", "agent/crawler"),
    ];

    public static void Map(IEndpointRouteBuilder organization)
    {
        foreach (var (kind, path, one, many, parent) in Kinds)
        {
            var group = organization.MapGroup($"/{path}").WithTags("Hierarchy");
            var noun = one.ToLowerInvariant();
            var example = new NewScope { Slug = $"{noun}-1", Name = $"{one} one", Parent = parent };
            var edited = new EditedScope { Name = $"{one} one, renamed", Parent = parent };

            group.MapGet("", ([AsParameters] PageQuery page, [AsParameters] ScopeFilter filter, Caller caller, Database database, CancellationToken cancel) =>
                    ListAsync(kind, page, filter, caller, database, cancel))
                .ForMembers($"list{many}", $"List {many.ToLowerInvariant()}", Capability.HierarchyRead);
            group.MapGet("/{slug}", (string slug, Caller caller, Database database, CancellationToken cancel) =>
                    GetAsync(kind, slug, caller, database, cancel))
                .ForMembers($"get{one}", $"Get a {noun}", Capability.HierarchyRead);
            group.MapPost("", (NewScope body, Repetition repetition, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                    CreateAsync(kind, path, body, repetition, caller, desk, cancel))
                .ForMembers($"create{one}", $"Create a {noun}", Capability.HierarchyWrite, example, ProblemKind.Duplicate, ProblemKind.IdempotencyMismatch);
            group.MapPut("/{slug}", (string slug, EditedScope body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                    EditAsync(kind, slug, body, match, caller, desk, cancel))
                .ForMembers($"update{one}", $"Rename or move a {noun}", Capability.HierarchyWrite, edited, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
            group.MapPost("/{slug}/archive", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                    ArchiveAsync(kind, slug, match, true, caller, desk, cancel))
                .ForMembers($"archive{one}", $"Archive a {noun} that nothing hangs on", Capability.HierarchyWrite, null, ProblemKind.InUse, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
            group.MapPost("/{slug}/restore", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                    ArchiveAsync(kind, slug, match, false, caller, desk, cancel))
                .ForMembers($"restore{one}", $"Restore an archived {noun}", Capability.HierarchyWrite, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        }
    }

    private static async Task<Answer<Page<ScopeView>>> ListAsync(
        ScopeKind kind, PageQuery query, ScopeFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = query.Read("slug", "-slug", "name", "-name");
        if (!read.IsDone) return read.Problem;
        var page = read.Value;
        var rows = await ScopeLists.ReadAsync(database, caller.Coverage, new ScopeListQuery(
            kind, page.Sort, page.After, page.Limit + 1, filter.Parent, filter.Search, filter.Archived == "true"), cancel);
        return Outcome<Page<ScopeView>>.Done(page.Take(rows, View, r => page.Sort.EndsWith("name", StringComparison.Ordinal)
            ? [r.Row.Scope.Name, r.Row.Scope.Slug] : [r.Row.Scope.Slug, r.Row.Scope.Slug]));
    }

    private static async Task<Answer<ScopeView>> GetAsync(ScopeKind kind, string slug, Caller caller, Database database, CancellationToken cancel) =>
        await ScopeLists.FindAsync(database, caller.Coverage, kind, slug, cancel) is { } found
            ? Outcome<ScopeView>.Done(View(found), found.Row.ChangedEpoch)
            : Problem.NotFound;

    private static async Task<CreationAnswer<ScopeView>> CreateAsync(
        ScopeKind kind, string path, NewScope body, Repetition repetition, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.CreateAsync<ScopeView>(caller, repetition, StateParts.Scopes, draft =>
        {
            var (parent, wrongParent) = ScopeRules.FindParent(draft, kind, body.Parent);
            if (wrongParent is not null) return wrongParent;
            if (body.Email is not null && kind != ScopeKind.Employee) return Problem.Field("email", "has a meaning for employees only");
            var (projects, wrongProject) = ScopeRules.FindProjects(draft, kind, body.Projects, []);
            if (wrongProject is not null) return wrongProject;
            var scope = new Scope(Guid.CreateVersion7(), kind, body.Slug, body.Name ?? body.Slug, parent?.Scope.ScopeId);
            var row = new ScopeRow(scope, IsArchived: false) { Email = body.Email, ProjectIds = projects, ChangedEpoch = draft.NextVersion };
            draft.About(new GovernanceWrite.PutScope(row));
            if (draft.State.Scopes.Any(s => s.Scope.Kind == kind && s.Scope.Slug == body.Slug))
                return new Problem(ProblemKind.Duplicate, $"There is a {Scope.KindName(kind)} '{body.Slug}', perhaps archived. A slug is used once.");
            draft.Change(new GovernanceWrite.PutScope(row), "create", Scope.KindName(kind), scope.Slug, null, Description.Of(row, draft.NameOf));
            return Outcome<ScopeView>.Done(View(draft, row), row.ChangedEpoch,
                $"/api/v1/organizations/{caller.Organization}/{path}/{scope.Slug}");
        }, cancel);

    private static async Task<Answer<ScopeView>> EditAsync(
        ScopeKind kind, string slug, EditedScope body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<ScopeView>(caller, StateParts.Policies, draft =>
        {
            if (Find(draft, kind, slug) is not { } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.PutScope(before));
            if (match.Check(before.ChangedEpoch) is { } stale) return stale;
            if (before.IsArchived) return new Problem(ProblemKind.WrongState, "It is archived. Restore it first.");
            var (parent, wrongParent) = ScopeRules.FindParent(draft, kind, body.Parent);
            if (wrongParent is not null) return wrongParent;
            if (body.Email is not null && kind != ScopeKind.Employee) return Problem.Field("email", "has a meaning for employees only");
            var (projects, wrongProject) = ScopeRules.FindProjects(draft, kind, body.Projects, before.ProjectIds);
            if (wrongProject is not null) return wrongProject;
            if (ScopeRules.IsCircle(draft, before.Scope.ScopeId, parent)) return Problem.Field("parent", "lies below the scope itself");
            var row = before with
            {
                Scope = before.Scope with { Name = body.Name, ParentId = parent?.Scope.ScopeId },
                Email = body.Email, ProjectIds = projects, ChangedEpoch = draft.NextVersion,
            };
            var isMoved = row.Scope.ParentId != before.Scope.ParentId;
            var write = new GovernanceWrite.PutScope(row, isMoved ? before.Scope.ParentId ?? draft.State.OrganizationId : null)
            {
                LeavesRules = isMoved && ScopeRules.LeavesRules(draft, before, parent),
            };
            draft.Change(write, isMoved ? "move" : "update", Scope.KindName(kind), slug,
                Description.Of(before, draft.NameOf), Description.Of(row, draft.NameOf));
            return Outcome<ScopeView>.Done(View(draft, row), row.ChangedEpoch);
        }, cancel);

    private static async Task<Answer<ScopeView>> ArchiveAsync(
        ScopeKind kind, string slug, EntityTag match, bool isArchived, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<ScopeView>(caller, StateParts.Budgets | StateParts.Policies | StateParts.Keys, draft =>
        {
            if (Find(draft, kind, slug) is not { } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.PutScope(before));
            if (match.Check(before.ChangedEpoch) is { } stale) return stale;
            if (before.IsArchived == isArchived) return new Problem(ProblemKind.WrongState, isArchived ? "It is archived already." : "It is not archived.");
            if (isArchived && ScopeRules.InUse(draft.State, before.Scope.ScopeId, draft.NowMicros) is { } use) return new Problem(ProblemKind.InUse, use);
            if (!isArchived && draft.State.Scopes.Any(s => s.IsArchived && s.Scope.ScopeId == before.Scope.ParentId))
                return new Problem(ProblemKind.WrongState, $"Restore {draft.NameOf(before.Scope.ParentId!.Value)} first: it contains this.");
            var row = before with { IsArchived = isArchived, ChangedEpoch = draft.NextVersion };
            draft.Change(new GovernanceWrite.PutScope(row), isArchived ? "archive" : "restore", Scope.KindName(kind), slug,
                Description.Of(before, draft.NameOf), isArchived ? null : Description.Of(row, draft.NameOf));
            return Outcome<ScopeView>.Done(View(draft, row), row.ChangedEpoch);
        }, cancel);

    private static ScopeRow? Find(Draft draft, ScopeKind kind, string slug) =>
        draft.State.Scopes.FirstOrDefault(s => s.Scope.Kind == kind && s.Scope.Slug == slug) is { } row
        && draft.Authority.Covers(draft.Scopes, row.Scope.ScopeId) ? row : null;

    private static ScopeView View(ListedScope listed) => View(listed.Row, listed.Parent, listed.Projects);

    private static ScopeView View(Draft draft, ScopeRow row) => View(row,
        row.Scope.ParentId is { } parent ? draft.NameOf(parent) : null,
        [.. row.ProjectIds.Select(id => draft.Scopes.Find(id)!.Slug).Order(StringComparer.Ordinal)]);

    private static ScopeView View(ScopeRow row, string? parent, IReadOnlyList<string> projects) => new(
        Scope.KindName(row.Scope.Kind), row.Scope.Slug, row.Scope.Name, parent, row.Email, projects, row.IsArchived, row.ChangedEpoch);
}

/// <summary>Which scopes of a kind.</summary>
public sealed class ScopeFilter
{
    [FromQuery(Name = "parent"), Description("Only those directly below this scope, such as team/search.")]
    public string? Parent { get; init; }

    [FromQuery(Name = "search"), Description("Only those whose slug or name contains this text, in any case.")]
    public string? Search { get; init; }

    [FromQuery(Name = "archived"), Description("'true' lists archived ones as well."), AllowedTexts("true", "false")]
    public string? Archived { get; init; }
}
