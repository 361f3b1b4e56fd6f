using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Spendra.Core.Ledger.Verification;
using Spendra.Storage.Ledger;
using Spendra.Storage.Schema;
using Spendra.Testing;

namespace Spendra.Storage.Tests.Ledger;

/// <summary>
/// A real database with organizations that may spend, and lanes that write to it. Every lane has a
/// <see cref="Storage.Database"/> of its own, as in a process of its own. A test runs in <see cref="RunAsync"/>, which
/// closes the lanes afterwards and verifies every row of the ledger.
/// </summary>
internal sealed class LedgerWorld : IAsyncDisposable
{
    // What hangs fails. Generous: the machine may be busy with other things.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // The lane books what it is told. That amounts follow from prices is the gateway's promise, and nothing here has a
    // price; nor that what it is told exists.
    internal static readonly string[] NotOfTheLane =
        [Invariant.ReservationBound, Invariant.ReservationPrice, Invariant.EventFree,
            Invariant.ReservationNames, Invariant.ObjectReservation, Invariant.RefusalNames];

    private readonly TempFolder _folder;
    private readonly List<Database> _databases = [];
    private readonly List<LedgerLane> _lanes = [];
    private readonly List<Tenant> _tenants = [];

    private LedgerWorld(TempFolder folder, DatabaseTarget target, string? connectionString)
    {
        _folder = folder;
        Target = target;
        ConnectionString = connectionString;
        Database = OpenDatabase();
    }

    public DatabaseTarget Target { get; }

    /// <summary>Null on SQLite.</summary>
    public string? ConnectionString { get; }

    public Database Database { get; }

    public DatabaseEngine Engine => Target.Engine;

    public string FilePath => _folder.File("spendra.db");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Runs a test against an empty database with one organization and verifies what it has left.</summary>
    public static async Task RunAsync(DatabaseEngine engine, Func<LedgerWorld, Tenant, Task> test)
    {
        await using var world = await OpenAsync(engine);
        await test(world, await world.AddTenantAsync()).WaitAsync(Limit, Cancel);
        await world.VerifyAsync();
    }

    /// <param name="engine">Which database.</param>
    /// <param name="cluster">Null: the one that all tests share.</param>
    /// <param name="path">The data folder on SQLite; null for a temporary one.</param>
    public static async Task<LedgerWorld> OpenAsync(DatabaseEngine engine, PostgresCluster? cluster = null, string? path = null)
    {
        var folder = new TempFolder();
        string? connectionString = null;
        if (engine == DatabaseEngine.Postgres)
            connectionString = await (cluster is null ? MigratedDatabase.CreateAsync("ledger") : cluster.CreateDatabaseAsync("ledger"));
        else if (path is null)
            await MigratedDatabase.CopyToAsync(folder.Path);
        var target = connectionString is null
            ? DatabaseTarget.Folder(path ?? folder.Path)
            : DatabaseTarget.Address(PostgresCluster.ToUrl(connectionString));
        await Migrator.MigrateAsync(target, Cancel);
        return new LedgerWorld(folder, target, connectionString);
    }

    public async Task<Tenant> AddTenantAsync()
    {
        var tenant = await Tenant.CreateAsync(this, _tenants.Count);
        _tenants.Add(tenant);
        return tenant;
    }

    /// <summary>A lane as another process would have it.</summary>
    public LedgerLane OpenLane(LaneOptions? options = null, TimeProvider? time = null, DatabaseTarget? target = null)
    {
        var lane = new LedgerLane(
            OpenDatabase(target), options ?? new LaneOptions(), time ?? TimeProvider.System, NullLogger<LedgerLane>.Instance);
        _lanes.Add(lane);
        return lane;
    }

    /// <summary>A lane whose every step can be seen, held and broken.</summary>
    public (LedgerLane Lane, GatedEngine Engine) OpenGatedLane(
        LaneOptions? options = null, TimeProvider? time = null, DatabaseTarget? target = null)
    {
        var engine = new GatedEngine(OpenDatabase(target).CreateLedgerEngine());
        var lane = new LedgerLane(
            engine, options ?? new LaneOptions { Patience = TimeSpan.Zero, FirstRetryDelay = TimeSpan.FromMilliseconds(1) },
            time ?? TimeProvider.System, NullLogger<LedgerLane>.Instance);
        _lanes.Add(lane);
        return (lane, engine);
    }

    public async Task<T> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Database.ConnectAsync(Cancel);
        return (await connection.ExecuteScalarAsync<T>(sql, parameters))!;
    }

    public Task<long> CountAsync(string table) => ScalarAsync<long>($"SELECT count(*) FROM {table}");

    public async Task<int> ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await Database.ConnectAsync(Cancel);
        return await connection.ExecuteAsync(sql, parameters);
    }

    /// <summary>The only row of a query, column by column, in words that both engines share.</summary>
    public async Task<Dictionary<string, object?>> RowAsync(string sql, object? parameters = null)
    {
        await using var connection = await Database.ConnectAsync(Cancel);
        var row = (IDictionary<string, object?>)await connection.QuerySingleAsync(sql, parameters);
        return row.ToDictionary(c => c.Key, c => Plain(c.Value));
    }

    public async Task<(long Reserved, long Settled)> TotalsAsync(Guid windowId)
    {
        var row = await RowAsync("SELECT reserved_nanos, settled_nanos FROM windows WHERE window_id = @windowId", new { windowId });
        return ((long)row["reserved_nanos"]!, (long)row["settled_nanos"]!);
    }

    /// <summary>Ids and bytes as hexadecimal, numbers and truth values as <c>long</c>.</summary>
    public static object? Plain(object? value) => value switch
    {
        Guid id => Convert.ToHexStringLower(id.ToByteArray(bigEndian: true)),
        byte[] bytes => Convert.ToHexStringLower(bytes),
        bool yes => yes ? 1L : 0L,
        int or short => Convert.ToInt64(value),
        Enum name => Convert.ToInt64(name),
        _ => value,
    };

    /// <summary>Writes what the lanes still hold, then checks every invariant over the raw rows.</summary>
    public async Task VerifyAsync()
    {
        foreach (var lane in _lanes) await lane.DisposeAsync().AsTask().WaitAsync(Limit, Cancel);
        _lanes.Clear();
        var report = await new LedgerVerifier(Database).VerifyAsync(
            [.. _tenants.Select(t => t.OrganizationId)], Micros.Now(TimeProvider.System), Cancel);
        report.Violations.Where(v => !NotOfTheLane.Contains(v.Invariant)).Should().BeEmpty();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes) await lane.DisposeAsync().AsTask().WaitAsync(Limit);
        foreach (var database in _databases) await database.DisposeAsync();
        _folder.Dispose();
    }

    private Database OpenDatabase(DatabaseTarget? target = null)
    {
        var database = Database.Open(target ?? Target);
        _databases.Add(database);
        return database;
    }
}
