using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;
using Spendra.Cli;
using Spendra.Control;
using Spendra.Control.Alerts;
using Spendra.Control.Audit;
using Spendra.Control.Audit.Forwarding;
using Spendra.Control.Catalog;
using Spendra.Control.Exports;
using Spendra.Control.Keys;
using Spendra.Control.Ledger;
using Spendra.Control.Reports;
using Spendra.Control.Retention;
using Spendra.Control.Providers;
using Spendra.Control.Reconciliation;
using Spendra.Control.Requests;
using Spendra.Gateway;
using Spendra.Settings;
using Spendra.Storage;
using Spendra.Storage.Keys;
using Spendra.Storage.Ledger;
using Spendra.Telemetry;

namespace Spendra.Hosting;

/// <summary>What a server needs beyond its settings, made by whoever starts it and disposed by them.</summary>
/// <param name="Database">At the current schema.</param>
/// <param name="MasterKey">Checks key secrets and opens provider credentials.</param>
/// <param name="SandboxUrl">Where test keys go, with the version prefix; null for roles without a gateway.</param>
internal sealed record ServerParts(Database Database, MasterKey MasterKey, Uri? SandboxUrl);

/// <summary>One listening process with the parts of its role.</summary>
internal sealed class SpendraServer : IAsyncDisposable
{
    private const int MaxHeaderBytes = 32 * 1024;
    private const int MaxHeaders = 100;
    // Beyond the drain: closing connections and writing what the ledger lane still holds.
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;

    private SpendraServer(WebApplication app) => _app = app;

    /// <summary>Where it listens; a port that was chosen by the system is filled in.</summary>
    public IReadOnlyList<string> Urls => [.. _app.Urls];

    /// <summary>Every endpoint that is mapped, of whatever part, for the census of the tests.</summary>
    internal IReadOnlyList<Endpoint> Endpoints => _app.Services.GetRequiredService<EndpointDataSource>().Endpoints;

    /// <exception cref="CommandException">The address cannot be listened on.</exception>
    public static Task<SpendraServer> StartAsync(SpendraOptions options, ServerParts parts, TimeProvider time, CancellationToken cancel) =>
        StartAsync(options, parts, time, static _ => { }, cancel);

    /// <param name="options">Every setting.</param>
    /// <param name="parts">What was made before.</param>
    /// <param name="time">The clock of all parts.</param>
    /// <param name="replace">Puts others in the place of parts of the roles: how a proof stands between a server and its world.</param>
    /// <param name="cancel">Stops waiting for the start.</param>
    internal static async Task<SpendraServer> StartAsync(
        SpendraOptions options, ServerParts parts, TimeProvider time, Action<IServiceCollection> replace, CancellationToken cancel)
    {
        var isStarted = false;
        var app = Build(options, parts, time, replace, () => isStarted);
        try
        {
            await app.StartAsync(cancel);
            isStarted = true;
            return new SpendraServer(app);
        }
        catch (Exception e)
        {
            await app.DisposeAsync();
            if (ListenFailure.Describe(e, options.Urls, "--urls") is { } failure) throw failure;
            throw;
        }
    }

