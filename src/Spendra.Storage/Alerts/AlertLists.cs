using Dapper;
using Spendra.Core.Alerts;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Alerts;

/// <summary>Which alerts, newest first.</summary>
/// <param name="State">Only these.</param>
/// <param name="Kind">Only these.</param>
/// <param name="Severity">Only these.</param>
/// <param name="After">The last alert before, or null for the first page.</param>
/// <param name="Limit">Rows at most.</param>
public sealed record AlertListQuery(AlertState? State, AlertKind? Kind, AlertSeverity? Severity, Guid? After, int Limit);

/// <summary>Reads alerts, as far as a member sees their scopes; what concerns the whole organization is for who sees all of it.</summary>
public static class AlertLists
{
    private const string Rows = """
        SELECT a.alert_id, a.kind, a.severity, a.scope_id, s.kind AS scope_kind, s.slug AS scope_slug, a.subject, a.title, a.facts, a.state, a.raised_at,
            a.acknowledged_at, a.acknowledged_by, a.resolved_at, a.resolved_by, a.cleared_at, a.version
        FROM alerts a
        LEFT JOIN scopes s ON s.organization_id = a.organization_id AND s.scope_id = a.scope_id
        WHERE a.organization_id = @OrganizationId
        """;

    private const string Seen = "\nAND (@IsEverything OR a.scope_id IN (SELECT scope_id FROM covered))";

    // Ids are of version 7: their order is that of raising.
    private const string Page = Coverage.Scopes + Rows + Seen + """

            AND (@state = '' OR a.state = @state) AND (@kind = '' OR a.kind = @kind) AND (@severity = '' OR a.severity = @severity)
            AND (@isFirst OR a.alert_id < @after)
        ORDER BY a.alert_id DESC LIMIT @limit
        """;

    private const string One = Coverage.Scopes + Rows + Seen + "\nAND a.alert_id = @alertId";
    private const string Lock = "SELECT alert_id FROM alerts WHERE organization_id = @OrganizationId AND alert_id = @alertId";
    private const string OneForChange = Rows + "\nAND a.alert_id = @alertId";

    public static async Task<IReadOnlyList<AlertRow>> ReadAsync(Database database, Coverage coverage, AlertListQuery query, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var rows = await connection.QueryAsync<StoredAlert>(new CommandDefinition(Page, new
        {
            coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, limit = query.Limit, isFirst = query.After is null, after = query.After ?? Guid.Empty,
            state = query.State is { } state ? AlertNames.Of(state) : "", kind = query.Kind is { } kind ? AlertNames.Of(kind) : "",
            severity = query.Severity is { } severity ? AlertNames.Of(severity) : "",
        }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToRow())];
    }

    /// <summary>One alert; null when it does not exist or the member does not see it.</summary>
    public static async Task<AlertRow?> FindAsync(Database database, Coverage coverage, Guid alertId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        return (await connection.QuerySingleOrDefaultAsync<StoredAlert>(new CommandDefinition(One,
            new { coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, alertId }, transaction, cancellationToken: cancel)))?.ToRow();
    }

    /// <summary>
    /// One alert for a change, whoever may see it. It is locked: a worker that finds its condition gone does not wait for the
    /// organization's lock.
    /// </summary>
    public static Task<AlertRow?> FindAsync(Database database, GovernanceTransaction transaction, Guid alertId, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) =>
        {
            var parameters = new { transaction.OrganizationId, alertId };
            await connection.ExecuteAsync(new CommandDefinition(Lock + database.ForUpdate, parameters, inner, cancellationToken: cancel));
            return (await connection.QuerySingleOrDefaultAsync<StoredAlert>(new CommandDefinition(OneForChange, parameters, inner, cancellationToken: cancel)))?.ToRow();
        });
}
