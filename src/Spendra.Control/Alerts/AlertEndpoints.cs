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

/// <summary>Alerts: read by who sees their scope, taken care of by who manages it. Notices of them: read, and begun anew when given up.</summary>
internal static class AlertEndpoints
{
    public static void Map(IEndpointRouteBuilder organization)
    {
        var alerts = organization.MapGroup("/alerts").WithTags("Alerts");
        alerts.MapGet("", ListAsync).ForMembers("listAlerts", "List alerts, newest first", Capability.AlertsRead);
        alerts.MapGet("/{id}", GetAsync).ForMembers("getAlert", "Get an alert", Capability.AlertsRead);
        alerts.MapPost("/{id}/acknowledge", (RowId id, EntityTag match, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
                MoveAsync(id, AlertTransition.Acknowledged, match, caller, desk, database, cancel))
            .ForMembers("acknowledgeAlert", "Say that you take care of an alert", Capability.AlertsHandle, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
        alerts.MapPost("/{id}/resolve", (RowId id, EntityTag match, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
                MoveAsync(id, AlertTransition.Resolved, match, caller, desk, database, cancel))
            .ForMembers("resolveAlert", "Say that an alert is dealt with", Capability.AlertsHandle, null, ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);

        var deliveries = organization.MapGroup("/alert-deliveries").WithTags("Alerts");
        deliveries.MapGet("", ListDeliveriesAsync).ForMembers("listAlertDeliveries", "List notices of alerts and what became of them, newest first", Capability.AlertsRead);
        deliveries.MapPost("/{id}/retry", RetryAsync).ForMembers("retryAlertDelivery", "Begin anew with a notice that was given up", Capability.ChannelsWrite, null,
            ProblemKind.WrongState, ProblemKind.StaleVersion, ProblemKind.VersionRequired);
    }

    private static async Task<Answer<Page<AlertView>>> ListAsync(
        [AsParameters] PageQuery query, [AsParameters] AlertFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var (page, after, problem) = query.ReadById("-raised");
        if (problem is not null) return problem;
        var rows = await AlertLists.ReadAsync(database, caller.Coverage, new AlertListQuery(
            filter.State is { } state ? AlertNames.ReadState(state) : null, filter.Kind is { } kind ? AlertNames.ReadKind(kind) : null,
            filter.Severity is { } severity ? AlertNames.ReadSeverity(severity) : null, after, page!.Limit + 1), cancel);
        return Outcome<Page<AlertView>>.Done(page.Take(rows, AlertView.Of, r => [r.AlertId.ToString()]));
    }

    private static async Task<Answer<AlertView>> GetAsync(RowId id, Caller caller, Database database, CancellationToken cancel) =>
        await AlertLists.FindAsync(database, caller.Coverage, id.Value, cancel) is { } row
            ? Outcome<AlertView>.Done(AlertView.Of(row), row.Version)
            : Problem.NotFound;

    private static async Task<Answer<AlertView>> MoveAsync(
        RowId id, AlertTransition transition, EntityTag match, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
        await desk.RunAsync<AlertView>(caller, StateParts.Scopes, async draft =>
        {
            if (await AlertLists.FindAsync(database, draft.Transaction, id.Value, cancel) is not { } before || !Sees(draft, before)) return Problem.NotFound;
            draft.About(new GovernanceWrite.MoveAlert(before, transition));
            if (match.Check(before.Version) is { } stale) return stale;
            if (before.State == AlertState.Resolved) return new Problem(ProblemKind.WrongState, "It is resolved already.");
            if (before.State == AlertState.Acknowledged && transition == AlertTransition.Acknowledged)
                return new Problem(ProblemKind.WrongState, $"{before.AcknowledgedBy} takes care of it already.");
            var row = transition == AlertTransition.Acknowledged
                ? before with { State = AlertState.Acknowledged, AcknowledgedAt = draft.NowMicros, AcknowledgedBy = caller.Actor, Version = before.Version + 1 }
                : before with { State = AlertState.Resolved, ResolvedAt = draft.NowMicros, ResolvedBy = caller.Actor, Version = before.Version + 1 };
            draft.Change(new GovernanceWrite.MoveAlert(row, transition), transition == AlertTransition.Acknowledged ? "acknowledge" : "resolve", "alert",
                id.Value.ToString(), Describe(before), Describe(row));
            return Outcome<AlertView>.Done(AlertView.Of(row), row.Version);
        }, cancel);

    private static async Task<Answer<Page<DeliveryView>>> ListDeliveriesAsync(
        [AsParameters] PageQuery query, [AsParameters] DeliveryFilter filter, Caller caller, Database database, CancellationToken cancel)
    {
        var (page, after, problem) = query.ReadById("-created");
        if (problem is not null) return problem;
        DeliveryState? state = filter.State is { } name ? Enum.Parse<DeliveryState>(name, ignoreCase: true) : null;
        var rows = await DeliveryLists.ReadAsync(database, caller.Coverage, new DeliveryListQuery(state, filter.Channel, filter.Alert, after, page!.Limit + 1), cancel);
        return Outcome<Page<DeliveryView>>.Done(page.Take(rows, DeliveryView.Of, r => [r.DeliveryId.ToString()]));
    }

    private static async Task<Answer<DeliveryView>> RetryAsync(RowId id, EntityTag match, Caller caller, ChangeDesk desk, Database database, CancellationToken cancel) =>
        await desk.RunAsync<DeliveryView>(caller, StateParts.Scopes, async draft =>
        {
            if (await DeliveryLists.FindAsync(draft.Transaction, id.Value, cancel) is not { } before) return Problem.NotFound;
            draft.About(new GovernanceWrite.RetryDelivery(before));
            if (match.Check(before.Version) is { } stale) return stale;
            if (before.State != DeliveryState.Dead) return new Problem(ProblemKind.WrongState, "It was not given up: only then it is begun anew.");
            var channels = await ChannelLists.ReadAsync(draft.Transaction, cancel);
            if (channels.Single(c => c.ChannelId == before.ChannelId).IsArchived) return new Problem(ProblemKind.WrongState, $"The channel '{before.Channel}' is archived. Restore it first.");
            // Locked: a worker that finds the condition gone tells of the end behind this, or has told of it before.
            await AlertLists.FindAsync(database, draft.Transaction, before.AlertId, cancel);
            if (await DeliveryLists.IsOvertakenAsync(draft.Transaction, before, cancel))
                return new Problem(ProblemKind.WrongState, "The channel has heard later news of the same alert, or the alert is over: told now, this would be wrong.");
            var row = before with
            {
                State = DeliveryState.Pending, Attempts = 0, NextAttemptAt = draft.NowMicros, EndedAt = null, Version = before.Version + 1,
            };
            draft.Change(new GovernanceWrite.RetryDelivery(row), "retry", "alertDelivery", id.Value.ToString(),
                new Description([("channel", before.Channel), ("state", "dead")]), new Description([("channel", before.Channel), ("state", "pending")]));
            return Outcome<DeliveryView>.Done(DeliveryView.Of(row), row.Version);
        }, cancel);

    private static bool Sees(Draft draft, AlertRow row) => draft.Authority.CoversEverything || (row.ScopeId is { } scope && draft.Authority.Covers(draft.Scopes, scope));

    private static Description Describe(AlertRow row) => new([("title", row.Title), ("state", AlertNames.Of(row.State))]);
}
