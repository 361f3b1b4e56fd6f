using Dapper;
using Spendra.Core.Access;
using Spendra.Core.Money;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>Which invitations, in which order, and from where on.</summary>
/// <param name="Sort"><c>created</c>, <c>-created</c>, <c>email</c> or <c>-email</c>.</param>
/// <param name="After">Sort value and id of the last row before, or null for the first page.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="State"><c>pending</c>, <c>accepted</c>, <c>revoked</c>, <c>expired</c>, or null for all.</param>
/// <param name="Search">Only those whose address contains this text, in any case.</param>
public sealed record InvitationListQuery(string Sort, string[]? After, int Limit, string? State = null, string? Search = null);

/// <summary>Reads invitations.</summary>
public static class InvitationReader
{
    private const string Columns = """
        SELECT i.invitation_id, i.email, i.role, i.approval_limit_nanos, i.employee_id, i.invited_by, i.created_at, i.expires_at,
            i.accepted_at, i.revoked_at, i.version, e.slug AS employee_slug, u.email AS inviter,
            (SELECT string_agg(s.kind || '/' || s.slug, ',') FROM invitation_scopes g
             JOIN scopes s ON s.organization_id = g.organization_id AND s.scope_id = g.scope_id
             WHERE g.organization_id = i.organization_id AND g.invitation_id = i.invitation_id) AS scopes
        FROM invitations i
        JOIN members m ON m.organization_id = i.organization_id AND m.member_id = i.invited_by
        JOIN users u ON u.user_id = m.user_id
        LEFT JOIN scopes e ON e.organization_id = i.organization_id AND e.scope_id = i.employee_id
        WHERE i.organization_id = @organizationId
        """;

    private const string Filters = """

            AND (@state = '' OR @state = CASE WHEN i.accepted_at IS NOT NULL THEN 'accepted' WHEN i.revoked_at IS NOT NULL THEN 'revoked'
                WHEN i.expires_at <= @nowMicros THEN 'expired' ELSE 'pending' END)
            AND (@search = '' OR i.email LIKE @search ESCAPE '\')
        """;

    // Ids are made in the order of time.
    private const string ByTime = Columns + Filters + "\nAND (@isFirst OR i.invitation_id > @id) ORDER BY i.invitation_id LIMIT @limit";
    private const string ByTimeDown = Columns + Filters + "\nAND (@isFirst OR i.invitation_id < @id) ORDER BY i.invitation_id DESC LIMIT @limit";
    private const string ByEmail = Columns + Filters + "\nAND (@isFirst OR (i.email, i.invitation_id) > (@value, @id)) ORDER BY i.email, i.invitation_id LIMIT @limit";
    private const string ByEmailDown = Columns + Filters + "\nAND (@isFirst OR (i.email, i.invitation_id) < (@value, @id)) ORDER BY i.email DESC, i.invitation_id DESC LIMIT @limit";

    public static async Task<IReadOnlyList<ListedInvitation>> ListAsync(
        Database database, Guid organizationId, InvitationListQuery query, long nowMicros, CancellationToken cancel)
    {
        var sql = query.Sort switch
        {
            "created" => ByTime,
            "-created" => ByTimeDown,
            "email" => ByEmail,
            "-email" => ByEmailDown,
            _ => throw new ArgumentException($"'{query.Sort}' is no order of invitations", nameof(query)),
        };
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var stored = await connection.QueryAsync<StoredInvitation>(new CommandDefinition(sql, new
        {
            organizationId, nowMicros, state = query.State ?? "", search = SearchText.Like(query.Search), isFirst = query.After is null,
            value = query.After?[0] ?? "", id = query.After is { } after ? Guid.Parse(after[^1]) : Guid.Empty, limit = query.Limit,
        }, transaction, cancellationToken: cancel));
        return [.. stored.Select(s => s.ToListed())];
    }

