using System.Security.Cryptography;
using Dapper;
using Spendra.Control.Declarations;
using Spendra.Sandbox;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;
using Spendra.Storage.Schema;
using Spendra.Testing;

namespace Spendra.Proof.Worlds;

/// <summary>A database, a company in it, the provider and the clients' journal: what outlives the servers that are killed.</summary>
internal sealed class World : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly Dictionary<string, string> _secrets = [];
    private readonly Errands _errands;

    private World(string name, DatabaseEngine engine, SandboxServer sandbox, TempFolder folder)
    {
        _folder = folder;
        Engine = engine;
        Sandbox = sandbox;
        Journal = new ClientJournal(name);
        _errands = new Errands(name, () => Administrator.DrawKey());
    }

    public DatabaseEngine Engine { get; }

    /// <summary>A data folder or a <c>postgres://</c> address.</summary>
    public string Location { get; private init; } = "";

    public string MasterKeyText { get; } = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public SandboxServer Sandbox { get; }

    public Disturbances Disturbances { get; } = new();

    public ClientJournal Journal { get; }

    public Administrator Administrator { get; private set; } = null!;

    public Guid OrganizationId { get; private set; }

    public DatabaseTarget Target => Engine == DatabaseEngine.Sqlite ? DatabaseTarget.Folder(Location) : DatabaseTarget.Address(Location);

    /// <param name="name">Begins the ids of its calls.</param>
    /// <param name="engine">Where its ledger is.</param>
    /// <param name="postgres">The server when the engine is PostgreSQL.</param>
    /// <param name="reach">Makes the address at which gateways reach the provider; by default its own.</param>
    public static async Task<World> CreateAsync(
        string name, DatabaseEngine engine, PostgresCluster? postgres, Func<Uri, Uri>? reach = null)
    {
        var sandbox = await SandboxServer.StartAsync(new SandboxOptions
        {
            RecordRequests = true,
            MaxRecordedRequests = int.MaxValue,
            MaxRecordedBodyBytes = 0,
        });
        var folder = new TempFolder();
        var world = new World(name, engine, sandbox, folder)
        {
            Location = engine == DatabaseEngine.Sqlite
                ? folder.File("data")
                : PostgresCluster.ToUrl(await postgres!.CreateDatabaseAsync("proof")),
        };
        await Migrator.MigrateAsync(world.Target, CancellationToken.None);
        await world.DeclareAsync(reach?.Invoke(sandbox.BaseUrl) ?? sandbox.BaseUrl);
        return world;
    }

    public string SecretOf(string slug) => _secrets.TryGetValue(slug, out var secret) ? secret : Administrator.SecretOf(slug);

    /// <summary>Clients who call one server.</summary>
    /// <param name="server">Where.</param>
    /// <param name="callers">How many at once.</param>
    /// <param name="goesOn">The server outlives its database: callers go on after an error.</param>
    public Load StartLoad(Uri server, int callers, bool goesOn = false) =>
        Load.Start(Journal, SecretOf, Enumerable.Repeat(_errands.At(server, goesOn), callers));

    /// <summary>A handle of one's own. Closed, it leaves nothing open: the next server finds the files as the last one left them.</summary>
    public Database Open() => Database.Open(Target);

    public async Task<long> CountOpenAsync()
    {
        await using var database = Open();
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM open_reservations");
    }

    public async ValueTask DisposeAsync()
    {
        await Sandbox.DisposeAsync();
        Journal.Dispose();
        _folder.Dispose();
    }

    private async Task DeclareAsync(Uri provider)
    {
        await using var database = Open();
        var masterKey = await MasterKeyStore.LoadAsync(database, Target, MasterKeyText, CancellationToken.None);
        var outcome = await Declarations.ApplyAsync(
            database, masterKey, Company.Declaration("acme", provider), "acme.yaml", new DeclarationOptions(),
            new ChangeAuthor("proof", "proof"), TimeProvider.System, CancellationToken.None);
        if (outcome is not ApplyOutcome.Applied applied)
            throw new InvalidOperationException($"the company was refused: {string.Join("; ", ((ApplyOutcome.Refused)outcome).Errors.Select(e => e.Message))}");
        OrganizationId = applied.OrganizationId;
        foreach (var key in applied.Keys) _secrets[key.Slug] = key.Secret;
        Administrator = new Administrator(Target, MasterKeyText, "acme", cap => Company.Declaration("acme", provider, cap));
        await Administrator.BeginAsync();
    }
}
