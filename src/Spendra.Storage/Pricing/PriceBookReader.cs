using System.Data.Common;
using Dapper;
using Spendra.Core.Pricing;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Pricing;

/// <summary>Reads price books, whole and in part.</summary>
public static class PriceBookReader
{
    private const string OfServer = " AND provider = 'mcp' AND model LIKE @server ESCAPE '\\'";

    private const string Version = """
        SELECT coalesce(max(changed_epoch), 0) FROM prices WHERE organization_id = @organizationId AND provider = 'mcp' AND model LIKE @server ESCAPE '\'
        """;

    /// <summary>Every version that there is.</summary>
    public static async Task<IReadOnlyList<PriceVersion>> ReadAsync(Database database, Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        var rows = await connection.QueryAsync<StoredPrice>(new CommandDefinition(
            GovernanceQueries.ChangedPrices, new { organizationId, since = -1L }, transaction, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToPrice())];
    }

    /// <summary>Every version of the prices of a server's tools, and the epoch of the last change; 0 when there is none.</summary>
    public static async Task<(IReadOnlyList<PriceVersion> Prices, long Version)> ReadToolsAsync(
        Database database, Guid organizationId, string server, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        await using var transaction = await database.BeginSnapshotAsync(connection, organizationId, cancel);
        return await ReadToolsAsync(connection, transaction, organizationId, server, cancel);
    }

    /// <summary>As the other, under the lock of a change.</summary>
    public static Task<(IReadOnlyList<PriceVersion> Prices, long Version)> ReadToolsAsync(
        GovernanceTransaction transaction, string server, CancellationToken cancel) =>
        transaction.ReadAsync((connection, inner) => ReadToolsAsync(connection, inner, transaction.OrganizationId, server, cancel));

    private static async Task<(IReadOnlyList<PriceVersion> Prices, long Version)> ReadToolsAsync(
        DbConnection connection, DbTransaction transaction, Guid organizationId, string server, CancellationToken cancel)
    {
        var parameters = new { organizationId, since = -1L, server = SearchText.Like($"{server}/")[1..] };
        var rows = await connection.QueryAsync<StoredPrice>(new CommandDefinition(
            GovernanceQueries.ChangedPrices + OfServer, parameters, transaction, cancellationToken: cancel));
        var version = await connection.ExecuteScalarAsync<long>(new CommandDefinition(Version, parameters, transaction, cancellationToken: cancel));
        return ([.. rows.Select(r => r.ToPrice())], version);
    }
}
