using Dapper;

namespace Spendra.Storage.Governance;

/// <summary>Reads pages of provider accounts, by their slugs. Credentials come along as they are stored: references or cipher text.</summary>
public static class AccountLists
{
    private const string Rows = """
        SELECT account_id, slug, provider, base_url, credential_kind, credential, settings, archived_at, changed_epoch
        FROM provider_accounts
        WHERE organization_id = @organizationId AND (provider = 'mcp') = @isMcp
        """;

    private const string Filters = """

            AND (@withArchived OR archived_at IS NULL) AND (@provider = '' OR provider = @provider)
            AND (@search = '' OR lower(slug) LIKE @search ESCAPE '\')
        """;

    private const string Up = Rows + Filters + "\nAND (@isFirst OR slug > @after) ORDER BY slug LIMIT @limit";
    private const string Down = Rows + Filters + "\nAND (@isFirst OR slug < @after) ORDER BY slug DESC LIMIT @limit";
    private const string One = Rows + "\nAND slug = @slug";
    private const string OfId = Rows + "\nAND account_id = @accountId";

    /// <param name="database">Where.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="isMcp">Servers of tools, or everything else.</param>
    /// <param name="isAscending">By slug.</param>
    /// <param name="after">The slug before the page; null for the first page.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="provider">Only of this provider.</param>
    /// <param name="search">Only those whose slug contains this text.</param>
    /// <param name="withArchived">Archived ones as well.</param>
    /// <param name="cancel">Stops reading.</param>
    public static Task<IReadOnlyList<AccountRow>> ReadAsync(
        Database database, Guid organizationId, bool isMcp, bool isAscending, string? after, int limit, string? provider, string? search,
        bool withArchived, CancellationToken cancel) =>
        ReadAsync(database, organizationId, isAscending ? Up : Down, new
        {
            organizationId, isMcp, isFirst = after is null, after = after ?? "", limit, provider = provider ?? "", search = SearchText.Like(search), withArchived,
        }, cancel);

    public static async Task<AccountRow?> FindAsync(Database database, Guid organizationId, bool isMcp, string slug, CancellationToken cancel) =>
        (await ReadAsync(database, organizationId, One, new { organizationId, isMcp, slug }, cancel)).SingleOrDefault();

    /// <summary>An account of a provider by its id, archived ones too.</summary>
    public static async Task<AccountRow?> FindAsync(Database database, Guid organizationId, Guid accountId, CancellationToken cancel) =>
        (await ReadAsync(database, organizationId, OfId, new { organizationId, isMcp = false, accountId }, cancel)).SingleOrDefault();

    private static async Task<IReadOnlyList<AccountRow>> ReadAsync(
        Database database, Guid organizationId, string sql, object parameters, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredAccount>(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => new AccountRow(r.ToAccount(), r.ArchivedAt is not null) { ChangedEpoch = r.ChangedEpoch })];
    }
}
