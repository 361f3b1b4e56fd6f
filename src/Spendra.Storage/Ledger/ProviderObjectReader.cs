using Dapper;
using Spendra.Core.Governance;
using Spendra.Core.Ledger;

namespace Spendra.Storage.Ledger;

/// <summary>Which files of an organization a list shows: at most so many, after one of them, of a purpose.</summary>
public readonly record struct FilePage(int Limit, bool IsAscending, string? After, string? Purpose)
{
    /// <summary>Those of test keys, or those of all others: neither can be fetched with a key of the other kind.</summary>
    public bool IsTest { get; init; }

    /// <summary>Files whose time was over then are not shown: the provider has them no more.</summary>
    public long NowMicros { get; init; }
}

/// <summary>The objects at providers, from their table.</summary>
public sealed class ProviderObjectReader(Database database) : IProviderObjectSource
{
    private const string Columns =
        """
        organization_id, object_id, kind, account_id, key_id, reservation_id, created_at, bytes, file_name, purpose, expires_at,
        input_file_id
        """;

    private const string OnePage =
        $"""
        SELECT {Columns} FROM provider_objects
        WHERE organization_id = @organizationId AND kind = 1 AND deleted_at IS NULL
          AND (expires_at IS NULL OR expires_at > @now)
          AND (CASE WHEN account_id = @sandbox THEN 1 ELSE 0 END) = @isTest
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

    private const string Batches =
        $"""
        SELECT {Columns} FROM provider_objects
        WHERE organization_id = @organizationId AND kind = 3 AND deleted_at IS NULL
          AND (CASE WHEN account_id = @sandbox THEN 1 ELSE 0 END) = @isTest
          AND (CAST(@after AS text) IS NULL OR (created_at, object_id) < {AfterRow})
        ORDER BY created_at DESC, object_id DESC LIMIT @limit
        """;

    // What FindPendingAsync of the reservations says of one, of all batches; of intended ones those that were not made.
    private const string PendingBatches =
        $"""
        SELECT {Columns} FROM provider_objects b
        WHERE b.kind IN (3, 4) AND b.created_at > @since
          AND (b.kind = 3 OR NOT EXISTS (SELECT 1 FROM provider_objects m
              WHERE m.organization_id = b.organization_id AND m.reservation_id = b.reservation_id AND m.kind = 3))
          AND (
            EXISTS (SELECT 1 FROM open_reservations o WHERE o.organization_id = b.organization_id AND o.reservation_id = b.reservation_id)
            OR EXISTS (SELECT 1 FROM spend_events e
                WHERE e.organization_id = b.organization_id AND e.reservation_id = b.reservation_id AND e.event_number = 0 AND e.kind = @expired
                AND NOT EXISTS (SELECT 1 FROM spend_events l
                    WHERE l.organization_id = b.organization_id AND l.reservation_id = b.reservation_id AND l.kind = @late)))
        ORDER BY row_number() OVER (PARTITION BY b.organization_id, b.account_id ORDER BY b.created_at, b.object_id),
            b.created_at, b.organization_id, b.object_id LIMIT @limit
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
            new
            {
                organizationId, purpose = page.Purpose, after = page.After, limit = page.Limit,
                now = page.NowMicros, sandbox = ProviderAccount.SandboxId, isTest = page.IsTest ? 1 : 0,
            },
            cancellationToken: cancel));
        return [.. rows.Select(r => r.ToObject())];
    }

    public async Task<IReadOnlyList<ProviderObject>> ListBatchesAsync(
        Guid organizationId, bool isTest, string? after, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<StoredObject>(new CommandDefinition(
            Batches, new { organizationId, sandbox = ProviderAccount.SandboxId, isTest = isTest ? 1 : 0, after, limit }, cancellationToken: cancel));
        return [.. rows.Select(r => r.ToObject())];
    }

    public async Task<IReadOnlyList<ProviderObject>> ListPendingBatchesAsync(long sinceMicros, int limit, CancellationToken cancel)
    {
        await using var connection = await database.ConnectAsync(cancel);
        var rows = await connection.QueryAsync<StoredObject>(new CommandDefinition(
            PendingBatches, new { since = sinceMicros, limit, expired = (int)SpendKind.Expired, late = (int)SpendKind.Late },
            cancellationToken: cancel));
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
        public string? InputFileId { get; set; }

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
            InputFileId = InputFileId,
        };
    }
}
