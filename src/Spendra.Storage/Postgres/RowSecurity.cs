using System.Data.Common;
using Dapper;
using Npgsql;

namespace Spendra.Storage.Postgres;

/// <summary>
/// The second wall between organizations: every tenant table shows a role that does not own it only the rows of the
/// organization that its transaction has entered. Two roles, in which nobody signs in: <c>spendra_app</c>, which the control
/// plane takes on for one organization at a time, and <c>spendra_ledger</c> for the ledger lane, which serves many at once and
/// may write nothing but the ledger.
/// </summary>
internal static class RowSecurity
{
    /// <summary>
    /// Takes on the application's role for one organization until the transaction ends; where the roles could not be made,
    /// says only which organization it is. Parameter: the organization.
    /// </summary>
    public const string Enter = """
        SELECT set_config('spendra.organization', CAST(@organizationId AS text), true),
            (SELECT set_config('role', rolname, true) FROM pg_roles WHERE rolname = 'spendra_app' AND pg_has_role(current_user, oid, 'MEMBER'))
        """;

    /// <summary>Takes on the ledger's role for a session, where it exists.</summary>
    public const string BecomeLedger =
        "SELECT set_config('role', rolname, false) FROM pg_roles WHERE rolname = 'spendra_ledger' AND pg_has_role(current_user, oid, 'MEMBER')";

    // Whoever signed in is a member of both roles, or of none where they could not be made; a role is no member of the other.
    private const string TakeOn = """
        SELECT set_config('role', rolname, true) FROM pg_roles WHERE rolname = @role AND pg_has_role(session_user, oid, 'MEMBER')
        """;

    // Every table with an organization is behind the wall, those of later migrations too; only directories reach across.
    private const string Walls = """
        DO $walls$
        DECLARE t record;
        BEGIN
            FOR t IN SELECT c.oid, c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind IN ('r', 'p')
                    AND a.attname = 'organization_id' AND NOT a.attisdropped AND c.relname NOT LIKE '%\_directory'
            LOOP
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.relname);
                IF NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polname = 'tenant') THEN
                    EXECUTE format('CREATE POLICY tenant ON %I USING (organization_id = CAST(nullif(current_setting(''spendra.organization'', true), '''') AS uuid))', t.relname);
                END IF;
            END LOOP;
        END $walls$
        """;

    // Roles belong to the whole server: another database's migration may make them at the same moment.
    private const string Roles = """
        DO $roles$
        DECLARE r text;
        BEGIN
            FOREACH r IN ARRAY ARRAY['spendra_app', 'spendra_ledger'] LOOP
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) THEN
                    BEGIN
                        EXECUTE format('CREATE ROLE %I NOLOGIN', r);
                    EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
                    END;
                END IF;
                IF EXISTS (SELECT FROM pg_roles WHERE rolname = r) AND NOT pg_has_role(current_user, r, 'MEMBER') THEN
                    BEGIN
                        EXECUTE format('GRANT %I TO CURRENT_USER', r);
                    EXCEPTION WHEN insufficient_privilege THEN NULL;
                    END;
                END IF;
            END LOOP;
        END $roles$
        """;

