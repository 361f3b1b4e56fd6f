using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Spendra.Control.Declarations;
using Spendra.Core.Ledger;
using Spendra.Sandbox;
using Spendra.Storage;
using Spendra.Storage.Governance;
using Spendra.Storage.Keys;
using Spendra.Storage.Ledger;
using Spendra.Storage.Tests;
using Spendra.Testing;

namespace Spendra.Gateway.Tests;

/// <summary>
/// A gateway on a real port, in front of a real sandbox, on a real database of its own.
/// </summary>
internal sealed class GatewayHarness : IAsyncDisposable
{
    private readonly TempFolder? _folder;
    private readonly WebApplication _app;

    private GatewayHarness(WebApplication app, SandboxServer sandbox, Database database, MasterKey masterKey, TempFolder? folder)
    {
        _app = app;
        Sandbox = sandbox;
        Database = database;
        MasterKey = masterKey;
        _folder = folder;
        BaseUrl = new Uri(app.Urls.First() + "/v1/");
    }

    public Uri BaseUrl { get; }

    public SandboxServer Sandbox { get; }

    public Database Database { get; }

    public MasterKey MasterKey { get; }

    public Dictionary<string, string> Keys { get; } = [];

    /// <summary>Every route that is mapped, whatever it is.</summary>
    public IEnumerable<RouteEndpoint> Mapped =>
        ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>();

    public LedgerLane Lane => _app.Services.GetRequiredService<LedgerLane>();

    public static async Task<GatewayHarness> StartAsync(
        DatabaseEngine engine = DatabaseEngine.Sqlite, GatewayOptions? options = null, SandboxOptions? sandboxOptions = null,
        bool hasSandbox = true, bool allowsPrivateUpstreams = true)
    {
        var folder = engine == DatabaseEngine.Sqlite ? new TempFolder() : null;
        var target = folder is not null
            ? await MigratedDatabase.CopyToAsync(folder.Path)
            : DatabaseTarget.Address(PostgresCluster.ToUrl(await MigratedDatabase.CreateAsync("gateway")));
        var database = Database.Open(target);
        var masterKey = new MasterKey(new byte[MasterKey.KeyBytes]);
        var sandbox = await SandboxServer.StartAsync(sandboxOptions ?? new SandboxOptions { RecordRequests = true }, CancellationToken.None);
        var app = Build(database, masterKey, (options ?? new GatewayOptions()) with { AllowPrivateUpstreams = allowsPrivateUpstreams, SandboxUrl = hasSandbox ? sandbox.BaseUrl : null });
        await app.StartAsync();
        return new GatewayHarness(app, sandbox, database, masterKey, folder);
    }

    /// <summary>Applies a declaration; <c>{sandbox}</c> in it stands for the sandbox's address.</summary>
    public async Task ApplyAsync(string yaml)
    {
        foreach (var key in (await DeclareAsync(yaml.Replace("{sandbox}", Sandbox.BaseUrl.ToString(), StringComparison.Ordinal))).Keys)
            Keys[key.Slug] = key.Secret;
    }

    public async Task<ApplyOutcome.Applied> DeclareAsync(string yaml)
    {
        var outcome = await Declarations.ApplyAsync(
            Database, MasterKey, yaml, "test.yaml", new DeclarationOptions(), new ChangeAuthor("test", "test", null), null, CancellationToken.None);
        var reason = outcome is ApplyOutcome.Refused refused ? string.Join("; ", refused.Errors) : "";
        return outcome.Should().BeOfType<ApplyOutcome.Applied>(reason).Subject;
    }

    public HttpClient Client(string keySlug)
    {
        var client = new HttpClient { BaseAddress = BaseUrl };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Keys[keySlug]);
        return client;
    }

    public async Task<ProviderObject> FindFileAsync(Guid organizationId, string id) =>
        (await new ProviderObjectReader(Database).FindAsync(organizationId, id, ObjectKind.File, CancellationToken.None))!;

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Sandbox.DisposeAsync();
        await Database.DisposeAsync();
        _folder?.Dispose();
    }

    public static StringContent Json(string json) => new(json, Encoding.UTF8, "application/json");

    private static WebApplication Build(Database database, MasterKey masterKey, GatewayOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(database);
        builder.Services.AddSingleton(masterKey);
        builder.Services.AddSingleton(new LaneOptions());
        builder.Services.AddSingleton<LedgerLane>();
        builder.Services.AddSpendraGateway(options);
        var app = builder.Build();
        app.MapSpendraGateway();
        return app;
    }
}
