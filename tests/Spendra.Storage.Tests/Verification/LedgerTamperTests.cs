using Dapper;

namespace Spendra.Storage.Tests.Verification;

/// <summary>
/// Somebody changes, deletes, reorders, inserts or cuts off rows of each table of the ledger, by SQL and as well as they can with
/// one table: verification names it.
/// </summary>
public sealed class LedgerTamperTests(SampleLedgerFile sample) : IClassFixture<SampleLedgerFile>
{
    private static readonly (string Table, string Deed, string Sql)[] Deeds =
    [
        ("spend_events", "change", "UPDATE spend_events SET cost_nanos = cost_nanos + 1 WHERE reservation_id = @Measured"),
        ("spend_events", "delete", "DELETE FROM spend_events WHERE reservation_id = @Measured"),
        ("spend_events", "reorder", """
            UPDATE spend_events SET event_number = 100 WHERE reservation_id = @Adjusted AND event_number = 1;
            UPDATE spend_events SET event_number = 1 WHERE reservation_id = @Adjusted AND event_number = 2;
            UPDATE spend_events SET event_number = 2 WHERE reservation_id = @Adjusted AND event_number = 100
            """),
        ("spend_events", "insert", $"INSERT INTO spend_events {Copy("spend_events", "event_number", "event_number + 1")} WHERE reservation_id = @Measured"),
        ("spend_events", "truncate", "DELETE FROM spend_events WHERE entry_sequence > 5"),
        ("journal_entries", "change", "UPDATE journal_entries SET booked_at = booked_at + 1 WHERE entry_sequence = 3"),
        ("journal_entries", "delete", "DELETE FROM journal_entries WHERE entry_sequence = 3"),
        ("journal_entries", "reorder", """
            UPDATE journal_entries SET entry_sequence = 999 WHERE entry_sequence = 3;
            UPDATE journal_entries SET entry_sequence = 3 WHERE entry_sequence = 4;
            UPDATE journal_entries SET entry_sequence = 4 WHERE entry_sequence = 999
            """),
        ("journal_entries", "insert", $"INSERT INTO journal_entries {Copy("journal_entries", "entry_sequence", "(SELECT max(entry_sequence) + 1 FROM journal_entries)")} WHERE entry_sequence = 1"),
        ("journal_entries", "truncate", "DELETE FROM journal_entries WHERE entry_sequence > 5; UPDATE organizations SET entry_sequence = 5"),
        ("postings", "change", "UPDATE postings SET amount_nanos = 2 * amount_nanos WHERE entry_sequence = 3"),
        ("postings", "delete", "DELETE FROM postings WHERE entry_sequence = 3"),
        ("postings", "reorder", """
            UPDATE postings SET entry_sequence = 999 WHERE entry_sequence = 1;
            UPDATE postings SET entry_sequence = 1 WHERE entry_sequence = 2;
            UPDATE postings SET entry_sequence = 2 WHERE entry_sequence = 999
            """),
        ("postings", "insert", $"INSERT INTO postings {Copy("postings", "line", "line + 2")} WHERE entry_sequence = 1"),
        ("postings", "truncate", "DELETE FROM postings WHERE entry_sequence > 5"),
        ("outbox", "change", "UPDATE outbox SET event_number = event_number + 1 WHERE sequence = 1"),
        ("outbox", "delete", "DELETE FROM outbox WHERE sequence = 3"),
        ("outbox", "reorder", """
            UPDATE outbox SET subject_id = @Open WHERE sequence = 1
            """),
        ("outbox", "insert", $"INSERT INTO outbox {Copy("outbox", "sequence", "(SELECT max(sequence) + 1 FROM outbox)")} WHERE sequence = 1"),
        ("organizations", "change", "UPDATE organizations SET ledger_seal = NULL"),
        ("outbox", "truncate", "DELETE FROM outbox WHERE sequence > 5; UPDATE organizations SET outbox_sequence = 5"),
        ("windows", "change", "UPDATE windows SET settled_nanos = 0"),
        ("windows", "delete", "DELETE FROM windows WHERE budget_id = @MonthBudgetId"),
        ("windows", "insert", $"INSERT INTO windows {Copy("windows", "window_id", "@Open")} WHERE budget_id = @MonthBudgetId"),
        ("window_excesses", "change", "UPDATE window_excesses SET amount_nanos = amount_nanos + 1 WHERE cause_id = @Overrun"),
        ("window_excesses", "delete", "DELETE FROM window_excesses WHERE cause_id = @Overrun"),
        ("window_excesses", "insert", $"INSERT INTO window_excesses {Copy("window_excesses", "event_number", "event_number + 1")} WHERE cause_id = @Overrun"),
        ("open_reservations", "change", "UPDATE open_reservations SET amount_nanos = 1"),
        ("open_reservations", "delete", "DELETE FROM open_reservations"),
        ("open_reservations", "insert", $"INSERT INTO open_reservations {Copy("open_reservations", "reservation_id", "@AccountId")} WHERE reservation_id = @Open"),
        ("released_reservations", "change", "UPDATE released_reservations SET amount_nanos = amount_nanos + 1"),
        ("released_reservations", "delete", "DELETE FROM released_reservations"),
        ("released_reservations", "insert", $"INSERT INTO released_reservations {Copy("released_reservations", "reservation_id", "@Measured")}"),
        ("adjustments", "change", "UPDATE adjustments SET amount_nanos = amount_nanos + 1 WHERE adjustment_id = @AccountAdjusted"),
        ("adjustments", "delete", "DELETE FROM adjustments WHERE adjustment_id = @AccountAdjusted"),
        ("adjustments", "insert", $"INSERT INTO adjustments {Copy("adjustments", "adjustment_id", "@Open")} WHERE adjustment_id = @AccountAdjusted"),
        ("refusals", "change", "UPDATE refusals SET needed_nanos = 1 WHERE request_id = @RefusedExceeded"),
        ("refusals", "delete", "DELETE FROM refusals WHERE request_id = @RefusedModel"),
        ("refusals", "reorder", """
            UPDATE refusals SET request_id = @Open WHERE request_id = @RefusedExceeded;
            UPDATE refusals SET request_id = @RefusedExceeded WHERE request_id = @RefusedHeld;
            UPDATE refusals SET request_id = @RefusedHeld WHERE request_id = @Open
            """),
        ("refusals", "truncate", "DELETE FROM refusals; DELETE FROM outbox WHERE topic = 'refusal'; UPDATE organizations SET outbox_sequence = (SELECT max(sequence) FROM outbox)"),
        ("refusals", "insert", $"INSERT INTO refusals {Copy("refusals", "request_id", "@Measured")} WHERE request_id = @RefusedModel"),
        ("idempotency_keys", "change", "UPDATE idempotency_keys SET key_id = @AccountId WHERE reservation_id = @Adjusted"),
        ("idempotency_keys", "delete", "DELETE FROM idempotency_keys WHERE reservation_id = @Open"),
        ("idempotency_keys", "insert", $"INSERT INTO idempotency_keys {Copy("idempotency_keys", "key_digest", "substr(key_digest, 1, 31)")} WHERE reservation_id = @Adjusted; UPDATE idempotency_keys SET reservation_id = @Released WHERE length(key_digest) = 31"),
        ("provider_objects", "change", "UPDATE provider_objects SET key_id = @AccountId"),
        ("provider_objects", "insert", $"INSERT INTO provider_objects {Copy("provider_objects", "object_id", "'resp_2'")}; UPDATE provider_objects SET reservation_id = @AccountId WHERE object_id = 'resp_2'"),
    ];

