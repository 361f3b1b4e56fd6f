using System.Data.Common;
using Dapper;
using Spendra.Simulation.Engines;
using Spendra.Simulation.Scheduling;
using Spendra.Storage;
using Spendra.Testing;

namespace Spendra.Simulation.Tests;

/// <summary>Does the comparison of rows see? Every column of every table is changed in turn, and rows are taken away.</summary>
public sealed class RowComparisonTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private RealLedger _real = null!;
    private List<string> _simulated = null!;

    public async ValueTask InitializeAsync()
    {
        _real = await RealLedger.FoundAsync(DatabaseTarget.Folder(_folder.Path), 0, new SimRandom(5));
        _simulated = StoreDump.Of((await StoreComparison.PlayAsync(_real, seed: 5, steps: 160)).Store);
    }

    public async ValueTask DisposeAsync()
    {
        await _real.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Untouched_rows_agree_and_every_table_has_some()
    {
        var dumped = await _real.DumpAsync();

        StoreComparison.DifferencesBetween(_simulated, dumped).Should().BeEmpty();
        dumped.Select(TableOf).Distinct().Should().BeEquivalentTo(StoreDump.Statements.Select(s => s.Name), "a table without rows agrees with anything");
    }

    [Fact]
    public async Task Another_value_in_any_column_of_any_table_is_noticed()
    {
        await using var connection = await UncheckedAsync();
        var changed = 0;
        foreach (var (name, sql) in StoreDump.Statements)
        {
            foreach (var (column, type) in await ColumnsAsync(connection, sql))
            {
                (await DifferencesAfterAsync(connection, $"UPDATE {TableIn(sql)} SET {column} = {Other(column, type)}"))
                    .Should().Contain(d => d.StartsWith($"only real: {name} "), "{0}.{1} was changed", name, column);
                changed++;
            }
        }
        changed.Should().BeGreaterThan(100);
    }

    [Fact]
    public async Task A_row_that_is_missing_is_noticed_in_every_table()
    {
        await using var connection = await UncheckedAsync();
        foreach (var (name, sql) in StoreDump.Statements)
        {
            (await DifferencesAfterAsync(connection, $"DELETE FROM {TableIn(sql)}"))
                .Should().Contain(d => d.StartsWith($"only simulated: {name} "), "the rows of {0} were deleted", name);
        }
    }

    [Fact]
    public void A_row_that_is_there_twice_is_noticed() =>
        StoreComparison.DifferencesBetween(_simulated, [.. _simulated, _simulated[0]]).Should().ContainSingle().Which.Should().Contain("real ones");

    private async Task<DbConnection> UncheckedAsync()
    {
        var connection = await _real.Database.ConnectAsync(TestContext.Current.CancellationToken);
        await connection.ExecuteAsync("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON");
        return connection;
    }

    private async Task<IReadOnlyList<string>> DifferencesAfterAsync(DbConnection connection, string change)
    {
        await connection.ExecuteAsync("BEGIN TRANSACTION");
        (await connection.ExecuteAsync(change)).Should().BePositive();
        var differences = StoreComparison.DifferencesBetween(_simulated, await RealLedger.DumpAsync(connection));
        await connection.ExecuteAsync("ROLLBACK TRANSACTION");
        return differences;
    }

    private static async Task<IReadOnlyList<(string Name, string Type)>> ColumnsAsync(DbConnection connection, string sql)
    {
        await using var reader = await connection.ExecuteReaderAsync(sql);
        var types = new Dictionary<string, string>();
        await using var described = await connection.ExecuteReaderAsync($"PRAGMA table_info({TableIn(sql)})");
        while (await described.ReadAsync()) types[described.GetString(1)] = described.GetString(2);
        return [.. Enumerable.Range(0, reader.FieldCount).Select(i => (reader.GetName(i), types[reader.GetName(i)]))];
    }

    /// <summary>Another value of the same type for every row, and one for each: keys stay unique.</summary>
    private static string Other(string column, string type) => type.ToUpperInvariant() switch
    {
        "TEXT" => $"coalesce({column}, '') || '+'",
        "BLOB" => $"coalesce({column}, x'') || x'01'",
        _ => $"coalesce({column}, 0) + 1000000",
    };

    private static string TableIn(string sql) => sql.Split(["FROM "], StringSplitOptions.None)[^1].Split(' ', '\n')[0].Trim();

    private static string TableOf(string line) => line[..line.IndexOf(' ')];
}
