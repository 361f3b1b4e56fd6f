using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Alerts;
using Spendra.Storage.Governance;

namespace Spendra.Control.Alerts;

/// <summary>Who is told of which alerts: finance's. Each names channels that the platform has made.</summary>
internal static class SubscriptionEndpoints
{
    private const int MostRules = 200;

    private static readonly NewAlertRule Example = new()
    {
        Slug = "search-money", Kinds = ["soft_cap", "limit_threshold"], LeastSeverity = "warning", Scope = "team/search", Channels = ["finance-mail"],
    };

    private static readonly EditedAlertRule Edited = new() { LeastSeverity = "critical", Channels = ["finance-mail"] };

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/alert-rules").WithTags("Alerts");
        group.MapGet("", ListAsync).ForMembers("listAlertRules", "List who is told of which alerts", Capability.ChannelsRead);
        group.MapGet("/{slug}", GetAsync).ForMembers("getAlertRule", "Get a subscription to alerts", Capability.ChannelsRead);
        group.MapPost("", CreateAsync).ForMembers("createAlertRule", "Subscribe channels to alerts", Capability.AlertRulesWrite, Example,
            ProblemKind.Duplicate, ProblemKind.InUse, ProblemKind.IdempotencyMismatch);
        group.MapPut("/{slug}", EditAsync).ForMembers("updateAlertRule", "Change a subscription to alerts", Capability.AlertRulesWrite, Edited,
            ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/archive", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) => ArchiveAsync(slug, match, true, caller, desk, cancel))
            .ForMembers("archiveAlertRule", "Archive a subscription to alerts", Capability.AlertRulesWrite, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/restore", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) => ArchiveAsync(slug, match, false, caller, desk, cancel))
            .ForMembers("restoreAlertRule", "Restore an archived subscription to alerts", Capability.AlertRulesWrite, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<Page<AlertRuleView>>> ListAsync(
        [AsParameters] PageQuery query, [AsParameters] ArchivedFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = query.Read("slug");
        if (!read.IsDone) return read.Problem;
        var rows = await ChannelLists.ReadRulesAsync(database, caller.OrganizationId, read.Value.After?[0], read.Value.Limit + 1, filter.Archived == "true", cancel);
        return Outcome<Page<AlertRuleView>>.Done(read.Value.Take(rows, r => AlertRuleView.Of(r.Row, r.Scope, r.Channels), r => [r.Row.Slug]));
    }

    private static async Task<Answer<AlertRuleView>> GetAsync(string slug, Caller caller, Database database, CancellationToken cancel) =>
        await ChannelLists.FindRuleAsync(database, caller.OrganizationId, slug, cancel) is { } found
            ? Outcome<AlertRuleView>.Done(AlertRuleView.Of(found.Row, found.Scope, found.Channels), found.Row.Version)
            : Problem.NotFound;

    private static async Task<CreationAnswer<AlertRuleView>> CreateAsync(
        NewAlertRule body, Repetition repetition, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.CreateAsync<AlertRuleView>(caller, repetition, StateParts.Scopes, async draft =>
        {
            var channels = await ChannelLists.ReadAsync(draft.Transaction, cancel);
            var read = Read(draft, channels, new AlertRuleRow(Guid.CreateVersion7(), body.Slug, null, AlertSeverity.Info, null, [], IsArchived: false, Version: 1), body);
            if (!read.IsDone) return read.Problem;
            draft.About(new GovernanceWrite.PutAlertRule(read.Value));
            if (await ChannelLists.FindRuleAsync(draft.Transaction, body.Slug, cancel) is not null)
                return new Problem(ProblemKind.Duplicate, $"There is a subscription '{body.Slug}', perhaps archived. A slug is used once.");
            if (await ChannelLists.CountRulesAsync(draft.Transaction, cancel) >= MostRules)
                return new Problem(ProblemKind.InUse, $"An organization has {MostRules} subscriptions at most. Change one that is there.");
            draft.Change(new GovernanceWrite.PutAlertRule(read.Value), "create", "alertRule", body.Slug, null, Describe(draft, channels, read.Value));
            return Outcome<AlertRuleView>.Done(View(draft, channels, read.Value), 1, $"/api/v1/organizations/{caller.Organization}/alert-rules/{body.Slug}");
        }, cancel);

    private static async Task<Answer<AlertRuleView>> EditAsync(
        string slug, EditedAlertRule body, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<AlertRuleView>(caller, StateParts.Scopes, async draft =>
        {
            if (await ChannelLists.FindRuleAsync(draft.Transaction, slug, cancel) is not { } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.PutAlertRule(before));
            if (match.Check(before.Version) is { } stale) return stale;
            if (before.IsArchived) return new Problem(ProblemKind.WrongState, "It is archived. Restore it first.");
            var channels = await ChannelLists.ReadAsync(draft.Transaction, cancel);
            var read = Read(draft, channels, before, body);
            return read.IsDone ? Put(draft, channels, before, "update", read.Value) : read.Problem;
        }, cancel);

    private static async Task<Answer<AlertRuleView>> ArchiveAsync(string slug, EntityTag match, bool isArchived, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<AlertRuleView>(caller, StateParts.Scopes, async draft =>
        {
            if (await ChannelLists.FindRuleAsync(draft.Transaction, slug, cancel) is not { } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.PutAlertRule(before));
            if (match.Check(before.Version) is { } stale) return stale;
            if (before.IsArchived == isArchived) return new Problem(ProblemKind.WrongState, isArchived ? "It is archived already." : "It is not archived.");
            return Put(draft, await ChannelLists.ReadAsync(draft.Transaction, cancel), before, isArchived ? "archive" : "restore", before with { IsArchived = isArchived });
        }, cancel);

    private static Outcome<AlertRuleView> Put(Draft draft, IReadOnlyList<ChannelRow> channels, AlertRuleRow before, string action, AlertRuleRow wanted)
    {
        var row = wanted with { Version = wanted.Version + 1 };
        draft.Change(new GovernanceWrite.PutAlertRule(row), action, "alertRule", row.Slug, Describe(draft, channels, before), row.IsArchived ? null : Describe(draft, channels, row));
        return Outcome<AlertRuleView>.Done(View(draft, channels, row), row.Version);
    }

    private static Outcome<AlertRuleRow> Read(Draft draft, IReadOnlyList<ChannelRow> channels, AlertRuleRow start, AlertRuleTerms body)
    {
        var scope = body.Scope is null ? null : draft.FindScope(body.Scope);
        if (body.Scope is not null && scope is null) return Problem.Field("scope", "names no scope that is there and that you see");
        if (body.Kinds?.FirstOrDefault(name => AlertNames.Kinds.All(kind => AlertNames.Of(kind) != name)) is not null)
            return Problem.Field("kinds", $"has a text that is no kind of alert: expected some of {string.Join(", ", AlertNames.Kinds.Select(AlertNames.Of))}");
        if (body.Channels.Count == 0) return Problem.Field("channels", "is empty: expected at least one channel");
        var ids = ImmutableArray.CreateBuilder<Guid>();
        foreach (var slug in body.Channels)
        {
            if (channels.FirstOrDefault(c => c.Slug == slug && !c.IsArchived) is not { } channel) return Problem.Field("channels", "has a name that is of no channel in use");
            ids.Add(channel.ChannelId);
        }
        return Outcome<AlertRuleRow>.Done(start with
        {
            Kinds = body.Kinds is null ? null : [.. body.Kinds.Select(AlertNames.ReadKind)],
            LeastSeverity = body.LeastSeverity is { } severity ? AlertNames.ReadSeverity(severity) : AlertSeverity.Info,
            // The organization's own scope is every scope, and what belongs to none.
            ScopeId = scope is null || scope.Scope.ScopeId == draft.State.OrganizationId ? null : scope.Scope.ScopeId,
            ChannelIds = ids.ToImmutable(),
        });
    }

    private static AlertRuleView View(Draft draft, IReadOnlyList<ChannelRow> channels, AlertRuleRow row) =>
        AlertRuleView.Of(row, row.ScopeId is { } scope ? draft.NameOf(scope) : null, [.. row.ChannelIds.Select(id => channels.Single(c => c.ChannelId == id).Slug)]);

    private static Description Describe(Draft draft, IReadOnlyList<ChannelRow> channels, AlertRuleRow row)
    {
        var view = View(draft, channels, row);
        return new Description(
        [
            ("kinds", view.Kinds is { } kinds ? string.Join(", ", kinds) : null), ("leastSeverity", view.LeastSeverity), ("scope", view.Scope),
            ("channels", string.Join(", ", view.Channels)),
        ]);
    }
}

/// <summary>Who is told of what.</summary>
/// <param name="Slug">Its name; never changes.</param>
/// <param name="Kinds">Absent for every kind.</param>
/// <param name="LeastSeverity">Nothing below it.</param>
/// <param name="Scope">Alerts of this scope and what is below it; absent for all.</param>
/// <param name="Channels">Where to, by slug.</param>
/// <param name="IsArchived">Nobody is told.</param>
/// <param name="Version">For If-Match.</param>
internal sealed record AlertRuleView(
    string Slug, IReadOnlyList<string>? Kinds, string LeastSeverity, string? Scope, IReadOnlyList<string> Channels, bool IsArchived, long Version)
{
    public static AlertRuleView Of(AlertRuleRow row, string? scope, ImmutableArray<string> channels) => new(
        row.Slug, row.Kinds is { } kinds ? [.. kinds.Select(AlertNames.Of)] : null, AlertNames.Of(row.LeastSeverity), scope, channels, row.IsArchived, row.Version);
}

/// <summary>Which alerts, and where to.</summary>
public abstract record AlertRuleTerms
{
    /// <summary>Absent for every kind.</summary>
    [Names(20)]
    public IReadOnlyList<string>? Kinds { get; init; }

    /// <summary>Nothing below it; <c>info</c> when absent.</summary>
    [AllowedTexts("info", "warning", "critical")]
    public string? LeastSeverity { get; init; }

    /// <summary>Alerts of this scope and what is below it; absent for all.</summary>
    [Plain]
    public string? Scope { get; init; }

    /// <summary>Channels by slug.</summary>
    [Names(50)]
    public required IReadOnlyList<string> Channels { get; init; }
}

/// <summary>A new subscription.</summary>
public sealed record NewAlertRule : AlertRuleTerms
{
    /// <summary>Its name; never changes.</summary>
    [Slug]
    public required string Slug { get; init; }
}

/// <summary>A subscription as it shall be: what is absent is as for a new one.</summary>
public sealed record EditedAlertRule : AlertRuleTerms;