    public static TheoryData<string, string> Named => new(Deeds.Select(d => (d.Table, d.Deed)));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Named))]
    public async Task Whatever_is_done_to_a_row_of_the_ledger_is_named(string table, string deed)
    {
        using var folder = sample.Copy();
        await using var database = Database.Open(DatabaseTarget.Folder(folder.Path));
        await using (var connection = await database.ConnectAsync(Cancel))
        {
            await connection.ExecuteAsync("PRAGMA foreign_keys = OFF");
            var sql = Deeds.Single(d => d.Table == table && d.Deed == deed).Sql;
            foreach (var name in new[] { "spend_events", "journal_entries", "postings", "outbox", "windows", "window_excesses", "open_reservations", "released_reservations", "adjustments", "refusals", "idempotency_keys", "provider_objects" })
            {
                if (!sql.Contains($"{{{name}}}", StringComparison.Ordinal)) continue;
                var columns = await connection.QueryAsync<string>($"SELECT name FROM pragma_table_info('{name}')");
                sql = Expand(sql, name, [.. columns]);
            }
            (await connection.ExecuteAsync(sql, LedgerVerifierTests.SampleIds)).Should().BePositive();
        }
        var report = await LedgerVerifierTests.VerifyAsync(database);
        report.Violations.Should().NotBeEmpty();
    }

    private static string Copy(string table, string column, string value) => $"{{{table}}}{column}={value}{{end}} FROM {table}";

    // Column by column, so that new columns are copied as well.
    private static string Expand(string sql, string table, List<string> columns)
    {
        var begin = sql.IndexOf($"{{{table}}}", StringComparison.Ordinal);
        var end = sql.IndexOf("{end}", StringComparison.Ordinal);
        var (column, value) = sql[(begin + table.Length + 2)..end].Split('=', 2) switch { var parts => (parts[0], parts[1]) };
        return $"{sql[..begin]}({string.Join(", ", columns)}) SELECT {string.Join(", ", columns.Select(c => c == column ? value : c))}{sql[(end + 5)..]}";
    }
}
