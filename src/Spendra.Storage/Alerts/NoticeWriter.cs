using System.Data.Common;
using Dapper;
using Spendra.Core.Alerts;

namespace Spendra.Storage.Alerts;

/// <summary>
/// Writes the notices of what happened to alerts, in the transaction in which it happens: an alert that is there has its notices,
/// and one that was rolled back has none. A channel is told of a transition once, whichever rules name it.
/// </summary>
internal sealed class NoticeWriter(Database database, DbConnection connection, DbTransaction transaction, Guid organizationId, long nowMicros, CancellationToken cancel)
{
    private const string Rules = """
        SELECT rule_id, slug, kinds, least_severity, scope_id, channel_ids, archived_at, version FROM alert_rules
        WHERE organization_id = @organizationId AND archived_at IS NULL ORDER BY slug
        """;

    private const string LiveChannels = "SELECT channel_id, kind FROM alert_channels WHERE organization_id = @organizationId AND archived_at IS NULL";

    // Whoever was told that it began hears how it went on; whoever could not be told does not.
    private const string Told = """
        SELECT channel_id FROM alert_deliveries
        WHERE organization_id = @organizationId AND alert_id = @alertId AND transition = 'raised' AND state <> 'dead'
        """;

    private const string Above = """
        WITH RECURSIVE above (scope_id, parent_id) AS (
            SELECT scope_id, parent_id FROM scopes WHERE organization_id = @organizationId AND scope_id = @scopeId
            UNION
            SELECT s.scope_id, s.parent_id FROM scopes s JOIN above a ON s.scope_id = a.parent_id WHERE s.organization_id = @organizationId
        )
        SELECT scope_id FROM above
        """;

    private const string ScopeName = "SELECT kind, slug FROM scopes WHERE organization_id = @organizationId AND scope_id = @scopeId";

    private const string Insert = """
        INSERT INTO alert_deliveries (organization_id, delivery_id, alert_id, channel_id, rule_id, transition, notice, state, attempts, created_at,
            next_attempt_at, version)
        VALUES (@organizationId, @deliveryId, @AlertId, @channelId, @ruleId, @transition, @notice, 'pending', 0, @nowMicros, @nowMicros, 1)
        ON CONFLICT (organization_id, alert_id, channel_id, transition) DO NOTHING
        """;

    private List<AlertRuleRow>? _rules;
    private Dictionary<Guid, ChannelKind>? _channels;
    private string? _organization;

    /// <summary>Tells every channel that a rule names for the alert.</summary>
    public async Task RaisedAsync(Guid alertId, StandingAlert alert)
    {
        _rules ??= [.. (await QueryAsync<StoredAlertRule>(Rules, new { organizationId })).Select(r => r.ToRow())];
        var above = _rules.Any(r => r.ScopeId is not null) && alert.ScopeId is { } scopeId
            ? (await QueryAsync<Guid>(Above, new { organizationId, scopeId })).ToHashSet() : [];
        var matching = _rules.Where(r => r.Matches(alert, above)).SelectMany(r => r.ChannelIds.Select(c => (Channel: c, r.RuleId))).DistinctBy(m => m.Channel).ToList();
        if (matching.Count == 0) return;
        var notice = new AlertNotice(alertId, AlertTransition.Raised, alert.Kind, alert.Severity, await OrganizationAsync(), await ScopeAsync(alert.ScopeId),
            alert.Subject, alert.Title, alert.Facts, nowMicros, nowMicros, By: null);
        await WriteAsync(notice, matching.Select(m => (m.Channel, (Guid?)m.RuleId)));
    }

    /// <summary>Tells those who were told that it was raised.</summary>
    public async Task ChangedAsync(AlertRow alert, AlertTransition transition, string? by)
    {
        var told = await QueryAsync<Guid>(Told, new { organizationId, alertId = alert.AlertId });
        if (told.Count == 0) return;
        var notice = new AlertNotice(alert.AlertId, transition, alert.Kind, alert.Severity, await OrganizationAsync(), await ScopeAsync(alert.ScopeId),
            alert.Subject, alert.Title, alert.Facts, alert.RaisedAt, nowMicros, by);
        await WriteAsync(notice, told.Select(c => (c, (Guid?)null)));
    }

    private async Task WriteAsync(AlertNotice notice, IEnumerable<(Guid Channel, Guid? Rule)> targets)
    {
        _channels ??= (await QueryAsync<StoredKind>(LiveChannels, new { organizationId })).ToDictionary(c => c.ChannelId, c => ChannelKinds.Read(c.Kind));
        var text = AlertJson.Write(notice);
        await database.ExecuteEachAsync(connection, transaction, Insert, targets.Where(t => Hears(t.Channel, notice.Transition)).Select(t => (object)new
        {
            organizationId, deliveryId = Guid.CreateVersion7(Micros.ToInstant(nowMicros)), notice.AlertId, channelId = t.Channel, ruleId = t.Rule,
            transition = AlertNames.Of(notice.Transition), notice = text, nowMicros,
        }).ToList(), cancel);
    }

    private bool Hears(Guid channelId, AlertTransition transition) => _channels!.TryGetValue(channelId, out var kind)
        && (transition != AlertTransition.Acknowledged || ChannelKinds.HearsAcknowledgement(kind));

    private async Task<string> OrganizationAsync() => _organization ??= (await connection.ExecuteScalarAsync<string>(new CommandDefinition(
        "SELECT slug FROM organizations WHERE organization_id = @organizationId", new { organizationId }, transaction, cancellationToken: cancel)))!;

    private async Task<string?> ScopeAsync(Guid? scopeId) => scopeId is null ? null
        : (await QueryAsync<StoredScopeName>(ScopeName, new { organizationId, scopeId })).Select(s => s.Reference).FirstOrDefault();

    private async Task<List<T>> QueryAsync<T>(string sql, object parameters) =>
        (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancel))).AsList();

    private sealed class StoredKind
    {
        public Guid ChannelId { get; set; }
        public string Kind { get; set; } = "";
    }
}
