using Dapper;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>Which members, in which order, and from where on.</summary>
/// <param name="Sort"><c>email</c>, <c>-email</c>, <c>name</c>, <c>-name</c>, <c>joined</c> or <c>-joined</c>.</param>
/// <param name="After">Sort value and id of the last row before, or null for the first page.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="Role">Only those of this role; <c>none</c> for those without one.</param>
/// <param name="Search">Only those whose address or name contains this text, in any case.</param>
/// <param name="WithRemoved">Removed ones as well.</param>
public sealed record MemberListQuery(
    string Sort, string[]? After, int Limit, string? Role = null, string? Search = null, bool WithRemoved = false);

/// <summary>A member with the names of what the row refers to. The row's own list of scope ids is empty.</summary>
public sealed record ListedMember(MemberRow Row, IReadOnlyList<string> Scopes, string? Employee);

/// <summary>Reads pages of members, and members by person or address.</summary>
public static class MemberLists
{
    private const string Columns = """
        SELECT m.organization_id, m.member_id, m.user_id, m.employee_id, m.role, m.approval_limit_nanos, m.joined_at,
            m.removed_at, m.version, u.email, u.name, e.slug AS employee_slug,
            (SELECT string_agg(s.kind || '/' || s.slug, ',') FROM member_scopes g
             JOIN scopes s ON s.organization_id = g.organization_id AND s.scope_id = g.scope_id
             WHERE g.organization_id = m.organization_id AND g.member_id = m.member_id) AS scopes
        FROM members m JOIN users u ON u.user_id = m.user_id
        LEFT JOIN scopes e ON e.organization_id = m.organization_id AND e.scope_id = m.employee_id
        WHERE m.organization_id = @organizationId
        """;

    private const string Filters = """

            AND (@withRemoved OR m.removed_at IS NULL)
            AND (@role = '' OR @role = coalesce(m.role, 'none'))
            AND (@search = '' OR u.email LIKE @search ESCAPE '\' OR lower(u.name) LIKE @search ESCAPE '\')
        """;

    private const string ByEmail = Columns + Filters + "\nAND (@isFirst OR u.email > @value) ORDER BY u.email LIMIT @limit";
    private const string ByEmailDown = Columns + Filters + "\nAND (@isFirst OR u.email < @value) ORDER BY u.email DESC LIMIT @limit";
    private const string ByName = Columns + Filters + "\nAND (@isFirst OR (u.name, u.email) > (@value, @email)) ORDER BY u.name, u.email LIMIT @limit";
    private const string ByNameDown = Columns + Filters + "\nAND (@isFirst OR (u.name, u.email) < (@value, @email)) ORDER BY u.name DESC, u.email DESC LIMIT @limit";
    private const string ByTime = Columns + Filters + "\nAND (@isFirst OR (m.joined_at, u.email) > (@time, @email)) ORDER BY m.joined_at, u.email LIMIT @limit";
    private const string ByTimeDown = Columns + Filters + "\nAND (@isFirst OR (m.joined_at, u.email) < (@time, @email)) ORDER BY m.joined_at DESC, u.email DESC LIMIT @limit";

    public static async Task<IReadOnlyList<ListedMember>> ListAsync(
        Database database, Guid organizationId, MemberListQuery query, CancellationToken cancel)
    {
        var sql = query.Sort switch
        {
            "email" => ByEmail,
            "-email" => ByEmailDown,
            "name" => ByName,
            "-name" => ByNameDown,
            "joined" => ByTime,
            "-joined" => ByTimeDown,
            _ => throw new ArgumentException($"'{query.Sort}' is no order of members", nameof(query)),
        };
        var isByTime = query.Sort.EndsWith("joined", StringComparison.Ordinal);
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var stored = await connection.QueryAsync<MemberReader.StoredMember>(new CommandDefinition(sql, new
        {
            organizationId, withRemoved = query.WithRemoved, role = query.Role ?? "", search = SearchText.Like(query.Search),
            isFirst = query.After is null, value = query.After?[0] ?? "", email = query.After?[^1] ?? "",
            time = isByTime && query.After is { } after ? long.Parse(after[0], System.Globalization.CultureInfo.InvariantCulture) : 0L,
            limit = query.Limit,
        }, transaction, cancellationToken: cancel));
        return [.. stored.Select(s => s.ToListed())];
    }

    /// <summary>One member; null for nobody, and for somebody who was removed.</summary>
    public static async Task<ListedMember?> FindAsync(Database database, Guid organizationId, Guid memberId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var stored = await connection.QuerySingleOrDefaultAsync<MemberReader.StoredMember>(new CommandDefinition(
            Columns + " AND m.member_id = @memberId AND m.removed_at IS NULL", new { organizationId, memberId }, transaction, cancellationToken: cancel));
        return stored?.ToListed();
    }

    /// <summary>The membership of an id under the lock; null for nobody, and for somebody who was removed.</summary>
    public static Task<MemberRow?> FindAsync(GovernanceTransaction transaction, Guid memberId, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) => MemberReader.FindAsync(connection, inner, transaction.OrganizationId, memberId, cancel));

    /// <summary>A person's membership under the lock, a removed one too; null for somebody who never was a member.</summary>
    public static Task<MemberRow?> FindOfEmailAsync(GovernanceTransaction transaction, string email, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) =>
        {
            var parameters = new { organizationId = transaction.OrganizationId, email = email.ToLowerInvariant() };
            var stored = await connection.QuerySingleOrDefaultAsync<MemberReader.StoredMember>(new CommandDefinition(
                Columns + " AND u.email = @email", parameters, inner, cancellationToken: cancel));
            if (stored is null) return null;
            return await MemberReader.FindAsync(connection, inner, transaction.OrganizationId, stored.MemberId, cancel) ?? stored.ToRow([]);
        });

    /// <summary>The member who is an employee, under the lock; null for nobody.</summary>
    public static Task<Guid?> FindOfEmployeeAsync(GovernanceTransaction transaction, Guid employeeId, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) => connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "SELECT member_id FROM members WHERE organization_id = @OrganizationId AND employee_id = @employeeId",
            new { transaction.OrganizationId, employeeId }, inner, cancellationToken: cancel)));
}
