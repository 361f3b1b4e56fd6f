using Npgsql;
using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Postgres;

/// <summary>What rides along with a batch.</summary>
internal static class PostgresNotesWrites
{
    private const string InsertStripped =
        """
        INSERT INTO stripped_tools (organization_id, request_id, tool, policy_id)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[])
        ON CONFLICT (organization_id, request_id, tool) DO NOTHING
        """;

    private const string InsertObjects =
        """
        INSERT INTO provider_objects (organization_id, object_id, kind, account_id, key_id, reservation_id, created_at,
            bytes, file_name, purpose, expires_at, input_file_id)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[],
            $8::bigint[], $9::text[], $10::text[], $11::bigint[], $12::text[])
        ON CONFLICT (organization_id, object_id) DO NOTHING
        """;

    private const string DeleteObject =
        "UPDATE provider_objects SET deleted_at = $3 WHERE organization_id = $1 AND object_id = $2 AND deleted_at IS NULL";

    private const string UpsertHeartbeat =
        """
        INSERT INTO gateways (gateway_id, started_at, heartbeat_at) VALUES ($1, $2, $3)
        ON CONFLICT (gateway_id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at
        """;

    public static void AddTo(NpgsqlBatch batch, LaneNotes notes)
    {
        if (notes.StrippedTools.Count > 0) batch.BatchCommands.Add(Stripped(notes.StrippedTools));
        if (notes.Objects.Count > 0) batch.BatchCommands.Add(Objects(notes.Objects));
        foreach (var row in notes.Deletions)
        {
            batch.BatchCommands.Add(PostgresBulk.Command(DeleteObject)
                .Value(row.OrganizationId).Value(row.ObjectId).Value(row.DeletedAt));
        }
        foreach (var row in notes.Heartbeats)
        {
            batch.BatchCommands.Add(PostgresBulk.Command(UpsertHeartbeat)
                .Value(row.GatewayId).Value(row.StartedAt).Value(row.At));
        }
    }

    private static NpgsqlBatchCommand Stripped(List<StrippedToolRecord> rows) => PostgresBulk.Command(InsertStripped)
        .Column(rows, r => r.OrganizationId).Column(rows, r => r.RequestId).Column(rows, r => ForeignText.Storable(r.Tool))
        .Column(rows, r => r.PolicyId);

    private static NpgsqlBatchCommand Objects(List<ProviderObject> rows) => PostgresBulk.Command(InsertObjects)
        .Column(rows, r => r.OrganizationId).Column(rows, r => r.ObjectId).Column(rows, r => (short)r.Kind)
        .Column(rows, r => r.AccountId).Column(rows, r => r.KeyId).Column(rows, r => r.ReservationId)
        .Column(rows, r => r.CreatedAt).Column(rows, r => r.Bytes).Column(rows, r => ForeignText.Storable(r.FileName))
        .Column(rows, r => ForeignText.Storable(r.Purpose)).Column(rows, r => r.ExpiresAt).Column(rows, r => r.InputFileId);
}
