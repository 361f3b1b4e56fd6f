using Dapper;
using Spendra.Storage.Retention;

namespace Spendra.Storage.Tests.Retention;

/// <summary>What becomes of every table is decided, and nothing of the ledger or the audit record may go.</summary>
public abstract class TableFateContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A new table fails here: say in <see cref="TableFates"/> what becomes of its rows.</summary>
    [Fact]
    public async Task Every_table_is_kept_or_passing_or_has_a_rule_by_which_its_old_detail_goes()
    {
        await using var store = await GovernanceStore.OpenAsync(engine);
        var tables = await store.ListAsync<string>(engine == DatabaseEngine.Sqlite
            ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            : "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()");

        TableFates.All.Keys.Should().BeEquivalentTo(tables);
        DetailRule.Hours.Concat(DetailRule.Others).Select(r => r.Table).Should().OnlyHaveUniqueItems()
            .And.BeEquivalentTo(TableFates.All.Where(f => f.Value == TableFate.Detail).Select(f => f.Key));
    }

    /// <summary>Whatever bears an amount, proves one or says who decided: listed a second time, since a change of the first list must be noticed.</summary>
    [Theory]
    [InlineData("windows")]
    [InlineData("spend_events")]
    [InlineData("released_reservations")]
    [InlineData("journal_entries")]
    [InlineData("postings")]
    [InlineData("window_excesses")]
    [InlineData("outbox")]
    [InlineData("refusals")]
    [InlineData("stripped_tools")]
    [InlineData("adjustments")]
    [InlineData("audit_records")]
    [InlineData("audit_deliveries")]
    [InlineData("prices")]
    [InlineData("price_proposals")]
    [InlineData("budgets")]
    [InlineData("policies")]
    [InlineData("scoped_keys")]
    [InlineData("bill_imports")]
    [InlineData("bill_days")]
    [InlineData("reconciliation_runs")]
    [InlineData("reconciliation_differences")]
    [InlineData("reconciliation_proposals")]
    [InlineData("period_locks")]
    [InlineData("provider_objects")]
    public void Ledger_audit_prices_policies_and_what_the_books_rest_on_are_kept(string table) => TableFates.All[table].Should().Be(TableFate.Kept);

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task Key_of_a_rule_is_the_key_of_its_table(string table)
    {
        var rule = DetailRule.Hours.Concat(DetailRule.Others).Single(r => r.Table == table);
        await using var store = await GovernanceStore.OpenAsync(engine);
        await using var connection = await store.Database.ConnectAsync(Cancel);
        var key = await connection.QueryAsync<string>(engine == DatabaseEngine.Sqlite
            ? "SELECT name FROM pragma_table_info(@table) WHERE pk > 0 ORDER BY pk"
            : """
              SELECT a.attname FROM pg_index i, unnest(i.indkey) WITH ORDINALITY k (number, place), pg_attribute a
              WHERE i.indrelid = to_regclass(@table) AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.place
              """, new { table });

        rule.Key.Split(", ").Should().Equal(key);
    }

    public static TheoryData<string> Rules => [.. DetailRule.Hours.Concat(DetailRule.Others).Select(r => r.Table)];
}

public sealed class SqliteTableFateTests() : TableFateContract(DatabaseEngine.Sqlite);

public sealed class PostgresTableFateTests() : TableFateContract(DatabaseEngine.Postgres);
