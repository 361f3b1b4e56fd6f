using Spendra.Core.Ledger;
using Spendra.Storage.Ledger;

namespace Spendra.Storage.Sqlite;

/// <summary>Writes what rides along with a batch.</summary>
internal sealed class SqliteNotesWriter(Func<string, SqliteStatement> prepare)
{
    private readonly SqliteStatement _refusal = prepare(
        """
        INSERT INTO refusals (organization_id, request_id, key_id, refused_at, route, provider, model, code, message,
            policy_id, budget_id, limit_nanos, settled_nanos, reserved_nanos, needed_nanos, window_starts_at, window_ends_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (organization_id, request_id) DO NOTHING
        """);

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
        foreach (var row in notes.Refusals) Write(row);
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

    private void Write(RefusalRecord row)
    {
        var window = row.Refusal.Window;
        _refusal.Bind(row.OrganizationId).Bind(row.RequestId).Bind(row.KeyId).Bind(row.RefusedAt).Bind(row.Route)
            .Bind(ForeignText.Storable(row.Provider)).Bind(ForeignText.Storable(row.Model)).Bind(row.Refusal.CodeName)
            .Bind(ForeignText.Storable(row.Refusal.Message))
            .Bind(row.Refusal.PolicyId).Bind(window?.BudgetId).Bind(window?.Limit.Value).Bind(window?.Settled.Value)
            .Bind(window?.Reserved.Value).Bind(window?.Needed.Value).Bind(window?.StartsAt).Bind(window?.EndsAt).Run();
    }
}
