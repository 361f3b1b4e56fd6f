using Spendra.Storage.Ledger;

namespace Spendra.Storage.Sqlite;

/// <summary>Writes what rides along with a batch.</summary>
internal sealed class SqliteNotesWriter(Func<string, SqliteStatement> prepare)
{
    private readonly SqliteStatement _stripped = prepare(
        """
        INSERT INTO stripped_tools (organization_id, request_id, tool, policy_id) VALUES (?, ?, ?, ?)
        ON CONFLICT (organization_id, request_id, tool) DO NOTHING
        """);

    private readonly SqliteStatement _object = prepare(
        """
        INSERT INTO provider_objects (organization_id, object_id, kind, account_id, key_id, reservation_id, created_at,
            bytes, file_name, purpose, expires_at, input_file_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (organization_id, object_id) DO NOTHING
        """);

    private readonly SqliteStatement _deletion = prepare(
        "UPDATE provider_objects SET deleted_at = ? WHERE organization_id = ? AND object_id = ? AND deleted_at IS NULL");

    private readonly SqliteStatement _heartbeat = prepare(
        """
        INSERT INTO gateways (gateway_id, started_at, heartbeat_at) VALUES (?, ?, ?)
        ON CONFLICT (gateway_id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at
        """);

    public void Write(LaneNotes notes)
    {
        foreach (var row in notes.StrippedTools)
            _stripped.Bind(row.OrganizationId).Bind(row.RequestId).Bind(ForeignText.Storable(row.Tool)).Bind(row.PolicyId).Run();
        foreach (var row in notes.Objects)
        {
            _object.Bind(row.OrganizationId).Bind(row.ObjectId).Bind((int)row.Kind).Bind(row.AccountId).Bind(row.KeyId)
                .Bind(row.ReservationId).Bind(row.CreatedAt).Bind(row.Bytes).Bind(ForeignText.Storable(row.FileName))
                .Bind(ForeignText.Storable(row.Purpose)).Bind(row.ExpiresAt).Bind(row.InputFileId).Run();
        }
        foreach (var row in notes.Deletions)
            _deletion.Bind(row.DeletedAt).Bind(row.OrganizationId).Bind(row.ObjectId).Run();
        foreach (var row in notes.Heartbeats)
            _heartbeat.Bind(row.GatewayId).Bind(row.StartedAt).Bind(row.At).Run();
    }
}
