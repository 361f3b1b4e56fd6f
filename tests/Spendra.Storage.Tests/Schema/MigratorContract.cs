using Spendra.Storage.Schema;
using Spendra.Testing;

namespace Spendra.Storage.Tests.Schema;

/// <summary>A database is brought to this program's schema once, whoever comes, and never by an older program.</summary>
public abstract class MigratorContract(DatabaseEngine engine)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Several_at_once_migrate_once_and_all_succeed()
    {
        for (var round = 0; round < 3; round++)
        {
            using var folder = new TempFolder();
            var target = await NewTargetAsync(folder);
            var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Migrator.MigrateAsync(target, Cancel))));

            var ran = runs.Where(r => r.Count > 0).Should().ContainSingle().Subject;
            ran.Should().Contain(["0001-governance.sql", "0002-ledger.sql"]).And.BeInAscendingOrder(StringComparer.Ordinal);
            (await Migrator.MigrateAsync(target, Cancel)).Should().BeEmpty();
        }
    }

    [Fact]
    public async Task Database_of_a_newer_program_is_left_alone()
    {
        using var folder = new TempFolder();
        var target = await NewTargetAsync(folder);
        await Migrator.MigrateAsync(target, Cancel);
        await using (var database = Database.Open(target))
        await using (var connection = await database.ConnectAsync(Cancel))
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = "INSERT INTO schema_versions (scriptname, applied) VALUES ('9999-tomorrow.sql', CURRENT_TIMESTAMP)";
            await command.ExecuteNonQueryAsync(Cancel);
        }
        (await FluentActions.Awaiting(() => Migrator.MigrateAsync(target, Cancel)).Should().ThrowAsync<DatabaseUnavailableException>())
            .Which.Message.Should().Contain("newer Spendra").And.Contain("9999-tomorrow.sql").And.NotContain("\n");
    }

    [Fact]
    public async Task Scripts_of_the_other_engine_are_not_run()
    {
        using var folder = new TempFolder();
        var ran = await Migrator.MigrateAsync(await NewTargetAsync(folder), Cancel);
        ran.Any(name => name.EndsWith(".postgres.sql", StringComparison.Ordinal)).Should().Be(engine == DatabaseEngine.Postgres);
    }

    private async Task<DatabaseTarget> NewTargetAsync(TempFolder folder) => engine == DatabaseEngine.Sqlite
        ? DatabaseTarget.Folder(folder.Path)
        : DatabaseTarget.Address(PostgresCluster.ToUrl(await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync("migrate")));
}

public sealed class MigratorOnSqliteTests() : MigratorContract(DatabaseEngine.Sqlite);

public sealed class MigratorOnPostgresTests() : MigratorContract(DatabaseEngine.Postgres);
