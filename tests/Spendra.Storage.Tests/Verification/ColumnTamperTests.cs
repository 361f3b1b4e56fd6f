using System.Data.Common;
using Dapper;
using Spendra.Storage.Schema;
using Spendra.Testing;

namespace Spendra.Storage.Tests.Verification;

/// <summary>
/// Every column of every table of the ledger, in every row of a sample that has one of each kind: whoever changes it by hand is
/// named. A column that comes later is tried as well, and must be sealed or checked.
/// </summary>
public sealed class ColumnTamperTests(SampleLedgerFile sample) : IClassFixture<SampleLedgerFile>
{
    /// <summary>The tables, and what names their rows beside the organization.</summary>
    private static readonly Dictionary<string, string[]> Tables = new()
    {
        ["spend_events"] = ["reservation_id", "event_number"],
        ["journal_entries"] = ["entry_sequence"],
        ["postings"] = ["entry_sequence", "line"],
        ["outbox"] = ["sequence"],
        ["windows"] = ["window_id"],
        ["window_excesses"] = ["window_id", "cause_id", "event_number"],
        ["open_reservations"] = ["reservation_id"],
        ["released_reservations"] = ["reservation_id"],
        ["refusals"] = ["request_id"],
        ["adjustments"] = ["adjustment_id"],
    };

    /// <summary>What no verification names, and why.</summary>
    private static readonly Dictionary<string, string> Unnamed = new()
    {
        ["window_excesses.cause_id"] = "of a cut cap: an id that names nothing",
        ["window_excesses.event_number"] = "of a cut cap: always zero",
        ["window_excesses.organization_id"] = "of a cut cap that explains nothing any more; one that does is missed by its window",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_change_of_a_column_is_named_on_SQLite()
    {
        using var folder = sample.Copy();
        await using var database = Database.Open(DatabaseTarget.Folder(folder.Path));
        await using var connection = await database.ConnectAsync(Cancel);
        await connection.ExecuteAsync("PRAGMA foreign_keys = OFF");
        (await MissedAsync(database, connection, everyRow: true)).Should().BeEquivalentTo(Unnamed.Keys);
    }

    [Fact]
    public async Task Every_change_of_a_column_is_named_on_PostgreSQL()
    {
        var cluster = await PostgresCluster.SharedAsync();
        var target = DatabaseTarget.Address(PostgresCluster.ToUrl(await cluster.CreateDatabaseAsync("tamper")));
        await Migrator.MigrateAsync(target, Cancel);
        await using var database = Database.Open(target);
        await SampleLedger.BuildAsync(database);
        await using var connection = await database.ConnectAsync(Cancel);
        await connection.ExecuteAsync("SET session_replication_role = replica");
        (await MissedAsync(database, connection, everyRow: false)).Should().BeSubsetOf(Unnamed.Keys);
    }

    private static async Task<HashSet<string>> MissedAsync(Database database, DbConnection connection, bool everyRow)
    {
        var missed = new HashSet<string>();
        foreach (var (table, keys) in Tables)
        {
            var rows = (await connection.QueryAsync($"SELECT * FROM {table}")).Select(r => (IDictionary<string, object?>)r).ToList();
            rows.Should().NotBeEmpty(table);
            foreach (var row in everyRow ? rows : rows.Take(1))
            {
                foreach (var column in row.Keys)
                {
                    var changed = new Dictionary<string, object?>(row) { [column] = Changed(column, row[column]) };
                    if (!await TryReplaceAsync(connection, table, keys, row, changed)) continue;
                    var report = await LedgerVerifierTests.VerifyAsync(database);
                    if (report.Violations.Count == 0) missed.Add($"{table}.{column}");
                    (await TryReplaceAsync(connection, table, keys, changed, row)).Should().BeTrue();
                }
            }
        }
        return missed;
    }

    private static object Changed(string column, object? value) => value switch
    {
        null when column.EndsWith("_id", StringComparison.Ordinal) => Guid.CreateVersion7(),
        null when column is "bound_others" or "other_units" => "{}",
        null when column is "seal" or "idempotency_digest" => new byte[32],
        null => 1,
        long number => number + 1,
        int number => number + 1,
        short number => (short)(number + 1),
        bool isTrue => !isTrue,
        Guid => Guid.CreateVersion7(),
        string text => text + "x",
        byte[] bytes => Flipped(bytes),
        _ => throw new NotSupportedException(value.GetType().Name),
    };

    private static byte[] Flipped(byte[] bytes)
    {
        if (bytes.Length == 0) return [1];
        var flipped = bytes.ToArray();
        flipped[^1] ^= 1;
        return flipped;
    }

    private static async Task<bool> TryReplaceAsync(
        DbConnection connection, string table, string[] keys, IDictionary<string, object?> row, IDictionary<string, object?> by)
    {
        var set = string.Join(", ", by.Keys.Select(c => $"{c} = @to_{c}"));
        var where = string.Join(" AND ", keys.Select(c => $"{c} = @of_{c}"));
        var values = new DynamicParameters();
        foreach (var (name, value) in by) values.Add($"to_{name}", value);
        foreach (var key in keys) values.Add($"of_{key}", row[key]);
        try
        {
            (await connection.ExecuteAsync($"UPDATE {table} SET {set} WHERE {where}", values)).Should().Be(1);
            return true;
        }
        catch (DbException)
        {
            return false; // Two rows of one key, or a value that the table does not take: the database itself refuses.
        }
    }
}
