using Dapper;
using Spendra.Storage.Access;

namespace Spendra.Storage.Governance;

/// <summary>Which keys, in which order, and from where on.</summary>
/// <param name="Sort"><c>slug</c>, <c>-slug</c>, <c>created</c> or <c>-created</c>.</param>
/// <param name="After">Sort value of the last row before, or null for the first page.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="NowMicros">The instant that tells live keys from expired ones.</param>
public sealed record KeyListQuery(string Sort, string[]? After, int Limit, long NowMicros)
{
    /// <summary>Only keys that speak for this actor: <c>employee/e1001</c>.</summary>
    public string? Actor { get; init; }

    /// <summary>Only keys that name the project of this slug.</summary>
    public string? Project { get; init; }

    /// <summary><c>live</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public string? State { get; init; }

    /// <summary>Only those whose slug contains this text.</summary>
    public string? Search { get; init; }
}

/// <summary>A key with the names of what it refers to.</summary>
/// <param name="Row">The key.</param>
/// <param name="Actor"><c>employee/e1001</c>.</param>
/// <param name="Project">The project's slug, or null.</param>
/// <param name="LastUsedAt">
/// When its latest booked request was made, as of the worker's last look; null when there is none.
/// </param>
public sealed record ListedKeyRow(KeyRow Row, string Actor, string? Project, long? LastUsedAt);

/// <summary>Reads keys, as far as a member sees them: those of covered actors, and those that spend for covered projects.</summary>
public static class KeyLists
{
    private const string Rows = """
        SELECT k.key_id, k.slug, k.mode, k.actor_id, k.project_id, k.permissions, k.environment, k.max_request_nanos, k.expires_at,
            k.created_at, k.created_by, k.revoked_at, k.rotated_at, k.previous_until, k.changed_epoch,
            a.kind AS actor_kind, a.slug AS actor_slug, p.slug AS project_slug, u.used_at
        FROM scoped_keys k
        JOIN scopes a ON a.organization_id = k.organization_id AND a.scope_id = k.actor_id
        LEFT JOIN scopes p ON p.organization_id = k.organization_id AND p.scope_id = k.project_id
        LEFT JOIN key_uses u ON u.organization_id = k.organization_id AND u.key_id = k.key_id
        WHERE k.organization_id = @OrganizationId
        """;

    private const string Seen = """

            AND (@IsEverything OR k.actor_id IN (SELECT scope_id FROM covered) OR k.project_id IN (SELECT scope_id FROM covered))
        """;

    private const string Filters = """

            AND (@actorKind = '' OR (a.kind = @actorKind AND a.slug = @actorSlug))
            AND (@project = '' OR p.slug = @project)
            AND (@state = '' OR (@state = 'revoked' AND k.revoked_at IS NOT NULL)
                OR (@state = 'expired' AND k.revoked_at IS NULL AND k.expires_at <= @now)
                OR (@state = 'live' AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > @now)))
            AND (@search = '' OR lower(k.slug) LIKE @search ESCAPE '\')
        """;

    private const string Pages = Coverage.Scopes + Rows + Seen + Filters;
    private const string BySlug = Pages + "\nAND (@isFirst OR k.slug > @value) ORDER BY k.slug LIMIT @limit";
    private const string BySlugDown = Pages + "\nAND (@isFirst OR k.slug < @value) ORDER BY k.slug DESC LIMIT @limit";

    // Ids are in the order in which they were made.
    private const string ByCreation = Pages + "\nAND (@isFirst OR k.key_id > @id) ORDER BY k.key_id LIMIT @limit";
    private const string ByCreationDown = Pages + "\nAND (@isFirst OR k.key_id < @id) ORDER BY k.key_id DESC LIMIT @limit";

    private const string One = Coverage.Scopes + Rows + Seen + "\nAND k.slug = @slug";

    private const string OneForChange = Rows + "\nAND k.slug = @slug";

    public static async Task<IReadOnlyList<ListedKeyRow>> ReadAsync(
        Database database, Coverage coverage, KeyListQuery query, CancellationToken cancel)
    {
        var sql = query.Sort switch
        {
            "slug" => BySlug,
            "-slug" => BySlugDown,
            "created" => ByCreation,
            "-created" => ByCreationDown,
            _ => throw new ArgumentException($"'{query.Sort}' is no order of keys", nameof(query)),
        };
        var (actorKind, actorSlug) = ScopeLists.Split(query.Actor);
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var rows = await connection.QueryAsync<StoredListedKey>(new CommandDefinition(sql, new
        {
            coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, actorKind, actorSlug, project = query.Project ?? "",
            state = query.State ?? "", now = query.NowMicros, search = SearchText.Like(query.Search), isFirst = query.After is null,
            value = query.After?[0] ?? "", id = Guid.TryParse(query.After?[0], out var id) ? id : Guid.Empty, limit = query.Limit,
        }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToListed())];
    }

    /// <summary>One key; null when it does not exist or the member does not see it.</summary>
    public static async Task<ListedKeyRow?> FindAsync(Database database, Coverage coverage, string slug, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, coverage.OrganizationId, cancel);
        var row = await connection.QuerySingleOrDefaultAsync<StoredListedKey>(new CommandDefinition(One,
            new { coverage.OrganizationId, coverage.MemberId, coverage.IsEverything, slug }, transaction, cancellationToken: cancel));
        return row?.ToListed();
    }

    /// <summary>One key, whoever may see it, under the lock of a change; null when there is none of that slug.</summary>
    public static Task<ListedKeyRow?> FindAsync(GovernanceTransaction transaction, string slug, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) => (await connection.QuerySingleOrDefaultAsync<StoredListedKey>(
            new CommandDefinition(OneForChange, new { transaction.OrganizationId, slug }, inner, cancellationToken: cancel)))?.ToListed());

    private sealed class StoredListedKey
    {
        public Guid KeyId { get; set; }
        public string Slug { get; set; } = "";
        public string Mode { get; set; } = "";
        public Guid ActorId { get; set; }
        public Guid? ProjectId { get; set; }
        public string Permissions { get; set; } = "";
        public string? Environment { get; set; }
        public long? MaxRequestNanos { get; set; }
        public long? ExpiresAt { get; set; }
        public long CreatedAt { get; set; }
        public string CreatedBy { get; set; } = "";
        public long? RevokedAt { get; set; }
        public long? RotatedAt { get; set; }
        public long? PreviousUntil { get; set; }
        public long ChangedEpoch { get; set; }
        public string ActorKind { get; set; } = "";
        public string ActorSlug { get; set; } = "";
        public string? ProjectSlug { get; set; }
        public long? UsedAt { get; set; }

        public ListedKeyRow ToListed() => new(new StoredKey
        {
            KeyId = KeyId, Slug = Slug, Mode = Mode, ActorId = ActorId, ProjectId = ProjectId, Permissions = Permissions,
            Environment = Environment, MaxRequestNanos = MaxRequestNanos, ExpiresAt = ExpiresAt, CreatedAt = CreatedAt,
            CreatedBy = CreatedBy, RevokedAt = RevokedAt, RotatedAt = RotatedAt, PreviousUntil = PreviousUntil, ChangedEpoch = ChangedEpoch,
        }.ToRow(), $"{ActorKind}/{ActorSlug}", ProjectSlug, UsedAt);
    }
}
