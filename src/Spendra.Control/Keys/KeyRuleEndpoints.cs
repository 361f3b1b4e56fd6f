using System.ComponentModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Governance;
using Spendra.Core.Money;
using Spendra.Storage;
using Spendra.Storage.Governance;

namespace Spendra.Control.Keys;

/// <summary>The rules within which employees issue keys themselves: set by whoever manages their scope.</summary>
internal static class KeyRuleEndpoints
{
    private static readonly NewKeyRule Example = new()
    {
        Slug = "search-self-service", Scope = "team/search", MaxLiveKeys = 3, Models = ["gpt-5-mini"], Tools = [],
        MaxRequestUsd = NanoUsd.FromUsd(1), LongestLifeDays = 90,
    };

    private static readonly EditedKeyRule Edited = new() { MaxLiveKeys = 5, Models = ["gpt-5-mini"], LongestLifeDays = 30 };

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/key-rules").WithTags("Keys");
        group.MapGet("", ListAsync).ForMembers("listKeyRules", "List the rules of self-service", Capability.KeysRead);
        group.MapGet("/{slug}", GetAsync).ForMembers("getKeyRule", "Get a rule of self-service", Capability.KeysRead);
        group.MapPost("", CreateAsync).ForMembers("createKeyRule", "Let employees issue keys within a rule", Capability.KeyRulesWrite, Example,
            ProblemKind.Duplicate, ProblemKind.IdempotencyMismatch);
        group.MapPut("/{slug}", EditAsync).ForMembers("updateKeyRule", "Change a rule of self-service", Capability.KeyRulesWrite, Edited,
            ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/archive", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                ArchiveAsync(slug, match, true, caller, desk, cancel))
            .ForMembers("archiveKeyRule", "Archive a rule of self-service", Capability.KeyRulesWrite, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/restore", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
                ArchiveAsync(slug, match, false, caller, desk, cancel))
            .ForMembers("restoreKeyRule", "Restore an archived rule of self-service", Capability.KeyRulesWrite, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<Page<KeyRuleView>>> ListAsync(
        [AsParameters] PageQuery query, [AsParameters] KeyRuleFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = query.Read("slug", "-slug");
        if (!read.IsDone) return read.Problem;
        var page = read.Value;
        var rows = await KeyRuleLists.ReadAsync(database, caller.Coverage,
            new KeyRuleListQuery(page.Sort, page.After, page.Limit + 1, filter.Scope, filter.Archived == "true"), cancel);
        return Outcome<Page<KeyRuleView>>.Done(page.Take(rows, KeyRuleView.Of, r => [r.Row.Rule.Slug]));
    }

    private static async Task<Answer<KeyRuleView>> GetAsync(string slug, Caller caller, Database database, CancellationToken cancel) =>
        await KeyRuleLists.FindAsync(database, caller.Coverage, slug, cancel) is { } found
            ? Outcome<KeyRuleView>.Done(KeyRuleView.Of(found), found.Row.Version)
            : Problem.NotFound;

    private static async Task<CreationAnswer<KeyRuleView>> CreateAsync(
        NewKeyRule body, Repetition repetition, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.CreateAsync<KeyRuleView>(caller, repetition, StateParts.Scopes, async draft =>
        {
            if (draft.FindScope(body.Scope) is not { } scope) return Problem.Field("scope", "names no scope that is there and that you see");
            var rule = Read(new KeyRule { RuleId = Guid.CreateVersion7(), Slug = body.Slug, ScopeId = scope.Scope.ScopeId }, body);
            var listed = new ListedKeyRule(new KeyRuleRow(rule, IsArchived: false, Version: 1), scope.Scope.Reference);
            draft.About(new GovernanceWrite.PutKeyRule(listed.Row));
            if (await KeyRuleLists.FindAsync(draft.Transaction, body.Slug, cancel) is not null)
                return new Problem(ProblemKind.Duplicate, $"There is a key rule '{body.Slug}', perhaps archived. A slug is used once.");
            draft.Change(new GovernanceWrite.PutKeyRule(listed.Row), "create", "keyRule", body.Slug, null, Description.Of(rule, draft.NameOf));
            return Outcome<KeyRuleView>.Done(KeyRuleView.Of(listed), 1, $"/api/v1/organizations/{caller.Organization}/key-rules/{body.Slug}");
        }, cancel);

    private static async Task<Answer<KeyRuleView>> EditAsync(
        string slug, EditedKeyRule body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<KeyRuleView>(caller, StateParts.Scopes, async draft =>
        {
            var found = await FindAsync(draft, slug, match, cancel);
            if (!found.IsDone) return found.Problem;
            if (found.Value.Row.IsArchived) return new Problem(ProblemKind.WrongState, "It is archived. Restore it first.");
            var before = found.Value.Row.Rule;
            return Put(draft, found.Value, "update", found.Value.Row with { Rule = Read(before, body) });
        }, cancel);

    private static async Task<Answer<KeyRuleView>> ArchiveAsync(
        string slug, EntityTag match, bool isArchived, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<KeyRuleView>(caller, StateParts.Scopes, async draft =>
        {
            var found = await FindAsync(draft, slug, match, cancel);
            if (!found.IsDone) return found.Problem;
            var before = found.Value.Row;
            if (before.IsArchived == isArchived) return new Problem(ProblemKind.WrongState, isArchived ? "It is archived already." : "It is not archived.");
            if (!isArchived && draft.State.Scopes.Any(s => s.IsArchived && s.Scope.ScopeId == before.Rule.ScopeId))
                return new Problem(ProblemKind.WrongState, $"Restore {found.Value.Scope} first: the rule is on it.");
            return Put(draft, found.Value, isArchived ? "archive" : "restore", before with { IsArchived = isArchived });
        }, cancel);

    private static Outcome<KeyRuleView> Put(Draft draft, ListedKeyRule before, string action, KeyRuleRow wanted)
    {
        var row = wanted with { Version = wanted.Version + 1 };
        draft.Change(new GovernanceWrite.PutKeyRule(row), action, "keyRule", row.Rule.Slug,
            Description.Of(before.Row.Rule, draft.NameOf), row.IsArchived ? null : Description.Of(row.Rule, draft.NameOf));
        return Outcome<KeyRuleView>.Done(KeyRuleView.Of(before with { Row = row }), row.Version);
    }

    private static async Task<Outcome<ListedKeyRule>> FindAsync(Draft draft, string slug, EntityTag match, CancellationToken cancel)
    {
        if (await KeyRuleLists.FindAsync(draft.Transaction, slug, cancel) is not { } found
            || !draft.Authority.Covers(draft.Scopes, found.Row.Rule.ScopeId)) return Problem.NotFound;
        draft.About(new GovernanceWrite.PutKeyRule(found.Row));
        return match.Check(found.Row.Version) is { } stale ? stale : Outcome<ListedKeyRule>.Done(found);
    }

    private static KeyRule Read(KeyRule start, KeyRuleTerms body) => start with
    {
        MaxLiveKeys = body.MaxLiveKeys,
        Providers = Set(body.Providers),
        Models = Set(body.Models),
        Tools = Set(body.Tools),
        MaxRequest = body.MaxRequestUsd,
        LongestLifeDays = body.LongestLifeDays,
    };

    private static NameSet Set(IReadOnlyList<string>? names) => names is null ? NameSet.Unrestricted : new NameSet([.. names]);
}

/// <summary>Which rules.</summary>
public sealed class KeyRuleFilter
{
    [FromQuery(Name = "scope"), Description("Only those on this scope, such as team/search.")]
    public string? Scope { get; init; }

    [FromQuery(Name = "archived"), Description("'true' lists archived ones as well."), AllowedTexts("true", "false")]
    public string? Archived { get; init; }
}
