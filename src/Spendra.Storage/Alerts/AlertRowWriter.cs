using System.Data.Common;
using Dapper;
using Spendra.Core.Alerts;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Alerts;

/// <summary>Puts what people change about alerts, for <see cref="GovernanceRowWriter"/>.</summary>
internal sealed class AlertRowWriter(Database database, DbConnection connection, DbTransaction transaction, WriteStamp stamp, CancellationToken cancel)
{
    private const string PutChannel = """
        INSERT INTO alert_channels (organization_id, channel_id, slug, kind, settings, secret, archived_at, version)
        VALUES (@OrganizationId, @ChannelId, @Slug, @kind, @settings, @Secret, @archivedAt, 1)
        ON CONFLICT (organization_id, channel_id) DO UPDATE SET settings = excluded.settings, secret = excluded.secret,
            archived_at = excluded.archived_at, version = alert_channels.version + 1
        """;

    // A channel that was mended does not wait out the pauses that the broken one had earned.
    private const string HurryWaiting = """
        UPDATE alert_deliveries SET next_attempt_at = @NowMicros
        WHERE organization_id = @OrganizationId AND channel_id = @ChannelId AND state = 'pending' AND lease_id IS NULL AND next_attempt_at > @NowMicros
        """;

    private const string GiveUpWaiting = """
        UPDATE alert_deliveries SET state = 'dead', ended_at = @NowMicros, lease_id = NULL, last_error = 'the channel was archived', version = version + 1
        WHERE organization_id = @OrganizationId AND channel_id = @ChannelId AND state = 'pending'
        """;

    private const string PutRule = """
        INSERT INTO alert_rules (organization_id, rule_id, slug, kinds, least_severity, scope_id, channel_ids, archived_at, version)
        VALUES (@OrganizationId, @RuleId, @Slug, @kinds, @severity, @ScopeId, @channels, @archivedAt, 1)
        ON CONFLICT (organization_id, rule_id) DO UPDATE SET kinds = excluded.kinds, least_severity = excluded.least_severity,
            scope_id = excluded.scope_id, channel_ids = excluded.channel_ids, archived_at = excluded.archived_at, version = alert_rules.version + 1
        """;

    private const string Move = """
        UPDATE alerts SET state = @state, acknowledged_at = @AcknowledgedAt, acknowledged_by = @AcknowledgedBy, resolved_at = @ResolvedAt,
            resolved_by = @ResolvedBy, version = @Version
        WHERE organization_id = @OrganizationId AND alert_id = @AlertId AND state <> 'resolved'
        """;

    private const string Retry = """
        UPDATE alert_deliveries SET state = 'pending', attempts = 0, next_attempt_at = @NowMicros, lease_id = NULL, ended_at = NULL, version = version + 1
        WHERE organization_id = @OrganizationId AND delivery_id = @DeliveryId AND state = 'dead'
        """;

    public async Task WriteAsync(List<GovernanceWrite> writes)
    {
        foreach (var put in writes.OfType<GovernanceWrite.PutChannel>()) await PutAsync(put.Row);
        foreach (var put in writes.OfType<GovernanceWrite.PutAlertRule>())
        {
            var r = put.Row;
            await ExecuteAsync(PutRule, new
            {
                stamp.OrganizationId, r.RuleId, r.Slug, kinds = AlertJson.Write(r.Kinds), severity = AlertNames.Of(r.LeastSeverity), r.ScopeId,
                channels = PackedIds.Pack(r.ChannelIds), archivedAt = r.IsArchived ? stamp.NowMicros : (long?)null,
            });
        }
        foreach (var move in writes.OfType<GovernanceWrite.MoveAlert>())
        {
            var a = move.Row;
            await ExecuteAsync(Move, new
            {
                stamp.OrganizationId, a.AlertId, state = AlertNames.Of(a.State), a.AcknowledgedAt, a.AcknowledgedBy, a.ResolvedAt, a.ResolvedBy, a.Version,
            });
            await new NoticeWriter(database, connection, transaction, stamp.OrganizationId, stamp.NowMicros, cancel).ChangedAsync(a, move.Transition, stamp.Actor);
        }
        foreach (var retry in writes.OfType<GovernanceWrite.RetryDelivery>())
            await ExecuteAsync(Retry, new { stamp.OrganizationId, retry.Row.DeliveryId, stamp.NowMicros });
    }

    private async Task PutAsync(ChannelRow row)
    {
        await ExecuteAsync(PutChannel, new
        {
            stamp.OrganizationId, row.ChannelId, row.Slug, kind = ChannelKinds.NameOf(row.Kind), settings = AlertJson.Write(row.Settings), row.Secret,
            archivedAt = row.IsArchived ? stamp.NowMicros : (long?)null,
        });
        await ExecuteAsync(row.IsArchived ? GiveUpWaiting : HurryWaiting, new { stamp.OrganizationId, row.ChannelId, stamp.NowMicros });
    }

    private Task<int> ExecuteAsync(string sql, object row) => connection.ExecuteAsync(new CommandDefinition(sql, row, transaction, cancellationToken: cancel));
}
