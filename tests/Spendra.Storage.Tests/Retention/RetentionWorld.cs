using Dapper;
using Spendra.Storage.Retention;
using Spendra.Storage.Tests.Ledger;

namespace Spendra.Storage.Tests.Retention;

/// <summary>Old and new detail of every kind, and what is left of it.</summary>
internal static class RetentionWorld
{
    private const string Billed = """
        INSERT INTO bill_imports (organization_id, import_id, account_id, format, digest, first_day, end_day, line_count, skipped_count, amount_nanos,
            imported_at, imported_by)
        VALUES (@o, @import, @account, 'csv', @digest, 10, 12, 2, 0, 3, @at, 'test')
        """;

    private const string Line = """
        INSERT INTO billed_lines (organization_id, import_id, day, line, model, class, quantity, amount_nanos, source_line)
        VALUES (@o, @import, @day, 1, @name, NULL, 1, 1, 1)
        """;

    private const string Counts = "INSERT INTO bill_days (organization_id, account_id, day, import_id) VALUES (@o, @account, @day, @import)";

    private const string Channel = """
        INSERT INTO alert_channels (organization_id, channel_id, slug, kind, settings, secret, version) VALUES (@o, @channel, 'mail', 'email', '{}', @secret, 1)
        """;

    private const string Alert = """
        INSERT INTO alerts (organization_id, alert_id, dedup_key, kind, severity, subject, title, facts, state, raised_at, resolved_at, cleared_at, version)
        VALUES (@o, @alert, @name, 'soft_cap', 'info', 'x', 'x', '[]', 'resolved', 1, @at, @at, 1)
        """;

    private const string Standing = """
        INSERT INTO alerts (organization_id, alert_id, dedup_key, kind, severity, subject, title, facts, state, raised_at, version)
        VALUES (@o, @alert, @name, 'soft_cap', 'info', 'x', 'x', '[]', 'open', 1, 1)
        """;

    private const string Delivery = """
        INSERT INTO alert_deliveries (organization_id, delivery_id, alert_id, channel_id, transition, notice, state, attempts, created_at, next_attempt_at,
            ended_at, version)
        VALUES (@o, @alert, @alert, @channel, 'raised', @name, @state, 1, 1, 1, @at, 1)
        """;

    private const string Run = """
        INSERT INTO export_runs (organization_id, run_id, dataset, format, starts_at, ends_at, rows_per_part, requested_at, requested_by, part_count,
            row_count, state, attempts, failure, retry_at, ended_at, held_until)
        VALUES (@o, @run, 'journal', 'csv', 1, 2, 10, 1, 'test', 2, 4, @state, 1, @name, 1, @at, 0)
        """;

    private const string Part = """
        INSERT INTO export_parts (organization_id, run_id, part_number, row_count, byte_count, sha256, position) VALUES (@o, @run, @number, 2, 2, @digest, @name)
        """;