    /// <summary>Serves until the token is cancelled, then lets requests in flight end.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await using var registration = stop.Register(_app.Lifetime.StopApplication);
        await _app.WaitForShutdownAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static WebApplication Build(
        SpendraOptions options, ServerParts parts, TimeProvider time, Action<IServiceCollection> replace, Func<bool> isStarted)
    {
        // The program's own folder as content root: no file of the working directory is configuration but ours.
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ApplicationName = "spendra",
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = Environments.Production,
        });
        builder.WebHost.UseUrls(options.Urls.Split(';'));
        // In a published program the files of the dashboard are beside it; in one that was only built, where a manifest says.
        builder.WebHost.UseStaticWebAssets();
        // Only the files of the list are served: what is put beside them afterwards is nothing of ours.
        builder.Configuration["ReloadStaticAssetsAtRuntime"] = "false";
        builder.WebHost.ConfigureKestrel(server => Limit(server, options));
        builder.Services.Configure<HostOptions>(host =>
            host.ShutdownTimeout = TimeSpan.FromSeconds(options.Gateway.DrainSeconds) + StopMargin);
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, QuietLifetime>());
        ConfigureLogging(builder.Logging, options.Log);
        builder.Services.PostConfigure<LoggerFilterOptions>(filters => Seal(filters, options.Log.Level, isStarted));
        AddParts(builder.Services, options, parts, time);
        builder.Services.AddTelemetry(options);
        replace(builder.Services);
        var app = builder.Build();
        app.Services.BeginTraces();
        MapParts(app, options, parts);
        return app;
    }

    /// <summary>The parts of each role, written out.</summary>
    private static void AddParts(IServiceCollection services, SpendraOptions options, ServerParts parts, TimeProvider time)
    {
        services.AddSingleton(time);
        services.AddSingleton(parts.Database);
        services.AddSingleton(parts.MasterKey);
        if (options.Role is Role.All or Role.Gateway)
        {
            services.AddSpendraGateway(options.Gateway with { SandboxUrl = parts.SandboxUrl });
        }
        services.AddSingleton(options.Domains);
        services.AddSingleton(options.Alerts);
        services.AddSingleton(options.Exports);
        services.AddSingleton(new ProbeOptions(options.Gateway.AllowPrivateUpstreams));
        services.AddSingleton(new BillFetchOptions(options.Gateway.AllowPrivateUpstreams));
        if (options.Role is Role.All or Role.Control) services.AddSpendraControl(options.Control);
        services.AddSingleton(new LaneOptions());
        services.AddSingleton<LedgerLane>();
        if (options.Role is Role.All or Role.Worker)
        {
            services.AddReservationSweep(options.Sweep);
            services.AddKeyUses();
            services.AddRollups();
            services.AddExports(options.Exports);
            services.AddBillFetches();
            services.AddRetention(options.Retention);
            services.AddCatalogSync(options.Catalog);
            services.AddIncreaseEnding();
            services.AddAuditCheckpoints(options.Audit);
            services.AddAuditForwarding(options.AuditForward);
            services.AddAlerts();
        }
    }

    private static void MapParts(WebApplication app, SpendraOptions options, ServerParts parts)
    {
        app.MapHealth(parts.Database, app.Lifetime);
        app.MapMetrics(options.Telemetry);
        if (options.Role is Role.All or Role.Gateway)
        {
            app.MapSpendraGateway();
        }
        if (options.Role is not (Role.All or Role.Control)) return;
        app.MapSpendraControl();
        app.MapDashboardFiles();
    }

    private static void Limit(KestrelServerOptions server, SpendraOptions options)
    {
        server.AddServerHeader = false;
        server.Limits.MaxRequestBodySize = options.Gateway.MaxBodyBytes;
        server.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        server.Limits.MaxRequestHeaderCount = MaxHeaders;
        // A client may read a stream as slowly as it likes; the gateway bounds how much waits for it.
        server.Limits.MinResponseDataRate = null;
    }

    /// <summary>
    /// What is logged is decided by our settings alone. The web server's own lines below a warning hold addresses, in which
    /// a key may stand, and pieces of headers that are malformed: no variable of the environment (<c>Logging__LogLevel__…</c>)
    /// may ask for them.
    /// </summary>
    private static void Seal(LoggerFilterOptions filters, LogLevel least, Func<bool> isStarted)
    {
        filters.MinLevel = least;
        filters.Rules.Clear();
        var ofServer = least > LogLevel.Warning ? least : LogLevel.Warning;
        filters.Rules.Add(new LoggerFilterRule(providerName: null, "Microsoft", ofServer, filter: null));
        // Its scope around every request holds the address, and its activity has whatever trace the client names as its parent.
        filters.Rules.Add(new LoggerFilterRule(providerName: null, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None, filter: null));
        // It repeats what a provider of identities says, and a careless one says what it was told: codes and our own secret. What
        // has failed is said in our words.
        filters.Rules.Add(new LoggerFilterRule(providerName: null, "Microsoft.AspNetCore.Authentication.OpenIdConnect", LogLevel.None, filter: null));
        // Why a start failed is said once, by the command, and not by the host as well.
        filters.Rules.Add(new LoggerFilterRule(providerName: null, "Microsoft.Extensions.Hosting.Internal.Host", ofServer, (_, _, _) => isStarted()));
    }

    private static void ConfigureLogging(ILoggingBuilder logging, LogSettings log)
    {
        logging.ClearProviders();
        if (log.Json)
        {
            logging.AddJsonConsole(console =>
            {
                console.IncludeScopes = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "O";
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                console.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }
        // Standard output is what the command itself prints.
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
