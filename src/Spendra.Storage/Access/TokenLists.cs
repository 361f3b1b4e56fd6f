using Dapper;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>Which tokens, newest first or last, and from where on.</summary>
/// <param name="IsDown">Newest first.</param>
/// <param name="After">The token before the page, or null for the first one.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="MemberId">Only those of this member; null for everybody's.</param>
/// <param name="State"><c>live</c>, <c>revoked</c>, <c>expired</c>, or null for all.</param>
public sealed record TokenListQuery(bool IsDown, Guid? After, int Limit, Guid? MemberId, string? State = null);

/// <summary>A token with the address of its member.</summary>
public sealed record ListedToken(AccessTokenRow Row, string Email);

/// <summary>Reads pages of personal access tokens, and tokens for those who revoke them.</summary>
public static class TokenLists
{
    private const string Columns = """
        SELECT t.organization_id, t.token_id, t.member_id, t.name, t.capabilities, t.created_at, t.expires_at, t.last_used_at,
            t.revoked_at, t.version, u.email
        FROM access_tokens t
        JOIN members m ON m.organization_id = t.organization_id AND m.member_id = t.member_id
        JOIN users u ON u.user_id = m.user_id
        WHERE t.organization_id = @organizationId
        """;

    private const string Filters = """

            AND (@isEverybody OR t.member_id = @memberId)
            AND (@state = '' OR @state = CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked' WHEN t.expires_at <= @nowMicros THEN 'expired' ELSE 'live' END)
        """;

    // Ids are made in the order of time.
    private const string Up = Columns + Filters + "\nAND (@isFirst OR t.token_id > @after) ORDER BY t.token_id LIMIT @limit";
    private const string Down = Columns + Filters + "\nAND (@isFirst OR t.token_id < @after) ORDER BY t.token_id DESC LIMIT @limit";

    public static async Task<IReadOnlyList<ListedToken>> ListAsync(
        Database database, Guid organizationId, TokenListQuery query, long nowMicros, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var stored = await connection.QueryAsync<AccessTokenReader.StoredToken>(new CommandDefinition(query.IsDown ? Down : Up, new
        {
            organizationId, nowMicros, isEverybody = query.MemberId is null, memberId = query.MemberId ?? Guid.Empty,
            state = query.State ?? "", isFirst = query.After is null, after = query.After ?? Guid.Empty, limit = query.Limit,
        }, transaction, cancellationToken: cancel));
        return [.. stored.Select(s => new ListedToken(s.ToRow(), s.Email))];
    }

    /// <summary>One token of the organization under the lock; null when there is none of this id.</summary>
    public static Task<ListedToken?> FindAsync(GovernanceTransaction transaction, Guid tokenId, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) =>
        {
            var stored = await connection.QuerySingleOrDefaultAsync<AccessTokenReader.StoredToken>(new CommandDefinition(
                Columns + " AND t.token_id = @tokenId", new { organizationId = transaction.OrganizationId, tokenId }, inner, cancellationToken: cancel));
            return stored is null ? null : new ListedToken(stored.ToRow(), stored.Email);
        });

    /// <summary>The tokens of a member that are not revoked, under the lock: they end with the membership.</summary>
    public static Task<IReadOnlyList<ListedToken>> OfMemberAsync(GovernanceTransaction transaction, Guid memberId, CancellationToken cancel) =>
        transaction.ReadAsync<IReadOnlyList<ListedToken>>(async (connection, inner) =>
        {
            var stored = await connection.QueryAsync<AccessTokenReader.StoredToken>(new CommandDefinition(
                Columns + " AND t.member_id = @memberId AND t.revoked_at IS NULL ORDER BY t.token_id",
                new { organizationId = transaction.OrganizationId, memberId }, inner, cancellationToken: cancel));
            return [.. stored.Select(s => new ListedToken(s.ToRow(), s.Email))];
        });
}
