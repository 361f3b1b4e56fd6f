using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Spendra.Hosting;
using Spendra.Settings;
using Spendra.Storage;
using Spendra.Storage.Keys;
using Spendra.Storage.Schema;

namespace Spendra.Tests.EndToEnd;

/// <summary>A site's server inside this process, made as <c>serve</c> makes it, so that it can be watched.</summary>
internal sealed class HostedSite : IAsyncDisposable
{
    private readonly SpendraServer _server;

    private HostedSite(SpendraServer server, Database database)
    {
        _server = server;
        Database = database;
    }

    public Database Database { get; }

    public IReadOnlyList<Endpoint> Endpoints => _server.Endpoints;

    public Uri Url => new(_server.Urls[0]);

    public static async Task<HostedSite> StartAsync(Site site, Action<IServiceCollection> join)
    {
        var cancel = TestContext.Current.CancellationToken;
        var arguments = SettingSource.CommandLine();
        arguments.Set("Urls", "http://127.0.0.1:0");
        arguments.Set(site.Engine == DatabaseEngine.Sqlite ? "Data" : "Database", site.DatabaseArguments[1]);
        var options = SettingsLoader.Load(arguments, site.Variables, Path.Combine(site.Folder, SettingsLoader.FileName));
        await Migrator.MigrateAsync(options.Database, cancel);
        var database = Database.Open(options.Database);
        var masterKey = await MasterKeyStore.LoadAsync(database, options.Database, options.MasterKey?.Reveal(), cancel);
        var parts = new ServerParts(database, masterKey, site.Sandbox.BaseUrl);
        return new HostedSite(await SpendraServer.StartAsync(options, parts, TimeProvider.System, join, cancel), database);
    }

    /// <summary>Stops as <c>serve</c> does when it is told to: what is in flight ends and is written.</summary>
    public Task StopAsync() => _server.RunAsync(new CancellationToken(canceled: true));

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await Database.DisposeAsync();
    }
}
