using Dapper;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>A domain that an organization has proven to be its own, or is about to.</summary>
/// <param name="Domain">In lower case.</param>
/// <param name="Challenge">What its owner publishes as TXT to prove it.</param>
/// <param name="CreatedAt">When the challenge was made.</param>
/// <param name="VerifiedAt">When it was proven; null until then.</param>
/// <param name="IsRemoved">A removed domain means nothing.</param>
/// <param name="Version">Grows with every change of the row.</param>
public sealed record DomainRow(string Domain, string Challenge, long CreatedAt, long? VerifiedAt, bool IsRemoved, long Version);

/// <summary>Reads the domains of organizations, and whose a proven domain is.</summary>
public static class DomainRows
{
    private const string Columns = """
        SELECT domain, challenge, created_at, verified_at, removed_at, version FROM domains
        WHERE organization_id = @organizationId
        """;

    private const string Up = Columns + " AND removed_at IS NULL AND domain > @after ORDER BY domain LIMIT @limit";
    private const string Down = Columns + " AND removed_at IS NULL AND (@isFirst OR domain < @after) ORDER BY domain DESC LIMIT @limit";

    /// <summary>A page of an organization's domains by name, removed ones left out.</summary>
    /// <param name="database">A migrated database.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="isDown">From the end.</param>
    /// <param name="after">The domain before the page, or null for the first one.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<IReadOnlyList<DomainRow>> ListAsync(
        Database database, Guid organizationId, bool isDown, string? after, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var stored = await connection.QueryAsync<StoredDomain>(new CommandDefinition(isDown ? Down : Up,
            new { organizationId, isFirst = after is null, after = after ?? "", limit }, transaction, cancellationToken: cancel));
        return [.. stored.Select(s => s.ToRow())];
    }

    /// <summary>One domain of an organization; null for one that it does not have or has removed.</summary>
    public static async Task<DomainRow?> FindAsync(Database database, Guid organizationId, string domain, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var stored = await connection.QuerySingleOrDefaultAsync<StoredDomain>(new CommandDefinition(
            Columns + " AND domain = @domain AND removed_at IS NULL", new { organizationId, domain }, transaction, cancellationToken: cancel));
        return stored?.ToRow();
    }

    /// <summary>As the other, under the lock and removed ones too.</summary>
    public static Task<DomainRow?> FindAsync(GovernanceTransaction transaction, string domain, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) => (await connection.QuerySingleOrDefaultAsync<StoredDomain>(new CommandDefinition(
            Columns + " AND domain = @domain", new { organizationId = transaction.OrganizationId, domain }, inner,
            cancellationToken: cancel)))?.ToRow());

    /// <summary>The organization that has proven a domain to be its own; null for nobody.</summary>
    public static async Task<Guid?> FindOrganizationAsync(Database database, string domain, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        return await connection.QuerySingleOrDefaultAsync<Guid?>(new CommandDefinition(
            "SELECT organization_id FROM domain_directory WHERE domain = @domain", new { domain }, cancellationToken: cancel));
    }

    /// <summary>
    /// Makes a domain the organization's, unless another one has it. The row in the directory is also the lock of what two
    /// organizations prove at once: the second waits and then finds the first. Without a commit nothing is claimed.
    /// </summary>
    /// <returns>False when it is another organization's.</returns>
    public static Task<bool> ClaimAsync(GovernanceTransaction transaction, string domain, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) =>
        {
            await connection.ExecuteAsync(new CommandDefinition("""
                INSERT INTO domain_directory (domain, organization_id) VALUES (@domain, @OrganizationId)
                ON CONFLICT (domain) DO NOTHING
                """, new { domain, transaction.OrganizationId }, inner, cancellationToken: cancel));
            var owner = await connection.QuerySingleAsync<Guid>(new CommandDefinition(
                "SELECT organization_id FROM domain_directory WHERE domain = @domain", new { domain }, inner, cancellationToken: cancel));
            return owner == transaction.OrganizationId;
        });

    private sealed class StoredDomain
    {
        public string Domain { get; set; } = "";
        public string Challenge { get; set; } = "";
        public long CreatedAt { get; set; }
        public long? VerifiedAt { get; set; }
        public long? RemovedAt { get; set; }
        public long Version { get; set; }

        public DomainRow ToRow() => new(Domain, Challenge, CreatedAt, VerifiedAt, RemovedAt is not null, Version);
    }
}
