using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Spendra.Control.Ledger;
using Spendra.Gateway;
using Spendra.Gateway.Forwarding;
using Spendra.Hosting;
using Spendra.Proof.Worlds;
using Spendra.Settings;
using Spendra.Storage;
using Spendra.Storage.Keys;
using Spendra.Storage.Ledger;
using Spendra.Testing;

namespace Spendra.Proof.Network;

/// <summary>One server with a proxy on each of its links, a world of its own behind them, and one client in front.</summary>
internal sealed class CutSite : IAsyncDisposable
{
    // A stall before the client ends when the client gives up.
    private static readonly TimeSpan ShortPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<Link, FaultProxy> _proxies = [];
    private readonly World _world;
    private readonly Database _database;
    private readonly Database _direct;
    private SpendraServer? _server;
    private Task _running = Task.CompletedTask;
    private CommitWatch? _commits;
    private readonly Action<string>? _found;
    private long _number;

    private CutSite(World world, Database database, Action<string>? found)
    {
        _found = found;
        _world = world;
        _database = database;
        _direct = world.Open();
    }

    public FaultProxy this[Link link] => _proxies[link == Link.FreshDatabase ? Link.Database : link];

    public World World => _world;

    /// <summary>How long reservations may take to end after their calls.</summary>
    public TimeSpan RestPatience { get; init; } = Patience;

    /// <summary>A reservation of it has not ended, and nothing more can be learnt here.</summary>
    public bool IsStuck { get; private set; }

    /// <param name="name">Begins the ids of its calls.</param>
    /// <param name="engine">Where its ledger is.</param>
    /// <param name="postgres">The server when the engine is PostgreSQL.</param>
    /// <param name="found">Hears of what comes to light while it rests.</param>
    /// <param name="restPatience">How long reservations may take to end after their calls; by default a minute.</param>
    public static async Task<CutSite> StartAsync(
        string name, DatabaseEngine engine, PostgresCluster? postgres, Action<string>? found = null, TimeSpan? restPatience = null)
    {
        FaultProxy? provider = null;
        var world = await World.CreateAsync(name, engine, postgres, sandbox =>
        {
            provider = new FaultProxy(sandbox.Port);
            return new UriBuilder(sandbox) { Port = provider.Port }.Uri;
        });
        var target = world.Target;
        FaultProxy? server = null;
        if (engine == DatabaseEngine.Postgres)
        {
            var address = new Uri(world.Location);
            server = new FaultProxy(address.Port, mostStall: TimeSpan.FromMilliseconds(200));
            target = DatabaseTarget.Address(world.Location.Replace($":{address.Port}/", $":{server.Port}/", StringComparison.Ordinal));
        }
        world.Disturbances.ServersDie = false;
        var site = new CutSite(world, Database.Open(target), found) { RestPatience = restPatience ?? Patience };
        site._proxies[Link.Provider] = provider!;
        if (server is not null) site._proxies[Link.Database] = server;
        await site.ServeAsync(target);
        return site;
    }

    /// <summary>Sends one call over a connection of its own and returns when it and its reservation have ended.</summary>
    public Task<Attempt> CallAsync(CallKind kind, bool isImpatient = false) =>
        SendAsync(new Call($"{_world.Journal.Name}-{++_number}", kind) { Tokens = 1 }, 1, isImpatient);

    /// <summary>The same call under the same idempotency key, over a connection that holds.</summary>
    /// <param name="first">What became of the first attempt, as its client knows.</param>
    /// <param name="mayHaveBeenCutOnItsWay">It may have been sent and not have reached the provider.</param>
    public async Task<IReadOnlyList<string>> RepeatAsync(Attempt first, bool mayHaveBeenCutOnItsWay)
    {
        var again = await SendAsync(first.Call, first.Number + 1, isImpatient: false);
        await RestAsync();
        var hasReachedProvider = mayHaveBeenCutOnItsWay
            || _world.Sandbox.Journal.Requests.Any(r => r.Headers.GetValueOrDefault("x-client-request-id") == first.Id);
        return ViolationsOfRepeat(first, again, hasReachedProvider);
    }

    /// <summary>What the repetition was told must go with what became of the first attempt, which has ended.</summary>
    internal static IReadOnlyList<string> ViolationsOfRepeat(Attempt first, Attempt again, bool hasReachedProvider)
    {
        if (again.Status == 200 && first.Status != 200) return [];
        if (again.Status != 409 || again.ErrorCode != "idempotency_replay_unavailable") return [$"{again.Id} repeats a call that was told {first.Status}, and was told {again.Status} {again.ErrorCode}"];
        return first.Status == 200 || hasReachedProvider
            ? []
            : [$"{again.Id}: the idempotency key counts as used, and nothing reached the provider"];
    }

    /// <summary>Dora calls.</summary>
    public Task<Attempt> CallRuledAsync(string key, bool isImpatient = false) =>
        SendAsync(new Call($"{_world.Journal.Name}-{++_number}", CallKind.Ruled) { Tokens = 1, Key = key }, 1, isImpatient);

    /// <summary>Nobody changes anything and nothing is cut: dora is told what her rules say, and nothing else.</summary>
    public async Task<IReadOnlyList<string>> MeetsTheRulesAsync(string key)
    {
        var attempt = await CallRuledAsync(key);
        await RestAsync();
        return RuleCheck.StatusOf(_world.Administrator.Book, attempt) is { } expected && attempt.Status == expected
            ? []
            : [$"{attempt.Id} with {key} was told {attempt.Status} {attempt.ErrorCode}; by the rules it is {RuleCheck.StatusOf(_world.Administrator.Book, attempt)}"];
    }

