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

namespace Spendra.Control.Policies;

/// <summary>
/// Policies of all kinds: listed, created, changed, archived, restored, and tried on the past. What they may say is the domain's
/// rule, the same for files and calls; they are set from above the scope that they bind.
/// </summary>
internal static class PolicyEndpoints
{
    private const StateParts Parts = StateParts.Budgets | StateParts.Policies;

    private static readonly NewPolicy Example = new()
    {
        Slug = "search-models", Kind = "allowlist", Scope = "team/search", Models = ["gpt-5-mini"],
        Filter = new PolicyFilterBody { Environments = ["production"] },
    };

    private static readonly EditedPolicy Edited = new() { Scope = "team/search", Models = ["gpt-5-mini", "anthropic/claude-haiku-4-5"] };

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/policies").WithTags("Policies");
        group.MapGet("", ListAsync).ForMembers("listPolicies", "List policies", Capability.PoliciesRead);
        group.MapGet("/{slug}", GetAsync).ForMembers("getPolicy", "Get a policy", Capability.PoliciesRead);
        group.MapPost("", CreateAsync).ForMembers("createPolicy", "Create a policy, or try it on the past", Capability.PoliciesWrite, Example,
            ProblemKind.Duplicate, ProblemKind.IdempotencyMismatch);
        group.MapPut("/{slug}", EditAsync).ForMembers("updatePolicy", "Change a policy, or try the change on the past", Capability.PoliciesWrite, Edited,
            ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/archive", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                ArchiveAsync(slug, match, true, caller, desk, cancel))
            .ForMembers("archivePolicy", "Archive a policy", Capability.PoliciesWrite, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/restore", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                ArchiveAsync(slug, match, false, caller, desk, cancel))
            .ForMembers("restorePolicy", "Restore an archived policy", Capability.PoliciesWrite, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<Page<PolicyView>>> ListAsync(
        [AsParameters] PageQuery query, [AsParameters] PolicyListFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = query.Read("slug", "-slug");
        if (!read.IsDone) return read.Problem;
        var page = read.Value;
        var rows = await PolicyLists.ReadAsync(database, caller.Coverage, new PolicyListQuery(page.Sort, page.After, page.Limit + 1)
        {
            Kind = filter.Kind is { } kind ? GovernanceNames.FindPolicyKind(kind) : null, Scope = filter.Scope, Budget = filter.Budget,
            Search = filter.Search, WithArchived = filter.Archived == "true",
        }, cancel);
        return Outcome<Page<PolicyView>>.Done(page.Take(rows, View, r => [r.Row.Policy.Slug]));
    }

    private static async Task<Answer<PolicyView>> GetAsync(string slug, Caller caller, Database database, CancellationToken cancel) =>
        await PolicyLists.FindAsync(database, caller.Coverage, slug, cancel) is { } found
            ? Outcome<PolicyView>.Done(View(found), found.Row.ChangedEpoch)
            : Problem.NotFound;

    private static async Task<TriedCreationAnswer<PolicyView>> CreateAsync(
        NewPolicy body, [AsParameters] SimulateQuery simulate, Repetition repetition, Caller caller, ChangeDesk desk, Database database,
        CancellationToken cancel) => simulate.IsAsked
            ? await PolicyTrial.RunAsync(simulate, draft => Create(draft, body), caller, desk, database, cancel)
            : await desk.CreateAsync(caller, repetition, Parts, draft => Create(draft, body), cancel);

    private static async Task<Answer<PolicyView>> EditAsync(
        string slug, EditedPolicy body, [AsParameters] SimulateQuery simulate, EntityTag match, Caller caller, ChangeDesk desk,
        Database database, CancellationToken cancel) => simulate.IsAsked
            ? await PolicyTrial.RunAsync(simulate, draft => Edit(draft, slug, body, match), caller, desk, database, cancel)
            : await desk.RunAsync(caller, Parts, draft => Edit(draft, slug, body, match), cancel);

    private static async Task<Answer<PolicyView>> ArchiveAsync(
        string slug, EntityTag match, bool isArchived, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<PolicyView>(caller, Parts, draft =>
        {
            if (Find(draft, slug) is not { } before) return Problem.NotFound;
            draft.About(Write(draft, before, before));
            if (match.Check(before.ChangedEpoch) is { } stale) return stale;
            if (before.IsArchived == isArchived) return new Problem(ProblemKind.WrongState, isArchived ? "It is archived already." : "It is not archived.");
            if (!isArchived && PolicyDrafts.Unrestorable(draft, before.Policy) is { } lost) return lost;
            var row = before with { IsArchived = isArchived, ChangedEpoch = draft.NextVersion };
            draft.Change(Write(draft, row, before), isArchived ? "archive" : "restore",
                "policy", slug, Description.Of(before.Policy, draft.NameOf), isArchived ? null : Description.Of(row.Policy, draft.NameOf));
            return Outcome<PolicyView>.Done(View(draft, row), row.ChangedEpoch);
        }, cancel);

    private static Outcome<PolicyView> Create(Draft draft, NewPolicy body)
    {
        var start = new Policy
        {
            PolicyId = Guid.CreateVersion7(), Slug = body.Slug, Kind = GovernanceNames.FindPolicyKind(body.Kind)!.Value, ScopeId = Guid.Empty,
        };
        var drafted = PolicyDrafts.Read(draft, start, body);
        if (!drafted.IsDone) return drafted.Problem;
        var row = new PolicyRow(drafted.Value, IsArchived: false) { ChangedEpoch = draft.NextVersion };
        var write = Write(draft, row, null);
        draft.About(write);
        if (draft.State.Policies.Any(p => p.Policy.Slug == body.Slug))
            return new Problem(ProblemKind.Duplicate, $"There is a policy '{body.Slug}', perhaps archived. A slug is used once.");
        draft.Change(write, "create", "policy", body.Slug, null, Description.Of(row.Policy, draft.NameOf));
        return Outcome<PolicyView>.Done(View(draft, row), row.ChangedEpoch, $"/api/v1/organizations/{draft.Caller.Organization}/policies/{body.Slug}");
    }

    private static Outcome<PolicyView> Edit(Draft draft, string slug, EditedPolicy body, EntityTag match)
    {
        if (Find(draft, slug) is not { } before) return Problem.NotFound;
        draft.About(Write(draft, before, before));
        if (match.Check(before.ChangedEpoch) is { } stale) return stale;
        if (before.IsArchived) return new Problem(ProblemKind.WrongState, "It is archived. Restore it first.");
        var drafted = PolicyDrafts.Read(draft, before.Policy, body);
        if (!drafted.IsDone) return drafted.Problem;
        var row = before with { Policy = drafted.Value, ChangedEpoch = draft.NextVersion };
        draft.Change(Write(draft, row, before), "update", "policy", slug,
            Description.Of(before.Policy, draft.NameOf), Description.Of(row.Policy, draft.NameOf));
        return Outcome<PolicyView>.Done(View(draft, row), row.ChangedEpoch);
    }

    private static PolicyRow? Find(Draft draft, string slug) =>
        draft.State.Policies.FirstOrDefault(p => p.Policy.Slug == slug) is { } row
        && draft.Authority.Covers(draft.Scopes, row.Policy.ScopeId) ? row : null;

    /// <summary>The write, with what it touches beside the policy itself.</summary>
    private static GovernanceWrite.PutPolicy Write(Draft draft, PolicyRow row, PolicyRow? before)
    {
        Guid?[] budgets = [row.Policy.BudgetId, before?.Policy.BudgetId];
        var others = draft.State.Policies.Where(p => !p.IsArchived && p.Policy.PolicyId != row.Policy.PolicyId && p.Policy.BudgetId is not null);
        return new GovernanceWrite.PutPolicy(row, before)
        {
            BudgetScopeIds = [.. draft.State.Budgets.Where(b => budgets.Contains(b.Budget.BudgetId)).Select(b => b.Budget.ScopeId).Distinct()],
            WatcherScopeIds = [.. others.Where(p => budgets.Contains(p.Policy.BudgetId)).Select(p => p.Policy.ScopeId).Distinct()],
        };
    }

    private static PolicyView View(ListedPolicy listed) => PolicyView.Of(listed.Row, listed.Scope, listed.Budget) with
    {
        SetBy = listed.SetBy, SetAt = Micros.ToInstant(listed.SetAt).UtcDateTime,
    };

    private static PolicyView View(Draft draft, PolicyRow row) => PolicyView.Of(row, draft.NameOf(row.Policy.ScopeId),
        row.Policy.BudgetId is { } budget ? draft.NameOf(budget) : null) with
    {
        SetBy = draft.Caller.Actor, SetAt = Micros.ToInstant(draft.NowMicros).UtcDateTime,
    };
}

/// <summary>Which policies.</summary>
public sealed class PolicyListFilter
{
    [FromQuery(Name = "kind"), Description("Only those of this kind."), AllowedTexts("hard_cap", "soft_cap", "alert", "review", "allowlist", "request_limit")]
    public string? Kind { get; init; }

    [FromQuery(Name = "scope"), Description("Only those on this scope, such as team/search.")]
    public string? Scope { get; init; }

    [FromQuery(Name = "budget"), Description("Only those that watch the budget of this slug.")]
    public string? Budget { get; init; }

    [FromQuery(Name = "search"), Description("Only those whose slug contains this text.")]
    public string? Search { get; init; }

    [FromQuery(Name = "archived"), Description("'true' lists archived ones as well."), AllowedTexts("true", "false")]
    public string? Archived { get; init; }
}
