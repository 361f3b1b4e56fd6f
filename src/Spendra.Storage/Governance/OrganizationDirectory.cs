using Dapper;

namespace Spendra.Storage.Governance;

/// <summary>An organization as people name it.</summary>
public sealed record OrganizationName(Guid OrganizationId, string Slug);

/// <summary>Which organizations there are: one of the two questions asked before the organization is known.</summary>
public static class OrganizationDirectory
{
    /// <summary>All organizations by slug.</summary>
    public static async Task<IReadOnlyList<OrganizationName>> ListAsync(Database database, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(
            "SELECT organization_id, slug FROM organization_directory ORDER BY slug", cancellationToken: cancel));
        return [.. rows.Select(r => new OrganizationName(r.OrganizationId, r.Slug))];
    }

    private sealed class Row
    {
        public Guid OrganizationId { get; init; }

        public string Slug { get; init; } = "";
    }
}
