using Dapper;
using Spendra.Core.Governance;
using Spendra.Storage.Access;

namespace Spendra.Storage.Governance;

/// <summary>Which scopes, in which order, and from where on.</summary>
/// <param name="Kind">Of one kind.</param>
/// <param name="Sort"><c>slug</c>, <c>-slug</c>, <c>name</c> or <c>-name</c>.</param>
/// <param name="After">Sort value and slug of the last row before, or null for the first page.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="Parent">Only those directly below this scope: <c>team/search</c>.</param>
/// <param name="Search">Only those whose slug or name contains this text, in any case.</param>
/// <param name="WithArchived">Archived ones as well.</param>
public sealed record ScopeListQuery(
    ScopeKind Kind, string Sort, string[]? After, int Limit, string? Parent = null, string? Search = null, bool WithArchived = false);

/// <summary>A scope with the names of what it refers to.</summary>
public sealed record ListedScope(ScopeRow Row, string? Parent, IReadOnlyList<string> Projects);

/// <summary>Reads pages of scopes, as far as a member sees them.</summary>
public static class ScopeLists
{
    private const string Rows = Coverage.Scopes + """
        SELECT s.scope_id, s.kind, s.slug, s.name, s.email, s.parent_id, s.archived_at, s.changed_epoch,
            p.kind AS parent_kind, p.slug AS parent_slug
        FROM scopes s
        LEFT JOIN scopes p ON p.organization_id = s.organization_id AND p.scope_id = s.parent_id
        WHERE s.organization_id = @OrganizationId AND s.kind = @kind
            AND (@IsEverything OR s.scope_id IN (SELECT scope_id FROM covered))
        """;

    private const string Filters = """

            AND (@withArchived OR s.archived_at IS NULL)
            AND (@parentKind = '' OR (p.kind = @parentKind AND p.slug = @parentSlug))
            AND (@search = '' OR lower(s.slug) LIKE @search ESCAPE '\' OR lower(s.name) LIKE @search ESCAPE '\')
        """;

    private const string BySlug = Rows + Filters + "\nAND (@isFirst OR s.slug > @value) ORDER BY s.slug LIMIT @limit";
    private const string BySlugDown = Rows + Filters + "\nAND (@isFirst OR s.slug < @value) ORDER BY s.slug DESC LIMIT @limit";
    private const string ByName = Rows + Filters + "\nAND (@isFirst OR (s.name, s.slug) > (@value, @slug)) ORDER BY s.name, s.slug LIMIT @limit";
    private const string ByNameDown = Rows + Filters + "\nAND (@isFirst OR (s.name, s.slug) < (@value, @slug)) ORDER BY s.name DESC, s.slug DESC LIMIT @limit";

    private const string One = Rows + "\nAND s.slug = @slug";

    private const string Projects = """
        SELECT e.employee_id, p.scope_id, p.slug FROM employee_projects e
        JOIN scopes p ON p.organization_id = e.organization_id AND p.scope_id = e.project_id
        WHERE e.organization_id = @OrganizationId AND e.employee_id = @employeeId ORDER BY p.slug
        """;

    public static async Task<IReadOnlyList<ListedScope>> ReadAsync(
        Database database, Coverage coverage, ScopeListQuery query, CancellationToken cancel)
    {
        var sql = query.Sort switch
        {
            "slug" => BySlug,
            "-slug" => BySlugDown,
            "name" => ByName,
            "-name" => ByNameDown,
            _ => throw new ArgumentException($"'{query.Sort}' is no order of scopes", nameof(query)),
        };
        var (parentKind, parentSlug) = Split(query.Parent);
        return await ReadAsync(database, coverage, sql, new
        {
            coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, kind = Scope.KindName(query.Kind),
            withArchived = query.WithArchived, parentKind, parentSlug, search = SearchText.Like(query.Search),
            isFirst = query.After is null, value = query.After?[0] ?? "", slug = query.After?[^1] ?? "", limit = query.Limit,
        }, cancel);
    }

    /// <summary>One scope; null when it does not exist or the member does not see it.</summary>
    public static async Task<ListedScope?> FindAsync(
        Database database, Coverage coverage, ScopeKind kind, string slug, CancellationToken cancel) =>
        (await ReadAsync(database, coverage, One, new
        {
            coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, kind = Scope.KindName(kind), slug,
        }, cancel)).SingleOrDefault();

    private static async Task<List<ListedScope>> ReadAsync(
        Database database, Coverage coverage, string sql, object parameters, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var stored = await connection.QueryAsync<StoredListedScope>(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancel));
        var listed = new List<ListedScope>();
        foreach (var row in stored)
        {
            List<StoredProject> projects = [];
            if (row.Kind == "employee")
            {
                projects = (await connection.QueryAsync<StoredProject>(new CommandDefinition(Projects,
                    new { coverage.OrganizationId, employeeId = row.ScopeId }, transaction, cancellationToken: cancel))).AsList();
            }
            listed.Add(new ListedScope(
                new ScopeRow(row.ToScope(), row.ArchivedAt is not null)
                {
                    Email = row.Email, ProjectIds = [.. projects.Select(p => p.ScopeId)], ChangedEpoch = row.ChangedEpoch,
                },
                row.ParentKind is null ? null : $"{row.ParentKind}/{row.ParentSlug}", [.. projects.Select(p => p.Slug)]));
        }
        return listed;
    }

    /// <summary>Kind and slug of a reference, for filters; both empty when nothing is asked for. One without a kind names nothing.</summary>
    internal static (string Kind, string Slug) Split(string? reference) =>
        reference is null ? ("", "") : reference == "organization" ? (reference, "") : reference.IndexOf('/', StringComparison.Ordinal) is var at and > 0
            ? (reference[..at], reference[(at + 1)..]) : ("?", reference);

    private sealed class StoredListedScope
    {
        public Guid ScopeId { get; set; }
        public string Kind { get; set; } = "";
        public string Slug { get; set; } = "";
        public string Name { get; set; } = "";
        public string? Email { get; set; }
        public Guid? ParentId { get; set; }
        public long? ArchivedAt { get; set; }
        public long ChangedEpoch { get; set; }
        public string? ParentKind { get; set; }
        public string? ParentSlug { get; set; }

        public Scope ToScope() => new(ScopeId, GovernanceNames.ReadScopeKind(Kind), Slug, Name, ParentId);
    }

    private sealed class StoredProject
    {
        public Guid EmployeeId { get; set; }
        public Guid ScopeId { get; set; }
        public string Slug { get; set; } = "";
    }
}