    /// <summary>One invitation; null when the organization has none of this id.</summary>
    public static async Task<ListedInvitation?> FindAsync(Database database, Guid organizationId, Guid invitationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var stored = await connection.QuerySingleOrDefaultAsync<StoredInvitation>(new CommandDefinition(
            Columns + " AND i.invitation_id = @invitationId", new { organizationId, invitationId }, transaction, cancellationToken: cancel));
        return stored?.ToListed();
    }

    /// <summary>As the other, under the lock and with the ids of the scopes that it gives.</summary>
    public static Task<ListedInvitation?> FindAsync(GovernanceTransaction transaction, Guid invitationId, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) =>
        {
            var parameters = new { organizationId = transaction.OrganizationId, invitationId };
            var stored = await connection.QuerySingleOrDefaultAsync<StoredInvitation>(new CommandDefinition(
                Columns + " AND i.invitation_id = @invitationId", parameters, inner, cancellationToken: cancel));
            if (stored is null) return null;
            var scopes = await connection.QueryAsync<Guid>(new CommandDefinition(
                "SELECT scope_id FROM invitation_scopes WHERE organization_id = @organizationId AND invitation_id = @invitationId",
                parameters, inner, cancellationToken: cancel));
            var listed = stored.ToListed();
            return listed with { Row = listed.Row with { Gives = listed.Row.Gives with { ScopeIds = [.. scopes] } } };
        });

    /// <summary>Whether somebody with this address has a pending invitation, under the lock.</summary>
    public static Task<bool> IsInvitedAsync(GovernanceTransaction transaction, string email, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) => await connection.ExecuteScalarAsync<long>(new CommandDefinition("""
            SELECT count(*) FROM invitations WHERE organization_id = @OrganizationId AND email = @email
                AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > @NowMicros
            """, new { transaction.OrganizationId, email, transaction.NowMicros }, inner, cancellationToken: cancel)) > 0);

    /// <summary>The invitation of an id in whatever organization; null when there is none.</summary>
    public static async Task<PresentedInvitation?> FindPresentedAsync(Database database, Guid invitationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var inviter = await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "SELECT organization_id FROM invitation_directory WHERE invitation_id = @invitationId", new { invitationId }, cancellationToken: cancel));
        if (inviter is not { } organizationId) return null;
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var hmac = await connection.QuerySingleOrDefaultAsync<byte[]>(new CommandDefinition(
            "SELECT secret_hmac FROM invitations WHERE organization_id = @organizationId AND invitation_id = @invitationId",
            new { organizationId, invitationId }, transaction, cancellationToken: cancel));
        return hmac is null ? null : new PresentedInvitation(organizationId, invitationId, hmac);
    }

    private sealed class StoredInvitation
    {
        public Guid InvitationId { get; set; }
        public string Email { get; set; } = "";
        public string Role { get; set; } = "";
        public long? ApprovalLimitNanos { get; set; }
        public Guid? EmployeeId { get; set; }
        public Guid InvitedBy { get; set; }
        public long CreatedAt { get; set; }
        public long ExpiresAt { get; set; }
        public long? AcceptedAt { get; set; }
        public long? RevokedAt { get; set; }
        public long Version { get; set; }
        public string? EmployeeSlug { get; set; }
        public string Inviter { get; set; } = "";
        public string? Scopes { get; set; }

        public ListedInvitation ToListed()
        {
            var role = MemberRoles.Find(Role) ?? throw new InvalidDataException($"invitation {InvitationId} gives the unknown role '{Role}'");
            var limit = ApprovalLimitNanos is { } nanos ? new NanoUsd(nanos) : (NanoUsd?)null;
            var row = new InvitationRow
            {
                InvitationId = InvitationId,
                Email = Email,
                Gives = new Membership(InvitationId, role, [], limit),
                EmployeeId = EmployeeId,
                InvitedBy = InvitedBy,
                ExpiresAt = ExpiresAt,
                CreatedAt = CreatedAt,
                AcceptedAt = AcceptedAt,
                RevokedAt = RevokedAt,
                Version = Version,
            };
            return new ListedInvitation(row, AccessText.References(Scopes), EmployeeSlug is null ? null : $"employee/{EmployeeSlug}", Inviter);
        }
    }
}
