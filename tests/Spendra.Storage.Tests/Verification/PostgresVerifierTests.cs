using Dapper;
using Spendra.Storage.Schema;
using Spendra.Testing;

namespace Spendra.Storage.Tests.Verification;

/// <summary>
/// The same damages on PostgreSQL, whose rows are read in another way. One database, restored between them: to make
/// a hundred would take minutes.
/// </summary>
public sealed class PostgresVerifierTests
{
    private const string Tables =
        "SELECT string_agg(quote_ident(tablename), ',') FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_versions'";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_organization_that_is_gone_is_named_by_the_directory_and_by_what_was_signed()
    {
        var cluster = await PostgresCluster.SharedAsync();
        var target = DatabaseTarget.Address(PostgresCluster.ToUrl(await cluster.CreateDatabaseAsync("gone")));
        await Migrator.MigrateAsync(target, Cancel);
        await using var database = Database.Open(target);
        await SampleLedger.BuildAsync(database);
        await using var connection = await database.ConnectAsync(Cancel);
        await connection.ExecuteAsync("SET session_replication_role = replica");
        await LedgerVerifierTests.TakeAwayAsync(database, connection);
    }

    [Fact]
    public async Task Every_damaged_row_is_reported_as_what_it_breaks()
    {
        var cluster = await PostgresCluster.SharedAsync();
        var target = DatabaseTarget.Address(PostgresCluster.ToUrl(await cluster.CreateDatabaseAsync("verify")));
        await Migrator.MigrateAsync(target, Cancel);
        await using var database = Database.Open(target);
        await SampleLedger.BuildAsync(database);
        await using var connection = await database.ConnectAsync(Cancel);
        // As the pragma does on SQLite: no foreign key stands in the way of a damage.
        await connection.ExecuteAsync("SET session_replication_role = replica; CREATE SCHEMA kept");
        var tables = (await connection.ExecuteScalarAsync<string>(Tables))!;
        foreach (var table in tables.Split(',')) await connection.ExecuteAsync($"CREATE TABLE kept.{table} AS TABLE {table}");
        // One commit, and no new file for every table and index as with TRUNCATE.
        var restore = string.Concat(tables.Split(',').Select(table => $"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept.{table};"));

        var valid = await LedgerVerifierTests.VerifyAsync(database);
        valid.Violations.Should().BeEmpty();
        valid.Checked.Where(c => c.Value == 0).Should().BeEmpty("every invariant has something to check");
        valid.Checked.Keys.Should().BeEquivalentTo(LedgerVerifierTests.AllInvariants);
        foreach (var corruption in Corruption.All)
        {
            (await connection.ExecuteAsync(corruption.Sql, LedgerVerifierTests.SampleIds)).Should().BePositive(corruption.Name);
            var report = await LedgerVerifierTests.VerifyAsync(database);
            corruption.BrokenIn(report).Should().BeEquivalentTo(corruption.Breaks, corruption.Name);

            await connection.ExecuteAsync(restore);
        }
    }
}
