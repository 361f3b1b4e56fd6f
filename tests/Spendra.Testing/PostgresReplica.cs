namespace Spendra.Testing;

/// <summary>
/// The least that a PostgreSQL server takes for a synchronous replica: it receives the write-ahead log, syncs it to disk
/// and says so. Disposing takes it away; what commits then waits.
/// </summary>
public sealed class PostgresReplica : IAsyncDisposable
{
    /// <summary>For <c>synchronous_standby_names</c>.</summary>
    public const string Name = "spendra_replica";

    private readonly TempFolder _folder = new();
    private readonly TestProcess _process;

    private PostgresReplica(int port) => _process = TestProcess.Start(
        Path.Combine(PostgresBinaries.Find(), "pg_receivewal"),
        ["-h", "127.0.0.1", "-p", $"{port}", "-U", "postgres", "-D", _folder.Path, "--synchronous", "--no-loop"],
        new Dictionary<string, string?> { ["PGAPPNAME"] = Name });

    public static PostgresReplica Start(PostgresCluster cluster) => new(cluster.Port);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