    private const string Receipt = """
        INSERT INTO creation_receipts (organization_id, member_id, key_digest, request_digest, location, created_at) VALUES (@o, @o, @digest, @digest, @name, @at)
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Puts detail that is old by the limits at some time, and detail that is not, each named for what is to become of it.</summary>
    public static async Task FillAsync(LedgerWorld world, Tenant tenant, long old, long young)
    {
        var o = tenant.OrganizationId;
        // Bills: days 10 and 11 of the first were replaced long ago and lately; that of another account counts.
        var (first, second, third, other) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var (account, otherAccount) = (tenant.AccountId, Guid.NewGuid());
        foreach (var (import, of, at) in new[] { (first, account, old - 2), (second, account, old - 1), (third, account, young), (other, otherAccount, old - 1) })
            await world.ExecuteAsync(Billed, new { o, import, account = of, at, digest = import.ToByteArray() });
        foreach (var (import, day, name) in new[] { (first, 10, "goes"), (first, 11, "stays: replaced lately"), (second, 10, "stays: counts"), (third, 11, "stays: counts"), (other, 10, "stays: another account's") })
            await world.ExecuteAsync(Line, new { o, import, day, name });
        // Of imports that never came: their lines were written before them.
        var (never, coming) = (Guid.CreateVersion7(Micros.ToInstant(old)), Guid.CreateVersion7(Micros.ToInstant(young)));
        foreach (var (import, name) in new[] { (never, "goes: its import never came"), (coming, "stays: its import may come") })
            await world.ExecuteAsync(Line, new { o, import, day = 10, name });
        foreach (var (day, import, of) in new[] { (10, second, account), (11, third, account), (10, other, otherAccount) })
            await world.ExecuteAsync(Counts, new { o, account = of, day, import });

        var channel = Guid.NewGuid();
        await world.ExecuteAsync(Channel, new { o, channel, secret = Tenant.Digest(1) });
        foreach (var (alertSql, state, ended, cleared, name) in new (string, string, long?, long, string)[]
        {
            (Alert, "delivered", old - 1, old - 1, "goes"), (Alert, "dead", old - 1, old - 1, "goes: given up"), (Alert, "delivered", young, old - 1, "stays: sent lately"),
            (Alert, "delivered", old - 1, young, "stays: its alert was there lately"), (Standing, "delivered", old - 1, 0, "stays: its alert stands"),
            (Alert, "pending", null, old - 1, "stays: pending"),
        })
        {
            var alert = Guid.NewGuid();
            await world.ExecuteAsync(alertSql, new { o, alert, name, at = cleared });
            await world.ExecuteAsync(Delivery, new { o, alert, channel, name, state, at = ended });
        }

        foreach (var (state, at, name) in new (string, long?, string)[]
            { ("complete", old - 1, "goes"), ("failed", old - 1, "goes: failed"), ("complete", young, "stays: young"), ("waiting", null, "stays: waits") })
        {
            var run = Guid.NewGuid();
            await world.ExecuteAsync(Run, new { o, run, state, at, name });
            foreach (var number in new[] { 1, 2 }) await world.ExecuteAsync(Part, new { o, run, number, name, digest = Tenant.Digest(1) });
        }

        await world.ExecuteAsync(Receipt, new { o, digest = Tenant.Digest(1), name = "goes", at = old - 1 });
        await world.ExecuteAsync(Receipt, new { o, digest = Tenant.Digest(2), name = "stays", at = young });
        await FillSignInsAsync(world, old, young);
    }

    private static async Task FillSignInsAsync(LedgerWorld world, long old, long young)
    {
        var user = Guid.NewGuid();
        await world.ExecuteAsync("""
            INSERT INTO users (user_id, email, name, security_stamp, is_two_factor, recovery_digests, failed_sign_ins, created_at)
            VALUES (@user, 'ada@acme.example', 'Ada', 'x', (1 = 0), '[]', 0, 1)
            """, new { user });
        foreach (var (name, at) in new[] { ("goes", old), ("stays", young + 3_600_000_000) })
        {
            await world.ExecuteAsync("""
                INSERT INTO sessions (session_id, user_id, security_stamp, method, created_at, expires_at) VALUES (@id, @user, @name, 'password', 1, @at)
                """, new { id = Guid.NewGuid(), user, name, at });
            await world.ExecuteAsync("INSERT INTO sign_in_tickets (ticket_digest, kind, user_id, state, expires_at) VALUES (@digest, 1, @user, @name, @at)",
                new { digest = Guid.NewGuid().ToByteArray(), user, name, at });
        }
    }

    /// <summary>The column of a table that names what is to become of a row.</summary>
    public static readonly (string Table, string Name)[] Named =
    [
        ("alert_deliveries", "notice"), ("export_parts", "position"), ("export_runs", "failure"), ("billed_lines", "model"), ("creation_receipts", "location"),
        ("sessions", "security_stamp"), ("sign_in_tickets", "state"),
    ];

    public static async Task<List<string>> NamesAsync(LedgerWorld world, string table, string column)
    {
        await using var connection = await world.Database.ConnectAsync(Cancel);
        return (await connection.QueryAsync<string>($"SELECT {column} FROM {table}")).AsList();
    }

    /// <summary>Removes all that is old, and returns how many rows of which table.</summary>
    public static async Task<Dictionary<string, long>> RemoveAsync(DetailRemoval removal)
    {
        var totals = new Dictionary<string, long>();
        await foreach (var removed in removal.RemoveHoursAsync(Cancel)) Add(removed);
        foreach (var rule in DetailRule.Others)
        {
            await foreach (var removed in removal.RemoveAsync(rule, Cancel)) Add(removed);
        }
        return totals;

        void Add(RemovedDetail removed)
        {
            if (removed.Month is null) removed.Rows.Should().BeInRange(1, DetailRemoval.BatchRows);
            totals[removed.Table] = totals.GetValueOrDefault(removed.Table) + removed.Rows;
        }
    }

    /// <summary>Every row of some tables, in words.</summary>
    public static async Task<List<string>> DumpAsync(LedgerWorld world, IEnumerable<string> tables)
    {
        await using var connection = await world.Database.ConnectAsync(Cancel);
        var lines = new List<string>();
        foreach (var table in tables)
        {
            foreach (IDictionary<string, object?> row in await connection.QueryAsync($"SELECT * FROM {table}"))
                lines.Add($"{table} {string.Join(' ', row.Select(c => $"{c.Key}={LedgerWorld.Plain(c.Value)}"))}");
        }
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }
}
