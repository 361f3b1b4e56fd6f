using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Spendra.Control.Alerts;
using Spendra.Control.Alerts.Channels;
using Spendra.Control.Tests.Api;
using Spendra.Core.Access;
using Spendra.Core.Alerts;
using Spendra.Storage;
using Spendra.Storage.Access;
using Spendra.Storage.Alerts;

namespace Spendra.Control.Tests.Alerts;

/// <summary>An organization with channels that lead to sinks of the test, made through the management API, and workers that send.</summary>
internal sealed class AlertWorld : IAsyncDisposable
{
    public static readonly string WebhookSecret = "whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static readonly ImmutableHashSet<AlertKind> Looked = [AlertKind.SoftCap];

    private AlertWorld(ControlHarness api, AlertOptions options, ControlClient platform, ControlClient finance, Guid acme) =>
        (Api, Options, Platform, Finance, Acme) = (api, options, platform, finance, acme);

    public ControlHarness Api { get; }

    public AlertOptions Options { get; }

    public ControlClient Platform { get; }

    public ControlClient Finance { get; }

    public Guid Acme { get; }

    /// <summary>The clock of workers, an hour behind the wall's: it stands unless a test moves it.</summary>
    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow.AddHours(-1));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<AlertWorld> StartAsync(DatabaseEngine engine, AlertOptions? options = null)
    {
        options ??= new AlertOptions { AllowInside = true };
        var api = await ControlHarness.StartAsync(engine, services => services.AddSingleton(options));
        await api.ApplyAsync(Files.Acme);
        return new AlertWorld(api, options, await api.ClientAsync(MemberRole.PlatformAdmin), await api.ClientAsync(MemberRole.FinanceManager),
            (await api.Store.Reader.FindOrganizationAsync("acme", Cancel))!.Value);
    }

    /// <summary>Makes a channel and subscribes it to everything.</summary>
    public async Task SubscribeAsync(string slug, object channel)
    {
        var made = await Platform.PostAsync("/alert-channels", channel);
        made.Status.Should().Be(201, made.Body);
        (await Finance.PostAsync("/alert-rules", new { slug = $"to-{slug}", channels = new[] { slug } })).Status.Should().Be(201);
    }

    public static object Hook(string slug, HttpSink sink) => new { slug, webhook = new { address = sink.Address, secret = WebhookSecret } };

    /// <summary>A worker. One of the wall's clock has real limits of time.</summary>
    public DeliveryJob Worker(TimeProvider? time = null, Func<TakenDelivery, Task>? sent = null, ChannelSenders? senders = null)
    {
        time ??= Time;
        var queue = new DeliveryQueue(Api.Store.Database);
        senders ??= new ChannelSenders(Api.Store.MasterKey, Options, time);
        return new DeliveryJob(queue, senders, Options, time, NullLogger<DeliveryJob>.Instance) { Sent = sent ?? (static _ => Task.CompletedTask) };
    }

    /// <summary>Makes these stand, and nothing else.</summary>
    public async Task StandAsync(params string[] keys)
    {
        Time.Advance(TimeSpan.FromSeconds(1));
        var book = new AlertBook(Api.Store.Database, Time);
        var look = (await book.TakeAsync(Acme, "test", TimeSpan.FromMilliseconds(1), Cancel))!;
        await book.SettleAsync(look, Looked, [.. keys.Select(key => new StandingAlert
        {
            Kind = AlertKind.SoftCap, Severity = AlertSeverity.Critical, Key = key, Subject = key, Title = $"Budget {key} has spent <too> much & more",
            Facts = [new AlertFact("settledUsd", "12.5")],
        })], Cancel);
    }

    public Task<IReadOnlyList<DeliveryRow>> NoticesAsync() => DeliveryLists.ReadAsync(
        Api.Store.Database, new Coverage(Acme, Guid.Empty, IsEverything: true), new DeliveryListQuery(null, null, null, null, 1_000), Cancel);

    public ValueTask DisposeAsync() => Api.DisposeAsync();
}
