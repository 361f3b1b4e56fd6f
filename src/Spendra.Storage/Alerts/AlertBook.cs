using System.Collections.Immutable;
using System.Data.Common;
using Dapper;
using Spendra.Core.Alerts;

namespace Spendra.Storage.Alerts;

/// <summary>
/// Raises alerts whose condition holds and clears those whose condition is gone, with the notices of both. Of several workers one
/// looks at a time: it takes the look, reads, decides, and what it decided counts only as long as nobody has taken the next one.
/// </summary>
public sealed class AlertBook(Database database, TimeProvider time)
{
    private const string ActivityLook = "activity";

    private static readonly ImmutableHashSet<AlertKind> ActivityKinds = [AlertKind.BurnRate, AlertKind.UnusualRefusals, AlertKind.OutboxLag];

    private const string Insert = """
        INSERT INTO alerts (organization_id, alert_id, dedup_key, kind, severity, scope_id, subject, title, facts, state, raised_at, version)
        VALUES (@organizationId, @alertId, @Key, @kind, @severity, @ScopeId, @Subject, @Title, @facts, 'open', @now, 1)
        ON CONFLICT (organization_id, dedup_key) WHERE cleared_at IS NULL DO NOTHING
        """;

    private const string Clear = """
        UPDATE alerts SET cleared_at = @now, state = 'resolved', resolved_at = coalesce(resolved_at, @now), version = version + 1
        WHERE organization_id = @organizationId AND alert_id = @alertId AND cleared_at IS NULL
        """;

    // A look of later than now was taken by a clock that was wrong, or this one is: nobody waits until it is right.
    private const string Take = """
        INSERT INTO alert_looks (organization_id, name, looked_at) VALUES (@organizationId, @name, @now)
        ON CONFLICT (organization_id, name) DO UPDATE SET looked_at = excluded.looked_at
            WHERE alert_looks.looked_at <= @before OR alert_looks.looked_at > @after
        """;

    private const string Previous = "SELECT looked_at FROM alert_looks WHERE organization_id = @organizationId AND name = @name";

    /// <summary>Takes a look for this worker, unless one was begun less than the interval ago.</summary>
    /// <param name="organizationId">Whose conditions.</param>
    /// <param name="name">Which look: each has its own kinds of alerts.</param>
    /// <param name="interval">How long a look counts as the latest; it is over by then.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <returns>Null when it is not this worker's.</returns>
    public async Task<AlertLook?> TakeAsync(Guid organizationId, string name, TimeSpan interval, CancellationToken cancel)
    {
        var now = Micros.Now(time);
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        await database.EnterAsync(connection, transaction, organizationId, cancel);
        var length = interval.Ticks / TimeSpan.TicksPerMicrosecond;
        var values = new { organizationId, name, now, before = now - length, after = now + length };
        var previous = await connection.ExecuteScalarAsync<long?>(new CommandDefinition(Previous, values, transaction, cancellationToken: cancel));
        var taken = await connection.ExecuteAsync(new CommandDefinition(Take, values, transaction, cancellationToken: cancel));
        await database.CommitAsync(connection, transaction);
        return taken == 1 ? new AlertLook(organizationId, name, now, Math.Min(previous ?? now, now)) : null;
    }

    /// <summary>The alerts whose condition held at the last look, those among them that somebody resolved.</summary>
    public async Task<IReadOnlyList<KnownAlert>> ReadStandingAsync(Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return [.. (await StandingAsync(connection, transaction, organizationId, "", cancel)).Select(a => new KnownAlert(a.AlertId, AlertNames.ReadKind(a.Kind), a.DedupKey))];
    }

