using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Spendra.Control.Ledger;
using Spendra.Gateway;
using Spendra.Gateway.Forwarding;
using Spendra.Hosting;
using Spendra.Proof.Power;
using Spendra.Proof.Worlds;
using Spendra.Settings;
using Spendra.Storage;
using Spendra.Storage.Keys;
using Spendra.Storage.Ledger;

namespace Spendra.Proof.Kills;

/// <summary>What a process that is to be killed is told, in one environment variable.</summary>
internal sealed record HostOrder
{
    public const string Variable = "SPENDRA_PROOF_HOST";

    /// <summary>The process that gives the order: the host does not outlive it.</summary>
    public int Parent { get; init; } = Environment.ProcessId;

    public required DatabaseEngine Engine { get; init; }

    /// <summary>A data folder or a <c>postgres://</c> address.</summary>
    public required string Location { get; init; }

    public required string MasterKey { get; init; }

    public Role Role { get; init; } = Role.All;

    /// <summary>Where it dies by itself, or null.</summary>
    public string? Point { get; init; }

    public int Passage { get; init; } = 1;

    public int LeaseSeconds { get; init; } = 5;

    /// <summary>Where writes to SQLite's files are noted until they are synced, or null for not at all.</summary>
    public string? WriteLogFolder { get; init; }

    /// <summary>A disk that only says that it has synced.</summary>
    public bool SyncLies { get; init; }

    /// <summary>With a log of writes: the unsynced write at which the power goes, from 1 on, or null for none.</summary>
    public int? LastWrite { get; init; }

    /// <summary>Set when dora's rules are to be changed in this process too: where its administrator goes on.</summary>
    public AdministratorState? Rules { get; init; }

    /// <summary>With rules to change: the provider of the company that is declared.</summary>
    public Uri? Provider { get; init; }

    public DatabaseTarget Target => Engine == DatabaseEngine.Sqlite ? DatabaseTarget.Folder(Location) : DatabaseTarget.Address(Location);
}

/// <summary>
/// <c>host</c>: the server of the product, from the same parts, with a hook before and after every call of its seams.
/// The product itself knows nothing of them.
/// </summary>
internal static class KillHost
{
    public const string Name = "host";
    public const string Listening = "listening on ";

    public static Command Create()
    {
        var command = new Command(Name, "A server that kills itself at a point; started by 'kills'.") { Hidden = true };
        command.SetAction((_, cancel) => RunAsync(cancel));
        return command;
    }

    public static async Task<int> RunAsync(CancellationToken cancel)
    {
        var order = JsonSerializer.Deserialize<HostOrder>(Environment.GetEnvironmentVariable(HostOrder.Variable)!)!;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
        if (order.WriteLogFolder is { } folder) UnsyncedVfs.Install(folder, order.SyncLies, order.LastWrite);
        await using var watch = new Timer(_ => EndWithout(order.Parent), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        var trigger = new Trigger(order.Point, order.Passage);
        await using var database = Database.Open(order.Target);
        var masterKey = await MasterKeyStore.LoadAsync(database, order.Target, order.MasterKey, stop.Token);
        var parts = new ServerParts(database, masterKey, SandboxUrl: new Uri("http://127.0.0.1:9/v1"));
        var options = OptionsOf(order);
        await using var server = await SpendraServer.StartAsync(
            options, parts, TimeProvider.System, services => Decorate(services, options, trigger), stop.Token);
        Console.Out.WriteLine(Listening + server.Urls[0]);
        await using (Administer(order)) await server.RunAsync(stop.Token);
        return 0;
    }

    /// <summary>Rules that are changed where SQLite's writes are noted: a power cut takes back what was not synced of them as well.</summary>
    private static IAsyncDisposable? Administer(HostOrder order)
    {
        if (order.Rules is not { } rules) return null;
        var administrator = new Administrator(
            order.Target, order.MasterKey, "acme", cap => Company.Declaration("acme", order.Provider!, cap), Console.Out.WriteLine);
        administrator.GoOn(rules);
        return administrator.ChangeOn(Console.Error.WriteLine);
    }

    private static void EndWithout(int parent)
    {
        if (!Directory.Exists($"/proc/{parent}")) Environment.Exit(1);
    }

    /// <summary>Every seam of <see cref="Points.Seams"/> and the connections to providers.</summary>
    private static void Decorate(IServiceCollection services, SpendraOptions options, Trigger trigger)
    {
        services.Replace(ServiceDescriptor.Singleton(provider => new LedgerLane(
            PointProxy<ILedgerEngine>.Wrap(provider.GetRequiredService<Database>().CreateLedgerEngine(), trigger),
            provider.GetRequiredService<LaneOptions>(), TimeProvider.System, provider.GetRequiredService<ILogger<LedgerLane>>())));
        if (options.Role is Role.All or Role.Gateway)
        {
            services.Replace(ServiceDescriptor.Singleton(provider =>
            {
                var gateway = provider.GetRequiredService<GatewayOptions>();
                var real = GatewayEnvironment.Real(provider.GetRequiredService<Database>(), gateway, TimeProvider.System);
                return real with
                {
                    Governance = PointProxy<Storage.Governance.IGovernanceSource>.Wrap(real.Governance, trigger),
                    Objects = PointProxy<IProviderObjectSource>.Wrap(real.Objects, trigger),
                    Reservations = PointProxy<IReservationSource>.Wrap(real.Reservations, trigger),
                    Upstream = new UpstreamClient(new PointHandler(
                        UpstreamClient.MakeHandler(allowInside: true, TimeSpan.FromSeconds(gateway.UpstreamConnectSeconds)), trigger)),
                    Ids = new TracingIds(),
                };
            }));
        }
        if (options.Role is Role.All or Role.Worker)
        {
            services.Replace(ServiceDescriptor.Singleton(provider =>
                PointProxy<IDoubtSource>.Wrap(new SweepQueries(provider.GetRequiredService<Database>()), trigger)));
        }
    }

    private static SpendraOptions OptionsOf(HostOrder order) => new()
    {
        Urls = "http://127.0.0.1:0",
        Data = null,
        Database = order.Target,
        MasterKey = null,
        Role = order.Role,
        Gateway = new GatewayOptions { AllowPrivateUpstreams = true, BackgroundReservationSeconds = 2, ReservationSeconds = 60 },
        Sweep = new SweepOptions { IntervalMs = 100, GatewayLeaseSeconds = order.LeaseSeconds },
        Log = new LogSettings { Level = LogLevel.Error, Json = false },
        Debug = false,
    };
}
