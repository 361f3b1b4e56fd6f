using Npgsql;

namespace Spendra.Testing.Tests;

public sealed class PostgresClusterTests
{
    [Fact]
    public async Task Databases_are_new_and_apart()
    {
        var cluster = await PostgresCluster.SharedAsync();
        var first = await cluster.CreateDatabaseAsync("first");
        var second = await cluster.CreateDatabaseAsync("second");

        await ExecuteAsync(first, "CREATE TABLE t (id int)");

        (await QueryAsync(second, "SELECT to_regclass('t') IS NULL")).Should().Be(true);
    }

    [Fact]
    public async Task Many_databases_can_be_created_at_once()
    {
        var cluster = await PostgresCluster.SharedAsync();

        var created = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cluster.CreateDatabaseAsync("many")));

        created.Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData("fsync", "on")]
    [InlineData("synchronous_commit", "on")]
    [InlineData("full_page_writes", "on")]
    [InlineData("listen_addresses", "127.0.0.1")]
    [InlineData("max_connections", "200")]
    [InlineData("lc_collate", "C.UTF-8")]
    [InlineData("server_encoding", "UTF8")]
    public async Task The_server_is_durable_and_local(string setting, string expected)
    {
        var database = await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync("settings");

        var query = "SELECT coalesce(current_setting($1, true), (SELECT datcollate FROM pg_database WHERE datname = current_database()))";
        (await QueryAsync(database, query, setting)).Should().Be(expected);
    }

    [Fact]
    public async Task A_url_names_the_same_database()
    {
        var cluster = await PostgresCluster.SharedAsync();
        var database = await cluster.CreateDatabaseAsync("url");
        var name = await QueryAsync(database, "SELECT current_database()");

        PostgresCluster.ToUrl(database).Should().Be($"postgres://postgres@127.0.0.1:{cluster.Port}/{name}");
    }

    [Fact]
    public async Task A_crash_cuts_connections_and_keeps_what_was_committed()
    {
        using var cluster = await PostgresCluster.StartNewAsync();
        var database = await cluster.CreateDatabaseAsync("crash");
        await ExecuteAsync(database, "CREATE TABLE t (id int)");
        await ExecuteAsync(database, "INSERT INTO t VALUES (1)");
        await using var open = new NpgsqlConnection(database);
        await open.OpenAsync(TestContext.Current.CancellationToken);

        await cluster.StopImmediateAsync();
        var use = () => new NpgsqlCommand("SELECT 1", open).ExecuteScalarAsync();
        await use.Should().ThrowAsync<NpgsqlException>();
        await cluster.StartAsync();
        NpgsqlConnection.ClearAllPools();

        (await QueryAsync(database, "SELECT count(*) FROM t")).Should().Be(1L);
    }

    [Fact]
    public async Task Dispose_leaves_neither_process_nor_folder()
    {
        var cluster = await PostgresCluster.StartNewAsync();
        var server = ServerIn(cluster.Folder);

        cluster.Dispose();

        Proc.IsAlive(server).Should().BeFalse();
        Directory.Exists(cluster.Folder).Should().BeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("a; DROP")]
    [InlineData("Upper")]
    public async Task A_prefix_that_needs_quoting_is_refused(string prefix)
    {
        var cluster = await PostgresCluster.SharedAsync();

        var create = () => cluster.CreateDatabaseAsync(prefix);

        await create.Should().ThrowAsync<ArgumentException>();
    }

    internal static int ServerIn(string folder) => int.Parse(File.ReadLines(Path.Combine(folder, "data", "postmaster.pid")).First());

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<object?> QueryAsync(string connectionString, string sql, params string[] arguments)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var argument in arguments)
            command.Parameters.Add(new NpgsqlParameter { Value = argument });
        return await command.ExecuteScalarAsync();
    }
}
