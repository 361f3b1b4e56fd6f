using Microsoft.Data.Sqlite;

namespace Spendra.Storage.Sqlite;

/// <summary>The connection and its statements. When it breaks, all of it is thrown away.</summary>
internal sealed class SqliteLedgerSession : IDisposable
{
    private const string ReservationColumns =
        """
        organization_id, reservation_id, key_id, scope_ids, policy_ids, window_ids, provider, account_id, model,
        route, environment, price_id, tier_percent
        """;

    private readonly SqliteConnection _connection;
    private readonly List<SqliteStatement> _statements = [];

    private SqliteLedgerSession(SqliteConnection connection)
    {
        _connection = connection;
        Begin = Prepare("BEGIN IMMEDIATE");
        Commit = Prepare("COMMIT");
        Rollback = Prepare("ROLLBACK");
        SelectOrganization = Prepare(
            "SELECT governance_epoch, entry_sequence, outbox_sequence, ledger_seal FROM organizations WHERE organization_id = ?");
        SelectWindow = Prepare(
            """
            SELECT budget_id, starts_at, ends_at, limit_nanos, reserved_nanos, settled_nanos
            FROM windows WHERE organization_id = ? AND window_id = ?
            """);
        SelectOpen = Prepare(
            $"""
            SELECT {ReservationColumns}, amount_nanos, bound_input, bound_output, epoch, reserved_at, expires_at,
                   gateway_id, idempotency_digest, bound_others
            FROM open_reservations WHERE organization_id = ? AND reservation_id = ?
            """);
        SelectSpent = Prepare(
            $"""
            SELECT {ReservationColumns}, reserved_nanos, bound_input, bound_output, epoch, reserved_at, expires_at,
                   NULL, NULL, bound_others, kind, cost_nanos, event_number, entry_sequence
            FROM spend_events WHERE organization_id = ? AND reservation_id = ? ORDER BY event_number
            """);
        SelectReleased = Prepare(
            "SELECT 1 FROM released_reservations WHERE organization_id = ? AND reservation_id = ?");
        SelectRefused = Prepare(
            "SELECT 1 FROM refusals WHERE organization_id = ? AND request_id = ?");
        SelectIsOpen = Prepare(
            "SELECT 1 FROM open_reservations WHERE organization_id = ? AND reservation_id = ?");
        SelectIdempotency = Prepare(
            """
            SELECT body_digest, reservation_id FROM idempotency_keys
            WHERE organization_id = ? AND key_id = ? AND key_digest = ?
            """);
        Writer = new SqliteLedgerWriter(Prepare);
    }

    public SqliteStatement Begin { get; }

    public SqliteStatement Commit { get; }

    public SqliteStatement Rollback { get; }

    public SqliteStatement SelectOrganization { get; }

    public SqliteStatement SelectWindow { get; }

    public SqliteStatement SelectOpen { get; }

    public SqliteStatement SelectSpent { get; }

    public SqliteStatement SelectReleased { get; }

    public SqliteStatement SelectRefused { get; }

    public SqliteStatement SelectIsOpen { get; }

    public SqliteStatement SelectIdempotency { get; }

    public SqliteLedgerWriter Writer { get; }

    public static async Task<SqliteLedgerSession> OpenAsync(string path)
    {
        // Not pooled: the statements belong to this connection and to nobody else.
        var settings = new SqliteConnectionStringBuilder(SqliteDatabase.ConnectionString(path)) { Pooling = false };
        var connection = new SqliteConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync();
            await SqliteDatabase.PrepareAsync(connection);
            return new SqliteLedgerSession(connection);
        }
        catch
        {
            // It is tried again and again during an outage: each attempt gives back its file handles.
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>False when the connection is beyond use.</summary>
    public bool TryRollback()
    {
        // What failed may have stopped between binding and running, or in the middle of reading.
        foreach (var statement in _statements) statement.Reset();
        if (SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) != 0) return true;
        try
        {
            Rollback.Run();
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        foreach (var statement in _statements) statement.Dispose();
        _connection.Dispose();
    }

    private SqliteStatement Prepare(string sql)
    {
        var statement = new SqliteStatement(_connection.Handle!, sql);
        _statements.Add(statement);
        return statement;
    }
}
