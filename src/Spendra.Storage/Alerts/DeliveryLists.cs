using Dapper;
using Spendra.Core.Alerts;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Alerts;

/// <summary>Which notices, newest first.</summary>
/// <param name="State">Only these.</param>
/// <param name="Channel">Only to the channel of this slug.</param>
/// <param name="AlertId">Only of this alert.</param>
/// <param name="After">The last notice before, or null for the first page.</param>
/// <param name="Limit">Rows at most.</param>
public sealed record DeliveryListQuery(DeliveryState? State, string? Channel, Guid? AlertId, Guid? After, int Limit);

/// <summary>Reads what became of notices, as far as a member sees their alerts.</summary>
public static class DeliveryLists
{
    private const string Rows = """
        SELECT d.delivery_id, d.alert_id, d.channel_id, c.slug AS channel_slug, r.slug AS rule_slug, d.notice, d.state, d.attempts, d.created_at,
            d.next_attempt_at, d.ended_at, d.last_status, d.last_error, d.version
        FROM alert_deliveries d
        JOIN alerts a ON a.organization_id = d.organization_id AND a.alert_id = d.alert_id
        JOIN alert_channels c ON c.organization_id = d.organization_id AND c.channel_id = d.channel_id
        LEFT JOIN alert_rules r ON r.organization_id = d.organization_id AND r.rule_id = d.rule_id
        WHERE d.organization_id = @OrganizationId
        """;

    private const string Page = Coverage.Scopes + Rows + """

            AND (@IsEverything OR a.scope_id IN (SELECT scope_id FROM covered))
            AND (@state = '' OR d.state = @state) AND (@channel = '' OR c.slug = @channel)
            AND (@isOfAny OR d.alert_id = @alertId) AND (@isFirst OR d.delivery_id < @after)
        ORDER BY d.delivery_id DESC LIMIT @limit
        """;

    private const string OneForChange = Rows + "\nAND d.delivery_id = @deliveryId";

    // Of an alert that is over, a channel that was never to hear so would keep what it is told now for ever.
    private const string IsOvertaken = """
        SELECT (SELECT count(*) FROM alert_deliveries WHERE organization_id = @OrganizationId AND alert_id = @AlertId AND channel_id = @ChannelId
                AND state = 'delivered' AND ((@transition = 'raised' AND transition <> 'raised') OR (@transition = 'acknowledged' AND transition = 'resolved')))
            + (SELECT count(*) FROM alerts a WHERE a.organization_id = @OrganizationId AND a.alert_id = @AlertId AND a.state = 'resolved'
                AND @transition <> 'resolved' AND NOT EXISTS (SELECT 1 FROM alert_deliveries d WHERE d.organization_id = a.organization_id
                    AND d.alert_id = a.alert_id AND d.channel_id = @ChannelId AND d.transition = 'resolved'))
        """;

    public static async Task<IReadOnlyList<DeliveryRow>> ReadAsync(Database database, Coverage coverage, DeliveryListQuery query, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var rows = await connection.QueryAsync<StoredDelivery>(new CommandDefinition(Page, new
        {
            coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, limit = query.Limit, isFirst = query.After is null, after = query.After ?? Guid.Empty,
            state = query.State?.ToString().ToLowerInvariant() ?? "", channel = query.Channel ?? "", isOfAny = query.AlertId is null,
            alertId = query.AlertId ?? Guid.Empty,
        }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToRow())];
    }

    /// <summary>One notice under the lock of a change.</summary>
    public static Task<DeliveryRow?> FindAsync(GovernanceTransaction transaction, Guid deliveryId, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) => (await connection.QuerySingleOrDefaultAsync<StoredDelivery>(new CommandDefinition(
            OneForChange, new { transaction.OrganizationId, deliveryId }, inner, cancellationToken: cancel)))?.ToRow());

    /// <summary>
    /// Whether the channel has heard something later about the same alert, or the alert is over and the channel will not hear so: told now,
    /// the earlier would be wrong.
    /// </summary>
    public static Task<bool> IsOvertakenAsync(GovernanceTransaction transaction, DeliveryRow row, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) => await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            IsOvertaken, new { transaction.OrganizationId, row.AlertId, row.ChannelId, transition = AlertNames.Of(row.Notice.Transition) }, inner, cancellationToken: cancel)) > 0);
}
