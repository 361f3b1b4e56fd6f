using Dapper;
using Npgsql;
using Spendra.Core.Governance;
using Spendra.Storage.Access;
using Spendra.Storage.Governance;

namespace Spendra.Storage.Tests;

/// <summary>The second wall on PostgreSQL: what a forgotten condition in a statement would show, the database does not.</summary>
public sealed class RowSecurityTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_table_with_an_organization_is_behind_the_wall()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Postgres);
        await using var connection = await store.Database.ConnectAsync(Cancel);

        var tables = (await connection.QueryAsync<(string Table, bool IsWalled, long Policies)>("""
            SELECT c.relname, c.relrowsecurity, (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'organization_id' AND NOT a.attisdropped
            """)).ToDictionary(t => t.Table);

        tables.Count.Should().BeGreaterThan(25);
        tables.Values.Where(t => !t.IsWalled || t.Policies != 2).Select(t => t.Table)
            .Should().BeEquivalentTo(tables.Keys.Where(t => t.EndsWith("_directory")), "only directories reach across");
    }

    [Fact]
    public async Task A_transaction_of_one_organization_sees_and_writes_nothing_of_another()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Postgres);
        var acme = await GovernanceEdits.CreateAsync(store);
        var other = await GovernanceEdits.CreateAsync(store, "other");
        await using var connection = await store.Database.ConnectAsync(Cancel);
        await using var transaction = await store.Database.BeginWriteAsync(connection, Cancel);
        await store.Database.EnterAsync(connection, transaction, acme, Cancel);

        (await connection.ExecuteScalarAsync<string>("SELECT current_user")).Should().Be("spendra_app");
        (await connection.QueryAsync<Guid>("SELECT organization_id FROM organizations")).Should().Equal(acme);
        (await connection.QueryAsync<Guid>("SELECT DISTINCT organization_id FROM scopes")).Should().Equal(acme);
        (await connection.ExecuteAsync("UPDATE organizations SET name = 'taken' WHERE slug = 'other'")).Should().Be(0);
        await connection.Invoking(c => c.ExecuteAsync("""
            INSERT INTO scopes (organization_id, scope_id, kind, slug, name, changed_epoch) VALUES (@other, @id, 'team', 'x', 'x', 1)
            """, new { other, id = Guid.NewGuid() })).Should().ThrowAsync<PostgresException>().Where(e => e.SqlState == "42501");
    }

    [Theory]
    [InlineData("UPDATE audit_records SET reason = 'x'")]
    [InlineData("DELETE FROM audit_records")]
    [InlineData("DELETE FROM spend_events")]
    [InlineData("UPDATE postings SET amount_nanos = 0")]
    [InlineData("INSERT INTO journal_entries SELECT * FROM journal_entries")]
    [InlineData("TRUNCATE windows")]
    [InlineData("SELECT element FROM protection_keys")]
    [InlineData("SELECT session_id FROM sessions")]
    [InlineData("DELETE FROM sign_in_tickets")]
    [InlineData("SELECT public_key FROM passkeys")]
    [InlineData("UPDATE user_identities SET subject = 'x'")]
    [InlineData("SELECT password_hash FROM users")]
    [InlineData("UPDATE users SET totp_secret = NULL")]
    [InlineData("DELETE FROM users")]
    [InlineData("DELETE FROM key_directory")]
    [InlineData("UPDATE token_directory SET organization_id = organization_id")]
    [InlineData("UPDATE audit_deliveries SET sequence = 0")]
    [InlineData("DELETE FROM period_locks")]
    [InlineData("DELETE FROM members")]
    [InlineData("ALTER TABLE windows DISABLE ROW LEVEL SECURITY")]
    public async Task The_control_plane_may_not_touch_the_record_or_how_people_sign_in(string statement)
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Postgres);
        var acme = await GovernanceEdits.CreateAsync(store);
        await using var connection = await store.Database.ConnectAsync(Cancel);
        await using var transaction = await store.Database.BeginWriteAsync(connection, Cancel);
        await store.Database.EnterAsync(connection, transaction, acme, Cancel);

        await connection.Invoking(c => c.ExecuteAsync(statement)).Should().ThrowAsync<PostgresException>().Where(e => e.SqlState == "42501");
    }

    [Fact]
    public async Task The_role_ends_with_its_transaction_and_whoever_entered_nothing_sees_nothing()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Postgres);
        var acme = await GovernanceEdits.CreateAsync(store);
        await using var connection = await store.Database.ConnectAsync(Cancel);
        var owner = await connection.ExecuteScalarAsync<string>("SELECT current_user");
        await using (var snapshot = await store.Database.BeginSnapshotAsync(connection, acme, Cancel))
            (await connection.ExecuteScalarAsync<string>("SELECT current_user")).Should().Be("spendra_app");

        (await connection.ExecuteScalarAsync<string>("SELECT current_user")).Should().Be(owner);
        await connection.ExecuteAsync("SET ROLE spendra_app");
        (await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM organizations")).Should().Be(0);
    }

    [Fact]
    public async Task Roles_that_were_made_after_the_last_migration_get_their_rights_at_the_next_start()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Postgres);
        await store.ExecuteAsync("DO $$ DECLARE t text; BEGIN FOR t IN SELECT relname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE p.polname = 'ledger' LOOP EXECUTE format('DROP POLICY ledger ON %I', t); END LOOP; END $$");
        await store.ExecuteAsync("REVOKE ALL ON organizations FROM spendra_app");

        (await Storage.Schema.Migrator.MigrateAsync(store.Target, Cancel)).Should().BeEmpty();

        (await store.ScalarAsync<bool>("SELECT has_table_privilege('spendra_app', 'organizations', 'SELECT')")).Should().BeTrue();
        (await store.ScalarAsync<long>("SELECT count(*) FROM pg_policy WHERE polname = 'ledger'")).Should().BeGreaterThan(25);
    }

    [Fact]
    public async Task What_an_earlier_version_gave_too_much_is_taken_back_at_the_next_start()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Postgres);
        await store.ExecuteAsync("GRANT SELECT, UPDATE, DELETE ON users TO spendra_app; GRANT SELECT ON users TO spendra_ledger; GRANT DELETE ON key_directory TO spendra_app");

        await Storage.Schema.Migrator.MigrateAsync(store.Target, Cancel);

        (await GrantsAsync(store)).Should().Equal(await ExpectedGrantsAsync());
    }

    /// <summary>A new table has no line there, and fails: which role needs it for what is to be decided.</summary>
    [Fact]
    public async Task Each_role_may_do_with_each_table_exactly_what_the_list_says()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Postgres);
        var grants = await GrantsAsync(store);
        await File.WriteAllLinesAsync(Path.Combine(Root, "artifacts", "grants.txt"), grants, Cancel);
        grants.Should().Equal(await ExpectedGrantsAsync(), "grants changed: look at every line that differs, then cp artifacts/grants.txt over the list");
    }

    private static string Root
    {
        get
        {
            var at = AppContext.BaseDirectory;
            while (!File.Exists(Path.Combine(at, "global.json"))) at = Path.GetDirectoryName(at.TrimEnd(Path.DirectorySeparatorChar))!;
            return at;
        }
    }

    private static Task<string[]> ExpectedGrantsAsync() => File.ReadAllLinesAsync(Path.Combine(Root, "tests", "Spendra.Storage.Tests", "grants.txt"), Cancel);

    /// <summary>Table, what the application may, what the ledger lane may: letters of select, insert, update, delete, truncate; (s) for some columns.</summary>
    private static Task<IReadOnlyList<string>> GrantsAsync(GovernanceStore store) => store.ListAsync<string>("""
        SELECT c.relname || ' ' || string_agg(CASE WHEN may = '' THEN '-' ELSE may END, ' ' ORDER BY r.rolname)
        FROM pg_class c, pg_roles r, LATERAL (SELECT
            CASE WHEN has_table_privilege(r.oid, c.oid, 'SELECT') THEN 's' WHEN has_any_column_privilege(r.oid, c.oid, 'SELECT') THEN '(s)' ELSE '' END
            || CASE WHEN has_table_privilege(r.oid, c.oid, 'INSERT') THEN 'i' WHEN has_any_column_privilege(r.oid, c.oid, 'INSERT') THEN '(i)' ELSE '' END
            || CASE WHEN has_table_privilege(r.oid, c.oid, 'UPDATE') THEN 'u' WHEN has_any_column_privilege(r.oid, c.oid, 'UPDATE') THEN '(u)' ELSE '' END
            || CASE WHEN has_table_privilege(r.oid, c.oid, 'DELETE') THEN 'd' ELSE '' END
            || CASE WHEN has_table_privilege(r.oid, c.oid, 'TRUNCATE') THEN 't' ELSE '' END AS may) m
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND r.rolname IN ('spendra_app', 'spendra_ledger')
        GROUP BY c.relname ORDER BY c.relname COLLATE "C"
        """);

    [Fact]
    public async Task Lists_of_a_member_are_read_behind_the_wall()
    {
        await using var store = await GovernanceStore.OpenAsync(DatabaseEngine.Postgres);
        var acme = await GovernanceEdits.CreateAsync(store);
        await GovernanceEdits.ApplyAsync(store, new GovernanceWrite.PutScope(GovernanceEdits.Employee(Guid.CreateVersion7())));

        var found = await ScopeLists.ReadAsync(store.Database, new Coverage(acme, Guid.NewGuid(), true),
            new ScopeListQuery(ScopeKind.Employee, "slug", null, 10), Cancel);

        found.Should().ContainSingle();
    }
}
