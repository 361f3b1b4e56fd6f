using Spendra.Gateway.Tests;
using Spendra.Storage;

[assembly: AssemblyFixture(typeof(SharedGateways))]

namespace Spendra.Gateway.Tests;

/// <summary>
/// One gateway per engine for all tests that need no options of their own. Each test has an organization and a
/// provider of its own on it, so that they do not see each other.
/// </summary>
public sealed class SharedGateways : IAsyncDisposable
{
    private static readonly Lazy<Task<GatewayHarness>> Sqlite = new(() => StartAsync(DatabaseEngine.Sqlite));
    private static readonly Lazy<Task<GatewayHarness>> Postgres = new(() => StartAsync(DatabaseEngine.Postgres));

    internal static Task<GatewayHarness> OnAsync(DatabaseEngine engine) =>
        (engine == DatabaseEngine.Sqlite ? Sqlite : Postgres).Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in new[] { Sqlite, Postgres })
        {
            if (gateway.IsValueCreated) await (await gateway.Value).DisposeAsync();
        }
    }

    private static Task<GatewayHarness> StartAsync(DatabaseEngine engine) =>
        GatewayHarness.StartAsync(engine, new GatewayOptions { DefaultMaxOutputTokens = 400, DrainSeconds = 1, BatchPollSeconds = 86_400 });
}