    // Each role may do what the code does as it, and no more: what an earlier version gave is taken back first. How people sign in
    // belongs to no organization and is none of either role's; of people themselves the application sees whose address is whose.
    // A table that is named nowhere is one of the rules: read, added to and changed.
    private const string Grants = """
        DO $grants$
        DECLARE t record;
        BEGIN
            IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('spendra_app', 'spendra_ledger')) < 2 THEN RETURN; END IF;
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO spendra_app, spendra_ledger', current_schema());
            FOR t IN SELECT c.oid, c.relname FROM pg_class c
                WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relkind IN ('r', 'p')
            LOOP
                EXECUTE format('REVOKE ALL ON %I FROM spendra_app, spendra_ledger', t.relname);
                IF t.relname IN ('open_reservations', 'idempotency_keys', 'provider_objects', 'gateways') THEN
                    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO spendra_ledger', t.relname);
                ELSIF t.relname IN ('windows', 'organizations') THEN
                    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO spendra_ledger', t.relname);
                ELSIF t.relname IN ('spend_events', 'released_reservations', 'journal_entries', 'postings', 'outbox', 'refusals', 'stripped_tools',
                    'window_excesses') THEN
                    EXECUTE format('GRANT SELECT, INSERT ON %I TO spendra_ledger', t.relname);
                END IF;
                CASE
                WHEN t.relname IN ('schema_versions', 'installation', 'sessions', 'sign_in_tickets', 'passkeys', 'user_identities',
                    'protection_keys') THEN NULL;
                WHEN t.relname = 'users' THEN
                    EXECUTE format('GRANT SELECT (user_id, email, name) ON %I TO spendra_app', t.relname);
                WHEN t.relname IN ('open_reservations', 'idempotency_keys', 'provider_objects', 'gateways', 'spend_events', 'released_reservations',
                    'journal_entries', 'postings', 'outbox', 'refusals', 'stripped_tools', 'audit_deliveries', 'audit_forwards',
                    'organization_directory') THEN
                    EXECUTE format('GRANT SELECT ON %I TO spendra_app', t.relname);
                WHEN t.relname IN ('audit_records', 'window_excesses', 'key_directory', 'token_directory', 'invitation_directory', 'creation_receipts',
                    'prices', 'price_sync_runs', 'bill_imports', 'billed_lines', 'reconciliation_runs', 'reconciliation_differences',
                    'reconciliation_proposals', 'rollup_series') THEN
                    EXECUTE format('GRANT SELECT, INSERT ON %I TO spendra_app', t.relname);
                WHEN t.relname IN ('employee_projects', 'member_scopes', 'domain_directory', 'outbox_failures', 'usage_rollups', 'unit_rollups',
                    'refusal_rollups', 'latency_rollups', 'export_parts') THEN
                    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO spendra_app', t.relname);
                ELSE
                    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO spendra_app', t.relname);
                END CASE;
                IF EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polname = 'tenant')
                    AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polname = 'ledger') THEN
                    EXECUTE format('CREATE POLICY ledger ON %I TO spendra_ledger USING (true)', t.relname);
                END IF;
            END LOOP;
        END $grants$
        """;

    // Somebody may have made the roles after the last migration; versions before the grants were narrowed gave people's passwords.
    private const string Stale = """
        SELECT count(*) = 2 AND (
            NOT EXISTS (SELECT FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
                WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND p.polname = 'ledger')
            OR EXISTS (SELECT FROM pg_class c, pg_roles r WHERE c.relnamespace = CAST(current_schema() AS regnamespace) AND c.relname = 'users'
                AND r.rolname IN ('spendra_app', 'spendra_ledger') AND has_table_privilege(r.oid, c.oid, 'SELECT')))
        FROM pg_roles WHERE rolname IN ('spendra_app', 'spendra_ledger')
        """;

    /// <summary>How plans call it.</summary>
    public const string Name = "row security, roles and grants";

    /// <summary>What <see cref="PutAsync"/> runs.</summary>
    public static string Statements => $"{Walls};\n{Roles};\n{Grants};";

    /// <summary>Whether the roles are there and may still do nothing, or what an earlier version let them.</summary>
    public static async Task<bool> IsStaleAsync(NpgsqlConnection connection) => await connection.ExecuteScalarAsync<bool>(Stale);

    /// <summary>
    /// Puts walls, roles and grants as they shall be, after migrations and by the owner of the tables. Without the right to
    /// make roles the walls stand all the same, for whoever does not own the tables.
    /// </summary>
    public static async Task PutAsync(NpgsqlConnection connection)
    {
        await connection.ExecuteAsync(Walls);
        await connection.ExecuteAsync(Roles);
        await connection.ExecuteAsync(Grants);
    }

    public static Task EnterAsync(DbConnection connection, DbTransaction transaction, Guid organizationId, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(Enter, new { organizationId }, transaction, cancellationToken: cancel));

    /// <summary>Takes on the ledger's role within a transaction that has entered an organization, or the application's again.</summary>
    public static Task EnterLedgerAsync(DbConnection connection, DbTransaction transaction, bool isEntered, CancellationToken cancel) =>
        connection.ExecuteAsync(new CommandDefinition(TakeOn, new { role = isEntered ? "spendra_ledger" : "spendra_app" }, transaction, cancellationToken: cancel));

    /// <summary>
    /// Puts the role aside within a transaction that has entered an organization, or takes it on again: how people sign in is for
    /// whoever owns the tables.
    /// </summary>
    public static Task EnterPeopleAsync(DbConnection connection, DbTransaction transaction, bool isEntered, CancellationToken cancel) =>
        isEntered
            ? connection.ExecuteAsync(new CommandDefinition("SELECT set_config('role', 'none', true)", transaction: transaction, cancellationToken: cancel))
            : connection.ExecuteAsync(new CommandDefinition(TakeOn, new { role = "spendra_app" }, transaction, cancellationToken: cancel));
}
