using Dapper;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Access;

/// <summary>Reads what was answered to creations with an idempotency key.</summary>
public static class CreationReceipts
{
    /// <summary>The receipt of a member's key, under the lock that the creation would be made with; null when there is none.</summary>
    public static Task<CreationReceipt?> FindAsync(
        GovernanceTransaction transaction, Guid memberId, byte[] keyDigest, CancellationToken cancel) =>
        transaction.ReadAsync(async (connection, inner) =>
        {
            var stored = await connection.QuerySingleOrDefaultAsync<StoredReceipt>(new CommandDefinition("""
                SELECT request_digest, location, response FROM creation_receipts
                WHERE organization_id = @OrganizationId AND member_id = @memberId AND key_digest = @keyDigest
                """, new { transaction.OrganizationId, memberId, keyDigest }, inner, cancellationToken: cancel));
            return stored is null ? null
                : new CreationReceipt(memberId, keyDigest, stored.RequestDigest, stored.Location, stored.Response);
        });

    private sealed class StoredReceipt
    {
        public byte[] RequestDigest { get; set; } = [];
        public string Location { get; set; } = "";
        public string? Response { get; set; }
    }
}
