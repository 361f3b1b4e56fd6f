using Dapper;
using Spendra.Core.Governance;
using Spendra.Storage.Access;

namespace Spendra.Storage.Governance;

/// <summary>Which policies, and from where on.</summary>
/// <param name="Sort"><c>slug</c> or <c>-slug</c>.</param>
/// <param name="After">The last slug before, or null for the first page.</param>
/// <param name="Limit">Rows at most.</param>
public sealed record PolicyListQuery(string Sort, string[]? After, int Limit)
{
    public PolicyKind? Kind { get; init; }

    /// <summary>Only those on this scope: <c>team/search</c>.</summary>
    public string? Scope { get; init; }

    /// <summary>Only those that watch the budget of this slug.</summary>
    public string? Budget { get; init; }

    public string? Search { get; init; }

    public bool WithArchived { get; init; }
}

/// <summary>A policy with the names of what it refers to, and who set it when.</summary>
public sealed record ListedPolicy(PolicyRow Row, string Scope, string? Budget, string SetBy, long SetAt);

/// <summary>Reads policies, as far as a member sees the scopes that they are on.</summary>
public static class PolicyLists
{
    private const string Rows = Coverage.Scopes + """
        SELECT p.policy_id, p.slug, p.kind, p.scope_id, p.budget_id, p.rule, p.archived_at, p.changed_epoch, p.set_by, p.set_at,
            s.kind AS scope_kind, s.slug AS scope_slug, b.slug AS budget_slug
        FROM policies p
        JOIN scopes s ON s.organization_id = p.organization_id AND s.scope_id = p.scope_id
        LEFT JOIN budgets b ON b.organization_id = p.organization_id AND b.budget_id = p.budget_id
        WHERE p.organization_id = @OrganizationId AND (@IsEverything OR p.scope_id IN (SELECT scope_id FROM covered))
        """;

    private const string Filters = """

            AND (@withArchived OR p.archived_at IS NULL)
            AND (@kind = '' OR p.kind = @kind)
            AND (@scopeKind = '' OR (s.kind = @scopeKind AND (s.slug = @scopeSlug OR s.kind = 'organization')))
            AND (@budget = '' OR b.slug = @budget)
            AND (@search = '' OR lower(p.slug) LIKE @search ESCAPE '\')
        """;

    private const string BySlug = Rows + Filters + "\nAND (@isFirst OR p.slug > @value) ORDER BY p.slug LIMIT @limit";
    private const string BySlugDown = Rows + Filters + "\nAND (@isFirst OR p.slug < @value) ORDER BY p.slug DESC LIMIT @limit";
    private const string One = Rows + "\nAND p.slug = @slug";

    public static async Task<IReadOnlyList<ListedPolicy>> ReadAsync(
        Database database, Coverage coverage, PolicyListQuery query, CancellationToken cancel)
    {
        var (scopeKind, scopeSlug) = ScopeLists.Split(query.Scope);
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var rows = await connection.QueryAsync<StoredListedPolicy>(new CommandDefinition(query.Sort == "slug" ? BySlug : BySlugDown, new
        {
            coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, scopeKind, scopeSlug, withArchived = query.WithArchived,
            kind = query.Kind is { } kind ? GovernanceNames.Of(kind) : "", budget = query.Budget ?? "",
            search = SearchText.Like(query.Search), isFirst = query.After is null, value = query.After?[0] ?? "", limit = query.Limit,
        }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToListed())];
    }

    /// <summary>One policy; null when it does not exist or the member does not see it.</summary>
    public static async Task<ListedPolicy?> FindAsync(Database database, Coverage coverage, string slug, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var row = await connection.QuerySingleOrDefaultAsync<StoredListedPolicy>(new CommandDefinition(One,
            new { coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, slug }, transaction, cancellationToken: cancel));
        return row?.ToListed();
    }

    private sealed class StoredListedPolicy
    {
        public Guid PolicyId { get; set; }
        public string Slug { get; set; } = "";
        public string Kind { get; set; } = "";
        public Guid ScopeId { get; set; }
        public Guid? BudgetId { get; set; }
        public string Rule { get; set; } = "";
        public long? ArchivedAt { get; set; }
        public long ChangedEpoch { get; set; }
        public string SetBy { get; set; } = "";
        public long SetAt { get; set; }
        public string ScopeKind { get; set; } = "";
        public string ScopeSlug { get; set; } = "";
        public string? BudgetSlug { get; set; }

        public ListedPolicy ToListed()
        {
            var policy = new StoredPolicy { PolicyId = PolicyId, Slug = Slug, Kind = Kind, ScopeId = ScopeId, BudgetId = BudgetId, Rule = Rule };
            return new ListedPolicy(new PolicyRow(policy.ToPolicy(), ArchivedAt is not null) { ChangedEpoch = ChangedEpoch },
                ScopeKind == "organization" ? ScopeKind : $"{ScopeKind}/{ScopeSlug}", BudgetSlug, SetBy, SetAt);
        }
    }
}
