using System.Collections.Immutable;
using Dapper;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Alerts;

/// <summary>A rule with the names of what it refers to.</summary>
public sealed record ListedAlertRule(AlertRuleRow Row, string? Scope, ImmutableArray<string> Channels);

/// <summary>Reads channels and who is told through them: the organization's, not one scope's.</summary>
public static class ChannelLists
{
    private const string Channels = "SELECT channel_id, slug, kind, settings, secret, archived_at, version FROM alert_channels WHERE organization_id = @organizationId";

    private const string Rules = """
        SELECT r.rule_id, r.slug, r.kinds, r.least_severity, r.scope_id, s.kind AS scope_kind, s.slug AS scope_slug, r.channel_ids, r.archived_at, r.version
        FROM alert_rules r LEFT JOIN scopes s ON s.organization_id = r.organization_id AND s.scope_id = r.scope_id
        WHERE r.organization_id = @organizationId
        """;

    private const string ChannelPage = Channels + Paged + "slug LIMIT @limit";
    private const string RulePage = Rules + "\nAND (@withArchived OR r.archived_at IS NULL) AND r.slug > @after ORDER BY r.slug LIMIT @limit";
    private const string Paged = "\nAND (@withArchived OR archived_at IS NULL) AND slug > @after ORDER BY ";

    /// <summary>Channels by slug.</summary>
    /// <param name="database">Where.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="after">The last slug before; null for the first page.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="withArchived">Archived ones as well.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<IReadOnlyList<ChannelRow>> ReadAsync(
        Database database, Guid organizationId, string? after, int limit, bool withArchived, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredChannel>(new CommandDefinition(
            ChannelPage, new { organizationId, after = after ?? "", limit, withArchived }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToRow())];
    }

    public static async Task<ChannelRow?> FindAsync(Database database, Guid organizationId, string slug, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return (await connection.QuerySingleOrDefaultAsync<StoredChannel>(new CommandDefinition(
            Channels + " AND slug = @slug", new { organizationId, slug }, transaction, cancellationToken: cancel)))?.ToRow();
    }

    /// <summary>Every channel under the lock of a change, archived ones too.</summary>
    public static Task<IReadOnlyList<ChannelRow>> ReadAsync(GovernanceTransaction transaction, CancellationToken cancel) =>
        transaction.ReadAsync<IReadOnlyList<ChannelRow>>(async (connection, inner) =>
            [.. (await connection.QueryAsync<StoredChannel>(new CommandDefinition(
                Channels, new { organizationId = transaction.OrganizationId }, inner, cancellationToken: cancel))).Select(r => r.ToRow())]);

    /// <summary>Rules by slug; parameters as of channels.</summary>
    public static async Task<IReadOnlyList<ListedAlertRule>> ReadRulesAsync(
        Database database, Guid organizationId, string? after, int limit, bool withArchived, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredAlertRule>(new CommandDefinition(
            RulePage, new { organizationId, after = after ?? "", limit, withArchived }, transaction, cancellationToken: cancel));
        var names = (await connection.QueryAsync<StoredChannel>(new CommandDefinition(Channels, new { organizationId }, transaction, cancellationToken: cancel)))
            .ToDictionary(c => c.ChannelId, c => c.Slug);
        return [.. rows.Select(r => Listed(r, names))];
    }

    public static async Task<ListedAlertRule?> FindRuleAsync(Database database, Guid organizationId, string slug, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var row = await connection.QuerySingleOrDefaultAsync<StoredAlertRule>(new CommandDefinition(
            Rules + " AND r.slug = @slug", new { organizationId, slug }, transaction, cancellationToken: cancel));
        if (row is null) return null;
        var names = (await connection.QueryAsync<StoredChannel>(new CommandDefinition(Channels, new { organizationId }, transaction, cancellationToken: cancel)))
            .ToDictionary(c => c.ChannelId, c => c.Slug);
        return Listed(row, names);
    }

    /// <summary>One rule under the lock of a change.</summary>
    public static Task<AlertRuleRow?> FindRuleAsync(GovernanceTransaction transaction, string slug, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) => (await connection.QuerySingleOrDefaultAsync<StoredAlertRule>(new CommandDefinition(
            Rules + " AND r.slug = @slug", new { organizationId = transaction.OrganizationId, slug }, inner, cancellationToken: cancel)))?.ToRow());

    /// <summary>How many rules there are, archived ones too.</summary>
    public static Task<long> CountRulesAsync(GovernanceTransaction transaction, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) => connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT count(*) FROM alert_rules WHERE organization_id = @OrganizationId", new { transaction.OrganizationId }, inner, cancellationToken: cancel)));

    private static ListedAlertRule Listed(StoredAlertRule row, Dictionary<Guid, string> names)
    {
        var rule = row.ToRow();
        return new ListedAlertRule(rule, StoredScopeName.ReferenceOf(row.ScopeKind, row.ScopeSlug), [.. rule.ChannelIds.Select(id => names[id])]);
    }
}
