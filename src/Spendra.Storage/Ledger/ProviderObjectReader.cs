using Dapper;
using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>Which files of an organization a list shows: at most so many, after one of them, of a purpose.</summary>
public readonly record struct FilePage(int Limit, bool IsAscending, string? After, string? Purpose);

/// <summary>The objects at providers, from their table.</summary>
public sealed class ProviderObjectReader(Database database) : IProviderObjectSource
{
    private const string Columns =
        """
        organization_id, object_id, kind, account_id, key_id, reservation_id, created_at, bytes, file_name, purpose, expires_at
        """;

    private const string OnePage =
        $"""
        SELECT {Columns} FROM provider_objects
        WHERE organization_id = @organizationId AND kind = 1 AND deleted_at IS NULL
          AND (CAST(@purpose AS text) IS NULL OR purpose = @purpose)
        """;

    private const string AfterRow =
        "(SELECT a.created_at, a.object_id FROM provider_objects a WHERE a.organization_id = @organizationId AND a.object_id = @after)";

    private const string NewestFirst =
        $"""
        {OnePage} AND (CAST(@after AS text) IS NULL OR (created_at, object_id) < {AfterRow})
        ORDER BY created_at DESC, object_id DESC LIMIT @limit
        """;

    private const string OldestFirst =
        $"""
        {OnePage} AND (CAST(@after AS text) IS NULL OR (created_at, object_id) > {AfterRow})
        ORDER BY created_at, object_id LIMIT @limit
        """;

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

    public async Task<IReadOnlyList<ProviderObject>> ListFilesAsync(Guid organizationId, FilePage page, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<StoredObject>(new CommandDefinition(
            page.IsAscending ? OldestFirst : NewestFirst,
            new { organizationId, purpose = page.Purpose, after = page.After, limit = page.Limit }, cancellationToken: cancel));
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
