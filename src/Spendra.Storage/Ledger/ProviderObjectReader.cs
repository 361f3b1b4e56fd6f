using Dapper;
using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>Finds objects at providers for the organization that made them. To anyone else they do not exist.</summary>
public sealed class ProviderObjectReader(Database database)
{
    private const string Columns =
        """
        organization_id, object_id, kind, account_id, key_id, reservation_id, created_at, bytes, file_name, purpose, expires_at
        """;

    /// <summary>The object, or null when the organization has none of this id and kind that is not deleted.</summary>
    public async Task<ProviderObject?> FindAsync(Guid organizationId, string objectId, ObjectKind kind, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var row = await connection.QuerySingleOrDefaultAsync<StoredObject>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM provider_objects
            WHERE organization_id = @organizationId AND object_id = @objectId AND kind = @kind AND deleted_at IS NULL
            """,
            new { organizationId, objectId, kind = (int)kind }, cancellationToken: cancel));
        return row?.ToObject();
    }

    /// <summary>The organization's files, newest first or oldest first.</summary>
    public async Task<IReadOnlyList<ProviderObject>> ListFilesAsync(Guid organizationId, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<StoredObject>(new CommandDefinition(
            $"""
            SELECT {Columns} FROM provider_objects
            WHERE organization_id = @organizationId AND kind = 1 AND deleted_at IS NULL
            ORDER BY created_at DESC, object_id DESC
            """,
            new { organizationId }, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToObject())];
    }

    private sealed class StoredObject
    {
        public Guid OrganizationId { get; set; }
        public string ObjectId { get; set; } = "";
        public int Kind { get; set; }
        public Guid AccountId { get; set; }
        public Guid KeyId { get; set; }
        public Guid ReservationId { get; set; }
        public long CreatedAt { get; set; }
        public long? Bytes { get; set; }
        public string? FileName { get; set; }
        public string? Purpose { get; set; }
        public long? ExpiresAt { get; set; }

        public ProviderObject ToObject() => new()
        {
            OrganizationId = OrganizationId,
            ObjectId = ObjectId,
            Kind = (ObjectKind)Kind,
            AccountId = AccountId,
            KeyId = KeyId,
            ReservationId = ReservationId,
            CreatedAt = CreatedAt,
            Bytes = Bytes,
            FileName = FileName,
            Purpose = Purpose,
            ExpiresAt = ExpiresAt,
        };
    }
}
