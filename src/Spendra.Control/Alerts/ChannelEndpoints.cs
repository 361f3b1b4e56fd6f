using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Spendra.Control.Alerts.Channels;
using Spendra.Control.Shell;
using Spendra.Core.Access;
using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Alerts;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;

namespace Spendra.Control.Alerts;

/// <summary>Channels that alerts go through: the platform's. Secrets are written and never read.</summary>
internal static class ChannelEndpoints
{
    private const int MostChannels = 50;

    private static readonly EmailTarget Mail = new() { Host = "smtp.example.com", Username = "spendra", Password = "correct horse battery staple", From = "spendra@example.com", To = ["finance@example.com"] };
    private static readonly NewChannel Example = new() { Slug = "finance-mail", Email = Mail };

    public static void Map(IEndpointRouteBuilder organization)
    {
        var group = organization.MapGroup("/alert-channels").WithTags("Alerts");
        group.MapGet("", ListAsync).ForMembers("listAlertChannels", "List the channels that alerts go through", Capability.ChannelsRead);
        group.MapGet("/{slug}", GetAsync).ForMembers("getAlertChannel", "Get a channel", Capability.ChannelsRead);
        group.MapPost("", CreateAsync).ForMembers("createAlertChannel", "Create a channel", Capability.ChannelsWrite, Example,
            ProblemKind.Duplicate, ProblemKind.InUse, ProblemKind.IdempotencyMismatch);
        group.MapPut("/{slug}", EditAsync).ForMembers("updateAlertChannel", "Change where a channel leads", Capability.ChannelsWrite, new EditedChannel { Email = Mail },
            ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/archive", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) => ArchiveAsync(slug, match, true, caller, desk, cancel))
            .ForMembers("archiveAlertChannel", "Archive a channel: what waits for it is given up", Capability.ChannelsWrite, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/restore", (string slug, EntityTag match, Caller caller, ChangeDesk desk, CancellationToken cancel) => ArchiveAsync(slug, match, false, caller, desk, cancel))
            .ForMembers("restoreAlertChannel", "Restore an archived channel", Capability.ChannelsWrite, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        group.MapPost("/{slug}/test", TestAsync).ForMembers("testAlertChannel", "Send a notice through a channel that says it is a test", Capability.ChannelsWrite, null, ProblemKind.WrongState);
    }

    private static async Task<Answer<Page<ChannelView>>> ListAsync(
        [AsParameters] PageQuery query, [AsParameters] ArchivedFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var read = query.Read("slug");
        if (!read.IsDone) return read.Problem;
        var rows = await ChannelLists.ReadAsync(database, caller.OrganizationId, read.Value.After?[0], read.Value.Limit + 1, filter.Archived == "true", cancel);
        return Outcome<Page<ChannelView>>.Done(read.Value.Take(rows, ChannelView.Of, r => [r.Slug]));
    }

    private static async Task<Answer<ChannelView>> GetAsync(string slug, Caller caller, Database database, CancellationToken cancel) =>
        await ChannelLists.FindAsync(database, caller.OrganizationId, slug, cancel) is { } row
            ? Outcome<ChannelView>.Done(ChannelView.Of(row), row.Version)
            : Problem.NotFound;

    private static async Task<CreationAnswer<ChannelView>> CreateAsync(
        NewChannel body, Repetition repetition, Caller caller, ChangeDesk desk, MasterKey masterKey, AlertOptions options, CancellationToken cancel) =>
        await desk.CreateAsync<ChannelView>(caller, repetition, StateParts.Scopes, async draft =>
        {
            var read = ChannelDraft.Read(body, options.AllowInside, before: null);
            if (!read.IsDone) return read.Problem;
            var id = Guid.CreateVersion7();
            var row = new ChannelRow(id, body.Slug, read.Value.Kind, read.Value.Settings, read.Value.Secret!.Seal(masterKey, caller.OrganizationId, id), IsArchived: false, Version: 1);
            draft.About(new GovernanceWrite.PutChannel(row));
            var channels = await ChannelLists.ReadAsync(draft.Transaction, cancel);
            if (channels.Any(c => c.Slug == body.Slug)) return new Problem(ProblemKind.Duplicate, $"There is a channel '{body.Slug}', perhaps archived. A slug is used once.");
            if (channels.Count(c => !c.IsArchived) >= MostChannels) return new Problem(ProblemKind.InUse, $"An organization has {MostChannels} channels at most. Archive one first.");
            draft.Change(new GovernanceWrite.PutChannel(row), "create", "alertChannel", body.Slug, null, ChannelDraft.Describe(row));
            return Outcome<ChannelView>.Done(ChannelView.Of(row), row.Version, $"/api/v1/organizations/{caller.Organization}/alert-channels/{body.Slug}");
        }, cancel);

    private static async Task<Answer<ChannelView>> EditAsync(
        string slug, EditedChannel body, EntityTag match, Caller caller, ChangeDesk desk, MasterKey masterKey, AlertOptions options, CancellationToken cancel) =>
        await desk.RunAsync<ChannelView>(caller, StateParts.Scopes, async draft =>
        {
            var found = await FindAsync(draft, slug, match, cancel);
            if (!found.IsDone) return found.Problem;
            var before = found.Value;
            if (before.IsArchived) return new Problem(ProblemKind.WrongState, "It is archived. Restore it first.");
            var read = ChannelDraft.Read(body, options.AllowInside, before);
            if (!read.IsDone) return read.Problem;
            var secret = read.Value.Secret?.Seal(masterKey, caller.OrganizationId, before.ChannelId);
            return Put(draft, before, "update", before with { Settings = read.Value.Settings, Secret = secret ?? before.Secret }, isReplaced: secret is not null);
        }, cancel);

    private static async Task<Answer<ChannelView>> ArchiveAsync(string slug, EntityTag match, bool isArchived, Caller caller, ChangeDesk desk, CancellationToken cancel) =>
        await desk.RunAsync<ChannelView>(caller, StateParts.Scopes, async draft =>
        {
            var found = await FindAsync(draft, slug, match, cancel);
            if (!found.IsDone) return found.Problem;
            if (found.Value.IsArchived == isArchived) return new Problem(ProblemKind.WrongState, isArchived ? "It is archived already." : "It is not archived.");
            return Put(draft, found.Value, isArchived ? "archive" : "restore", found.Value with { IsArchived = isArchived });
        }, cancel);

    private static async Task<Answer<ChannelTestView>> TestAsync(
        string slug, Caller caller, Database database, ChannelSenders senders, TimeProvider time, CancellationToken cancel)
    {
        if (await ChannelLists.FindAsync(database, caller.OrganizationId, slug, cancel) is not { } channel) return Problem.NotFound;
        if (channel.IsArchived) return new Problem(ProblemKind.WrongState, "It is archived. Restore it first.");
        var (now, id) = (Micros.Now(time), Guid.CreateVersion7());
        var notice = new AlertNotice(id, AlertTransition.Raised, AlertKind.LimitThreshold, AlertSeverity.Info, caller.Organization, null, channel.Slug,
            $"A test of the channel {channel.Slug}: nothing has happened", [], now, now, caller.Member.Email);
        var result = await senders.SendAsync(caller.OrganizationId, channel, id, notice, isTest: true, cancel);
        // A test leaves no incident behind.
        if (result.IsDelivered && channel.Kind == ChannelKind.PagerDuty)
            result = await senders.SendAsync(caller.OrganizationId, channel, id, notice with { Transition = AlertTransition.Resolved }, isTest: true, cancel);
        return Outcome<ChannelTestView>.Done(new ChannelTestView(result.IsDelivered, result.Status, result.Error));
    }

    private static Outcome<ChannelView> Put(Draft draft, ChannelRow before, string action, ChannelRow wanted, bool isReplaced = false)
    {
        var row = wanted with { Version = wanted.Version + 1 };
        draft.Change(new GovernanceWrite.PutChannel(row), action, "alertChannel", row.Slug, ChannelDraft.Describe(before),
            row.IsArchived ? null : ChannelDraft.Describe(row, isReplaced));
        return Outcome<ChannelView>.Done(ChannelView.Of(row), row.Version);
    }

    private static async Task<Outcome<ChannelRow>> FindAsync(Draft draft, string slug, EntityTag match, CancellationToken cancel)
    {
        if ((await ChannelLists.ReadAsync(draft.Transaction, cancel)).FirstOrDefault(c => c.Slug == slug) is not { } found) return Problem.NotFound;
        draft.About(new GovernanceWrite.PutChannel(found));
        return match.Check(found.Version) is { } stale ? stale : Outcome<ChannelRow>.Done(found);
    }
}
