using System.Data.Common;
using Dapper;

namespace Spendra.Storage.Alerts;

/// <summary>A channel with something to send.</summary>
public sealed record DueChannel(Guid OrganizationId, Guid ChannelId);

/// <summary>A notice that one worker has taken, with the channel that it goes to.</summary>
/// <param name="OrganizationId">The tenant.</param>
/// <param name="Row">The notice; its attempts count this one.</param>
/// <param name="Channel">The channel as it is now.</param>
/// <param name="LeaseId">What was sent is only noted by who holds it.</param>
public sealed record TakenDelivery(Guid OrganizationId, DeliveryRow Row, ChannelRow Channel, Guid LeaseId);

/// <summary>
/// Notices that wait to be sent, shared among workers. Each is taken by one at a time, for as long as a lease lasts; it is sent
/// at least once, and again under the same id when a worker dies between sending and saying so.
/// </summary>
public sealed class DeliveryQueue(Database database)
{
    private const string Due = """
        SELECT DISTINCT organization_id, channel_id FROM alert_deliveries WHERE state = 'pending' AND next_attempt_at <= @now
        """;

    // What happened to one alert is told to a channel in the order in which it happened, whatever the clocks of those say who
    // noted it: one that was resolved before anybody heard of it must not end as raised.
    private const string Next = """
        UPDATE alert_deliveries SET lease_id = @leaseId, attempts = attempts + 1, next_attempt_at = @until
        WHERE organization_id = @organizationId AND delivery_id = (
            SELECT d.delivery_id FROM alert_deliveries d
            WHERE d.organization_id = @organizationId AND d.channel_id = @channelId AND d.state = 'pending' AND d.next_attempt_at <= @now
                AND NOT EXISTS (SELECT 1 FROM alert_deliveries e WHERE e.organization_id = d.organization_id AND e.alert_id = d.alert_id
                    AND e.channel_id = d.channel_id AND e.state = 'pending' AND (
                        (e.transition = 'raised' AND d.transition <> 'raised') OR (e.transition = 'acknowledged' AND d.transition = 'resolved')))
            ORDER BY d.next_attempt_at, d.delivery_id LIMIT 1
        """;

    private const string Returning = """
        )
        RETURNING delivery_id, alert_id, channel_id, notice, state, attempts, created_at, next_attempt_at, ended_at, last_status, last_error, version
        """;

    private const string Channel = """
        SELECT channel_id, slug, kind, settings, secret, archived_at, version FROM alert_channels
        WHERE organization_id = @organizationId AND channel_id = @channelId
        """;

    private const string End = """
        UPDATE alert_deliveries SET state = @state, lease_id = NULL, ended_at = @now, last_status = @status, last_error = @error, version = version + 1
        WHERE organization_id = @organizationId AND delivery_id = @deliveryId AND lease_id = @leaseId
        """;

    private const string Postpone = """
        UPDATE alert_deliveries SET next_attempt_at = @nextAttemptAt, lease_id = NULL, last_status = @status, last_error = @error, version = version + 1
        WHERE organization_id = @organizationId AND delivery_id = @deliveryId AND lease_id = @leaseId
        """;

    private readonly string _take = Next + database.SkipLocked + Returning;

    /// <summary>Every channel with something due, of all organizations.</summary>
    public async Task<IReadOnlyList<DueChannel>> FindDueAsync(long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<StoredDue>(new CommandDefinition(Due, new { now = nowMicros }, cancellationToken: cancel));
        return [.. rows.Select(r => new DueChannel(r.OrganizationId, r.ChannelId))];
    }

    /// <summary>Takes the next notice of a channel; null when nothing is due that nobody else has.</summary>
    /// <param name="due">Of which channel.</param>
    /// <param name="nowMicros">Now.</param>
    /// <param name="untilMicros">When the lease ends: later than any attempt does.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task<TakenDelivery?> TakeAsync(DueChannel due, long nowMicros, long untilMicros, CancellationToken cancel)
    {
        var leaseId = Guid.CreateVersion7();
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        await database.EnterAsync(connection, transaction, due.OrganizationId, cancel);
        var parameters = new { organizationId = due.OrganizationId, channelId = due.ChannelId, leaseId, now = nowMicros, until = untilMicros };
        var row = await connection.QuerySingleOrDefaultAsync<StoredDelivery>(new CommandDefinition(_take, parameters, transaction, cancellationToken: cancel));
        if (row is null) return null;
        var channel = (await connection.QuerySingleAsync<StoredChannel>(new CommandDefinition(Channel, parameters, transaction, cancellationToken: cancel))).ToRow();
        await database.CommitAsync(connection, transaction);
        row.ChannelSlug = channel.Slug;
        return new TakenDelivery(due.OrganizationId, row.ToRow(), channel, leaseId);
    }

    /// <summary>Notes that it was delivered, or given up. False when the lease is somebody else's by now.</summary>
    public Task<bool> EndAsync(TakenDelivery taken, DeliveryState state, int? status, string? error, long nowMicros, CancellationToken cancel) =>
        NoteAsync(taken.OrganizationId, End, new
        {
            organizationId = taken.OrganizationId, deliveryId = taken.Row.DeliveryId, leaseId = taken.LeaseId, status, error, now = nowMicros,
            state = state == DeliveryState.Delivered ? "delivered" : "dead",
        }, cancel);

    /// <summary>Notes that it failed and is tried again. False when the lease is somebody else's by now.</summary>
    public Task<bool> PostponeAsync(TakenDelivery taken, long nextAttemptAt, int? status, string? error, CancellationToken cancel) =>
        NoteAsync(taken.OrganizationId, Postpone,
            new { organizationId = taken.OrganizationId, deliveryId = taken.Row.DeliveryId, leaseId = taken.LeaseId, status, error, nextAttemptAt }, cancel);

    private async Task<bool> NoteAsync(Guid organizationId, string sql, object row, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using DbTransaction transaction = await database.BeginWriteAsync(connection, cancel);
        await database.EnterAsync(connection, transaction, organizationId, cancel);
        var count = await connection.ExecuteAsync(new CommandDefinition(sql, row, transaction, cancellationToken: cancel));
        await database.CommitAsync(connection, transaction);
        return count == 1;
    }

    private sealed class StoredDue
    {
        public Guid OrganizationId { get; set; }
        public Guid ChannelId { get; set; }
    }
}
