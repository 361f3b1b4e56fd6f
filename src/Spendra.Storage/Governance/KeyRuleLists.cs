using Dapper;
using Spendra.Core.Access;
using Spendra.Core.Money;
using Spendra.Storage.Access;

namespace Spendra.Storage.Governance;

/// <summary>Which rules, and from where on.</summary>
/// <param name="Sort"><c>slug</c> or <c>-slug</c>.</param>
/// <param name="After">The last slug before, or null for the first page.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="Scope">Only those on this scope: <c>team/search</c>.</param>
/// <param name="WithArchived">Archived ones as well.</param>
public sealed record KeyRuleListQuery(string Sort, string[]? After, int Limit, string? Scope = null, bool WithArchived = false);

/// <summary>A rule with the name of its scope.</summary>
public sealed record ListedKeyRule(KeyRuleRow Row, string Scope);

/// <summary>Reads the rules of self-service.</summary>
public static class KeyRuleLists
{
    private const string Rows = """
        SELECT r.rule_id, r.slug, r.scope_id, r.max_live_keys, r.permissions, r.max_request_nanos, r.longest_life_days,
            r.archived_at, r.version, s.kind AS scope_kind, s.slug AS scope_slug
        FROM key_rules r
        JOIN scopes s ON s.organization_id = r.organization_id AND s.scope_id = r.scope_id
        WHERE r.organization_id = @OrganizationId
        """;

    private const string Seen = "\nAND (@IsEverything OR r.scope_id IN (SELECT scope_id FROM covered))";

    private const string Filters = """

            AND (@withArchived OR r.archived_at IS NULL)
            AND (@scopeKind = '' OR (s.kind = @scopeKind AND (s.slug = @scopeSlug OR s.kind = 'organization')))
        """;

    private const string BySlug = Coverage.Scopes + Rows + Seen + Filters + "\nAND (@isFirst OR r.slug > @value) ORDER BY r.slug LIMIT @limit";
    private const string BySlugDown = Coverage.Scopes + Rows + Seen + Filters + "\nAND (@isFirst OR r.slug < @value) ORDER BY r.slug DESC LIMIT @limit";
    private const string One = Coverage.Scopes + Rows + Seen + "\nAND r.slug = @slug";
    private const string OneForChange = Rows + "\nAND r.slug = @slug";
    private const string InForce = Rows + "\nAND r.archived_at IS NULL ORDER BY r.slug";

    public static async Task<IReadOnlyList<ListedKeyRule>> ReadAsync(
        Database database, Coverage coverage, KeyRuleListQuery query, CancellationToken cancel)
    {
        var (scopeKind, scopeSlug) = ScopeLists.Split(query.Scope);
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var rows = await connection.QueryAsync<StoredKeyRule>(new CommandDefinition(query.Sort == "slug" ? BySlug : BySlugDown, new
        {
            coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, scopeKind, scopeSlug, withArchived = query.WithArchived,
            isFirst = query.After is null, value = query.After?[0] ?? "", limit = query.Limit,
        }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToListed())];
    }

    /// <summary>One rule; null when it does not exist or the member does not see it.</summary>
    public static async Task<ListedKeyRule?> FindAsync(Database database, Coverage coverage, string slug, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var row = await connection.QuerySingleOrDefaultAsync<StoredKeyRule>(new CommandDefinition(One,
            new { coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, slug }, transaction, cancellationToken: cancel));
        return row?.ToListed();
    }

    /// <summary>One rule, whoever may see it, under the lock of a change.</summary>
    public static Task<ListedKeyRule?> FindAsync(GovernanceTransaction transaction, string slug, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) => (await connection.QuerySingleOrDefaultAsync<StoredKeyRule>(
            new CommandDefinition(OneForChange, new { transaction.OrganizationId, slug }, inner, cancellationToken: cancel)))?.ToListed());

    internal static Task<IReadOnlyList<KeyRule>> ReadInForceAsync(GovernanceTransaction transaction, CancellationToken cancel) =>
        transaction.ReadAsync<IReadOnlyList<KeyRule>>(async (connection, inner) =>
        {
            var rows = await connection.QueryAsync<StoredKeyRule>(new CommandDefinition(
                InForce, new { transaction.OrganizationId }, inner, cancellationToken: cancel));
            return [.. rows.Select(r => r.ToListed().Row.Rule)];
        });

    private sealed class StoredKeyRule
    {
        public Guid RuleId { get; set; }
        public string Slug { get; set; } = "";
        public Guid ScopeId { get; set; }
        public int? MaxLiveKeys { get; set; }
        public string Permissions { get; set; } = "";
        public long? MaxRequestNanos { get; set; }
        public int? LongestLifeDays { get; set; }
        public long? ArchivedAt { get; set; }
        public long Version { get; set; }
        public string ScopeKind { get; set; } = "";
        public string ScopeSlug { get; set; } = "";

        public ListedKeyRule ToListed()
        {
            var lists = RuleJson.ReadPermissions(Permissions);
            var rule = new KeyRule
            {
                RuleId = RuleId, Slug = Slug, ScopeId = ScopeId, MaxLiveKeys = MaxLiveKeys,
                Providers = lists.Providers, Models = lists.Models, Tools = lists.Tools,
                MaxRequest = MaxRequestNanos is { } max ? new NanoUsd(max) : null, LongestLifeDays = LongestLifeDays,
            };
            return new ListedKeyRule(new KeyRuleRow(rule, ArchivedAt is not null, Version),
                ScopeKind == "organization" ? ScopeKind : $"{ScopeKind}/{ScopeSlug}");
        }
    }
}
