using Dapper;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>An organization's settings with their version.</summary>
public sealed record ListedOrganization(OrganizationRow Row, long ChangedEpoch);

/// <summary>Reads what an organization says of itself.</summary>
public static class OrganizationReader
{
    /// <summary>The settings of an organization that exists.</summary>
    public static async Task<ListedOrganization> ReadAsync(Database database, Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        // The organization's own scope is put with it and carries the version.
        var stored = await connection.QuerySingleAsync<StoredOrganization>(new CommandDefinition("""
            SELECT o.slug, o.name, o.currency, o.time_zone, s.changed_epoch FROM organizations o
            JOIN scopes s ON s.organization_id = o.organization_id AND s.scope_id = o.organization_id
            WHERE o.organization_id = @organizationId
            """, new { organizationId }, transaction, cancellationToken: cancel));
        return new ListedOrganization(
            new OrganizationRow(organizationId, stored.Slug, stored.Name, stored.Currency, stored.TimeZone), stored.ChangedEpoch);
    }

    private sealed class StoredOrganization
    {
        public string Slug { get; set; } = "";
        public string Name { get; set; } = "";
        public string Currency { get; set; } = "";
        public string TimeZone { get; set; } = "";
        public long ChangedEpoch { get; set; }
    }
}