    /// <summary>
    /// Makes alerts of some kinds what was found to hold: raises, clears, and writes the notices, in one transaction. Repeated, it
    /// changes nothing.
    /// </summary>
    /// <param name="look">The look that this was found by.</param>
    /// <param name="kinds">What was looked at.</param>
    /// <param name="standing">Every condition of these kinds that holds.</param>
    /// <param name="cancel">Stops waiting; never during the commit.</param>
    /// <returns>What was changed; nothing when another worker has taken the look since.</returns>
    public async Task<AlertComparison> SettleAsync(
        AlertLook look, ImmutableHashSet<AlertKind> kinds, IReadOnlyList<StandingAlert> standing, CancellationToken cancel)
    {
        var none = new AlertComparison([], []);
        // Most looks change nothing, and a transaction that may write would hold up others on SQLite.
        if (AlertComparison.Of(kinds, standing, await ReadStandingAsync(look.OrganizationId, cancel)).IsEmpty) return none;

        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginWriteAsync(connection, cancel);
        await database.EnterAsync(connection, transaction, look.OrganizationId, cancel);
        if (!await IsLatestAsync(connection, transaction, look, cancel)) return none;
        var known = await StandingAsync(connection, transaction, look.OrganizationId, database.ForUpdate, cancel);
        var changes = AlertComparison.Of(kinds, standing, [.. known.Select(a => new KnownAlert(a.AlertId, AlertNames.ReadKind(a.Kind), a.DedupKey))]);
        var now = Micros.Now(time);
        var notices = new NoticeWriter(database, connection, transaction, look.OrganizationId, now, cancel);
        foreach (var alertId in changes.Cleared)
        {
            var alert = known.Single(a => a.AlertId == alertId).ToRow();
            await ExecuteAsync(Clear, new { organizationId = look.OrganizationId, alertId, now });
            if (alert.State != AlertState.Resolved) await notices.ChangedAsync(alert, AlertTransition.Resolved, by: null);
        }
        foreach (var alert in changes.Raised)
        {
            var alertId = Guid.CreateVersion7(Micros.ToInstant(now));
            if (await ExecuteAsync(Insert, Row(look.OrganizationId, alertId, alert, now)) == 1) await notices.RaisedAsync(alertId, alert);
        }
        await database.CommitAsync(connection, transaction);
        return changes;

        Task<int> ExecuteAsync(string sql, object row) => connection.ExecuteAsync(new CommandDefinition(sql, row, transaction, cancellationToken: cancel));
    }

    /// <summary>
    /// Takes the look at what rollups tell, as <see cref="TakeAsync"/> does. What is looked at is read afterwards: read before, it may be
    /// older than what another worker has found since.
    /// </summary>
    public Task<AlertLook?> TakeActivityAsync(Guid organizationId, TimeSpan interval, CancellationToken cancel) =>
        TakeAsync(organizationId, ActivityLook, interval, cancel);

    /// <summary>What a look at rollups has found: spend and refusals by hour, and how far the worker is behind.</summary>
    /// <param name="look">The look.</param>
    /// <param name="spend">Settled nano-USD by hour, for every scope that is watched.</param>
    /// <param name="refusals">Refused requests by hour, likewise.</param>
    /// <param name="outboxLagMicros">How old the oldest announcement is that was not dealt with; zero for none.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <returns>What was changed; nothing when another worker has taken the look since.</returns>
    public async Task<AlertComparison> SettleActivityAsync(
        AlertLook look, IReadOnlyList<HourlyActivity> spend, IReadOnlyList<HourlyActivity> refusals, long outboxLagMicros, CancellationToken cancel)
    {
        var known = (await ReadStandingAsync(look.OrganizationId, cancel)).Select(k => k.Key).ToImmutableHashSet(StringComparer.Ordinal);
        StandingAlert?[] judged =
        [
            .. spend.Select(s => ActivityAlerts.BurnRate(s, known)), .. refusals.Select(r => ActivityAlerts.UnusualRefusals(r, known)),
            HealthAlerts.OutboxLag(outboxLagMicros, known),
        ];
        return await SettleAsync(look, ActivityKinds, [.. judged.OfType<StandingAlert>()], cancel);
    }

    private async Task<bool> IsLatestAsync(DbConnection connection, DbTransaction transaction, AlertLook look, CancellationToken cancel) =>
        await connection.ExecuteScalarAsync<long?>(new CommandDefinition(
            "SELECT looked_at FROM alert_looks WHERE organization_id = @OrganizationId AND name = @Name" + database.ForUpdate,
            look, transaction, cancellationToken: cancel)) == look.TakenAt;

    private static async Task<List<StoredAlert>> StandingAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, string locking, CancellationToken cancel) =>
        (await connection.QueryAsync<StoredAlert>(new CommandDefinition("""
            SELECT alert_id, dedup_key, kind, severity, scope_id, subject, title, facts, state, raised_at, acknowledged_at, acknowledged_by, resolved_at,
                resolved_by, cleared_at, version FROM alerts
            WHERE organization_id = @organizationId AND cleared_at IS NULL ORDER BY alert_id
            """ + locking, new { organizationId }, transaction, cancellationToken: cancel))).AsList();

    private static object Row(Guid organizationId, Guid alertId, StandingAlert alert, long now) => new
    {
        organizationId, alertId, alert.Key, kind = AlertNames.Of(alert.Kind), severity = AlertNames.Of(alert.Severity), alert.ScopeId, alert.Subject,
        alert.Title, facts = AlertJson.Write(alert.Facts), now,
    };
}

/// <summary>A look at conditions that one worker has taken.</summary>
/// <param name="OrganizationId">Whose.</param>
/// <param name="Name">Which look.</param>
/// <param name="TakenAt">When, in microseconds since the Unix epoch.</param>
/// <param name="PreviousAt">When the one before it was taken; <paramref name="TakenAt"/> for the first one.</param>
public sealed record AlertLook(Guid OrganizationId, string Name, long TakenAt, long PreviousAt);