    /// <summary>While the database says nothing, a call is refused in time, and nothing is sent.</summary>
    public async Task<IReadOnlyList<string>> RefusesInSilenceAsync(CallKind kind)
    {
        var attempt = await CallAsync(kind);
        _world.Disturbances.Judged(attempt);
        return attempt is { Status: 503, ErrorCode: "ledger_unavailable" } ? [] : [$"{attempt.Id} was told {attempt.Status} {attempt.ErrorCode} while the database was silent"];
    }

    private async Task<Attempt> SendAsync(Call call, int number, bool isImpatient)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, UseProxy = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        using var patience = new CancellationTokenSource(isImpatient ? ShortPatience : Patience);
        var gateway = new Uri($"http://127.0.0.1:{_proxies[Link.Client].Port}");
        var attempt = await Attempt.SendAsync(http, gateway, _world.SecretOf(call.KeySlug), call, number, _world.Journal.Write, patience.Token);
        _world.Journal.Write(attempt);
        return attempt;
    }

    /// <summary>Until nothing is held. What is held for ever is a broken promise, and the end of this site.</summary>
    public async Task RestAsync()
    {
        if (IsStuck) return;
        using var patience = new CancellationTokenSource(RestPatience);
        while (true)
        {
            var next = _commits!.Next;
            await using var connection = await _direct.ConnectAsync(CancellationToken.None);
            var open = await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM open_reservations");
            if (open == 0) return;
            try
            {
                await next.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                IsStuck = true;
                _found?.Invoke($"{_world.Journal.Name}: {open} reservations did not end within {RestPatience.TotalSeconds:F0} s");
                return;
            }
        }
    }

    /// <summary>Nothing listens where the provider should be: nothing is sent, so what was held is given back.</summary>
    public async Task<IReadOnlyList<string>> UnreachableAsync()
    {
        foreach (var proxy in _proxies.Values) proxy.Arm(null);
        _proxies[Link.Provider].IsListening = false;
        var attempt = await CallAsync(CallKind.Chat);
        _world.Disturbances.Judged(attempt);
        _proxies[Link.Provider].IsListening = true;
        await RestAsync();
        var ledger = await Worlds.LedgerRows.ReadAsync(_direct, _world.OrganizationId);
        return attempt is { Status: 502, ErrorCode: "upstream_unreachable", RequestId: { } id } && ledger.Released.ContainsKey(id)
            ? []
            : [$"{attempt.Id} could not be sent and was not released: {attempt}"];
    }

    /// <summary>Stops the server as it is stopped in production, and compares the books.</summary>
    public async Task<IReadOnlyList<string>> InspectAsync()
    {
        foreach (var proxy in _proxies.Values) proxy.Arm(null);
        await _stop.CancelAsync();
        await _running.WaitAsync(Patience);
        return await Inspection.RunAsync(_world);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        // After a failure somebody may still wait for a silent database: a commit does so without end.
        foreach (var proxy in _proxies.Values)
        {
            proxy.Arm(null);
            proxy.Wake();
        }
        await _running.WaitAsync(Patience);
        if (_server is not null) await _server.DisposeAsync();
        foreach (var proxy in _proxies.Values) await proxy.DisposeAsync();
        await _database.DisposeAsync();
        await _direct.DisposeAsync();
        await _world.DisposeAsync();
        _stop.Dispose();
    }

    private async Task ServeAsync(DatabaseTarget target)
    {
        var masterKey = await MasterKeyStore.LoadAsync(_database, target, _world.MasterKeyText, CancellationToken.None);
        var options = new SpendraOptions
        {
            Urls = "http://127.0.0.1:0",
            Data = null,
            Database = target,
            MasterKey = null,
            Role = Role.Gateway,
            Gateway = new GatewayOptions
            {
                AllowPrivateUpstreams = true, UpstreamTimeoutSeconds = 3, StreamIdleSeconds = 3, DetachedSeconds = 3, DrainSeconds = 20,
            },
            Sweep = new SweepOptions(),
            Log = new LogSettings { Level = LogLevel.Critical, Json = false },
            Debug = false,
        };
        var parts = new ServerParts(_database, masterKey, new Uri("http://127.0.0.1:9/v1"));
        _server = await SpendraServer.StartAsync(options, parts, TimeProvider.System, Replace, CancellationToken.None);
        _running = _server.RunAsync(_stop.Token);
        _proxies[Link.Client] = new FaultProxy(new Uri(_server.Urls[0]).Port);
    }

    private void Replace(IServiceCollection services)
    {
        services.Replace(ServiceDescriptor.Singleton(provider =>
        {
            _commits = new CommitWatch(_database.CreateLedgerEngine());
            return new LedgerLane(
                _commits, provider.GetRequiredService<LaneOptions>(), TimeProvider.System, provider.GetRequiredService<ILogger<LedgerLane>>());
        }));
        services.Replace(ServiceDescriptor.Singleton(provider =>
        {
            var options = provider.GetRequiredService<GatewayOptions>();
            var handler = UpstreamClient.MakeHandler(allowInside: true, TimeSpan.FromSeconds(options.UpstreamConnectSeconds));
            return GatewayEnvironment.Real(_database, options, TimeProvider.System) with
            {
                Upstream = new UpstreamClient(new TracingHandler(handler)),
                Ids = new TracingIds(),
            };
        }));
    }

    private sealed class TracingHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            TracingIds.Mark(request);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
